// cairn follow against a real node and a real PostgreSQL: the tables are the node's set, whatever is killed meanwhile.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/follow/postgres.h"
#include "client/follow/table_writer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/cluster.h"
#include "tests/e2e/postgres_server.h"
#include "tests/e2e/sql_dump.h"

namespace cairn {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Bin() {
  const char* bin = std::getenv("CAIRN_BIN_DIR");
  return bin != nullptr ? bin : "build/release/bin";
}

std::string Id(int number) { return absl::StrFormat("00000000-0000-4000-8000-%012d", number); }

std::string Line(int number, const std::string& name) {
  return absl::StrCat(R"({"id":")", Id(number), R"(","language":"en","countries":["PL"],"service":{"name":")", name,
                      R"(","status":"active","description":")", std::string(900, 'x'),
                      R"(","languages":[{"code":"uk"}],"phones":[{"number":"116111","country":"PL"}]}})", "\n");
}

// `cairn follow` in the background, killed on destruction.
class Following {
 public:
  explicit Following(const std::vector<std::string>& args) : pid_(fork()) {
    if (pid_ != 0) return;
    std::vector<char*> argv;
    for (const std::string& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }
  ~Following() { Kill(SIGKILL); }
  int Kill(int signal) {
    int status = 0;
    if (pid_ <= 0) return status;
    kill(pid_, signal);
    waitpid(std::exchange(pid_, -1), &status, 0);
    return status;
  }

 private:
  pid_t pid_;
};

class FollowTest : public testing::Test {
 protected:
  FollowTest() : cluster_(absl::StrCat(testing::TempDir(), "/follow-", getpid()), Bin()) {}

  void SetUp() override {
    if (!PostgresServer::Installed()) GTEST_SKIP() << "Debian's postgresql-15 is not installed";
    ASSERT_EQ(server_.Start(), absl::OkStatus());
    ASSERT_EQ(cluster_.Found({{"pl-a", "PL"}, {"lv-b", "LV"}}), absl::OkStatus());
    ASSERT_EQ(cluster_.Start(0, {"--standalone"}), absl::OkStatus());
  }

  void Publish(const std::string& text, const std::string& audience = "public") {
    const std::string file = cluster_.directory() + "/input.jsonl";
    std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
    const CommandResult result = cluster_.Cairn(0, {"publish", file, "--audience", audience});
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }
  std::vector<std::string> Arguments(const std::string& audience, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> args = {"follow", "--to", server_.where(), "--audience", audience};
    args.insert(args.end(), more.begin(), more.end());
    return args;
  }
  CommandResult Follow(const std::string& audience, std::vector<std::string> more = {}) const {
    more.push_back("--once");
    return cluster_.Cairn(0, Arguments(audience, more));
  }
  std::vector<std::string> Program(const std::string& audience) const {
    std::vector<std::string> args = {Bin() + "/cairn", "--data", cluster_.data(0)};
    const std::vector<std::string> more = Arguments(audience);
    args.insert(args.end(), more.begin(), more.end());
    return args;
  }
  // Where the tables and a new snapshot differ.
  std::string DifferenceNow(const std::string& audience, const std::string& schema = "cairn") {
    const std::string file = absl::StrCat(cluster_.directory(), "/", ++snapshots_, ".sqlite");
    const CommandResult made = cluster_.Cairn(0, {"snapshot", file, "--audience", audience});
    if (made.exit_code != 0) return made.err;
    return Difference(DumpSqlite(file), DumpPostgres(server_.where(), schema));
  }
  // The only value that the statement returns; empty: none, or no answer.
  std::string Ask(const std::string& sql) const {
    const auto postgres = Postgres::Connect(server_.where());
    if (!postgres.ok()) return "";
    const auto rows = (*postgres)->Query(sql, {});
    return rows.ok() && !rows->empty() ? rows->front().front().value_or("") : "";
  }
  absl::Status Do(const std::string& sql) const {
    const auto postgres = Postgres::Connect(server_.where());
    return postgres.ok() ? (*postgres)->Execute(sql) : postgres.status();
  }
  std::string Token() const { return Ask("SELECT resume_token FROM cairn.follow_progress"); }
  std::string Complete() const { return Ask("SELECT complete FROM cairn.follow_progress"); }

