// R1, R2, R3, R5, R6, R8 where the store keeps them.
#include "server/store/feed_store.h"

#include <gmock/gmock.h>

#include "common/base/limits.h"
#include "server/store/verify.h"
#include "tests/server/store/store_fixture.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class FeedStoreTest : public StoreFixture {
 protected:
  void ExpectSound() {
    const auto report = VerifyFeeds(feeds_.get(), true, nullptr);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_THAT(report->findings, IsEmpty());
  }
  static absl::StatusCode Code(const absl::Status& status) { return status.code(); }
  template <typename T>
  static absl::StatusCode Code(const absl::StatusOr<T>& value) {
    return value.status().code();
  }
};

TEST_F(FeedStoreTest, R1_StagedEntriesAreNotVisible) {
  ASSERT_TRUE(Stage(Entries(3)).ok());
  EXPECT_EQ(Code(feeds_->ReadPage(kFeed, 0, 1000, 10)), absl::StatusCode::kNotFound);
  EXPECT_EQ(Count("SELECT count(*) FROM entry"), 0);
  EXPECT_EQ(Count("SELECT count(*) FROM record"), 0);
  EXPECT_EQ(Held().staging.entries, 3u);
}

TEST_F(FeedStoreTest, R2_HeadOfAnotherSetIsRefusedWithoutEffect) {
  ASSERT_TRUE(Stage(Entries(3)).ok());
  auto staged = Staged();
  ASSERT_TRUE(staged.ok());
  StagedSet lie = *staged;
  lie.live_count = 2;
  EXPECT_EQ(Code(MakeVisible(TestHeads::For(lie, 3))), absl::StatusCode::kDataLoss);
  lie = *staged;
  lie.digest = SetDigest();
  EXPECT_EQ(Code(MakeVisible(TestHeads::For(lie, 3))), absl::StatusCode::kDataLoss);
  EXPECT_FALSE(Held().has_head);
  EXPECT_TRUE(Show(3).ok());
}

TEST_F(FeedStoreTest, SmallDeltaIsVisibleInOneTransactionWithItsHead) {
  ASSERT_TRUE(Put(Entries(2), 2).ok());
  ASSERT_TRUE(Stage({LiveEntry(1, 3, "New"), Withdrawal(2, 4), LiveEntry(3, 5)}).ok());
  auto progress = Begin(5);
  ASSERT_TRUE(progress.ok()) << progress.status();
  EXPECT_EQ(*progress, ApplyProgress::kDone);
  EXPECT_THAT(Shown(), ElementsAre("New 1@3", "-@4", "Helpline 3@5"));
  EXPECT_EQ(Held().seq, 5u);
  EXPECT_EQ(Held().live_count, 2u);
  EXPECT_FALSE(Held().staging.active);
  ExpectSound();
}

TEST_F(FeedStoreTest, WithdrawnAndReplacedTextsAreGone) {
  ASSERT_TRUE(Put({LiveEntry(1, 1, "Secretword"), LiveEntry(2, 2, "Secretword")}, 2).ok());
  ASSERT_TRUE(Put({Withdrawal(1, 3), LiveEntry(2, 4)}, 4).ok());
  EXPECT_EQ(Count("SELECT count(*) FROM payload"), 1);
  EXPECT_EQ(Count("SELECT count(*) FROM payload WHERE instr(bytes, CAST('Secretword' AS BLOB)) > 0"), 0);
  EXPECT_EQ(Count("SELECT count(*) FROM record"), 1);
}

