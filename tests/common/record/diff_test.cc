#include "common/record/diff.h"

#include "common/record/serialise.h"
#include "tests/common/record/builders.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(DiffTest, NamesChangedAddedAndRemovedFields) {
  const auto before = WithBody("service { name: 'A' email: 'a@example.org' minimum_age: 6.5 }");
  const auto after = WithBody("service { name: 'B' alert: 'x' minimum_age: 7 }");
  EXPECT_THAT(DiffRecords(before, after),
              ElementsAre(FieldChange{"service.name", "A", "B"}, FieldChange{"service.email", "a@example.org", ""},
                          FieldChange{"service.minimum_age", "6.5", "7"}, FieldChange{"service.alert", "", "x"}));
}

TEST(DiffTest, IgnoresUpdatedAtOnly) {
  auto before = WithBody("service { name: 'A' }"), after = before;
  after.mutable_updated_at()->set_seconds(5);
  EXPECT_THAT(DiffRecords(before, after), IsEmpty());
  EXPECT_TRUE(SameContent(before, after));
  after.mutable_verified_at()->set_seconds(5);
  EXPECT_THAT(DiffRecords(before, after), ElementsAre(FieldChange{"verified_at", "", "1970-01-01T00:00:05+00:00"}));
  EXPECT_FALSE(SameContent(before, after));
}

TEST(DiffTest, MatchesElementsById) {
  const auto before = WithBody("training { sessions { id: 'a' place: 'X' } sessions { id: 'b' place: 'Y' } }");
  const auto after = WithBody("training { sessions { id: 'b' place: 'Z' } }");
  EXPECT_THAT(DiffRecords(before, after), ElementsAre(FieldChange{"training.sessions[0].place", "Y", "Z"},
                                                      FieldChange{"training.sessions[0].id", "a", ""},
                                                      FieldChange{"training.sessions[0].place", "X", ""}));
}

TEST(DiffTest, ElementsOfOneIdMeetInTheirOrder) {
  const auto before = WithBody("service { phones { id: 'p' number: '1' } phones { id: 'p' number: '2' } }");
  const auto after = WithBody("service { phones { id: 'p' number: '1' } phones { id: 'p' number: '3' } }");
  EXPECT_THAT(DiffRecords(before, before), testing::IsEmpty());
  EXPECT_THAT(DiffRecords(before, after), ElementsAre(FieldChange{"service.phones[1].number", "2", "3"}));
}

TEST(DiffTest, ReportsAnOrderThatAloneChanged) {
  const auto before = WithBody("training { sessions { id: 'a' } sessions { id: 'b' } }");
  const auto after = WithBody("training { sessions { id: 'b' } sessions { id: 'a' } }");
  EXPECT_THAT(DiffRecords(before, after), ElementsAre(FieldChange{"training.sessions", "a, b", "b, a"}));
}

TEST(DiffTest, MatchesElementsWithoutIdByPlace) {
  const auto before = WithBody("service { phones { number: '1' } phones { number: '2' } }");
  const auto after = WithBody("service { phones { number: '1' } phones { number: '3' } phones { number: '4' } }");
  EXPECT_THAT(DiffRecords(before, after), ElementsAre(FieldChange{"service.phones[1].number", "2", "3"},
                                                      FieldChange{"service.phones[2].number", "", "4"}));
}

TEST(DiffTest, MatchesMapsByKeyAndTranslationsByLanguage) {
  const auto before = WithBody(
      "extra { key: 'a' value: '1' } translations { language: 'pl' texts { key: 'name' value: 'X' } } service {}");
  const auto after = WithBody(
      "extra { key: 'b' value: '2' } translations { language: 'lv' } translations { language: 'pl' texts { key: 'name' "
      "value: 'Y' } } service {}");
  EXPECT_THAT(DiffRecords(before, after),
              ElementsAre(FieldChange{"translations[0].language", "", "lv"},
                          FieldChange{"translations[1].texts[name]", "X", "Y"}, FieldChange{"extra[a]", "1", ""},
                          FieldChange{"extra[b]", "", "2"}));
}

TEST(DiffTest, ScalarListsAreComparedByPlace) {
  EXPECT_THAT(DiffRecords(WithBody("countries: 'LV' service {}"), WithBody("service {}")),
              ElementsAre(FieldChange{"countries[1]", "LV", ""}));
}

TEST(SerialiseTest, MapOrderDoesNotMatter) {
  v1::Record a, b;
  for (int i = 0; i < 50; ++i) (*a.mutable_extra())[std::to_string(i)] = std::to_string(i);
  for (int i = 49; i >= 0; --i) (*b.mutable_extra())[std::to_string(i)] = std::to_string(i);
  EXPECT_EQ(SerialiseRecord(a), SerialiseRecord(b));
  EXPECT_TRUE(SameContent(a, b));
}

TEST(SerialiseTest, ReadsBackAndRefusesDamage) {
  const auto record = WithBody("service { name: 'A' }");
  EXPECT_EQ(ParseRecord(SerialiseRecord(record))->DebugString(), record.DebugString());
  EXPECT_EQ(ParseRecord("\xff\xff").status().code(), absl::StatusCode::kDataLoss);
}

TEST(SerialiseTest, KeepsFieldsThatThisProgramDoesNotKnow) {
  std::string newer = SerialiseRecord(WithBody("service { name: 'A' }"));
  newer.append("\xfa\x3f\x01z", 4);
  EXPECT_EQ(SerialiseRecord(*ParseRecord(newer)), newer);
}

}  // namespace
}  // namespace cairn