  PostgresServer server_;
  Cluster cluster_;
  int snapshots_ = 0;
};

std::vector<std::string> SampleFiles(const std::string& partner) {
  const char* source = std::getenv("CAIRN_SOURCE_DIR");
  std::vector<std::string> files;
  for (const auto& file : std::filesystem::directory_iterator(
           absl::StrCat(source != nullptr ? source : ".", "/deploy/sample/", partner))) {
    files.push_back(file.path());
  }
  return files;
}

TEST_F(FollowTest, TheTablesAreThoseOfASnapshotForEachAudience) {
  std::vector<std::string> publish = {"publish"};
  for (const std::string& file : SampleFiles("pl-latarnia")) publish.push_back(file);
  ASSERT_EQ(cluster_.Cairn(0, publish).exit_code, 0);
  Publish(Line(1, "For members alone"), "consortium");
  const CommandResult first = Follow("public");
  ASSERT_EQ(first.exit_code, 0) << first.err;
  ASSERT_EQ(Follow("consortium", {"--schema", "of \"members\""}).exit_code, 0);
  EXPECT_EQ(DifferenceNow("public"), "");
  EXPECT_EQ(DifferenceNow("consortium", "of \"members\""), "");
  EXPECT_GT(std::stoi(Ask("SELECT count(*) FROM cairn.service")), 10);
  EXPECT_EQ(Ask("SELECT count(*) FROM cairn.service WHERE name = 'For members alone'"), "0");
  EXPECT_EQ(Ask("SELECT count(*) FROM \"of \"\"members\"\"\".service WHERE name = 'For members alone'"), "1");
  EXPECT_THAT(Ask("SELECT obj_description('cairn.service'::regclass)"), HasSubstr("Help that is offered"));
}

TEST_F(FollowTest, GoesOnBehindWhatIsInTheTablesAndRemovesWhatWasWithdrawn) {
  std::string text;
  for (int n = 1; n <= 300; ++n) text += Line(n, absl::StrCat("Service ", n));
  Publish(text);
  ASSERT_EQ(Follow("public").exit_code, 0);
  Publish(Line(7, "Changed") + Line(301, "New"));
  ASSERT_EQ(cluster_.Cairn(0, {"withdraw", Id(8), Id(9)}).exit_code, 0);
  const CommandResult again = cluster_.Cairn(0, {"--json", "follow", "--once", "--to", server_.where()});
  EXPECT_THAT(again.out, HasSubstr(R"("written":2,"removed":2)")) << "and nothing that is there already";
  EXPECT_EQ(DifferenceNow("public"), "");
  EXPECT_EQ(Ask("SELECT count(*) FROM cairn.service_phone"), "299");
}

TEST_F(FollowTest, KilledItselfAndWithPostgresqlKilledItEndsWithExactlyTheNodesSet) {
  constexpr int records = 20'000;
  std::string text;
  for (int n = 1; n <= records; ++n) text += Line(n, absl::StrCat("Service ", n));
  Publish(text);
  {
    Following killed(Program("public"));
    ASSERT_TRUE(Eventually([&] { return !Token().empty(); }));
    killed.Kill(SIGKILL);
  }
  ASSERT_EQ(Complete(), "f") << "it was killed in the midst of it";
  const std::string reached = Token();
  Following following(Program("public"));
  ASSERT_TRUE(Eventually([&] { return Token() != reached; }));
  server_.Kill();
  Publish(Line(1, "Changed meanwhile") + Line(records + 1, "New meanwhile"));
  ASSERT_EQ(cluster_.Cairn(0, {"withdraw", Id(2), Id(records)}).exit_code, 0);
  ASSERT_EQ(server_.Start(), absl::OkStatus());
  EXPECT_EQ(Complete(), "f") << "PostgreSQL was killed in the midst of it";
  EXPECT_TRUE(Eventually([&] { return Complete() == "t"; }, absl::Seconds(120)));
  EXPECT_TRUE(Eventually([&] { return DifferenceNow("public").empty(); })) << DifferenceNow("public");
  Publish(Line(3, "Changed live"));
  EXPECT_TRUE(Eventually(
      [&] { return Ask(absl::StrCat("SELECT name FROM cairn.service WHERE id = '", Id(3), "'")) == "Changed live"; }));
  EXPECT_EQ(WEXITSTATUS(following.Kill(SIGTERM)), 0);
}

TEST_F(FollowTest, ANodeThatIsRestartedIsFollowedOn) {
  Publish(Line(1, "Before"));
  Following following(Program("public"));
  ASSERT_TRUE(Eventually([&] { return Complete() == "t"; }));
  cluster_.Stop(0, SIGKILL);
  ASSERT_EQ(cluster_.Start(0, {"--standalone"}), absl::OkStatus());
  Publish(Line(2, "After"));
  EXPECT_TRUE(Eventually([&] { return Ask("SELECT count(*) FROM cairn.service") == "2"; }, absl::Seconds(60)));
  EXPECT_EQ(DifferenceNow("public"), "");
}

TEST_F(FollowTest, WhenTheNodeNoLongerKnowsTheTokenEverythingIsReadAnewAndNothingStrayIsLeft) {
  Publish(Line(1, "One") + Line(2, "Two"));
  ASSERT_EQ(Follow("public").exit_code, 0);
  ASSERT_EQ(
      Do(absl::StrCat("UPDATE cairn.follow_progress SET resume_token = 'of another node'; UPDATE cairn.service SET "
                      "name = 'stray', id = 'stray' WHERE id = '",
                      Id(1), "'")),
      absl::OkStatus());
  const CommandResult result = Follow("public");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("reading everything anew"));
  EXPECT_EQ(DifferenceNow("public"), "");
}

