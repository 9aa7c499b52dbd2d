// The Update Framework's attacks, against heads: arbitrary entries, rollback, fast-forward, freeze, mix-and-match.
#include "tests/server/replicate/sync_core_fixture.h"

namespace cairn {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const FeedName kFeedOf1{"p1", "public"};

class SyncCoreAttackTest : public SyncCoreTest {
 protected:
  HeadSigner Signer(int partner, const std::string& consortium = "test") {
    return HeadSigner(world_.consortium().key(partner), consortium);
  }
  // Announces the head and answers the pull, if one comes, with `page`. Returns whether one came.
  bool Offer(uint64_t session, const FeedStore::Page& page) {
    Announce(session, page.head);
    const auto pull = SaidPull(session, absl::Seconds(1));
    if (!pull.has_value()) return false;
    node().OnMessage(session, PageFor(*pull, page));
    Wait(absl::Milliseconds(200));
    return true;
  }
  void ExpectNothingOf1() {
    EXPECT_THAT(node().Entries(1), IsEmpty());
    EXPECT_EQ(node().Held(1).second, 0u);
  }
};

TEST_F(SyncCoreAttackTest, ArbitraryEntriesUnderATrueHeadAreNotShown) {  // R1, R2
  world_.node(1).Publish(0, 3, "true");
  const FeedStore::Page good = Published(1);
  world_.node(2).Publish(0, 3, "arbitrary");
  FeedStore::Page page = Published(2);
  page.head = good.head;
  EXPECT_TRUE(Offer(Connect(2), page));
  ExpectNothingOf1();
}

TEST_F(SyncCoreAttackTest, ArbitraryEntriesUnderAHeadOfTheirOwnAreNotShown) {  // R1
  world_.node(2).Publish(0, 3, "arbitrary");
  FeedStore::Page page = Published(2);
  const auto prepared = node().feeds().Prepare({"p1", "public", 1}, page.entries);
  page.head = *Signer(2).SignNext(
      nullptr, {{"p1", "public", 1}, 3, 3, SetDigest(prepared->sum).Digest(), world_.clock()->Now()});
  const uint64_t session = Connect(2);
  EXPECT_FALSE(Offer(session, page)) << "partner 2's key signs nothing of partner 1";
  ExpectNothingOf1();
}

TEST_F(SyncCoreAttackTest, RollbackToATrueButOlderHeadIsNotTaken) {  // R5
  world_.node(1).Publish(0, 2, "old");
  const FeedStore::Page old = Published(1);
  world_.node(1).Publish(0, 2, "new");
  ASSERT_TRUE(Offer(Connect(1), Published(1)));
  EXPECT_FALSE(Offer(Connect(2), old));
  EXPECT_EQ(node().Held(1).second, 4u);
  EXPECT_EQ(node().Entries(1), world_.node(1).Entries(1));
}

TEST_F(SyncCoreAttackTest, RollbackAsTheAnswerToAPullIsNotTaken) {  // R5
  world_.node(1).Publish(0, 2, "old");
  const FeedStore::Page old = Published(1);
  ASSERT_TRUE(Offer(Connect(1), old));
  world_.node(1).Publish(2, 2, "new");
  const uint64_t relay = Connect(2);
  Announce(relay, Published(1).head);
  const auto pull = SaidPull(relay, absl::Seconds(1));
  ASSERT_TRUE(pull.has_value());
  FeedStore::Page stale = old;
  stale.entries.clear();
  node().OnMessage(relay, PageFor(*pull, stale));
  Wait(absl::Seconds(1));
  EXPECT_EQ(node().Held(1).second, 2u);
  EXPECT_EQ(node().Entries(1).size(), 2u);
}

TEST_F(SyncCoreAttackTest, FastForwardByARelayIsAForgeryAndNamesIt) {  // R1, R5
  world_.node(1).Publish(0, 2, "true");
  FeedStore::Page page = Published(1);
  v1::HeadBody body;
  v1::HeadContent content;
  ASSERT_TRUE(body.ParseFromString(page.head.body()) && content.ParseFromString(body.content()));
  content.set_seq(1'000'000'000);
  body.set_content(content.SerializeAsString());
  page.head.set_body(body.SerializeAsString());
  const uint64_t relay = Connect(2);
  EXPECT_FALSE(Offer(relay, page));
  EXPECT_THAT(ClosedBecause(relay), HasSubstr("signature"));
  EXPECT_TRUE(Offer(Connect(1), Published(1))) << "and the true one is taken as ever";
  EXPECT_EQ(node().Held(1).second, 2u);
}

TEST_F(SyncCoreAttackTest, FastForwardBeyondWhatCanBeCountedIsRefusedEvenSigned) {  // R5
  const FeedStore::Page none;
  for (const uint64_t seq : {uint64_t{1} << 63, UINT64_MAX}) {
    FeedStore::Page page = none;
    page.head =
        *Signer(1).SignNext(nullptr, {{"p1", "public", 1}, seq, 0, SetDigest().Digest(), world_.clock()->Now()});
    EXPECT_FALSE(Offer(Connect(1), page));
    ExpectNothingOf1();
  }
}

TEST_F(SyncCoreAttackTest, FreezeShowsAsAnAsOfThatStandsStill) {
  world_.node(1).Publish(0, 2, "true");
  const v1::SignedHead frozen = Published(1).head;
  const uint64_t relay = Connect(2);
  ASSERT_TRUE(Offer(relay, Published(1)));
  const int64_t as_of = node().core().feeds().at(kFeedOf1).as_of_unix_millis;
  for (int minute = 0; minute < 5; ++minute) {
    Said(relay, absl::Minutes(1));
    Announce(relay, frozen);  // the owner goes on; the relay says only this
    world_.node(1).Heartbeat();
  }
  EXPECT_EQ(node().core().feeds().at(kFeedOf1).as_of_unix_millis, as_of);
  EXPECT_GE(absl::ToUnixMillis(world_.clock()->Now()) - as_of, 5 * 60 * 1000) << "status shows it so old";
  Announce(Connect(1), Published(1).head);
  Wait(absl::Seconds(1));
  EXPECT_GT(node().core().feeds().at(kFeedOf1).as_of_unix_millis, as_of) << "one other peer ends it";
}

TEST_F(SyncCoreAttackTest, MixOfTwoAudiencesOfOneOwnerIsNotShown) {  // R1, R7
  world_.node(1).Publish(0, 3, "public");
  FeedStore::Page page = Published(1);
  const FeedKey other{"p1", "consortium", 1};
  const auto prepared = node().feeds().Prepare(other, page.entries);
  const auto head =
      Signer(1).SignNext(nullptr, {other, 3, 3, SetDigest(prepared->sum).Digest(), world_.clock()->Now()});
  const uint64_t relay = Connect(2);
  Announce(relay, page.head);
  const auto pull = SaidPull(relay, absl::Seconds(1));
  ASSERT_TRUE(pull.has_value());
  page.head = *head;  // true, and of another feed
  node().OnMessage(relay, PageFor(*pull, page));
  Wait(absl::Milliseconds(200));
  ExpectNothingOf1();
  EXPECT_THAT(ClosedBecause(relay), HasSubstr("does not close its pages"));
}

TEST_F(SyncCoreAttackTest, EntriesOfOneFeedDoNotFitTheHeadOfAnother) {  // R2: the feed is part of each element
  world_.node(1).Publish(0, 3, "public");
  FeedStore::Page page = Published(1);
  const auto prepared = node().feeds().Prepare({"p1", "public", 1}, page.entries);
  const FeedKey other{"p1", "consortium", 1};
  page.head = *Signer(1).SignNext(nullptr, {other, 3, 3, SetDigest(prepared->sum).Digest(), world_.clock()->Now()});
  EXPECT_TRUE(Offer(Connect(2), page));
  const auto held = node().feeds().Find("p1", "consortium");
  ASSERT_TRUE(held.ok());
  EXPECT_TRUE(!held->has_value() || !(*held)->has_head);
}

TEST_F(SyncCoreAttackTest, HeadsOfAnotherGenerationOrConsortiumAreNotTaken) {  // R1
  world_.node(1).Publish(0, 3, "true");
  FeedStore::Page page = Published(1);
  const std::string digest = SetDigest(node().feeds().Prepare({"p1", "public", 1}, page.entries)->sum).Digest();
  const absl::Time now = world_.clock()->Now();
  page.head = *Signer(1).SignNext(nullptr, {{"p1", "public", 2}, 3, 3, digest, now});
  EXPECT_FALSE(Offer(Connect(2), page)) << "the charter has generation 1";
  page.head = *Signer(1, "other").SignNext(nullptr, {{"p1", "public", 1}, 3, 3, digest, now});
  EXPECT_FALSE(Offer(Connect(2), page)) << "another consortium";
  ExpectNothingOf1();
}

}  // namespace
}  // namespace cairn
