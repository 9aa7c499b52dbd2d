#include "server/store/store.h"

#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "absl/synchronization/notification.h"
#include "server/store/charter_rows.h"
#include "server/store/schema.h"
#include "tests/server/store/store_fixture.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class StoreTest : public StoreFixture {
 protected:
  absl::Status OpenAgain() {
    feeds_.reset();
    store_.reset();
    return Store::Open(options_).status();
  }
  // A store with a writer's thread, on which table t counts.
  void OpenThreaded() {
    options_.inline_writes = false;
    options_.clock = Clock::Real();
    Reopen();
    ASSERT_TRUE(Sql("CREATE TABLE t (n INTEGER NOT NULL) STRICT").ok());
  }
};

TEST_F(StoreTest, FileSaysWhoseItIs) {
  EXPECT_EQ(Count("PRAGMA application_id"), 0x4361726e);
  EXPECT_EQ(Count("PRAGMA user_version"), schema_version);
  EXPECT_GE(Count("SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%-- Exchanged%'"), 8);
}

TEST_F(StoreTest, NewerSchemaIsRefusedUntouched) {
  ASSERT_TRUE(Sql(absl::StrCat("PRAGMA user_version=", schema_version + 1)).ok());
  const absl::Status status = OpenAgain();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(absl::StrCat("version ", schema_version + 1, ", this program reads up to ", schema_version)));
}

TEST_F(StoreTest, AFileOfTheFirstVersionIsTakenForward) {
  ASSERT_TRUE(Sql("DROP TABLE service_left").ok());
  ASSERT_TRUE(Sql("DROP TABLE record_block").ok());
  ASSERT_TRUE(Sql("DROP TABLE token").ok());
  ASSERT_TRUE(Sql("DROP TABLE audit").ok());
  for (const char* newer :
       {"DROP INDEX entry_by_change", "ALTER TABLE entry DROP COLUMN change_no",
        "ALTER TABLE entry DROP COLUMN is_public", "ALTER TABLE feed DROP COLUMN public_hidden",
        "DROP TABLE gone_entry", "DROP INDEX service_by_organization", "DROP INDEX location_by_postal_code",
        "DROP INDEX service_at_location_by_id", "ALTER TABLE service_at_location DROP COLUMN id"}) {
    ASSERT_TRUE(Sql(newer).ok()) << newer;
  }
  ASSERT_TRUE(Sql("PRAGMA user_version=1").ok());
  Reopen();
  EXPECT_EQ(Count("PRAGMA user_version"), schema_version);
  EXPECT_EQ(Count("SELECT count(*) FROM token"), 0);
  EXPECT_EQ(Count("SELECT count(*) FROM audit"), 0);
  EXPECT_EQ(Count("SELECT count(*) FROM gone_entry"), 0);
}

TEST_F(StoreTest, OtherConsortiumIsRefused) {
  options_.consortium = "other";
  const absl::Status status = OpenAgain();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("belongs to consortium \"test\", not \"other\""));
  options_.consortium = "";
  Reopen();
  EXPECT_EQ(store_->consortium(), "test");
}

TEST_F(StoreTest, OtherFilesAreRefused) {
  options_.path = folder_ + "/notes.txt";
  std::ofstream(options_.path) << std::string(5'000, 'x');
  const absl::Status refused = OpenAgain();
  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(refused.message()), HasSubstr(options_.path + "\": not the database of a node, or damaged"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("put back a backup of it"));
  options_.path = folder_ + "/other.db";
  {
    auto other = Connection::Open({.path = options_.path});
    ASSERT_TRUE((*other)->ExecuteScript("CREATE TABLE cats (name TEXT)").ok());
  }
  EXPECT_THAT(std::string(OpenAgain().message()), HasSubstr("a database of another program"));
  options_.path = folder_ + "/none/cairn.db";
  EXPECT_EQ(OpenAgain().code(), absl::StatusCode::kNotFound);
}

TEST_F(StoreTest, SecondStoreOnTheSameFileIsRefused) {
  const absl::Status status = Store::Open(options_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("held by a running node"));
}

TEST_F(StoreTest, FailedBodyLeavesNothingAndDoesNotDisturbItsGroup) {
  OpenThreaded();
  absl::Notification start, finished;
  std::atomic<int> good{0}, bad{0};
  store_->WriteAsync(
      [&](Connection&) {
        start.WaitForNotification();
        return absl::OkStatus();
      },
      [](absl::Status) {});
  for (int i = 0; i < 10; ++i) {
    store_->WriteAsync(
        [i](Connection& db) -> absl::Status {
          RETURN_IF_ERROR(db.Execute("INSERT INTO t (n) VALUES (?)", i));
          return i % 2 == 0 ? absl::OkStatus() : absl::InvalidArgumentError("odd");
        },
        [&](absl::Status status) { (status.ok() ? good : bad)++; });
  }
  store_->WriteAsync([](Connection&) { return absl::OkStatus(); }, [&](absl::Status) { finished.Notify(); });
  start.Notify();
  finished.WaitForNotification();
  EXPECT_EQ(good, 5);
  EXPECT_EQ(bad, 5);
  EXPECT_EQ(Count("SELECT sum(n) FROM t"), 0 + 2 + 4 + 6 + 8);
}

TEST_F(StoreTest, QueuedWritesShareOneCommit) {
  OpenThreaded();
  absl::Notification running, start, finished;
  store_->WriteAsync(
      [&](Connection&) {
        running.Notify();
        start.WaitForNotification();
        return absl::OkStatus();
      },
      [](absl::Status) {});
  running.WaitForNotification();  // else the first of those below would be in the group of this one
  int reported = 0, reported_when_last_ran = -1;
  for (int i = 0; i < 50; ++i) {
    store_->WriteAsync(
        [&, i](Connection& db) {
          if (i == 49) reported_when_last_ran = reported;
          return db.Execute("INSERT INTO t (n) VALUES (?)", i);
        },
        [&, i](absl::Status status) {
          EXPECT_TRUE(status.ok());
          ++reported;
          if (i == 49) finished.Notify();
        });
  }
  start.Notify();
  finished.WaitForNotification();
  EXPECT_EQ(reported_when_last_ran, 0);  // none was done before all had run: one commit
  EXPECT_EQ(reported, 50);
}

TEST_F(StoreTest, WriteWithinAWriteIsRefusedInsteadOfWaitingForItself) {
  for (const bool inlined : {true, false}) {
    options_.inline_writes = inlined;
    Reopen();
    absl::Status inner;
    ASSERT_TRUE(store_
                    ->Write([&](Connection&) {
                      inner = store_->Write([](Connection&) { return absl::OkStatus(); });
                      return absl::OkStatus();
                    })
                    .ok());
    EXPECT_EQ(inner.code(), absl::StatusCode::kFailedPrecondition);
  }
}

TEST_F(StoreTest, ReadEndsWithItsBudget) {
  options_.clock = Clock::Real();
  options_.readers = 1;
  Reopen();
  const auto endless = [](Connection& db) {
    return db.Execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n");
  };
  const absl::Status status = store_->Read(endless, absl::Milliseconds(50));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("longer than its time budget"));
  EXPECT_EQ(Count("SELECT 1"), 1);  // the connection is as good as new
}

