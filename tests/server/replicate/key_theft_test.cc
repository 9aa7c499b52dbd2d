// A thief publishes with a stolen key; then the charter revokes it. What a node does that has taken the thief's word.
#include "server/feed/head_signer.h"
#include "tests/server/replicate/sync_core_fixture.h"

namespace cairn {
namespace {

using testing::HasSubstr;

class KeyTheftTest : public SyncCoreTest {
 protected:
  // Node 0 holds what partner p1 published, up to number 3, of which only the first two are p1's own.
  void SetUp() override {
    world_.node(1).Publish(0, 2, "true");
    good_ = *world_.node(1).feeds().Find("p1", "public").value();
    world_.node(1).Publish(7, 1, "by the thief");
    session_ = Connect(1);
    Serve(Published(1));
    ASSERT_EQ(node().Held(1), (std::pair<uint32_t, uint64_t>(1, 3)));
  }

  void Serve(const FeedStore::Page& page) {
    Announce(session_, page.head);
    if (const auto pull = SaidPull(session_)) node().OnMessage(session_, PageFor(*pull, page));
    Wait(absl::Milliseconds(200));
  }

  static SigningKey NewKey() {
    SeededRandom random(77);
    return *SigningKey::Generate(&random);
  }
  void Revoke(bool new_generation) {
    world_.consortium().Change([&](v1::Charter* c) {
      v1::Partner* partner = c->mutable_partners(1);
      v1::PublishingKey* stolen = partner->mutable_publishing_keys(0);
      stolen->set_revoked(true);
      v1::KeyRange* range = stolen->add_ranges();
      range->set_audience("public");
      range->set_until_seq(good_.seq);
      range->set_until_digest(good_.state_digest);
      if (new_generation) partner->set_generation(2);
      v1::PublishingKey* key = partner->add_publishing_keys();
      key->set_public_key(NewKey().public_key());
      key->set_generation(partner->generation());
    });
    node().SubmitCharter();
    Wait(absl::Milliseconds(100));
  }

  // What the owner signs with its new key: one record, at `seq`.
  FeedStore::Page Owners(uint32_t generation, uint64_t seq, const v1::SignedHead* before) {
    v1::Entry entry;
    entry.set_kind(v1::ORGANIZATION);
    entry.set_id(std::string(16, 'o'));
    entry.set_seq(seq);
    v1::Record record;
    record.mutable_organization()->set_name("True");
    entry.set_payload(record.SerializeAsString());
    const FeedKey feed{"p1", "public", generation};
    FeedStore::Page page;
    page.entries = {entry};
    page.through_seq = page.state_seq = seq;
    page.last = true;
    const std::string digest = node().feeds().Prepare(feed, {entry})->sum.Digest();
    page.head = *HeadSigner(NewKey(), "test").SignNext(before, {feed, seq, 1, digest, world_.clock()->Now()});
    return page;
  }
  std::vector<v1::FeedHead> ToldTo(int peer) {
    std::vector<v1::FeedHead> heads;
    const uint64_t session = next_session_++;
    EXPECT_TRUE(node().OnConnected(session, TestConsortium::Node(peer), false).ok());
    v1::SyncMessage hello = Hello(peer);
    node().OnMessage(session, hello);
    for (const v1::SyncMessage& message : Said(session)) {
      for (const v1::FeedHead& head : message.heads().heads()) heads.push_back(head);
    }
    return heads;
  }

  HeldFeed good_;
  uint64_t session_ = 0;
};

TEST_F(KeyTheftTest, BeforeTheRevocationTheThiefsWordIsPassedOn) { EXPECT_EQ(ToldTo(2).size(), 1u); }

TEST_F(KeyTheftTest, WhatLiesBeyondTheCutOffIsNeitherAnnouncedNorServed_R1) {
  Revoke(false);
  EXPECT_TRUE(ToldTo(2).empty());
  v1::SyncMessage message;
  message.mutable_pull()->set_pull_id(5);
  *message.mutable_pull()->mutable_feed() = FeedKey{"p1", "public", 1}.ToProto();
  message.mutable_pull()->set_credit_bytes(1 << 20);
  node().OnMessage(session_, message);
  const std::vector<v1::SyncMessage> said = Said(session_);
  ASSERT_FALSE(said.empty());
  EXPECT_THAT(said.back().cancel().reason(), HasSubstr("no such feed"));
}

TEST_F(KeyTheftTest, TheThiefsNextHeadIsRefusedWhateverItsTime_R1) {
  Revoke(false);
  world_.node(1).Publish(8, 1, "by the thief again");  // node 1 has not heard of the revocation
  Serve(Published(1));
  EXPECT_EQ(node().Held(1).second, 3u);
}

TEST_F(KeyTheftTest, TheOwnersNewGenerationReplacesAllOfIt_R5) {
  Revoke(true);
  Serve(Owners(2, 1, nullptr));
  EXPECT_EQ(node().Held(1), (std::pair<uint32_t, uint64_t>(2, 1)));
  EXPECT_EQ(ToldTo(2).size(), 1u);
  EXPECT_TRUE(node().Verify().ok());
}

TEST_F(KeyTheftTest, WithinTheGenerationTheOwnerPrevailsOnceItsNumberIsHigher_R5_R6) {
  Revoke(false);
  const FeedStore::Page third = Owners(1, 3, &good_.head);
  Serve(third);
  EXPECT_EQ(node().Held(1).second, 3u) << "at the same number nothing is taken back";
  EXPECT_TRUE(ToldTo(2).empty());
  Serve(Owners(1, 4, &third.head));
  EXPECT_EQ(node().Held(1).second, 4u);
  EXPECT_FALSE((*node().feeds().Find("p1", "public"))->frozen) << "the thief's contradiction is no fork of the owner";
  EXPECT_EQ(ToldTo(2).size(), 1u);
  EXPECT_TRUE(node().Verify().ok());
}

TEST_F(KeyTheftTest, ANodeAtTheLastGoodStateGoesOnShowingIt) {
  good_ = *world_.node(1).feeds().Find("p1", "public").value();
  Revoke(false);
  EXPECT_EQ(ToldTo(2).size(), 1u);
}

}  // namespace
}  // namespace cairn
