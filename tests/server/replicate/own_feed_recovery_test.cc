// When a node may write to its own feed: scripted peers tell, or do not tell, what they hold of it.
#include "server/replicate/own_feed_recovery.h"

#include "tests/server/replicate/sync_core_fixture.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;

class OwnFeedRecoveryTest : public SyncCoreTest {
 protected:
  // Node 0 starts again on what its disk holds, and nobody vouches for it.
  void StartAgain() {
    if (node().up()) node().Crash();
    node().Start();
  }
  void StartOnAnEmptyDisk() {
    node().Crash();
    node().PutEmptyDisk();
    node().Start();
  }

  uint64_t Greet(int peer, bool says_complete = true) {
    const uint64_t session = next_session_++;
    EXPECT_TRUE(node().OnConnected(session, TestConsortium::Node(peer), false).ok());
    v1::SyncMessage hello = Hello(peer);
    hello.mutable_hello()->set_says_complete(says_complete);
    node().OnMessage(session, hello);
    Said(session);
    return session;
  }
  // The peer has announced all that it holds, and tells an own head that it has only seen.
  void Complete(uint64_t session, const std::optional<v1::SignedHead>& seen = std::nullopt) {
    v1::SyncMessage message;
    message.mutable_heads()->set_complete(true);
    if (seen.has_value()) *message.mutable_heads()->add_seen() = *seen;
    node().OnMessage(session, message);
  }
  static std::optional<v1::SignedHead> SeenIn(const std::vector<v1::SyncMessage>& messages) {
    for (const v1::SyncMessage& message : messages) {
      if (message.heads().seen_size() > 0) return message.heads().seen(0);
    }
    return std::nullopt;
  }
  uint64_t GreetAndComplete(int peer) {
    const uint64_t session = Greet(peer);
    Complete(session);
    return session;
  }
};

TEST_F(OwnFeedRecoveryTest, OpensWhenEveryNodeHasAnnouncedAllThatItHolds) {
  StartAgain();
  EXPECT_THAT(node().WhyNot(), HasSubstr("being asked"));
  const uint64_t first = Greet(1);
  Wait(absl::Seconds(10));
  EXPECT_FALSE(node().CanPublish()) << "a greeting says nothing of what the peer holds";
  Complete(first);
  EXPECT_FALSE(node().CanPublish());
  GreetAndComplete(2);
  EXPECT_TRUE(node().CanPublish());
}

TEST_F(OwnFeedRecoveryTest, AnAbsentNodeIsWaitedForOnlyALittleAfterACommonRestart) {
  StartAgain();
  GreetAndComplete(1);
  Wait(absl::Milliseconds(limits::own_feed_grace_millis - 500));
  EXPECT_FALSE(node().CanPublish());
  Wait(absl::Seconds(1));
  EXPECT_TRUE(node().CanPublish());
}

TEST_F(OwnFeedRecoveryTest, PeerOfAnOlderProgramCountsOnceItHadTimeToAnnounce) {
  StartAgain();
  Greet(1, /*says_complete=*/false);
  Greet(2, /*says_complete=*/false);
  Wait(absl::Seconds(limits::own_feed_settle_seconds) - absl::Seconds(1));
  EXPECT_FALSE(node().CanPublish());
  Wait(absl::Seconds(2));
  EXPECT_TRUE(node().CanPublish());
}

TEST_F(OwnFeedRecoveryTest, NobodyReachableLeavesAPersonTheChoices) {
  StartAgain();
  Wait(absl::Seconds(limits::own_feed_hear_seconds_max + 1));
  EXPECT_FALSE(node().CanPublish());
  EXPECT_THAT(node().WhyNot(), testing::AllOf(HasSubstr("Wait"), HasSubstr("--standalone"), HasSubstr("generation")));
  GreetAndComplete(1);
  GreetAndComplete(2);
  EXPECT_TRUE(node().CanPublish()) << "whoever comes later is heard";
}

TEST_F(OwnFeedRecoveryTest, EmptyDiskIsFilledFromAPeerBeforeItOpens_R3) {
  node().Publish(0, 3, "mine");
  const FeedStore::Page mine = Published(0);
  StartOnAnEmptyDisk();
  const uint64_t session = Greet(1);
  Announce(session, mine.head);
  Complete(session);
  GreetAndComplete(2);
  EXPECT_FALSE(node().CanPublish());
  const auto pull = SaidPull(session);
  ASSERT_TRUE(pull.has_value());
  node().OnMessage(session, PageFor(*pull, mine));
  Wait(absl::Seconds(1));
  EXPECT_TRUE(node().CanPublish()) << node().WhyNot();
  EXPECT_EQ(node().Entries(0).size(), 3u);
}

TEST_F(OwnFeedRecoveryTest, WhatWasHeardCountsAlsoWhenThePeerIsGone_R3) {
  node().Publish(0, 3, "mine");
  const FeedStore::Page mine = Published(0);
  StartOnAnEmptyDisk();
  const uint64_t session = Greet(1);
  Announce(session, mine.head);
  Complete(session);
  node().OnClosed(session, absl::UnavailableError("gone"));
  GreetAndComplete(2);
  Wait(absl::Seconds(2 * limits::own_feed_old_grace_seconds));
  EXPECT_THAT(node().WhyNot(), HasSubstr("being fetched"));
}

