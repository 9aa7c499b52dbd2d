#include "common/record/texts.h"

#include "tests/common/record/builders.h"

namespace cairn {
namespace {

const v1::Record& Sample() {
  static const auto* const kRecord = new v1::Record(
      WithBody("training { name: 'Course' outcomes: 'a' outcomes: 'b' sessions { name: 'First' capacity: 3 } }"
               "translations { language: 'pl' texts { key: 'name' value: 'Kurs' } }"
               "translations { language: 'pt-PT' texts { key: 'sessions[0].name' value: 'Primeira' } }"));
  return *kRecord;
}

TEST(FindTextTest, FollowsPathsIntoTheBody) {
  EXPECT_EQ(*FindText(Sample(), "name"), "Course");
  EXPECT_EQ(*FindText(Sample(), "outcomes[1]"), "b");
  EXPECT_EQ(*FindText(Sample(), "sessions[0].name"), "First");
  EXPECT_EQ(*FindText(Sample(), "description"), "");
}

TEST(FindTextTest, RefusesPathsThatLeadNowhere) {
  for (const char* path : {"", ".", "nam", "name[0]", "outcomes", "outcomes[2]", "outcomes[-1]", "outcomes[01]",
                           "outcomes[0", "sessions[0]", "sessions.name", "sessions[0].capacity", "extra", "extra[a]",
                           "name.x", "outcomes[99999999999]"}) {
    EXPECT_EQ(FindText(Sample(), path), nullptr) << path;
  }
  EXPECT_EQ(FindText(v1::Record(), "name"), nullptr);
}

TEST(PickTextTest, FallsBackToTheRecordsOwnText) {
  EXPECT_EQ(PickText(Sample(), "name", {"pl-PL", "en"}), "Kurs");
  EXPECT_EQ(PickText(Sample(), "name", {"en", "pl"}), "Course");
  EXPECT_EQ(PickText(Sample(), "name", {"pt-BR"}), "Course");
  EXPECT_EQ(PickText(Sample(), "sessions[0].name", {"pt-BR"}), "Primeira");
  EXPECT_EQ(PickText(Sample(), "nothing", {"pl"}), std::nullopt);
}

}  // namespace
}  // namespace cairn
