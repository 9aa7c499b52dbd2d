// What a batch takes away, shows beforehand, and never signs; clients that stall.
#include "tests/server/publish/publisher_fixture.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;

// --- prune and dry run

TEST_F(PublisherTest, PruneWithdrawsWhatTheBatchHasNot) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One"), Resource(Uuid(2), "Two")}).ok());
  v1::PublishHeader header;
  header.set_prune(true);
  const auto result = Publish({Resource(Uuid(2), "Two"), Resource(Uuid(3), "Three")}, header);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->withdrawn(), 1u);
  EXPECT_EQ(result->added(), 1u);
  EXPECT_EQ(result->unchanged(), 1u);
  EXPECT_FALSE(Stored(Uuid(1)).has_value());
  EXPECT_EQ(Held()->live_count, 2u);
}

TEST_F(PublisherTest, ASmallBatchMayPruneMoreThanMemoryHolds) {
  std::vector<v1::Record> records;
  for (int i = 0; i < 1500; ++i) records.push_back(Resource(Uuid(i), "Gone"));
  ASSERT_TRUE(Publish(records).ok());
  v1::PublishHeader header;
  header.set_prune(true);
  const auto result = Publish({Resource(Uuid(3), "Kept")}, header);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->withdrawn(), 1499u);
  EXPECT_EQ(result->position().seq(), 3000u);
  EXPECT_EQ(Held()->live_count, 1u);
}

TEST_F(PublisherTest, PruneKeepsARecordWhoseUpdateIsRefused) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One"), Resource(Uuid(2), "Two")}).ok());
  v1::PublishHeader header;
  header.set_prune(true);
  header.set_keep_going(true);
  const auto result = Publish({Resource(Uuid(1), "")}, header);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->withdrawn(), 1u);
  EXPECT_TRUE(Stored(Uuid(1)).has_value());
}

TEST_F(PublisherTest, PruneRefusesWhenARefusedRecordHasNoId) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  v1::PublishHeader header;
  header.set_prune(true);
  header.set_keep_going(true);
  EXPECT_EQ(Publish({Resource("", "Nameless")}, header).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(Stored(Uuid(1)).has_value());
}

TEST_F(PublisherTest, DryRunShowsEveryChangeAndChangesNothing) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One"), Resource(Uuid(2), "Two")}).ok());
  v1::PublishHeader header;
  header.set_prune(true);
  header.set_dry_run(true);
  const auto result = Publish({Resource(Uuid(2), "Zwei"), Resource(Uuid(3), "Three")}, header);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->committed());
  ASSERT_EQ(heard_.changes.size(), size_t{3});
  EXPECT_EQ(heard_.changes[0].action(), v1::RecordChange::CHANGED);
  EXPECT_EQ(heard_.changes[0].fields(0).field(), "resource.name");
  EXPECT_EQ(heard_.changes[0].fields(0).before(), "Two");
  EXPECT_EQ(heard_.changes[0].fields(0).after(), "Zwei");
  EXPECT_EQ(heard_.changes[1].action(), v1::RecordChange::ADDED);
  EXPECT_EQ(heard_.changes[2].action(), v1::RecordChange::WITHDRAWN);
  EXPECT_EQ(heard_.changes[2].name(), "One");
  EXPECT_EQ(Seq(), 2u);
}

TEST_F(PublisherTest, DryRunListsNoMoreChangesThanAskedFor) {
  v1::PublishHeader header;
  header.set_dry_run(true);
  header.set_changes_max(1);
  const auto result = Publish({Resource(Uuid(2), "Two"), Resource(Uuid(3), "Three")}, header);
  EXPECT_EQ(result->added(), 2u);
  EXPECT_EQ(heard_.changes.size(), size_t{1});
}

// --- what else touches the own feed

TEST_F(PublisherTest, WhatAnotherStagedBetweenTwoChunksIsNeverSigned_R2) {
  const auto result = WriteTwo([&] { ASSERT_TRUE(StageForeign(2, /*restart=*/false).ok()); });
  EXPECT_EQ(result.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Seq(), 0u);
  EXPECT_EQ(Held()->staging.entries, 2u) << "what may be another's is left to it";
}

TEST_F(PublisherTest, ASetBegunAnewBetweenTwoChunksIsNeverSigned_R2) {
  const auto result = WriteTwo([&] { ASSERT_TRUE(StageForeign(1, /*restart=*/true).ok()); });
  EXPECT_EQ(result.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Seq(), 0u);
}

TEST_F(PublisherTest, DroppingTheStagedSetBetweenTwoChunksIsNoticed) {
  const auto result = WriteTwo([&] {
    ASSERT_TRUE(store_->Write([&](Connection& db) { return feeds_->DropStaging(db, "p0", "public"); }).ok());
  });
  EXPECT_EQ(result.status().code(), absl::StatusCode::kAborted);
  EXPECT_THAT(result.status().message(), HasSubstr("gone"));
  EXPECT_FALSE(Held().has_value());
}

TEST_F(PublisherTest, ABatchIsNotBuiltOnAHeadThatMovedMeanwhile_R3) {
  OwnFeed own(consortium_.id(), "p0", store_.get(), feeds_.get(), charter_.get(), checker_.get(), consortium_.key(0),
              &clock_);
  const std::optional<HeldFeed> nothing;
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  OwnFeed::Change change;
  change.entries = 1;
  change.next = [&]() -> absl::StatusOr<std::vector<v1::Entry>> {
    v1::Entry entry;
    entry.set_kind(v1::RESOURCE);
    entry.set_id(*UuidFromText(Uuid(2)));
    entry.set_payload("x");
    return std::vector<v1::Entry>{entry};
  };
  const auto result = own.Write({{"public", nothing, change}});
  EXPECT_EQ(result.status().code(), absl::StatusCode::kAborted);
  EXPECT_THAT(result.status().message(), HasSubstr("moved from 0 to 1"));
  EXPECT_EQ(Seq(), 1u);
}