TEST_F(StoreTest, ReadWaitsForAFreeConnectionOnlyWithinItsBudget) {
  options_.readers = 1;
  Reopen();
  absl::Status second;
  ASSERT_TRUE(store_
                  ->Read([&](Connection&) {
                    std::thread other([&] {
                      second = store_->Read([](Connection&) { return absl::OkStatus(); }, absl::Milliseconds(20));
                    });
                    other.join();
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(second.code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(StoreTest, ReadersCannotWrite) {
  EXPECT_FALSE(store_->Read([](Connection& db) { return db.Execute("DELETE FROM feed"); }).ok());
}

TEST_F(StoreTest, ReadSeesOneStateThroughout) {
  ASSERT_TRUE(Sql("CREATE TABLE t (n INTEGER NOT NULL) STRICT").ok());
  ASSERT_TRUE(store_
                  ->Read([&](Connection& db) -> absl::Status {
                    const auto count = [&] {
                      Statement row = db.Prepare("SELECT count(*) FROM t");
                      row.Step();
                      return row.Int64(0);
                    };
                    EXPECT_EQ(count(), 0);
                    EXPECT_TRUE(Sql("INSERT INTO t (n) VALUES (1)").ok());
                    EXPECT_EQ(count(), 0);
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(Count("SELECT count(*) FROM t"), 1);
}

TEST_F(StoreTest, WriteAheadLogIsOverwrittenNotGrownForEver) {
  ASSERT_TRUE(Sql("CREATE TABLE t (b BLOB NOT NULL) STRICT").ok());
  for (int i = 0; i < 120; ++i) {
    ASSERT_TRUE(
        store_->Write([](Connection& db) { return db.Execute("INSERT INTO t (b) VALUES (randomblob(1000000))"); })
            .ok());
  }
  EXPECT_GT(store_->sizes().database, 80u << 20);
  EXPECT_LT(store_->sizes().wal, 48u << 20);
  EXPECT_GT(store_->sizes().disk_free, 0u);
}

TEST_F(StoreTest, CharterVersionsAreKeptInOrder) {
  const auto put = [&](uint64_t version, absl::string_view bytes) {
    return store_->Write([&](Connection& db) { return PutCharter(db, version, bytes); });
  };
  ASSERT_TRUE(put(2, "two").ok());
  ASSERT_TRUE(put(1, "one").ok());
  ASSERT_TRUE(put(1, "one").ok());
  EXPECT_EQ(put(1, "uno").code(), absl::StatusCode::kAlreadyExists);
  ASSERT_TRUE(store_
                  ->Read([&](Connection& db) -> absl::Status {
                    EXPECT_THAT(*ReadCharters(db, 0), ElementsAre(Pair(1, "one"), Pair(2, "two")));
                    EXPECT_THAT(*ReadCharters(db, 1), ElementsAre(Pair(2, "two")));
                    return absl::OkStatus();
                  })
                  .ok());
}

TEST_F(StoreTest, MistakeInSqlIsAStatus) { EXPECT_EQ(Sql("SELECT nonsense").code(), absl::StatusCode::kInternal); }

}  // namespace
}  // namespace cairn