TEST_F(OwnFeedRecoveryTest, OldCopyWaitsLongForNodesThatMayKnowMore_R3) {
  node().Publish(0, 3, "mine");
  node().SaveDisk();
  node().Crash();
  node().PutSavedDisk(/*marked=*/true);
  node().Start();
  GreetAndComplete(1);
  Wait(absl::Minutes(1));
  EXPECT_THAT(node().WhyNot(), HasSubstr("1 of 2 other nodes"));
  StartAgain();  // the mark outlives the process
  GreetAndComplete(1);
  Wait(absl::Minutes(1));
  EXPECT_FALSE(node().CanPublish());
  Wait(absl::Seconds(limits::own_feed_old_grace_seconds));
  EXPECT_TRUE(node().CanPublish());
}

// A virtual machine that goes back to a snapshot of a minute ago: the disk looks young and is not marked.
TEST_F(OwnFeedRecoveryTest, AfterAStartOfTheMachineAllWhoAreUpAreHeard_R3) {
  node().Publish(0, 3, "before the snapshot");
  node().SaveDisk();
  node().Publish(1, 3, "after it");
  const FeedStore::Page later = Published(0);
  node().Crash();
  node().PutSavedDisk(/*marked=*/false);
  node().Start({.new_boot = true});
  GreetAndComplete(1);  // has not heard of the second change
  Wait(absl::Minutes(1));
  EXPECT_THAT(node().WhyNot(), HasSubstr("the machine was started anew"));
  Announce(GreetAndComplete(2), later.head);
  EXPECT_THAT(node().WhyNot(), HasSubstr("being fetched"));
}

TEST_F(OwnFeedRecoveryTest, AfterAStartOfTheMachineNobodyWaitsLongForWhoIsDown) {
  node().Publish(0, 3, "mine");
  node().Crash();
  node().Start({.new_boot = true});
  GreetAndComplete(1);
  Wait(absl::Seconds(limits::own_feed_new_boot_grace_seconds) + absl::Seconds(1));
  EXPECT_TRUE(node().CanPublish());
}

TEST_F(OwnFeedRecoveryTest, CopyWhoseHeadsNobodyRenewedIsTakenForOld_R3) {
  node().Publish(0, 3, "mine");
  Wait(absl::Hours(24));
  StartAgain();
  GreetAndComplete(1);
  Wait(absl::Minutes(1));
  EXPECT_FALSE(node().CanPublish());
  GreetAndComplete(2);
  EXPECT_TRUE(node().CanPublish());
}

TEST_F(OwnFeedRecoveryTest, NewerHeadAfterOpeningIsFetchedWhileNothingWasPublished) {
  node().Publish(0, 3, "mine");
  const FeedStore::Page mine = Published(0);
  StartOnAnEmptyDisk();
  GreetAndComplete(1);
  const uint64_t late = GreetAndComplete(2);
  ASSERT_TRUE(node().CanPublish());
  Announce(late, mine.head);
  EXPECT_FALSE(node().CanPublish()) << "at once";
  const auto pull = SaidPull(late);
  ASSERT_TRUE(pull.has_value());
  node().OnMessage(late, PageFor(*pull, mine));
  Wait(absl::Seconds(1));
  EXPECT_TRUE(node().CanPublish()) << node().WhyNot();
}

TEST_F(OwnFeedRecoveryTest, NewerHeadAfterPublishingStopsPublishingAndIsNotTaken_R6) {
  node().Publish(0, 3, "mine");
  node().Publish(0, 2, "mine again");
  const FeedStore::Page mine = Published(0);
  node().Crash();
  node().PutEmptyDisk();
  node().Start({.standalone = true});
  node().Publish(0, 1, "of another time");
  const uint64_t session = Greet(1);
  Announce(session, mine.head);
  EXPECT_THAT(node().WhyNot(), HasSubstr("published from two copies"));
  EXPECT_FALSE(SaidPull(session).has_value());
  EXPECT_EQ(node().Entries(0).size(), 1u);
}

TEST_F(OwnFeedRecoveryTest, NumbersOfAHeadThatWasSeenAndIsLostAreNotGivenOutAgain_R3) {
  node().Publish(0, 3, "mine");
  const FeedStore::Page held = Published(0);
  node().Publish(0, 2, "seen by a peer, fetched by nobody");
  const v1::SignedHead seen = Published(0).head;
  StartOnAnEmptyDisk();
  const uint64_t session = Greet(1);
  Announce(session, held.head);
  Complete(session, seen);
  GreetAndComplete(2);
  node().OnMessage(session, PageFor(*SaidPull(session), held));
  Wait(absl::Seconds(1));
  node().Publish(0, 1, "goes on");
  const absl::StatusOr<ParsedHead> now = ParseHead(Published(0).head);
  EXPECT_GT(now->content.previous_seq(), ParseHead(seen)->content.seq());
  EXPECT_GT(now->content.seq(), ParseHead(seen)->content.seq() + limits::own_feed_skip)
      << "nor those that an absent node may have seen";
}

