#include "server/store/verify.h"

#include <gmock/gmock.h>

#include <thread>

#include "common/base/limits.h"
#include "server/store/rebuild.h"
#include "tests/server/store/store_fixture.h"

namespace cairn {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class VerifyTest : public StoreFixture {
 protected:
  VerifyReport Verify(bool deep) {
    auto report = VerifyFeeds(feeds_.get(), deep, nullptr);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *std::move(report) : VerifyReport{};
  }
  void SetUp() override {
    StoreFixture::SetUp();
    ASSERT_TRUE(Put(Entries(10), 10).ok());
  }
};

TEST_F(VerifyTest, SoundFileHasNoFindings) { EXPECT_THAT(Verify(true).findings, IsEmpty()); }

TEST_F(VerifyTest, MissingEntryIsFound) {
  ASSERT_TRUE(Sql("DELETE FROM entry WHERE seq = 4").ok());
  const VerifyReport report = Verify(false);
  EXPECT_THAT(report.findings, Contains(HasSubstr("9 records, its head says 10")));
  EXPECT_THAT(report.findings, Contains(HasSubstr("does not match its head")));
  EXPECT_THAT(report.damaged, ElementsAre(kFeed));
}

TEST_F(VerifyTest, AlteredPayloadIsFoundByLookingDeepAndNeverServed) {
  ASSERT_TRUE(Sql("UPDATE payload SET bytes = CAST('altered' AS BLOB) WHERE payload_id = 3").ok());
  EXPECT_THAT(Verify(false).findings, IsEmpty());
  const VerifyReport report = Verify(true);
  EXPECT_THAT(report.findings, Contains(HasSubstr("is not what its hash says")));
  EXPECT_THAT(report.damaged, ElementsAre(kFeed));
  EXPECT_EQ(feeds_->ReadPage(kFeed, 0, 1 << 20, 100).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(VerifyTest, DamagedFeedIsNotServedAndHealsByAFullSet) {
  ASSERT_TRUE(Sql("UPDATE payload SET bytes = CAST('altered' AS BLOB) WHERE payload_id = 3").ok());
  ASSERT_TRUE(store_->Write([&](Connection& db) { return feeds_->MarkDamaged(db, kFeed); }).ok());
  EXPECT_EQ(Held().state, FeedState::kDamaged);
  EXPECT_EQ(feeds_->ReadPage(kFeed, 0, 1000, 10).status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(Put(Entries(10), 10, true).ok());
  EXPECT_EQ(Held().state, FeedState::kOk);
  EXPECT_THAT(Verify(true).findings, IsEmpty());
}

TEST_F(VerifyTest, DamagedFeedIsNotMendedByADelta) {
  ASSERT_TRUE(store_->Write([&](Connection& db) { return feeds_->MarkDamaged(db, kFeed); }).ok());
  ASSERT_TRUE(Stage({LiveEntry(11, 11)}).ok());
  EXPECT_EQ(Begin(11).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(VerifyTest, AlteredDerivedRowIsFoundAndRebuilt) {
  ASSERT_TRUE(Sql("UPDATE record SET title = 'Wrong' WHERE entry_id = 3").ok());
  EXPECT_THAT(Verify(false).findings, IsEmpty());
  const VerifyReport report = Verify(true);
  EXPECT_TRUE(report.derived_differs);
  EXPECT_THAT(report.damaged, IsEmpty());
  ASSERT_TRUE(Rebuild(store_.get(), nullptr).ok());
  EXPECT_THAT(Verify(true).findings, IsEmpty());
}

TEST_F(VerifyTest, RebuildGoesOnAfterACrashAndWithWritesInBetween) {
  const uint64_t count = 3'500;
  std::vector<v1::Entry> entries;
  for (uint64_t n = 11; n <= count; ++n) entries.push_back(LiveEntry(n, n));
  ASSERT_TRUE(Put(entries, count).ok());
  ASSERT_TRUE(store_->Write(BeginRebuild).ok());
  EXPECT_EQ(Count("SELECT count(*) FROM record"), 0);
  uint64_t seq = count;
  for (int crashes = 0; crashes < 3; ++crashes) {
    int steps = 0;
    const absl::Status status = ContinueRebuild(store_.get(), [&](const RebuildProgress& progress) -> absl::Status {
      EXPECT_EQ(progress.total,
                static_cast<uint64_t>(Count("SELECT count(*) FROM entry WHERE payload_id IS NOT NULL")));
      return ++steps == 1 ? absl::CancelledError("crash") : absl::OkStatus();
    });
    EXPECT_FALSE(status.ok());
    Reopen();
    EXPECT_TRUE(*RebuildPending(store_.get()));
    const uint64_t behind = 5 + crashes, ahead = count - 5 - crashes;
    ASSERT_TRUE(Stage({LiveEntry(behind, seq + 1, "Changed"), LiveEntry(ahead, seq + 2, "Changed"),
                       Withdrawal(20 + crashes, seq + 3), Withdrawal(count - 20 - crashes, seq + 4),
                       LiveEntry(9'000 + crashes, seq + 5)})
                    .ok());
    seq += 5;
    ASSERT_EQ(*Begin(seq), ApplyProgress::kDone);
  }
  ASSERT_TRUE(ContinueRebuild(store_.get(), nullptr).ok());
  EXPECT_FALSE(*RebuildPending(store_.get()));
  EXPECT_EQ(Count("SELECT count(*) FROM record"), static_cast<int64_t>(Held().live_count));
  EXPECT_THAT(Verify(true).findings, IsEmpty());
}

TEST_F(VerifyTest, TwoCallersContinueOneRebuild) {
  options_.inline_writes = false;
  Reopen();
  std::vector<v1::Entry> entries;
  for (uint64_t n = 11; n <= 5'000; ++n) entries.push_back(LiveEntry(n, n));
  ASSERT_TRUE(Put(entries, 5'000).ok());
  ASSERT_TRUE(store_->Write(BeginRebuild).ok());
  absl::Status other;
  std::thread thread([&] { other = ContinueRebuild(store_.get(), nullptr); });
  EXPECT_TRUE(ContinueRebuild(store_.get(), nullptr).ok());
  thread.join();
  EXPECT_TRUE(other.ok()) << other;
  EXPECT_THAT(Verify(true).findings, IsEmpty());
}

TEST_F(VerifyTest, FeedThatIsBeingMadeVisibleIsNotMarked) {
  std::vector<v1::Entry> entries;
  for (uint64_t n = 11; n <= 1'000; ++n) entries.push_back(LiveEntry(n, n));
  ASSERT_TRUE(Stage(entries).ok());
  ASSERT_EQ(*Begin(1'000), ApplyProgress::kMoreSlices);
  const absl::Status status = store_->Write([&](Connection& db) { return feeds_->MarkDamaged(db, kFeed); });
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(VerifyTest, RowsDerivedByAnotherVersionAreRebuilt) {
  ASSERT_TRUE(Sql("UPDATE node_meta SET value = '0.0' WHERE key = 'derived_version'").ok());
  Reopen();
  EXPECT_TRUE(*RebuildPending(store_.get()));
  ASSERT_TRUE(ContinueRebuild(store_.get(), nullptr).ok());
  EXPECT_THAT(Verify(true).findings, IsEmpty());
}

TEST_F(VerifyTest, ProgressCanStopIt) {
  ASSERT_TRUE(Put({LiveEntry(11, 11)}, 11).ok());
  std::vector<v1::Entry> entries;
  for (uint64_t n = 12; n <= 1'500; ++n) entries.push_back(LiveEntry(n, n));
  ASSERT_TRUE(Put(entries, 1'500).ok());
  const auto stop = [](const VerifyProgress&) { return absl::CancelledError("enough"); };
  EXPECT_EQ(VerifyFeeds(feeds_.get(), false, stop).status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace cairn
