// R3 and the promises W2, W4 of the store: failing disks, and a process killed at any moment.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/synchronization/notification.h"
#include "common/base/limits.h"
#include "server/store/verify.h"
#include "tests/fakes/faulty_vfs.h"
#include "tests/server/store/store_fixture.h"

namespace cairn {
namespace {

class DurabilityTest : public StoreFixture {
 protected:
  DurabilityTest() {
    options_.vfs = FaultyVfs::Name();
    options_.durable = true;
  }
  ~DurabilityTest() override { FaultyVfs::Mend(); }

  void ExpectSound() {
    const auto report = VerifyFeeds(feeds_.get(), true, nullptr);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_TRUE(report->findings.empty()) << report->findings[0];
  }
  absl::Status PutOne(uint64_t n) { return Put({LiveEntry(n, n)}, n); }
};

TEST_F(DurabilityTest, R3_DiskFullAtAnyWriteLeavesTheAcknowledgedState) {
  ASSERT_TRUE(PutOne(1).ok());
  uint64_t seq = 1;
  for (int good = 0; good < 60; ++good) {
    FaultyVfs::Break(DiskFault::kFull, good);
    const bool acknowledged = PutOne(seq + 1).ok();
    EXPECT_EQ(acknowledged, !FaultyVfs::failed());
    if (!acknowledged) {
      EXPECT_EQ(store_->write_health().code(), absl::StatusCode::kResourceExhausted);
      EXPECT_EQ(Held().seq, seq) << "reads go on";
    }
    FaultyVfs::Mend();
    if (acknowledged) ++seq;
    if (good % 10 == 9) Reopen();
    ASSERT_TRUE(store_->Write([&](Connection& db) { return feeds_->DropStaging(db, "pl-x", "public"); }).ok());
    EXPECT_TRUE(store_->write_health().ok()) << "writing goes on when there is space";
    EXPECT_EQ(Held().seq, seq);
  }
  EXPECT_GT(seq, 1u);
  ExpectSound();
}

TEST_F(DurabilityTest, AFullDiskIsSaidInWordsForAnOperator) {
  ASSERT_TRUE(PutOne(1).ok());
  FaultyVfs::Break(DiskFault::kFull, 0);
  const absl::Status full = PutOne(2);
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
  const std::string folder = std::filesystem::path(options_.path).lexically_normal().parent_path().string();
  EXPECT_THAT(std::string(full.message()), ::testing::StartsWith("the disk of " + folder + " is full ("));
  EXPECT_THAT(std::string(full.message()),
              ::testing::EndsWith("MB free): nothing was written; make room, and try again"));
  EXPECT_EQ(store_->write_health(), full);
}

// Gives the bodies to the writer at once, so that they share a transaction; returns what each was told.
std::vector<absl::Status> WriteAsOneGroup(Store* store, const std::vector<Store::Body>& bodies) {
  absl::Notification running, start, finished;
  store->WriteAsync(
      [&](Connection&) {
        running.Notify();
        start.WaitForNotification();
        return absl::OkStatus();
      },
      [](absl::Status) {});
  running.WaitForNotification();
  std::vector<absl::Status> told(bodies.size(), absl::InternalError("told nothing"));
  for (size_t i = 0; i < bodies.size(); ++i) {
    store->WriteAsync(bodies[i], [&told, &finished, i](absl::Status status) {
      told[i] = std::move(status);
      if (i + 1 == told.size()) finished.Notify();
    });
  }
  start.Notify();
  finished.WaitForNotification();
  return told;
}

class GroupTest : public DurabilityTest {
 protected:
  GroupTest() {
    options_.inline_writes = false;
    Reopen();
    EXPECT_TRUE(store_->Write([](Connection& db) { return db.Execute("CREATE TABLE t (n UNIQUE, b)"); }).ok());
  }
  static Store::Body Insert(int n) {
    return [n](Connection& db) { return db.Execute("INSERT INTO t (n) VALUES (?)", n); };
  }
  int64_t Rows() { return Count("SELECT count(*) FROM t"); }
};

TEST_F(GroupTest, R3_NothingOfAGroupIsAcknowledgedWhenSqliteItselfEndedItsTransaction) {
  ASSERT_TRUE(store_->Write(Insert(1)).ok());
  // The statement ends the transaction, as one does that finds no memory; its body may look away.
  const Store::Body ends = [](Connection& db) { return db.Execute("INSERT OR ROLLBACK INTO t (n) VALUES (1)"); };
  const Store::Body looks_away = [&](Connection& db) {
    ends(db).IgnoreError();
    return absl::OkStatus();
  };
  for (const Store::Body& body : {ends, looks_away}) {
    for (const absl::Status& told : WriteAsOneGroup(store_.get(), {Insert(2), body, Insert(3)})) {
      EXPECT_EQ(told.code(), absl::StatusCode::kResourceExhausted) << told;
    }
    EXPECT_EQ(Rows(), 1) << "what came before in the group, and after";
  }
  EXPECT_TRUE(store_->Write(Insert(2)).ok()) << "the next one is not concerned";
  Reopen();
  EXPECT_EQ(Rows(), 2);
}

TEST_F(GroupTest, R3_NothingOfAGroupIsAcknowledgedWhenTheDiskIsFullInTheMidstOfIt) {
  // More than the writer's cache holds: it is written out before the commit.
  const Store::Body large = [](Connection& db) {
    return db.Execute(
        "WITH RECURSIVE i(n) AS (SELECT 100 UNION ALL SELECT n + 1 FROM i WHERE n < 500) "
        "INSERT INTO t (n, b) SELECT n, randomblob(500000) FROM i");
  };
  FaultyVfs::Break(DiskFault::kFull, 100);
  bool came_after = false;
  const auto told = WriteAsOneGroup(store_.get(), {Insert(1), large, [&](Connection&) {
                                                     came_after = true;
                                                     return absl::OkStatus();
                                                   }});
  EXPECT_FALSE(came_after) << "it broke in the midst, not at the commit";
  for (const absl::Status& each : told) EXPECT_EQ(each.code(), absl::StatusCode::kResourceExhausted) << each;
  EXPECT_EQ(Rows(), 0);
  FaultyVfs::Mend();
  EXPECT_TRUE(store_->Write(Insert(1)).ok());
  Reopen();
  EXPECT_EQ(Rows(), 1);
}

TEST_F(DurabilityTest, FailedSyncStopsTheWriterForGoodAndLosesNothing) {
  ASSERT_TRUE(PutOne(1).ok());
  FaultyVfs::Break(DiskFault::kSync, 0);
  EXPECT_FALSE(PutOne(2).ok());
  EXPECT_TRUE(FaultyVfs::failed());
  FaultyVfs::Mend();
  EXPECT_EQ(PutOne(2).code(), absl::StatusCode::kDataLoss) << "an fsync that failed is never retried";
  EXPECT_EQ(store_->write_health().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Held().seq, 1u);
  Reopen();
  EXPECT_GE(Held().seq, 1u);
  ExpectSound();
}

TEST_F(DurabilityTest, FailedWriteStopsTheWriterUntilRestart) {
  ASSERT_TRUE(PutOne(1).ok());
  FaultyVfs::Break(DiskFault::kWrite, 1);
  EXPECT_FALSE(PutOne(2).ok());
  FaultyVfs::Mend();
  EXPECT_EQ(PutOne(2).code(), absl::StatusCode::kUnavailable);
  Reopen();
  ASSERT_TRUE(store_->Write([&](Connection& db) { return feeds_->DropStaging(db, "pl-x", "public"); }).ok());
  EXPECT_TRUE(PutOne(2).ok());
  ExpectSound();
}

TEST_F(DurabilityTest, DiskFullWhileSlicesAreAppliedGoesOnAfterwards) {
  const uint64_t count = limits::apply_slice_entries + 500;
  ASSERT_TRUE(Stage(Entries(count)).ok());
  ASSERT_TRUE(Begin(count).ok());
  FaultyVfs::Break(DiskFault::kFull, 100);
  EXPECT_FALSE(ApplyAll(feeds_.get(), kFeed).ok());
  FaultyVfs::Mend();
  ASSERT_TRUE(ApplyAll(feeds_.get(), kFeed).ok());
  EXPECT_EQ(Held().live_count, count);
  ExpectSound();
}

// The child publishes one entry after the other with a large one now and then, and writes each acknowledged seq into
// the pipe.
[[noreturn]] void PublishUntilKilled(const Store::Options& options, int pipe, uint64_t from) {
  auto store = Store::Open(options);
  if (!store.ok()) _exit(1);
  FeedStore feeds(store->get(), "test");
  for (uint64_t seq = from;;) {
    std::vector<v1::Entry> entries;
    const uint64_t count = seq % 40 == 0 ? limits::small_delta_entries_max + 200 : 3;
    for (uint64_t i = 0; i < count; ++i) entries.push_back(LiveEntry(seq + i, seq + i));
    seq += count;
    auto prepared = feeds.Prepare(kFeed, std::move(entries));
    const absl::Status status = (*store)->Write([&](Connection& db) -> absl::Status {
      RETURN_IF_ERROR(feeds.Stage(db, {true, false, *prepared, seq - 1, seq - 1}));
      ASSIGN_OR_RETURN(const StagedSet staged, feeds.Staged(db, kFeed));
      return feeds.MakeVisible(db, TestHeads::For(staged, seq - 1)).status();
    });
    if (!status.ok() || !ApplyAll(&feeds, kFeed).ok()) _exit(2);
    const uint64_t acknowledged = seq - 1;
    if (write(pipe, &acknowledged, sizeof acknowledged) != sizeof acknowledged) _exit(3);
  }
}

TEST_F(DurabilityTest, R3_NothingAcknowledgedIsLostWhenTheProcessIsKilled) {
  options_.vfs.clear();
  options_.clock = Clock::Real();
  options_.inline_writes = false;
  uint64_t acknowledged = 0;
  for (int round = 0; round < 12; ++round) {
    feeds_.reset();
    store_.reset();
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) PublishUntilKilled(options_, ends[1], acknowledged + 1);
    close(ends[1]);
    uint64_t seq = 0;
    // Killed after some acknowledgements and a bit of time, another in each round.
    for (int i = 0; i <= round && read(ends[0], &seq, sizeof seq) == sizeof seq; ++i) acknowledged = seq;
    usleep(700 * round);
    kill(child, SIGKILL);
    int how = 0;
    waitpid(child, &how, 0);
    EXPECT_TRUE(WIFSIGNALED(how)) << "the child ended by itself: " << WEXITSTATUS(how);
    while (read(ends[0], &seq, sizeof seq) == sizeof seq) acknowledged = seq;
    close(ends[0]);
    Reopen();
    ASSERT_TRUE(ApplyAll(feeds_.get(), kFeed).ok());
    EXPECT_GE(Held().seq, acknowledged);
    ExpectSound();
    acknowledged = Held().seq;
  }
  EXPECT_GT(acknowledged, 100u);
}

}  // namespace
}  // namespace cairn