TEST_F(PublisherTest, WhatWasStagedOfTheFeedBeforeIsNotPublishedWithABatch) {
  ASSERT_TRUE(StageForeign(7, /*restart=*/true).ok());
  const auto result = Publish({Resource(Uuid(1), "One")});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Held()->live_count, 1u);
  EXPECT_FALSE(Stored(Uuid(99)).has_value());
}

// --- generations

TEST_F(PublisherTest, NewGenerationBeginsWithWhatWasVisible) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One"), Resource(Uuid(2), "Two"), Resource(Uuid(3), "Three")}).ok());
  ASSERT_TRUE(publisher_->Withdraw(Withdrawal({Uuid(3)}), nullptr).ok());
  BeginGeneration(2);
  ASSERT_TRUE(publisher_->Heartbeat().ok());
  EXPECT_EQ(Held()->feed.generation, 2u);
  EXPECT_EQ(Held()->live_count, 2u);
  ASSERT_TRUE(Publish({Resource(Uuid(4), "Four")}).ok());
  EXPECT_EQ(Held()->live_count, 3u);
  EXPECT_TRUE(Stored(Uuid(1)).has_value());
}

TEST_F(PublisherTest, NewGenerationEndsAFork_R6) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  v1::ForkEvidence evidence;
  *evidence.mutable_first() = Held()->head;
  *evidence.mutable_second() = Held()->head;
  ASSERT_TRUE(store_->Write([&](Connection& db) { return feeds_->Freeze(db, Held()->feed, evidence); }).ok());
  EXPECT_THAT(Publish({Resource(Uuid(2), "Two")}).status().message(), HasSubstr("frozen"));
  BeginGeneration(2);
  ASSERT_TRUE(Publish({Resource(Uuid(2), "Two")}).ok());
  EXPECT_FALSE(Held()->frozen);
  EXPECT_EQ(Held()->live_count, 2u);
}

TEST_F(PublisherTest, NewGenerationOfAnEmptyFeedCanBeBegun) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  ASSERT_TRUE(publisher_->Withdraw(Withdrawal({Uuid(1)}), nullptr).ok());
  clock_.Advance(absl::Hours(24));
  ASSERT_TRUE(store_->Write([&](Connection& db) { return feeds_->PurgeTombstones(db, clock_.Now()).status(); }).ok());
  BeginGeneration(2);
  ASSERT_TRUE(Publish({Resource(Uuid(2), "Two")}).ok());
  EXPECT_EQ(Held()->feed.generation, 2u);
  EXPECT_EQ(Held()->live_count, 1u);
}

// --- those who do not read what they are told

// A reader who stalls at the first message until it is let go.
class Stalled : public PublishSink {
 public:
  void Send(v1::PublishResponse) override {
    reached.Notify();
    go_on.WaitForNotification();
    reached_again = true;
  }
  struct Once {
    void Notify() {
      absl::MutexLock lock(&mutex);
      done = true;
    }
    bool Wait() {
      absl::MutexLock lock(&mutex);
      return mutex.AwaitWithTimeout(absl::Condition(&done), absl::Seconds(30));
    }
    absl::Mutex mutex;
    bool done = false;
  } reached;
  absl::Notification go_on;
  std::atomic<bool> reached_again = false;
};

TEST_F(PublisherTest, AReaderOfADryRunWhoStallsHoldsUpNobody) {
  v1::PublishHeader header;
  header.set_dry_run(true);
  auto batch = *publisher_->Begin(header);
  v1::PublishRecords records;
  *records.add_records()->mutable_record() = Resource(Uuid(1), "One");
  ASSERT_TRUE(batch->Add(&records).ok());
  Stalled stalled;
  std::thread reader([&] { EXPECT_EQ(batch->Commit(1, &stalled)->added(), 1u); });
  EXPECT_TRUE(stalled.reached.Wait());
  EXPECT_TRUE(Publish({Resource(Uuid(2), "Two")}).ok());
  EXPECT_TRUE(publisher_->Heartbeat().ok());
  stalled.go_on.Notify();
  reader.join();
}

TEST_F(PublisherTest, AReaderOfProgressWhoStallsHoldsUpNobody) {
  auto batch = *publisher_->Begin({});
  v1::PublishRecords records;
  for (int i = 0; i < 2000; ++i) *records.add_records()->mutable_record() = Resource(Uuid(i), "Many");
  ASSERT_TRUE(batch->Add(&records).ok());
  Stalled stalled;
  std::thread reader([&] { EXPECT_TRUE(batch->Commit(2000, &stalled)->committed()); });
  EXPECT_TRUE(stalled.reached.Wait());
  EXPECT_TRUE(Publish({Resource(Uuid(3000), "Other")}).ok());
  EXPECT_EQ(Held()->live_count, 2001u);
  EXPECT_TRUE(publisher_->Heartbeat().ok());
  EXPECT_FALSE(stalled.reached_again);
  stalled.go_on.Notify();
  reader.join();
}

}  // namespace
}  // namespace cairn