TEST_F(FeedStoreTest, HighestSeqOfARecordWinsInStagingWhateverTheOrder) {
  ASSERT_TRUE(Stage({LiveEntry(1, 1, "Old"), LiveEntry(2, 2)}).ok());
  ASSERT_TRUE(Stage({LiveEntry(1, 9, "Newest"), Withdrawal(2, 10)}).ok());
  ASSERT_TRUE(Stage({LiveEntry(1, 5, "Late"), LiveEntry(2, 6, "Late")}).ok());
  auto staged = Staged();
  ASSERT_TRUE(staged.ok());
  EXPECT_EQ(staged->live_count, 1u);
  SetDigest expected;
  const std::string prefix = FeedPrefix("test", "pl-x", "public", 1);
  const v1::Entry newest = LiveEntry(1, 9, "Newest");
  expected.Add(Element{prefix, v1::SERVICE, newest.id(), 9, Sha256(newest.payload())});
  EXPECT_EQ(staged->digest.Digest(), expected.Digest());
  ASSERT_TRUE(Show(10).ok());
  EXPECT_THAT(Shown(), ElementsAre("Newest 1@9", "-@10"));
  EXPECT_EQ(Held().live_bytes, newest.payload().size());
  ExpectSound();
}

TEST_F(FeedStoreTest, StagingGoesOnAfterReopening) {
  ASSERT_TRUE(Stage(Entries(3)).ok());
  Reopen();
  EXPECT_EQ(Held().staging.through_seq, 3u);
  ASSERT_TRUE(Stage({LiveEntry(4, 4)}).ok());
  ASSERT_TRUE(Show(4).ok());
  EXPECT_EQ(Held().live_count, 4u);
  ExpectSound();
}

TEST_F(FeedStoreTest, RestartForgetsWhatWasStaged) {
  ASSERT_TRUE(Stage(Entries(700)).ok());
  ASSERT_TRUE(Stage({LiveEntry(9, 9)}, false, true).ok());
  EXPECT_EQ(Staged()->live_count, 1u);
  ASSERT_TRUE(Show(9).ok());
  EXPECT_THAT(Shown(), ElementsAre("Helpline 9@9"));
}

TEST_F(FeedStoreTest, DroppedStagingGoesInBoundedSteps) {
  ASSERT_TRUE(Stage(Entries(700)).ok());
  ASSERT_TRUE(store_->Write([&](Connection& db) { return feeds_->DropStaging(db, "pl-x", "public"); }).ok());
  EXPECT_EQ(Code(Staged()), absl::StatusCode::kNotFound);
  EXPECT_EQ(Count("SELECT count(*) FROM staging"), 700 - 512);  // R8
  ASSERT_TRUE(store_->Write([&](Connection& db) { return feeds_->CollectGarbage(db).status(); }).ok());
  EXPECT_EQ(Count("SELECT (SELECT count(*) FROM payload) + (SELECT count(*) FROM staging) + (SELECT count(*) FROM "
                  "staging_set)"),
            0);
}

TEST_F(FeedStoreTest, EntryThatIsNoChangeIsRefused) {
  ASSERT_TRUE(Put(Entries(5), 5).ok());
  EXPECT_EQ(Code(Stage({LiveEntry(7, 5)})), absl::StatusCode::kInvalidArgument);
}

TEST_F(FeedStoreTest, MalformedEntriesAreRefused) {
  const auto refused = [&](v1::Entry entry) {
    return feeds_->Prepare(kFeed, {std::move(entry)}).status().code() == absl::StatusCode::kInvalidArgument;
  };
  v1::Entry entry = LiveEntry(1, 1);
  entry.set_id("short");
  EXPECT_TRUE(refused(entry));
  EXPECT_TRUE(refused(LiveEntry(1, 0)));
  EXPECT_TRUE(refused(LiveEntry(1, uint64_t{1} << 63)));
  entry = LiveEntry(1, 1);
  entry.set_tombstone(true);
  EXPECT_TRUE(refused(entry));
  entry = LiveEntry(1, 1);
  entry.clear_payload();
  EXPECT_TRUE(refused(entry));
  entry.set_payload(std::string(limits::record_bytes_max + 1, 'x'));
  EXPECT_TRUE(refused(entry));
}

TEST_F(FeedStoreTest, UnknownKindsAreKeptAndServedButNotIndexed) {
  v1::Entry entry = LiveEntry(1, 1);
  entry.set_kind(static_cast<v1::RecordKind>(77));
  entry.set_payload("from the future");
  ASSERT_TRUE(Put({entry}, 1).ok());
  const auto page = feeds_->ReadPage(kFeed, 0, 1000, 10);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->entries[0].SerializeAsString(), entry.SerializeAsString());
  ExpectSound();
}

