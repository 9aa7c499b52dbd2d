// What the machine pulls and what it makes of a peer that does not keep to the protocol.
#include "tests/server/replicate/sync_core_fixture.h"

namespace cairn {
namespace {

using testing::HasSubstr;

TEST_F(SyncCoreTest, PullsWhatAPeerAnnouncesAndShowsIt) {
  world_.node(1).Publish(0, 5, "hello");
  const uint64_t session = Connect(1);
  Announce(session, Published(1).head);
  const auto pull = SaidPull(session);
  ASSERT_TRUE(pull.has_value());
  EXPECT_EQ(pull->after_seq(), 0u);
  node().OnMessage(session, PageFor(*pull, Published(1)));
  Wait(absl::Milliseconds(100));
  EXPECT_EQ(node().Entries(1), world_.node(1).Entries(1));
}

TEST_F(SyncCoreTest, AnInlinedChangeNeedsNoPull) {
  world_.node(1).Publish(0, 2, "hello");
  const FeedStore::Page page = Published(1);
  const uint64_t session = Connect(1);
  v1::SyncMessage message;
  v1::FeedHead* head = message.mutable_heads()->add_heads();
  *head->mutable_head() = page.head;
  head->set_inlined(true);
  for (const v1::Entry& entry : page.entries) *head->add_entries() = entry;
  node().OnMessage(session, message);
  EXPECT_FALSE(SaidPull(session).has_value());
  EXPECT_EQ(node().Entries(1).size(), 2u);
}

TEST_F(SyncCoreTest, AnInlinedChangeThatLeavesOutAnEntryIsNotShownAndIsPulled) {  // R2
  world_.node(1).Publish(0, 2, "hello");
  const FeedStore::Page page = Published(1);
  const uint64_t session = Connect(1);
  v1::SyncMessage message;
  v1::FeedHead* head = message.mutable_heads()->add_heads();
  *head->mutable_head() = page.head;
  head->set_inlined(true);
  *head->add_entries() = page.entries[0];
  node().OnMessage(session, message);
  EXPECT_TRUE(SaidPull(session).has_value());
  EXPECT_TRUE(node().Entries(1).empty());
}

TEST_F(SyncCoreTest, OwnSmallChangeTravelsWithItsHead) {
  node().Publish(0, 1, "first");
  const uint64_t session = Connect(1);
  node().Publish(1, 1, "second");
  const std::vector<v1::SyncMessage> said = Said(session);
  ASSERT_EQ(said.size(), 1u);
  ASSERT_EQ(said[0].heads().heads_size(), 1);
  EXPECT_TRUE(said[0].heads().heads(0).inlined());
  EXPECT_EQ(said[0].heads().heads(0).after_seq(), 1u);
  EXPECT_EQ(said[0].heads().heads(0).entries_size(), 1);
}

TEST_F(SyncCoreTest, RefusesAnotherProtocolVersionByName) {
  const uint64_t session = next_session_++;
  ASSERT_TRUE(node().OnConnected(session, TestConsortium::Node(1), false).ok());
  v1::SyncMessage hello = Hello(1);
  hello.mutable_hello()->set_protocol(2);
  node().OnMessage(session, hello);
  EXPECT_THAT(ClosedBecause(session), HasSubstr("speaks sync protocol 2; this node speaks 1"));
}

TEST_F(SyncCoreTest, RefusesAnotherConsortiumAndAnotherNodesName) {
  for (const bool consortium : {true, false}) {
    const uint64_t session = next_session_++;
    ASSERT_TRUE(node().OnConnected(session, TestConsortium::Node(1), false).ok());
    v1::SyncMessage hello = Hello(1);
    if (consortium) hello.mutable_hello()->set_consortium("other");
    if (!consortium) hello.mutable_hello()->set_node(TestConsortium::Node(2));
    node().OnMessage(session, hello);
    EXPECT_NE(ClosedBecause(session), "");
    node().OnClosed(session, absl::OkStatus());
    EXPECT_FALSE(node().OnConnected(next_session_++, TestConsortium::Node(1), false).ok()) << "not at once";
    Wait(absl::Minutes(1));
  }
}

TEST_F(SyncCoreTest, ForgedHeadEndsTheStream) {  // R1
  world_.node(1).Publish(0, 1, "hello");
  v1::SignedHead head = Published(1).head;
  (*head.mutable_signature())[5] ^= 1;
  const uint64_t session = Connect(1);
  Announce(session, head);
  EXPECT_THAT(ClosedBecause(session), HasSubstr("signature"));
}

TEST_F(SyncCoreTest, EntriesThatNobodyAskedForEndTheStream) {
  world_.node(1).Publish(0, 1, "hello");
  const uint64_t session = Connect(1);
  v1::Pull invented;
  invented.set_pull_id(77);
  node().OnMessage(session, PageFor(invented, Published(1)));
  EXPECT_THAT(ClosedBecause(session), HasSubstr("nobody asked for"));
  EXPECT_TRUE(node().Entries(1).empty());
}

TEST_F(SyncCoreTest, OversizedPageEndsTheStreamAndStoresNothing) {  // R8
  world_.node(1).Publish(0, 1, "hello");
  const uint64_t session = Connect(1);
  Announce(session, Published(1).head);
  const auto pull = SaidPull(session);
  ASSERT_TRUE(pull.has_value());
  FeedStore::Page page = Published(1);
  page.entries.clear();
  for (uint64_t seq = 1; seq <= 6; ++seq) {
    v1::Entry entry;
    entry.set_kind(v1::ORGANIZATION);
    entry.set_id(std::string(15, 'x') + static_cast<char>('0' + seq));
    entry.set_seq(seq);
    entry.set_payload(std::string(limits::record_bytes_max - 100, 'x'));
    page.entries.push_back(entry);
  }
  page.through_seq = page.state_seq = 6;
  node().OnMessage(session, PageFor(*pull, page));
  EXPECT_THAT(ClosedBecause(session), HasSubstr("bytes; at most"));
  EXPECT_TRUE(node().Entries(1).empty());
}

TEST_F(SyncCoreTest, PagesThatContradictThemselvesEndTheStream) {
  world_.node(1).Publish(0, 3, "hello");
  const FeedStore::Page good = Published(1);
  std::vector<FeedStore::Page> bad(4, good);
  std::swap(bad[0].entries[0], bad[0].entries[1]);     // out of order
  bad[1].entries[0].set_id("short");                   // no UUID
  bad[2].through_seq = good.entries.back().seq() - 1;  // says less than it holds
  bad[3].entries[1].clear_payload();                   // an entry without content
  for (const FeedStore::Page& page : bad) {
    const uint64_t session = Connect(1);
    Announce(session, good.head);
    const auto pull = SaidPull(session);
    ASSERT_TRUE(pull.has_value());
    node().OnMessage(session, PageFor(*pull, page));
    EXPECT_NE(ClosedBecause(session), "");
    EXPECT_TRUE(node().Entries(1).empty());
    node().OnClosed(session, absl::OkStatus());
    Wait(absl::Minutes(1));  // a node that broke the protocol is let in again after that
  }
}

TEST_F(SyncCoreTest, PeerThatCannotBackAHeadIsNamedAfterAnotherServedItRight) {  // R1, R2
  world_.node(1).Publish(0, 3, "true");
  const FeedStore::Page good = Published(1);
  FeedStore::Page altered = good;
  altered.entries[1].mutable_payload()->back() ^= 1;
  const uint64_t liar = Connect(2);
  Announce(liar, good.head);
  const auto pull = SaidPull(liar);
  ASSERT_TRUE(pull.has_value());
  node().OnMessage(liar, PageFor(*pull, altered));
  Wait(absl::Milliseconds(20));  // less than the wait before the next try
  EXPECT_TRUE(node().Entries(1).empty()) << "R2: an altered entry must not show";
  const uint64_t honest = Connect(1);
  Announce(honest, good.head);
  const auto again = SaidPull(honest, absl::Seconds(2));
  ASSERT_TRUE(again.has_value());
  node().OnMessage(honest, PageFor(*again, good));
  Wait(absl::Milliseconds(100));
  EXPECT_EQ(node().Entries(1).size(), 3u);
  EXPECT_THAT(ClosedBecause(liar), HasSubstr("does not match its head"));
  EXPECT_EQ(ClosedBecause(honest), "");
}

TEST_F(SyncCoreTest, PeerThatAnnouncesAndNeverDeliversIsLeftForAnother) {
  world_.node(1).Publish(0, 3, "true");
  const uint64_t silent = Connect(2);
  Announce(silent, Published(1).head);
  ASSERT_TRUE(SaidPull(silent).has_value());
  const uint64_t other = Connect(1);
  Announce(other, Published(1).head);
  EXPECT_FALSE(SaidPull(other).has_value()) << "one source at a time";
  const auto pull = SaidPull(other, absl::Seconds(limits::pull_progress_seconds_max + 2));
  ASSERT_TRUE(pull.has_value());
  node().OnMessage(other, PageFor(*pull, Published(1)));
  Wait(absl::Milliseconds(100));
  EXPECT_EQ(node().Entries(1).size(), 3u);
}

TEST_F(SyncCoreTest, StagedPagesSurviveTheirSourceAndACrash) {
  world_.node(1).Publish(0, 4, "true");
  const uint64_t first = Connect(2);
  Announce(first, Published(1).head);
  const auto pull = SaidPull(first);
  ASSERT_TRUE(pull.has_value());
  FeedStore::Page half = Published(1);
  half.entries.resize(2);
  half.through_seq = half.entries.back().seq();
  v1::SyncMessage page = PageFor(*pull, half);
  page.mutable_page()->clear_closing_head();
  node().OnMessage(first, page);
  Wait(absl::Milliseconds(100));
  node().Crash();
  node().Start();
  const uint64_t second = Connect(1);
  Announce(second, Published(1).head);
  const auto rest = SaidPull(second, absl::Seconds(1));
  ASSERT_TRUE(rest.has_value());
  EXPECT_EQ(rest->after_seq(), half.through_seq) << "what was staged is not asked for again";
}

TEST_F(SyncCoreTest, ForkIsEvidenceFreezesTheFeedAndIsPassedOn) {  // R6
  world_.node(1).Publish(0, 1, "one truth");
  const uint64_t session = Connect(1);
  const uint64_t witness = Connect(2);
  Announce(session, Published(1).head);
  const auto pull = SaidPull(session);
  ASSERT_TRUE(pull.has_value());
  node().OnMessage(session, PageFor(*pull, Published(1)));
  Said(witness);
  const HeadSigner signer(world_.consortium().key(1), world_.consortium().id());
  const auto other =
      signer.SignNext(nullptr, {{"p1", "public", 1}, 1, 1, Sha256("another truth"), world_.clock()->Now()});
  ASSERT_TRUE(other.ok()) << other.status();
  Announce(session, *other);
  bool passed_on = false;
  for (const v1::SyncMessage& message : Said(witness)) passed_on |= message.has_evidence();
  EXPECT_TRUE(passed_on);
  const auto held = node().feeds().Find("p1", "public");
  ASSERT_TRUE(held.ok() && held->has_value());
  EXPECT_TRUE((*held)->frozen);
  world_.node(1).Publish(1, 1, "later");
  Announce(session, Published(1).head);
  Wait(absl::Seconds(2));
  EXPECT_EQ(node().Held(1).second, 1u) << "frozen at its last good head";
}

TEST_F(SyncCoreTest, AnotherContentUnderOurNumberConfirmsNothingOfOurs) {  // R6
  node().Publish(0, 1, "one truth");
  const HeadSigner signer(world_.consortium().key(0), world_.consortium().id());
  const auto other =
      signer.SignNext(nullptr, {{"p0", "public", 1}, 1, 1, Sha256("another truth"), world_.clock()->Now()});
  ASSERT_TRUE(other.ok()) << other.status();
  Announce(Connect(1), *other);
  Wait(absl::Milliseconds(200));
  EXPECT_TRUE(node().feeds().PeerHeads("p0", "public")->empty());
}

TEST_F(SyncCoreTest, OurContentAnnouncedByAPeerConfirmsIt) {
  node().Publish(0, 1, "one truth");
  Announce(Connect(1), Published(0).head);
  Wait(absl::Milliseconds(200));
  const auto heads = node().feeds().PeerHeads("p0", "public");
  ASSERT_EQ(heads->size(), 1u);
  EXPECT_EQ((*heads)[0].seq, 1u);
}

TEST_F(SyncCoreTest, EvidenceIsStoredAndPassedOnOnceEvenOfAFeedThatNobodyHolds) {  // R6, R8
  const HeadSigner signer(world_.consortium().key(1), world_.consortium().id());
  v1::SyncMessage message;
  for (auto* head : {message.mutable_evidence()->mutable_first(), message.mutable_evidence()->mutable_second()}) {
    const std::string digest = Sha256(head == message.mutable_evidence()->mutable_first() ? "one" : "other");
    *head = *signer.SignNext(nullptr, {{"p1", "consortium", 1}, 1, 1, digest, world_.clock()->Now()});
  }
  const uint64_t sender = Connect(1);
  for (int i = 0; i < 3; ++i) node().OnMessage(sender, message);
  const uint64_t later = next_session_++;
  ASSERT_TRUE(node().OnConnected(later, TestConsortium::Node(2), false).ok());
  node().OnMessage(later, Hello(2));
  int passed_on = 0;
  for (const v1::SyncMessage& said : Said(later)) passed_on += said.has_evidence();
  EXPECT_EQ(passed_on, 1) << "who comes later is told as well";
  const auto kept = node().feeds().Evidence();
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(kept->size(), 1u);
}

TEST_F(SyncCoreTest, CancellingOwnPullLeavesThePeersPullOfTheSameNumberAlone) {
  node().Publish(0, 600, std::string(2000, 'x'));
  const uint64_t session = Connect(1);
  v1::SyncMessage pull;
  pull.mutable_pull()->set_pull_id(1);
  *pull.mutable_pull()->mutable_feed() = FeedKey{"p0", "public", 1}.ToProto();
  pull.mutable_pull()->set_credit_bytes(1);
  node().OnMessage(session, pull);
  EXPECT_EQ(Said(session).size(), 1u);
  v1::SyncMessage refusal;  // answers a pull of ours, not the one above
  refusal.mutable_cancel()->set_pull_id(1);
  refusal.mutable_cancel()->set_by_answerer(true);
  node().OnMessage(session, refusal);
  v1::SyncMessage more;
  more.mutable_credit()->set_pull_id(1);
  more.mutable_credit()->set_bytes(2'000'000);
  node().OnMessage(session, more);
  EXPECT_FALSE(Said(session).empty());
}

}  // namespace
}  // namespace cairn
