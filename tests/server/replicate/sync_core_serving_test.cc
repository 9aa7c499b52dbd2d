// Whom the machine asks, what it serves, and which streams it keeps.
#include "tests/server/replicate/sync_core_fixture.h"

namespace cairn {
namespace {

using testing::HasSubstr;

TEST_F(SyncCoreTest, SourceThatRefusesIsNotAskedAgainWhileAnotherOffers) {
  world_.node(1).Publish(0, 3, "true");
  const uint64_t origin = Connect(1);
  const uint64_t relay = Connect(2);
  Announce(origin, Published(1).head);
  Announce(relay, Published(1).head);
  const auto first = SaidPull(origin);
  ASSERT_TRUE(first.has_value());
  v1::SyncMessage refusal;
  refusal.mutable_cancel()->set_pull_id(first->pull_id());
  refusal.mutable_cancel()->set_by_answerer(true);
  node().OnMessage(origin, refusal);
  const auto second = SaidPull(relay, absl::Seconds(2));
  ASSERT_TRUE(second.has_value());
  node().OnMessage(relay, PageFor(*second, Published(1)));
  Wait(absl::Milliseconds(100));
  EXPECT_EQ(node().Entries(1).size(), 3u);
  EXPECT_EQ(ClosedBecause(origin), "") << "to refuse is no fault";
}

TEST_F(SyncCoreTest, PingIsAnsweredAndItsAnswerGivesTheRoundTrip) {
  const uint64_t session = Connect(1);
  v1::SyncMessage ping;
  ping.mutable_ping()->set_id(7);
  node().OnMessage(session, ping);
  const std::vector<v1::SyncMessage> answer = Said(session);
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_TRUE(answer[0].ping().answer());
  EXPECT_EQ(answer[0].ping().id(), 7u);
  const std::vector<v1::SyncMessage> asked = Said(session, absl::Seconds(limits::ping_seconds));
  ASSERT_EQ(asked.size(), 1u);
  v1::SyncMessage back;
  *back.mutable_ping() = asked[0].ping();
  back.mutable_ping()->set_answer(true);
  node().OnMessage(session, back);
  EXPECT_GT(node().core().sessions().at(session)->round_trip(), absl::ZeroDuration());
}

TEST_F(SyncCoreTest, OwnFeedIsNotTakenFromAPeer) {
  node().Publish(0, 1, "mine");
  const HeadSigner signer(world_.consortium().key(0), world_.consortium().id());
  const auto held = node().feeds().Find("p0", "public");
  const auto next = signer.SignNext(&(*held)->head, {{"p0", "public", 1}, 9, 1, Sha256("more"), world_.clock()->Now()});
  ASSERT_TRUE(next.ok()) << next.status();
  const uint64_t session = Connect(1);
  Announce(session, *next);
  EXPECT_FALSE(SaidPull(session, absl::Seconds(2)).has_value());
}

TEST_F(SyncCoreTest, ServesPagesOnlyAsFarAsCreditReaches) {  // R8
  node().Publish(0, 600, std::string(2000, 'x'));
  const uint64_t session = Connect(1);
  v1::SyncMessage message;
  v1::Pull* pull = message.mutable_pull();
  pull->set_pull_id(1);
  *pull->mutable_feed() = FeedKey{"p0", "public", 1}.ToProto();
  pull->set_credit_bytes(1);
  node().OnMessage(session, message);
  EXPECT_EQ(Said(session).size(), 1u);
  EXPECT_TRUE(Said(session).empty()) << "no credit, no page";
  v1::SyncMessage more;
  more.mutable_credit()->set_pull_id(1);
  more.mutable_credit()->set_bytes(2'000'000);
  node().OnMessage(session, more);
  const std::vector<v1::SyncMessage> rest = Said(session);
  ASSERT_FALSE(rest.empty());
  EXPECT_TRUE(rest.back().page().has_closing_head());
}

TEST_F(SyncCoreTest, PeerWithTooManyPullsIsEnded) {  // R8
  node().Publish(0, 1, "x");
  const uint64_t session = Connect(1);
  for (uint32_t i = 1; i <= limits::pulls_served_per_peer_max + 1; ++i) {
    v1::SyncMessage message;
    message.mutable_pull()->set_pull_id(i);
    *message.mutable_pull()->mutable_feed() = FeedKey{"p0", "public", 1}.ToProto();
    node().OnMessage(session, message);
  }
  EXPECT_THAT(ClosedBecause(session), HasSubstr("pulls at a time"));
}

TEST_F(SyncCoreTest, UnknownFeedIsAnsweredByACancel) {
  const uint64_t session = Connect(1);
  v1::SyncMessage message;
  message.mutable_pull()->set_pull_id(9);
  *message.mutable_pull()->mutable_feed() = FeedKey{"p9", "circle:police", 1}.ToProto();
  node().OnMessage(session, message);
  const std::vector<v1::SyncMessage> said = Said(session);
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0].cancel().reason(), "no such feed here now");
}

TEST_F(SyncCoreTest, PullFromBeforeTheOldestTombstoneIsAnsweredByReset) {
  node().Publish(0, 3, "x");
  node().Withdraw(0);
  world_.clock()->Advance(absl::Hours(24));
  ASSERT_TRUE(
      node()
          .feeds()
          .store()
          ->Write([&](Connection& db) { return node().feeds().PurgeTombstones(db, world_.clock()->Now()).status(); })
          .ok());
  const uint64_t session = Connect(1);
  v1::SyncMessage message;
  v1::Pull* pull = message.mutable_pull();
  pull->set_pull_id(1);
  *pull->mutable_feed() = FeedKey{"p0", "public", 1}.ToProto();
  pull->set_after_seq(2);
  pull->set_credit_bytes(1'000'000);
  node().OnMessage(session, message);
  const std::vector<v1::SyncMessage> said = Said(session);
  ASSERT_EQ(said.size(), 1u);
  EXPECT_TRUE(said[0].page().reset());
  EXPECT_EQ(said[0].page().entries_size(), 2);
}

TEST_F(SyncCoreTest, OfTwoStreamsOfAPairTheOneDialledByTheLowerNodeStays) {
  const uint64_t ours = next_session_++;
  ASSERT_TRUE(node().OnConnected(ours, TestConsortium::Node(1), true).ok());  // p0-1 is lower
  EXPECT_EQ(node().OnConnected(next_session_++, TestConsortium::Node(1), false).code(),
            absl::StatusCode::kAlreadyExists);
}

TEST_F(SyncCoreTest, NodeThatLeavesTheCharterLosesItsStream) {
  const uint64_t session = Connect(1);
  world_.consortium().Change([](v1::Charter* charter) { charter->mutable_partners()->DeleteSubrange(1, 1); });
  node().SubmitCharter();
  Wait(absl::Milliseconds(10));
  EXPECT_THAT(ClosedBecause(session), HasSubstr("does not name this node"));
}

TEST_F(SyncCoreTest, PeerWithAnOlderCharterIsSentWhatItLacks) {
  const uint64_t session = Connect(1);
  world_.consortium().Change([](v1::Charter* charter) { charter->set_consortium_name("Renamed"); });
  node().SubmitCharter();
  const std::vector<v1::SyncMessage> said = Said(session);
  ASSERT_FALSE(said.empty());
  EXPECT_EQ(said[0].charter().versions_size(), 1);
}

}  // namespace
}  // namespace cairn