TEST_F(OwnFeedRecoveryTest, FirstHeadThatWasSeenAndIsLostIsFollowedByAHeadOfTheEmptyFeed_R3) {
  node().Publish(0, 2, "seen by a peer, fetched by nobody");
  const v1::SignedHead seen = Published(0).head;
  StartOnAnEmptyDisk();
  Complete(Greet(1), seen);
  GreetAndComplete(2);
  ASSERT_TRUE(node().CanPublish()) << node().WhyNot();
  node().Heartbeat();
  EXPECT_EQ(node().Held(0).second, 3u);
  const absl::StatusOr<ParsedHead> now = ParseHead(Published(0).head);
  EXPECT_EQ(now->content.previous(), ParseHead(seen)->content_sha256);
  node().Publish(0, 1, "goes on");
  EXPECT_EQ(node().Held(0).second, 4u);
}

TEST_F(OwnFeedRecoveryTest, SeenHeadThatContradictsTheOneHeldIsAFork_R6) {
  node().Publish(0, 2, "one truth");
  const v1::SignedHead seen = Published(0).head;
  node().Crash();
  node().PutEmptyDisk();
  node().Start({.standalone = true});
  node().Publish(0, 1, "another");
  node().Publish(1, 1, "and on");
  Complete(Greet(1), seen);
  Wait(absl::Seconds(1));
  EXPECT_TRUE(node().HasEvidence(0));
}

TEST_F(OwnFeedRecoveryTest, TellsAnOwnerWhichOfItsHeadsItHasSeenAndDoesNotHold_R3) {
  world_.node(1).Publish(0, 3, "announced");
  const v1::SignedHead seen = Published(1).head;
  Announce(Connect(2), seen);
  const uint64_t owner = next_session_++;
  ASSERT_TRUE(node().OnConnected(owner, TestConsortium::Node(1), false).ok());
  node().OnMessage(owner, Hello(1));
  const uint64_t other = next_session_++;
  ASSERT_TRUE(node().OnConnected(other, TestConsortium::Node(2), false).ok());
  node().OnMessage(other, Hello(2));
  EXPECT_FALSE(SeenIn(Said(other)).has_value()) << "it concerns the owner alone";
  node().OnClosed(owner, absl::UnavailableError("gone"));
  Wait(absl::Minutes(5));  // what was on its way is given up
  const uint64_t again = next_session_++;
  ASSERT_TRUE(node().OnConnected(again, TestConsortium::Node(1), false).ok());
  node().OnMessage(again, Hello(1));
  const std::optional<v1::SignedHead> told = SeenIn(Said(again));
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->body(), seen.body());
}

TEST_F(OwnFeedRecoveryTest, SaysItIsCompleteOnlyWhenNothingOfThePeerIsOnItsWay_R3) {
  world_.node(1).Publish(0, 3, "of node 1");
  const uint64_t relay = Connect(2);
  Announce(relay, Published(1).head);
  const auto pull = SaidPull(relay);
  ASSERT_TRUE(pull.has_value());
  const uint64_t owner = next_session_++;
  ASSERT_TRUE(node().OnConnected(owner, TestConsortium::Node(1), false).ok());
  node().OnMessage(owner, Hello(1));
  for (const v1::SyncMessage& message : Said(owner)) EXPECT_FALSE(message.heads().complete());
  node().OnMessage(relay, PageFor(*pull, Published(1)));
  bool complete = false;
  for (const v1::SyncMessage& message : Said(owner)) complete |= message.heads().complete();
  EXPECT_TRUE(complete);
}

TEST_F(OwnFeedRecoveryTest, SecondTruthOlderThanTheHeadHeldIsProvedByWhatWasSeenBefore_R6) {
  SimNode& liar = world_.node(1);
  liar.Publish(0, 2, "common");
  liar.SaveDisk();
  liar.Publish(0, 1, "one truth");
  const v1::SignedHead seen = Published(1).head;
  liar.Publish(0, 4, "one truth goes on");
  const FeedStore::Page held = Published(1);
  const uint64_t session = Connect(1);
  Announce(session, seen);
  Announce(session, held.head);
  const auto pull = SaidPull(session);
  ASSERT_TRUE(pull.has_value());
  node().OnMessage(session, PageFor(*pull, held));
  Wait(absl::Seconds(1));
  ASSERT_EQ(node().Held(1).second, 7u);
  liar.Crash();
  liar.PutSavedDisk(/*marked=*/false);
  liar.Start({.standalone = true});
  liar.Publish(0, 1, "another truth");
  Announce(Connect(2), Published(1).head);
  Wait(absl::Seconds(1));
  EXPECT_TRUE(node().HasEvidence(1));
}

}  // namespace
}  // namespace cairn