TEST_F(FeedStoreTest, R3_CrashAfterAnySliceGoesOnToTheSameState) {
  ASSERT_TRUE(Put(Entries(100), 100).ok());
  std::vector<v1::Entry> changes;
  const uint64_t count = 2 * limits::apply_slice_entries + 500;
  for (uint64_t n = 50; n < 50 + count; ++n) changes.push_back(LiveEntry(n, 100 + n, "Changed"));
  changes.push_back(Withdrawal(1, 100 + 50 + count));
  ASSERT_TRUE(Stage(changes).ok());
  ASSERT_EQ(*Begin(150 + count), ApplyProgress::kMoreSlices);
  int slices = 0;
  while (true) {
    Reopen();
    const HeldFeed held = Held();
    EXPECT_EQ(held.state, FeedState::kApplying);
    EXPECT_EQ(held.seq, 100u);
    EXPECT_TRUE(held.pending_head.has_value());
    EXPECT_EQ(Code(feeds_->ReadPage(kFeed, 0, 1000, 10)), absl::StatusCode::kFailedPrecondition);  // R2
    EXPECT_EQ(Code(Stage(Entries(1), true, true)), absl::StatusCode::kFailedPrecondition);
    auto progress = Slice();
    ASSERT_TRUE(progress.ok()) << progress.status();
    ++slices;
    if (*progress == ApplyProgress::kDone) break;
  }
  EXPECT_EQ(slices, 3);
  Reopen();
  EXPECT_EQ(Held().seq, 150 + count);
  EXPECT_EQ(Held().live_count, count + 49 - 1);
  EXPECT_EQ(Count("SELECT count(*) FROM staging"), 0);
  EXPECT_EQ(Count("SELECT count(*) FROM payload"), static_cast<int64_t>(Held().live_count));
  ExpectSound();
}

TEST_F(FeedStoreTest, FullSetDropsWhatIsNotAmongIt) {
  ASSERT_TRUE(Put(Entries(5), 5).ok());
  ASSERT_TRUE(Put({LiveEntry(2, 2), LiveEntry(4, 8, "Changed")}, 9, true).ok());
  EXPECT_THAT(Shown(), ElementsAre("Helpline 2@2", "Changed 4@8"));
  EXPECT_EQ(Held().floor_seq, 9u);
  ExpectSound();
}

TEST_F(FeedStoreTest, FullSetThatIsLargeIsSweptInSlicesAndSurvivesCrashes) {
  const uint64_t count = limits::apply_slice_entries + 300;
  ASSERT_TRUE(Put(Entries(count), count).ok());
  std::vector<v1::Entry> kept;
  for (uint64_t n = 1; n <= count; n += 2) kept.push_back(LiveEntry(n, n));
  ASSERT_TRUE(Stage(kept, true).ok());
  ASSERT_EQ(*Begin(count + 1), ApplyProgress::kMoreSlices);
  for (int slices = 1;; ++slices) {
    Reopen();
    ASSERT_LT(slices, 10);
    if (*Slice() == ApplyProgress::kDone) break;
  }
  EXPECT_EQ(Held().live_count, kept.size());
  EXPECT_EQ(Count("SELECT count(*) FROM entry"), static_cast<int64_t>(kept.size()));
  EXPECT_EQ(Count("SELECT count(*) FROM payload"), static_cast<int64_t>(kept.size()));
  ExpectSound();
}

TEST_F(FeedStoreTest, NewGenerationReplacesTheOldOne) {
  ASSERT_TRUE(Put(Entries(5), 5).ok());
  const FeedKey next{"pl-x", "public", 2};
  ASSERT_TRUE(Put({LiveEntry(1, 1), LiveEntry(9, 2)}, 2, false, next).ok());
  EXPECT_EQ(Held().feed, next);
  EXPECT_THAT(Shown(next), ElementsAre("Helpline 1@1", "Helpline 9@2"));
  EXPECT_EQ(Code(feeds_->ReadPage(kFeed, 0, 1000, 10)), absl::StatusCode::kNotFound);
  ExpectSound();
  ASSERT_TRUE(Stage(Entries(9), true).ok());
  EXPECT_EQ(Code(Begin(9)), absl::StatusCode::kFailedPrecondition);  // R5
}

