// Lost disks, old copies and absent peers, with real processes: a node publishes only when it has its own entries back.
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/base/data_dir.h"
#include "common/base/limits.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/cluster.h"

namespace cairn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class RecoveryTest : public testing::Test {
 protected:
  RecoveryTest() : cluster_(absl::StrCat(testing::TempDir(), "/recovery-", getpid()), BinDirectory()) {}

  void FoundTwo() { ASSERT_EQ(cluster_.Found({{"pl-a", "PL"}, {"lv-b", "LV"}}), absl::OkStatus()); }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = cluster_.directory() + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  // Publishes services `first` to `last` of node 0.
  CommandResult Publish(int first, int last, std::vector<std::string> more = {}) {
    std::string text;
    for (int i = first; i <= last; ++i) {
      absl::StrAppend(&text, R"({"id":")", absl::StrFormat("00000000-0000-4000-8000-%012d", i),
                      R"(","language":"en","countries":["PL"],"service":{"name":"Service )", i,
                      R"(","status":"active","description":"Help","phones":[{"number":"116 111","country":"PL"}]}})",
                      "\n");
    }
    more.insert(more.begin(), {"publish", Write("batch.jsonl", text)});
    return cluster_.Cairn(0, more);
  }
  bool Has(int node, int64_t records) {
    return Eventually([&] { return RecordsOf(cluster_.client(node).get(), "pl-a") == records; });
  }
  v1::GetStatusResponse Status(int node) {
    const auto status = cluster_.client(node)->GetStatus();
    return status.ok() ? *status : v1::GetStatusResponse();
  }
  void LoseDatabase() {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::filesystem::remove(JoinPath(cluster_.data(0), data_dir::database) + suffix);
    }
  }
  // Nobody has seen this partner contradict itself.
  void ExpectNoFork() {
    const v1::GetStatusResponse status = Status(1);
    for (const v1::FeedStatus& feed : status.feeds()) EXPECT_EQ(feed.state(), "ok") << feed.partner();
  }

  Cluster cluster_;
};

TEST_F(RecoveryTest, EmptyDiskWithItsKeysGetsItsEntriesBackBeforeItPublishes_R3) {
  FoundTwo();
  ASSERT_EQ(cluster_.StartAll(), absl::OkStatus());
  ASSERT_EQ(Publish(1, 50, {"--wait-for", "1"}).exit_code, 0);
  cluster_.Stop(0, SIGKILL);
  LoseDatabase();
  ASSERT_EQ(cluster_.Start(0), absl::OkStatus());
  const CommandResult published = Publish(51, 51, {"--wait-for", "1"});
  EXPECT_EQ(published.exit_code, 0) << published.err;
  EXPECT_TRUE(Has(0, 51));
  EXPECT_TRUE(Has(1, 51));
  ExpectNoFork();
}

TEST_F(RecoveryTest, BackupMadeWhileRunningIsRestoredAndBroughtUpToDate_R3) {
  FoundTwo();
  ASSERT_EQ(cluster_.StartAll(), absl::OkStatus());
  ASSERT_EQ(Publish(1, 20, {"--wait-for", "1"}).exit_code, 0);
  const std::string file = cluster_.directory() + "/node.backup";
  const CommandResult backup = cluster_.Cairn(0, {"backup", file});
  ASSERT_EQ(backup.exit_code, 0) << backup.err;
  EXPECT_THAT(backup.out, HasSubstr("holds no key"));
  ASSERT_EQ(Publish(21, 30, {"--wait-for", "1"}).exit_code, 0);
  EXPECT_THAT(cluster_.Cairn(0, {"restore", file}).err, HasSubstr("held by a running node"));
  cluster_.Stop(0, SIGTERM);
  EXPECT_THAT(cluster_.Cairn(0, {"restore", file}).err, HasSubstr("feeds already"));
  LoseDatabase();
  const CommandResult restored = cluster_.Cairn(0, {"restore", file});
  ASSERT_EQ(restored.exit_code, 0) << restored.err;
  EXPECT_THAT(restored.out, HasSubstr("checked 20 records"));
  ASSERT_EQ(cluster_.Start(0), absl::OkStatus());
  const CommandResult published = Publish(31, 31, {"--wait-for", "1"});
  EXPECT_EQ(published.exit_code, 0) << published.err;
  EXPECT_TRUE(Has(0, 31));
  EXPECT_TRUE(Has(1, 31));
  ExpectNoFork();
}