TEST_F(FollowTest, WhenAccessEndsTheTablesAreEmptied_R7) {
  ASSERT_EQ(cluster_.ChangeCharter("circle", {"police", "pl-a", "lv-b"}), absl::OkStatus());
  ASSERT_EQ(cluster_.Cairn(0, {"charter", "submit", cluster_.charter_file()}).exit_code, 0);
  Publish(Line(1, "For the police"), "circle:police");
  ASSERT_EQ(Follow("circle:police").exit_code, 0);
  ASSERT_EQ(Ask("SELECT name FROM cairn.service"), "For the police");
  ASSERT_EQ(cluster_.ChangeCharter("circle", {"police"}), absl::OkStatus());
  ASSERT_EQ(cluster_.Cairn(0, {"charter", "submit", cluster_.charter_file()}).exit_code, 0);
  const CommandResult result = Follow("circle:police");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("circle:police"));
  EXPECT_EQ(Ask("SELECT count(*) FROM cairn.service"), "0");
  EXPECT_EQ(Ask("SELECT count(*) FROM cairn.record"), "0");
}

TEST_F(FollowTest, TablesOfOneAudienceAreNotFilledForAnother) {
  Publish(Line(1, "One"));
  ASSERT_EQ(Follow("public").exit_code, 0);
  const CommandResult result = Follow("consortium");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("holds what public may read, not consortium"));
}

TEST_F(FollowTest, TablesThatSomebodyElseMadeAreLeftAlone) {
  ASSERT_EQ(
      Do("CREATE SCHEMA cairn; CREATE TABLE cairn.service (mine TEXT); INSERT INTO cairn.service VALUES ('kept')"),
      absl::OkStatus());
  const CommandResult result = Follow("public");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("already exists"));
  EXPECT_EQ(Ask("SELECT mine FROM cairn.service"), "kept");
}

TEST_F(FollowTest, OfTwoThatFillTheSameTablesTheSecondCommitsNothing) {
  Publish(Line(1, "One"));
  ASSERT_EQ(Follow("public").exit_code, 0);
  const auto postgres = Postgres::Connect(server_.where());
  ASSERT_TRUE(postgres.ok());
  TableWriter writer(postgres->get(), "cairn");
  v1::WatchRecordsResponse removed;
  removed.mutable_removed()->set_id(Id(1));
  removed.mutable_removed()->set_kind(v1::SERVICE);
  removed.mutable_removed()->set_partner("pl-a");
  FollowBatch batch;
  batch.Add(removed);
  const absl::Status status = writer.Apply(batch, {}, {"public", "what it was before", true}, {"public", "x", true});
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(DifferenceNow("public"), "");
}

TEST_F(FollowTest, AttackByAText_SqlInARecordIsText) {
  Publish(absl::StrCat(R"({"id":")", Id(1),
                       R"(","service":{"name":"{NULL,\"}'); DROP SCHEMA cairn CASCADE; --\\","status":"active"}})",
                       "\n"));
  ASSERT_EQ(Follow("public").exit_code, 0);
  EXPECT_EQ(Ask("SELECT name FROM cairn.service"), "{NULL,\"}'); DROP SCHEMA cairn CASCADE; --\\");
  EXPECT_EQ(DifferenceNow("public"), "");
}

TEST_F(FollowTest, APasswordIsInNoErrorHoweverItIsMistyped) {
  for (const char* where :
       {"postgresql://cairn:geheim42@127.0.0.1:1/stats", "postgresql://cairn:x@geheim42@127.0.0.1:1/stats",
        "postgresql://cairn:%zzgeheim42@127.0.0.1:1/stats", "host=127.0.0.1 port=1 password=geheim42",
        "host=127.0.0.1 port=1 passwort=geheim42", "geheim42", "postgresql://cairn@127.0.0.1:1/stats?password=geheim42",
        "postgresql://cairn:geheim42@127.0.0.1:geheim42/stats"}) {
    const CommandResult result = cluster_.Cairn(0, {"follow", "--once", "--to", where});
    EXPECT_NE(result.exit_code, 0);
    EXPECT_THAT(result.out + result.err, Not(HasSubstr("geheim42"))) << where;
    EXPECT_FALSE(result.err.empty());
  }
}

}  // namespace
}  // namespace cairn