TEST_F(FeedStoreTest, R5_OlderHeadIsRefused) {
  ASSERT_TRUE(Put(Entries(5), 5).ok());
  ASSERT_TRUE(Stage(Entries(4), true).ok());
  EXPECT_EQ(Code(Begin(4)), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Code(Begin(5)), absl::StatusCode::kFailedPrecondition);  // R6: another content at the same number
  EXPECT_EQ(Held().live_count, 5u);
}

TEST_F(FeedStoreTest, R6_FrozenFeedStaysAtItsHeadUntilANewGeneration) {
  ASSERT_TRUE(Put(Entries(2), 2).ok());
  v1::ForkEvidence evidence;
  evidence.mutable_first()->set_body("a");
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(store_->Write([&](Connection& db) { return feeds_->Freeze(db, kFeed, evidence); }).ok());
    evidence.mutable_first()->set_body("b");
  }
  const auto kept = feeds_->Evidence();
  ASSERT_TRUE(kept.ok());
  ASSERT_THAT(*kept, SizeIs(1));
  EXPECT_EQ((*kept)[0].evidence.first().body(), "a");
  EXPECT_EQ(Held().state, FeedState::kFrozen);
  EXPECT_THAT(Shown(), SizeIs(2));
  ASSERT_TRUE(Stage({LiveEntry(3, 3)}).ok());
  EXPECT_EQ(Code(Begin(3)), absl::StatusCode::kFailedPrecondition);
  const FeedKey next{"pl-x", "public", 2};
  ASSERT_TRUE(Put({LiveEntry(3, 1)}, 1, false, next).ok());
  EXPECT_EQ(Held().state, FeedState::kOk);
}

TEST_F(FeedStoreTest, R6_EvidenceThatCameBeforeTheFeedFreezesItToo) {
  ASSERT_TRUE(store_->Write([&](Connection& db) { return feeds_->Freeze(db, kFeed, {}); }).ok());
  ASSERT_TRUE(Put(Entries(2), 2).ok());
  EXPECT_EQ(Held().state, FeedState::kFrozen);
}