TEST_F(RecoveryTest, DamagedBackupIsRefusedAndLeavesNothing) {
  FoundTwo();
  ASSERT_EQ(cluster_.Start(0, {"--standalone"}), absl::OkStatus());
  ASSERT_EQ(Publish(1, 200).exit_code, 0);
  const std::string file = cluster_.directory() + "/node.backup";
  ASSERT_EQ(cluster_.Cairn(0, {"backup", file}).exit_code, 0);
  cluster_.Stop(0, SIGTERM);
  LoseDatabase();
  std::fstream copy(file, std::ios::in | std::ios::out | std::ios::binary);
  copy.seekp(static_cast<std::streamoff>(std::filesystem::file_size(file) / 2));
  copy << std::string(20'000, '\xff');
  copy.close();
  const CommandResult restored = cluster_.Cairn(0, {"restore", file});
  EXPECT_EQ(restored.exit_code, 1);
  EXPECT_FALSE(std::filesystem::exists(JoinPath(cluster_.data(0), data_dir::database))) << restored.out;
}

TEST_F(RecoveryTest, KeysLeaveOnlySealedAndComeBackWithThePassphrase) {
  FoundTwo();
  ASSERT_EQ(cluster_.Start(0, {"--standalone"}), absl::OkStatus());
  ASSERT_EQ(Publish(1, 3).exit_code, 0);
  const std::string file = cluster_.directory() + "/node.backup";
  const std::string passphrase = Write("passphrase", "five words drawn by lot\n");
  std::filesystem::permissions(passphrase, std::filesystem::perms::owner_read);
  EXPECT_EQ(cluster_.Cairn(0, {"backup", file, "--with-keys"}).exit_code, 2);
  const CommandResult backup = cluster_.Cairn(0, {"backup", file, "--with-keys", "--passphrase-file", passphrase});
  ASSERT_EQ(backup.exit_code, 0) << backup.err;
  for (const char* suffix : {"", ".keys"}) {
    std::ifstream in(file + suffix, std::ios::binary);
    EXPECT_THAT(std::string(std::istreambuf_iterator<char>(in), {}), Not(HasSubstr("PRIVATE KEY")));
  }
  cluster_.Stop(0, SIGTERM);
  std::filesystem::rename(cluster_.data(0), cluster_.data(0) + ".lost");
  std::filesystem::create_directory(cluster_.data(0));
  const CommandResult restored = cluster_.Cairn(0, {"restore", file, "--passphrase-file", passphrase});
  ASSERT_EQ(restored.exit_code, 0) << restored.err;
  ASSERT_EQ(cluster_.StartAll(), absl::OkStatus());
  EXPECT_EQ(Publish(4, 4, {"--wait-for", "1"}).exit_code, 0);
  EXPECT_TRUE(Has(1, 4));
}

TEST_F(RecoveryTest, WithNobodyReachableItRefusesToPublishAndSaysWhatTheChoicesAre) {
  FoundTwo();
  ASSERT_EQ(cluster_.Start(0), absl::OkStatus());
  const CommandResult early = Publish(1, 1);
  EXPECT_EQ(early.exit_code, 1);
  EXPECT_THAT(early.err, HasSubstr("none has answered yet"));
  ASSERT_TRUE(Eventually([&] { return absl::StrContains(Status(0).cannot_publish_reason(), "--standalone"); },
                         absl::Seconds(60)));
  EXPECT_THAT(Publish(1, 1).err, AllOf(HasSubstr("Wait"), HasSubstr("--standalone"), HasSubstr("new generation")));
  ASSERT_EQ(cluster_.Start(1), absl::OkStatus());
  ASSERT_TRUE(Eventually([&] { return Status(0).can_publish(); }, absl::Seconds(60)));
  EXPECT_EQ(Publish(1, 1, {"--wait-for", "1"}).exit_code, 0);
}

TEST_F(RecoveryTest, StandaloneIsTheOperatorsWordAndNotEnoughForARestoredCopy) {
  FoundTwo();
  ASSERT_EQ(cluster_.Start(0, {"--standalone"}), absl::OkStatus());
  EXPECT_EQ(Publish(1, 1).exit_code, 0);
  std::ifstream log(cluster_.log(0));
  EXPECT_THAT(std::string(std::istreambuf_iterator<char>(log), {}), HasSubstr("node.standalone"));
  const std::string file = cluster_.directory() + "/node.backup";
  ASSERT_EQ(cluster_.Cairn(0, {"backup", file}).exit_code, 0);
  cluster_.Stop(0, SIGTERM);
  LoseDatabase();
  ASSERT_EQ(cluster_.Cairn(0, {"restore", file}).exit_code, 0);
  ASSERT_EQ(cluster_.Start(0, {"--standalone"}), absl::OkStatus());
  EXPECT_FALSE(Status(0).can_publish());
  cluster_.Stop(0, SIGTERM);
  ASSERT_EQ(cluster_.Start(0, {"--standalone-restored"}), absl::OkStatus());
  EXPECT_EQ(Publish(2, 2).exit_code, 0);
}

// The whole disk may have been set back while the machine was off, which looks like a restart. So the first peer that
// answers is not enough: all who are up are heard, and whoever is down is waited for.
TEST_F(RecoveryTest, AfterAStartOfTheMachineAllWhoAreUpAreHeardFirst_R3) {
  ASSERT_EQ(cluster_.Found({{"pl-a", "PL"}, {"lv-b", "LV"}, {"al-c", "AL"}}), absl::OkStatus());
  ASSERT_EQ(cluster_.StartAll(), absl::OkStatus());
  ASSERT_EQ(Publish(1, 20, {"--wait-for", "2"}).exit_code, 0);
  cluster_.Stop(0, SIGTERM);
  cluster_.Stop(2, SIGTERM);
  const CommandResult set = RunCommand({"/usr/bin/sqlite3", JoinPath(cluster_.data(0), data_dir::database),
                                        "UPDATE node_meta SET value = 'another boot' WHERE key = 'boot'; "
                                        "SELECT changes();"});
  ASSERT_EQ(set.out, "1\n") << set.err;
  ASSERT_EQ(cluster_.Start(0), absl::OkStatus());
  ASSERT_TRUE(
      Eventually([&] { return absl::StrContains(Status(0).cannot_publish_reason(), "1 of 2 other nodes have said"); }));
  absl::SleepFor(2 * absl::Milliseconds(limits::own_feed_grace_millis));
  EXPECT_THAT(Status(0).cannot_publish_reason(), HasSubstr("the machine was started anew"));
  ASSERT_EQ(cluster_.Start(2), absl::OkStatus());
  EXPECT_TRUE(Eventually([&] { return Status(0).can_publish(); }, absl::Seconds(80))) << "before the 90 s have passed";
  EXPECT_EQ(Publish(21, 21, {"--wait-for", "2"}).exit_code, 0);
  ExpectNoFork();
}

TEST_F(RecoveryTest, RestartInARunningConsortiumIsNotHeldUp) {
  ASSERT_EQ(cluster_.Found({{"pl-a", "PL"}, {"lv-b", "LV"}, {"al-c", "AL"}, {"co-d", "CO"}}), absl::OkStatus());
  ASSERT_EQ(cluster_.StartAll(), absl::OkStatus());
  ASSERT_EQ(Publish(1, 20, {"--wait-for", "3"}).exit_code, 0);
  cluster_.Stop(0, SIGTERM);
  const absl::Duration begin = Clock::Real()->Monotonic();
  ASSERT_EQ(cluster_.Start(0), absl::OkStatus());
  const absl::Duration ready = Clock::Real()->Monotonic() - begin;
  ASSERT_TRUE(Eventually([&] { return Status(0).can_publish(); }));
  const absl::Duration open = Clock::Real()->Monotonic() - begin;
  RecordProperty("ready_millis", static_cast<int>(absl::ToInt64Milliseconds(ready)));
  RecordProperty("can_publish_millis", static_cast<int>(absl::ToInt64Milliseconds(open)));
  std::cout << "ready after " << ready << ", may publish after " << open << "\n";
  EXPECT_LT(open - ready, absl::Seconds(4));
}

}  // namespace
}  // namespace cairn
