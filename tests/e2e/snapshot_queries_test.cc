// The questions in the README, asked of a snapshot of the sample directory with the sqlite3 shell: people copy them.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/cluster.h"

namespace cairn {
namespace {

using testing::Contains;
using testing::EndsWith;
using testing::IsSupersetOf;
using testing::SizeIs;
using testing::StartsWith;

std::string Bin() {
  const char* bin = std::getenv("CAIRN_BIN_DIR");
  return bin != nullptr ? bin : "build/release/bin";
}

std::string Source() {
  const char* source = std::getenv("CAIRN_SOURCE_DIR");
  return source != nullptr ? source : ".";
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// The blocks of SQL in the README, in order.
std::vector<std::string> QueriesOfTheReadme() {
  std::vector<std::string> queries;
  const std::string text = ReadFile(Source() + "/README.md");
  for (size_t at = text.find("```sql\n"); at != std::string::npos; at = text.find("```sql\n", at)) {
    at += 7;
    queries.push_back(text.substr(at, text.find("```", at) - at));
  }
  return queries;
}

// Four partners that have published the sample directory, all of it at the first.
class SnapshotQueriesTest : public testing::Test {
 protected:
  SnapshotQueriesTest() : cluster_(absl::StrCat(testing::TempDir(), "/queries-", getpid()), Bin()) {}

  void SetUp() override {
    const std::vector<Member> members = {
        {"pl-latarnia", "PL"}, {"lv-drosme", "LV"}, {"al-streha", "AL"}, {"co-amparo", "CO"}};
    ASSERT_EQ(cluster_.Found(members), absl::OkStatus());
    ASSERT_EQ(cluster_.StartAll(), absl::OkStatus());
    for (int i = 0; i < cluster_.size(); ++i) {
      const std::string& partner = members[static_cast<size_t>(i)].partner;
      std::vector<std::string> publish = {"publish"};
      for (const auto& file : std::filesystem::directory_iterator(Source() + "/deploy/sample/" + partner)) {
        publish.push_back(file.path());
      }
      const CommandResult published = cluster_.Cairn(i, publish);
      ASSERT_EQ(published.exit_code, 0) << published.err;
      const auto own = cluster_.client(i);
      const auto first = cluster_.client(0);
      ASSERT_TRUE(Eventually([&] { return RecordsOf(first.get(), partner) == RecordsOf(own.get(), partner); }));
    }
    const CommandResult made = cluster_.Cairn(0, {"snapshot", file()});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    // So that the answers are those of one day, whenever this runs.
    ASSERT_THAT(Ask("UPDATE snapshot SET made_at = '2026-11-25 12:00:00'"), SizeIs(0));
  }
  std::string file() const { return cluster_.directory() + "/public.sqlite"; }
  std::vector<std::string> Ask(const std::string& sql) const {
    const CommandResult result = RunCommand({"/usr/bin/sqlite3", file(), "\n" + sql});  // a first "--" is an option
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return absl::StrSplit(result.out, '\n', absl::SkipEmpty());
  }

  Cluster cluster_;
};

TEST_F(SnapshotQueriesTest, TheQueriesOfTheReadmeGiveTheAnswersOfTheSampleDirectory) {
  const std::vector<std::string> queries = QueriesOfTheReadme();
  ASSERT_EQ(queries.size(), 3u);
  EXPECT_THAT(Ask(queries[0]), IsSupersetOf({"Poland|Polish|11", "Latvia|Latvian|5", "Finland|Finnish|4",
                                             "Ukraine|Ukrainian|4", "Peru|Quechua|2"}));
  // Some helplines come from a file without times of verification: nobody ever confirmed those.
  const std::vector<std::string> overdue = Ask(queries[1]);
  for (const char* row :
       {"116 111: γραμμή για παιδιά|116111|2026-09-01", "Línea de orientación a familias|+576015550113|2026-10-29",
        "116000: bezvēsts prombūtnē esoši bērni|116000|2026-11-07", "Linka pro rodiče|+420222555051|2026-10-06",
        "116 111: telefon dla dzieci i młodzieży|116111|2026-11-16"}) {
    EXPECT_THAT(overdue, Contains(EndsWith(row)));
  }
  for (const std::string& row : overdue) EXPECT_LT(row.substr(row.rfind('|') + 1), "2026-11-25") << "not due yet";
  const std::vector<std::string> trainings = Ask(queries[2]);
  ASSERT_EQ(trainings.size(), 14u);
  EXPECT_THAT(trainings[0], StartsWith("2026-12-05|Pierwsza rozmowa przez telefon|"));
  EXPECT_THAT(trainings[3], StartsWith("2027-01-29|Seminārs sociālajiem darbiniekiem un pedagogiem|"));
  EXPECT_THAT(trainings[13], StartsWith("2027-02-23|Does it work? Evaluating prevention on a small budget|"));
}

}  // namespace
}  // namespace cairn
