// Members and peers that send too much, too often or too slowly.
#include "tests/server/replicate/sync_core_fixture.h"

namespace cairn {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const FeedName kPublicOf1{"p1", "public"};

class SyncCoreLimitsTest : public SyncCoreTest {
 protected:
  // The charter of node 0 gives partner 1 this quota; partner 1 itself does not keep to it.
  void SetQuota(uint64_t records, uint32_t publishes_per_hour = 0) {
    world_.consortium().Change([&](v1::Charter* charter) {
      charter->mutable_partners(1)->mutable_quota()->set_records_max(records);
      charter->mutable_partners(1)->mutable_quota()->set_publishes_per_hour_max(publishes_per_hour);
    });
    node().SubmitCharter();
    Wait(absl::Milliseconds(10));
  }
  v1::SyncMessage Part(const v1::Pull& pull, const FeedStore::Page& all, size_t from, size_t to, bool last) {
    FeedStore::Page part = all;
    part.entries.assign(all.entries.begin() + static_cast<ptrdiff_t>(from),
                        all.entries.begin() + static_cast<ptrdiff_t>(to));
    if (!last) part.through_seq = part.entries.back().seq();
    v1::SyncMessage message = PageFor(pull, part);
    if (!last) message.mutable_page()->clear_closing_head();
    return message;
  }
  // What is asked of a peer that has announced `head`.
  v1::Pull PullOf(uint64_t session, const v1::SignedHead& head) {
    Announce(session, head);
    const auto pull = SaidPull(session);
    EXPECT_TRUE(pull.has_value());
    return pull.value_or(v1::Pull());
  }
  // Pulls what `peer` publishes as a peer that keeps to the protocol delivers it.
  void Deliver(uint64_t session, int peer) {
    const v1::Pull pull = PullOf(session, Published(peer).head);
    node().OnMessage(session, PageFor(pull, After(pull, Published(peer))));
    Wait(absl::Milliseconds(100));
  }
  static FeedStore::Page After(const v1::Pull& pull, FeedStore::Page page) {
    std::erase_if(page.entries, [&](const v1::Entry& entry) { return entry.seq() <= pull.after_seq(); });
    return page;
  }
  uint64_t Staged() {
    uint64_t staged = 0;
    const auto feeds = node().feeds().Feeds();
    for (const HeldFeed& feed : *feeds) staged += feed.staging.entries;
    return staged;
  }
};

TEST_F(SyncCoreLimitsTest, AMemberThatSendsMoreThanItsQuotaInOnePageIsNotStored) {  // R8
  SetQuota(4);
  world_.node(1).Publish(0, 10, "much");
  Deliver(Connect(1), 1);
  EXPECT_EQ(Staged(), 0u);
  EXPECT_THAT(node().Entries(1), IsEmpty());
  EXPECT_THAT(node().core().HeldBack(kPublicOf1), HasSubstr("exceeds its quota of 4 records"));
}

TEST_F(SyncCoreLimitsTest, AMemberWhoseSetIsLargerThanItsQuotaIsNotShown) {
  SetQuota(4);
  world_.node(1).Publish(0, 6, "a little too much");
  Deliver(Connect(1), 1);
  EXPECT_EQ(Staged(), 0u);
  EXPECT_THAT(node().Entries(1), IsEmpty());
  EXPECT_THAT(node().core().HeldBack(kPublicOf1), HasSubstr("the quota is 4 records"));
}

TEST_F(SyncCoreLimitsTest, EndlessPagesAreStoppedAtTwiceTheQuotaAndDropped) {  // R8
  SetQuota(4);
  world_.node(1).Publish(0, 30, "endless");
  const FeedStore::Page all = Published(1);
  const uint64_t session = Connect(1);
  const v1::Pull pull = PullOf(session, all.head);
  for (size_t i = 0; i < 30 && node().core().Pulling(kPublicOf1); ++i) {
    node().OnMessage(session, Part(pull, all, i, i + 1, false));
    Wait(absl::Milliseconds(50));
    ASSERT_LE(Staged(), 8u);
  }
  EXPECT_FALSE(node().core().Pulling(kPublicOf1));
  EXPECT_EQ(Staged(), 0u);
  EXPECT_FALSE(SaidPull(session, absl::Minutes(2)).has_value()) << "not again and again";
}

TEST_F(SyncCoreLimitsTest, AFloodOfWithdrawalsCountsAsRecordsDo) {  // R8
  SetQuota(4);
  world_.node(1).Publish(0, 10, "much");
  const FeedStore::Page all = Published(1);
  const uint64_t session = Connect(1);
  const v1::Pull pull = PullOf(session, all.head);
  FeedStore::Page flood = all;
  for (v1::Entry& entry : flood.entries) {
    entry.clear_payload();
    entry.set_tombstone(true);
  }
  node().OnMessage(session, PageFor(pull, flood));
  Wait(absl::Milliseconds(100));
  EXPECT_EQ(Staged(), 0u);
  EXPECT_THAT(node().core().HeldBack(kPublicOf1), HasSubstr("exceeds its quota"));
}

TEST_F(SyncCoreLimitsTest, AQuotaHoldsOverAllFeedsOfAPartner) {
  SetQuota(4);
  world_.node(1).Publish(0, 3, "public");
  const uint64_t session = Connect(1);
  Deliver(session, 1);
  ASSERT_EQ(node().Entries(1).size(), 3u);
  const FeedKey other{"p1", "consortium", 1};
  FeedStore::Page page = Published(1);
  const auto prepared = node().feeds().Prepare(other, page.entries);
  const HeadSigner signer(world_.consortium().key(1), world_.consortium().id());
  SetDigest sum = prepared->sum;
  page.head = *signer.SignNext(nullptr, {other, 3, 3, sum.Digest(), world_.clock()->Now()});
  const v1::Pull pull = PullOf(session, page.head);
  node().OnMessage(session, PageFor(pull, page));
  Wait(absl::Milliseconds(100));
  EXPECT_THAT(node().core().HeldBack({"p1", "consortium"}), HasSubstr("would hold 6 records"));
}

TEST_F(SyncCoreLimitsTest, ANewCharterEndsTheWaitOfAFeedOverItsQuota) {  // R4
  SetQuota(4);
  world_.node(1).Publish(0, 6, "a little too much");
  const uint64_t session = Connect(1);
  Deliver(session, 1);
  ASSERT_THAT(node().Entries(1), IsEmpty());
  SetQuota(10);
  const auto pull = SaidPull(session);
  ASSERT_TRUE(pull.has_value());
  node().OnMessage(session, PageFor(*pull, Published(1)));
  Wait(absl::Milliseconds(100));
  EXPECT_EQ(node().Entries(1).size(), 6u);
  EXPECT_EQ(node().core().HeldBack(kPublicOf1), "");
}

TEST_F(SyncCoreLimitsTest, WhoPublishesTooOftenIsTakenAsOftenAsItsQuotaSaysAndConverges) {  // R4
  SetQuota(100, 2);
  const uint64_t session = Connect(1);
  for (uint64_t i = 0; i < 2; ++i) {
    world_.node(1).Publish(i, 1, "allowed");
    Deliver(session, 1);
  }
  for (uint64_t i = 2; i < 40; ++i) {
    world_.node(1).Publish(i, 1, "too often");
    Announce(session, Published(1).head);
  }
  EXPECT_FALSE(SaidPull(session).has_value());
  EXPECT_EQ(node().Held(1).second, 2u);
  EXPECT_THAT(node().core().HeldBack(kPublicOf1), HasSubstr("more than 2 times an hour"));
  std::optional<v1::Pull> pull;
  for (int minute = 0; minute < 31 && !pull.has_value(); ++minute) {
    Announce(session, Published(1).head);
    pull = SaidPull(session, absl::Minutes(1));
  }
  ASSERT_TRUE(pull.has_value()) << "half an hour later there is room for one, with all that gathered";
  node().OnMessage(session, PageFor(*pull, After(*pull, Published(1))));
  Wait(absl::Milliseconds(100));
  EXPECT_EQ(node().Entries(1).size(), 40u);
}

TEST_F(SyncCoreLimitsTest, WhatGatheredDuringAnAbsenceCountsOnce) {  // R4
  SetQuota(100, 1);
  for (uint64_t i = 0; i < 50; ++i) world_.node(1).Publish(i, 1, "while away");
  Deliver(Connect(1), 1);
  EXPECT_EQ(node().Entries(1).size(), 50u);
}

TEST_F(SyncCoreLimitsTest, APeerThatFloodsWithHeadsIsEndedAndCostsBoundedMemory) {  // R8
  const uint64_t session = Connect(1);
  const HeadSigner elsewhere(world_.consortium().key(1), "another-consortium");
  uint64_t sent = 0;
  for (; sent < 200 && ClosedBecause(session).empty(); ++sent) {
    v1::SyncMessage message;
    for (size_t i = 0; i < limits::heads_per_message_max; ++i) {
      const FeedKey feed{absl::StrCat("p", sent, "-", i), "public", 1};
      static const v1::SignedHead one =
          *elsewhere.SignNext(nullptr, {{"x", "public", 1}, 1, 1, Sha256("x"), world_.clock()->Now()});
      *message.mutable_heads()->add_heads()->mutable_head() = one;
    }
    node().OnMessage(session, message);
  }
  EXPECT_THAT(ClosedBecause(session), HasSubstr("faster than a peer may"));
  EXPECT_GT(sent, 2 * limits::feeds_per_peer_max / limits::heads_per_message_max) << "an honest one has room";
  EXPECT_LE(node().core().sessions().at(session)->not_allowed().size(), limits::offers_not_allowed_max);
}

TEST_F(SyncCoreLimitsTest, InventedPartnersHeadsAreKeptForANewerCharterOnlyUpToABound) {  // R8
  const uint64_t session = Connect(1);
  const HeadSigner signer(world_.consortium().key(1), world_.consortium().id());
  for (size_t sent = 0; sent < 2 * limits::offers_not_allowed_max;) {
    v1::SyncMessage message;
    for (size_t i = 0; i < limits::heads_per_message_max; ++i, ++sent) {
      const FeedKey invented{absl::StrCat("x", sent), "public", 1};
      *message.mutable_heads()->add_heads()->mutable_head() =
          *signer.SignNext(nullptr, {invented, 1, 1, Sha256("x"), world_.clock()->Now()});
    }
    node().OnMessage(session, message);
  }
  EXPECT_EQ(node().core().sessions().at(session)->not_allowed().size(), limits::offers_not_allowed_max);
}

TEST_F(SyncCoreLimitsTest, TooManyOrTooLargeHeadsInAMessageEndTheStream) {
  world_.node(1).Publish(0, 1, "true");
  v1::SyncMessage many;
  for (size_t i = 0; i <= limits::heads_per_message_max; ++i) many.mutable_heads()->add_heads();
  v1::SyncMessage large;
  *large.mutable_heads()->add_heads()->mutable_head() = Published(1).head;
  large.mutable_heads()->mutable_heads(0)->mutable_head()->mutable_signature()->append(limits::head_bytes_max, 'x');
  for (const v1::SyncMessage& message : {many, large}) {
    const uint64_t session = Connect(1);
    node().OnMessage(session, message);
    EXPECT_THAT(ClosedBecause(session), HasSubstr("at most"));
    node().OnClosed(session, absl::OkStatus());
    Wait(absl::Minutes(1));
  }
}

TEST_F(SyncCoreLimitsTest, BytesThatNobodyAskedForAreLimitedToo) {  // R8
  const uint64_t session = Connect(1);
  v1::SyncMessage endless;
  endless.mutable_goodbye()->set_reason(std::string(1 << 20, 'x'));
  int sent = 0;
  while (sent < 2'000 && ClosedBecause(session).empty()) {
    node().OnMessage(session, endless);
    ++sent;
  }
  EXPECT_THAT(ClosedBecause(session), HasSubstr("faster than a peer may"));
}

TEST_F(SyncCoreLimitsTest, PullsThatAreCancelledAtOnceQueueNoMoreThanABoundOfReads) {  // R8
  node().Publish(0, 1, "mine");
  const uint64_t session = Connect(1);
  for (uint32_t id = 1; id <= 40; ++id) {
    v1::SyncMessage pull;
    pull.mutable_pull()->set_pull_id(id);
    *pull.mutable_pull()->mutable_feed() = FeedKey{"p0", "public", 1}.ToProto();
    pull.mutable_pull()->set_credit_bytes(1);
    node().OnMessage(session, pull);
    v1::SyncMessage cancel;
    cancel.mutable_cancel()->set_pull_id(id);
    node().OnMessage(session, cancel);
  }
  EXPECT_THAT(ClosedBecause(session), HasSubstr("cancels them faster"));
}

TEST_F(SyncCoreLimitsTest, APeerThatNeverIntroducesItselfIsEnded) {
  const uint64_t session = next_session_++;
  ASSERT_TRUE(node().OnConnected(session, TestConsortium::Node(1), false).ok());
  Wait(absl::Seconds(limits::hello_seconds_max - 1));
  EXPECT_EQ(ClosedBecause(session), "");
  Wait(absl::Seconds(2));
  EXPECT_THAT(ClosedBecause(session), HasSubstr("no whole message came from p1-1 for 20 seconds"));
}

TEST_F(SyncCoreLimitsTest, APeerThatSendsAByteASecondCompletesNoMessageAndIsEnded) {
  const uint64_t session = Connect(1);
  Wait(absl::Seconds(limits::silence_seconds_max + 1));
  EXPECT_THAT(ClosedBecause(session), HasSubstr("no whole message came"));
  node().OnClosed(session, node().closed().at(session));
  EXPECT_THAT(node().core().dial_plan().entries().at("p1-1").last_error, HasSubstr("no whole message")) << "in status";
  EXPECT_FALSE(node().core().dial_plan().entries().at("p1-1").faulty) << "it may be its line";
}

TEST_F(SyncCoreLimitsTest, ASourceThatTricklesIsLeftForAnotherAndNamedInStatus) {
  world_.node(1).Publish(0, 30, "true");
  const FeedStore::Page all = Published(1);
  const uint64_t slow = Connect(2);
  Announce(slow, all.head);
  const auto pull = SaidPull(slow);
  ASSERT_TRUE(pull.has_value());
  const uint64_t other = Connect(1);
  Announce(other, all.head);
  std::optional<v1::Pull> moved;
  for (size_t i = 0; i < 20 && !moved.has_value(); ++i) {
    node().OnMessage(slow, Part(*pull, all, i, i + 1, false));
    moved = SaidPull(other, absl::Seconds(4));
  }
  ASSERT_TRUE(moved.has_value());
  EXPECT_GT(moved->after_seq(), 0u) << "what came so far is kept";
  EXPECT_THAT(node().core().dial_plan().entries().at("p2-1").trouble, HasSubstr("bytes a second"));
  EXPECT_EQ(ClosedBecause(slow), "");
}

TEST_F(SyncCoreLimitsTest, ASlowSourceIsKeptWhereThereIsNoOther) {  // R4
  world_.node(1).Publish(0, 12, "true");
  const FeedStore::Page all = Published(1);
  const uint64_t slow = Connect(1);
  Announce(slow, all.head);
  const auto pull = SaidPull(slow);
  ASSERT_TRUE(pull.has_value());
  for (size_t i = 0; i < 12; ++i) {
    node().OnMessage(slow, Part(*pull, all, i, i + 1, i == 11));
    Said(slow, absl::Seconds(5));
  }
  EXPECT_EQ(node().Entries(1).size(), 12u);
}

}  // namespace
}  // namespace cairn