TEST_F(FeedStoreTest, HeartbeatRenewsOnlyTheSameContent) {
  ASSERT_TRUE(Stage(Entries(2)).ok());
  const VerifiedHead head = TestHeads::For(*Staged(), 2, 1'000);
  ASSERT_TRUE(MakeVisible(head).ok());
  const auto store = [&](const AuthenticHead& offered) {
    return store_->Write([&](Connection& db) { return feeds_->StoreHead(db, offered); });
  };
  ASSERT_TRUE(store(TestHeads::Make(head.content(), 5'000)).ok());
  ASSERT_TRUE(store(TestHeads::Make(head.content(), 3'000)).ok());
  EXPECT_EQ(Held().as_of_unix_millis, 5'000);
  v1::HeadContent other = head.content();
  other.set_seq(3);
  EXPECT_EQ(Code(store(TestHeads::Make(other, 9'000))), absl::StatusCode::kFailedPrecondition);
}

TEST_F(FeedStoreTest, HeartbeatOfAPendingHeadIsKept) {
  ASSERT_TRUE(Stage(Entries(3'000)).ok());
  const VerifiedHead head = TestHeads::For(*Staged(), 3'000, 1'000);
  ASSERT_TRUE(MakeVisible(head).ok());
  ASSERT_TRUE(
      store_->Write([&](Connection& db) { return feeds_->StoreHead(db, TestHeads::Make(head.content(), 5'000)); })
          .ok());
  ASSERT_TRUE(ApplyAll(feeds_.get(), kFeed).ok());
  EXPECT_EQ(Held().as_of_unix_millis, 5'000);
}

TEST_F(FeedStoreTest, R8_PagesAreBoundedByBytesAndCountAndEndWithTheHead) {
  ASSERT_TRUE(Put(Entries(10), 10).ok());
  auto page = feeds_->ReadPage(kFeed, 0, 1 << 20, 4);
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(page->entries, SizeIs(4));
  EXPECT_FALSE(page->last);
  EXPECT_EQ(page->through_seq, 4u);
  EXPECT_EQ(page->state_seq, 10u);
  EXPECT_TRUE(page->head.body().empty());
  EXPECT_THAT(feeds_->ReadPage(kFeed, 0, 1, 100)->entries, SizeIs(1));
  page = feeds_->ReadPage(kFeed, 4, 1 << 20, 6);
  ASSERT_TRUE(page.ok());
  EXPECT_TRUE(page->last);
  EXPECT_EQ(page->through_seq, 10u);
  EXPECT_EQ(page->head.SerializeAsString(), Held().head.SerializeAsString());
}

TEST_F(FeedStoreTest, ChangesAreInlinedOnlyWhenTheyAreSmall) {
  ASSERT_TRUE(Put(Entries(10), 10).ok());
  const auto few = feeds_->ChangesAfter(kFeed, 8, 1'000);
  ASSERT_TRUE(few.ok() && few->has_value());
  EXPECT_THAT(**few, SizeIs(2));
  const auto many = feeds_->ChangesAfter(kFeed, 0, 500);
  ASSERT_TRUE(many.ok());
  EXPECT_FALSE(many->has_value());
}

TEST_F(FeedStoreTest, PurgedTombstonesRaiseTheFloor) {
  ASSERT_TRUE(Put(Entries(3), 3).ok());
  const uint64_t floor = Held().floor_seq;
  ASSERT_TRUE(Put({Withdrawal(1, 4)}, 4).ok());
  EXPECT_EQ(Held().floor_seq, floor);
  clock_.Advance(absl::Hours(2));
  ASSERT_TRUE(Put({Withdrawal(2, 5)}, 5).ok());
  uint64_t purged = 0;
  ASSERT_TRUE(store_
                  ->Write([&](Connection& db) -> absl::Status {
                    ASSIGN_OR_RETURN(purged, feeds_->PurgeTombstones(db, clock_.Now() - absl::Hours(1)));
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(purged, 1u);
  EXPECT_EQ(Held().floor_seq, 4u);
  EXPECT_THAT(Shown(), ElementsAre("Helpline 3@3", "-@5"));
  ExpectSound();
}

TEST_F(FeedStoreTest, WithdrawnRecordCanComeBack) {
  ASSERT_TRUE(Put(Entries(1), 1).ok());
  ASSERT_TRUE(Put({Withdrawal(1, 2)}, 2).ok());
  ASSERT_TRUE(Put({LiveEntry(1, 3, "Back")}, 3).ok());
  EXPECT_THAT(Shown(), ElementsAre("Back 1@3"));
  EXPECT_EQ(Count("SELECT count(*) FROM entry WHERE withdrawn_at IS NOT NULL"), 0);
  ExpectSound();
}

TEST_F(FeedStoreTest, EntriesAreFoundByIdInAndAcrossFeeds) {
  const FeedKey other{"lv-y", "public", 1};
  ASSERT_TRUE(Put(Entries(2), 2).ok());
  ASSERT_TRUE(Put({LiveEntry(2, 1)}, 1, false, other).ok());
  ASSERT_TRUE(Put({Withdrawal(1, 3)}, 3).ok());
  const auto found = feeds_->FindEntry("pl-x", "public", v1::SERVICE, IdOf(2));
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->seq(), 2u);
  EXPECT_TRUE((*feeds_->FindEntry("pl-x", "public", v1::SERVICE, IdOf(1)))->tombstone());
  EXPECT_FALSE(feeds_->FindEntry("pl-x", "public", v1::TRAINING, IdOf(2))->has_value());
  ASSERT_TRUE(store_
                  ->Read([&](Connection& db) -> absl::Status {
                    EXPECT_THAT(*FeedStore::FeedsHolding(db, v1::SERVICE, IdOf(2)), ElementsAre(other, kFeed));
                    EXPECT_THAT(*FeedStore::FeedsHolding(db, v1::SERVICE, IdOf(1)), IsEmpty());
                    return absl::OkStatus();
                  })
                  .ok());
}

TEST_F(FeedStoreTest, EntriesAreVisitedInBoundedSteps) {
  ASSERT_TRUE(Put(Entries(5), 5).ok());
  std::vector<uint64_t> seqs;
  ASSERT_TRUE(store_
                  ->Read([&](Connection& db) -> absl::Status {
                    std::optional<uint64_t> after = 0;
                    while (after.has_value()) {
                      ASSIGN_OR_RETURN(
                          after, FeedStore::VisitEntries(db, "pl-x", "public", *after, 2, [&](const EntryInfo& entry) {
                            seqs.push_back(entry.seq);
                            return absl::OkStatus();
                          }));
                    }
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_THAT(seqs, ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(FeedStoreTest, AcknowledgementsOnlyMoveForward) {
  const auto record = [&](uint64_t seq, uint32_t generation) {
    clock_.Advance(absl::Seconds(1));
    return store_->Write([&](Connection& db) {
      return feeds_->RecordPeerHead(db, "lv-1", {"pl-x", "public", generation}, seq, clock_.Now());
    });
  };
  ASSERT_TRUE(record(5, 1).ok());
  const int64_t confirmed_at = (*feeds_->PeerHeads("pl-x", "public"))[0].confirmed_at_unix_millis;
  ASSERT_TRUE(record(5, 1).ok());
  ASSERT_TRUE(record(3, 1).ok());
  auto heads = *feeds_->PeerHeads("pl-x", "public");
  ASSERT_THAT(heads, SizeIs(1));
  EXPECT_EQ(heads[0].seq, 5u);
  EXPECT_EQ(heads[0].confirmed_at_unix_millis, confirmed_at);
  ASSERT_TRUE(record(1, 2).ok());
  EXPECT_EQ((*feeds_->PeerHeads("pl-x", "public"))[0].generation, 2u);
}

TEST_F(FeedStoreTest, OnlyCommitsThatMovedFeedsAreTold) {
  std::vector<std::string> moved;
  store_->OnCommit([&](absl::Span<const FeedKey> feeds) {
    for (const FeedKey& feed : feeds) moved.push_back(feed.ToString());
  });
  ASSERT_TRUE(Stage(Entries(2)).ok());
  EXPECT_THAT(moved, IsEmpty());
  ASSERT_TRUE(Show(2).ok());
  EXPECT_THAT(moved, ElementsAre("pl-x/public#1"));
  ASSERT_TRUE(Stage({LiveEntry(3, 3)}).ok());
  const VerifiedHead head = TestHeads::For(*Staged(), 3);
  ASSERT_FALSE(store_
                   ->Write([&](Connection& db) -> absl::Status {
                     RETURN_IF_ERROR(feeds_->MakeVisible(db, head).status());
                     return absl::AbortedError("after all, no");
                   })
                   .ok());
  EXPECT_THAT(moved, SizeIs(1));
  EXPECT_EQ(Held().seq, 2u);
}

TEST_F(FeedStoreTest, PipelinedSlicesMakeTheSameState) {
  options_.inline_writes = false;
  Reopen();
  const uint64_t count = 3 * limits::apply_slice_entries + 7;
  ASSERT_TRUE(Put(Entries(count), count).ok());
  EXPECT_EQ(Held().live_count, count);
  std::vector<v1::Entry> changes;
  for (uint64_t n = 1; n <= count; n += 2)
    changes.push_back(n % 3 == 0 ? Withdrawal(n, count + n) : LiveEntry(n, count + n, "Changed"));
  ASSERT_TRUE(Put(changes, 2 * count).ok());
  ASSERT_TRUE(Put(Entries(count / 2), 2 * count + 1, true).ok());
  EXPECT_EQ(Held().live_count, count / 2);
  ExpectSound();
}

}  // namespace
}  // namespace cairn
