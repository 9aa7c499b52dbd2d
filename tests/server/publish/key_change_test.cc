// The own feed while its keys change: planned, after a theft, after a loss. Nothing of the partner's is lost.
#include "server/charter/may_sign.h"
#include "tests/server/publish/publisher_fixture.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;

class KeyChangeTest : public PublisherTest {
 protected:
  static SigningKey NewKey() {
    SeededRandom random(77);
    return *SigningKey::Generate(&random);
  }
  void Change(const std::function<void(v1::Partner*)>& edit) {
    consortium_.Change([&](v1::Charter* c) { edit(c->mutable_partners(0)); });
    ASSERT_TRUE(charter_->Submit(consortium_.chain()).ok());
  }
  static void AddKey(v1::Partner* partner) {
    v1::PublishingKey* key = partner->add_publishing_keys();
    key->set_public_key(NewKey().public_key());
    key->set_generation(partner->generation());
  }
  void BeginGeneration() {
    Change([](v1::Partner* partner) {
      partner->set_generation(2);
      AddKey(partner);
    });
  }
  void HoldBothKeys() { publisher_->SetKeys({consortium_.key(0), NewKey()}); }
  // The key is stolen and revoked after `good`, or no state of it is good, and a new generation begins.
  void RevokeAllInNewGeneration(const std::optional<HeldFeed>& good = std::nullopt) {
    Change([&](v1::Partner* partner) {
      v1::PublishingKey* stolen = partner->mutable_publishing_keys(0);
      stolen->set_revoked(true);
      if (good.has_value()) {
        v1::KeyRange* range = stolen->add_ranges();
        range->set_audience(good->feed.audience);
        range->set_until_seq(good->seq);
        range->set_until_digest(good->state_digest);
      }
      partner->set_generation(2);
      AddKey(partner);
    });
    HoldBothKeys();
  }
  static v1::PublishHeader Prune() {
    v1::PublishHeader header;
    header.set_prune(true);
    return header;
  }
  // Records of the own feed by number, live and in the order of their sequence numbers.
  std::vector<std::string> Live() {
    std::vector<std::string> names;
    const FeedStore::Page page = *feeds_->ReadPage(Held()->feed, 0, 1 << 24, 10'000);
    for (const v1::Entry& entry : page.entries) {
      if (!entry.tombstone()) names.push_back(ParseRecord(entry.payload())->resource().name());
    }
    return names;
  }
};

TEST_F(KeyChangeTest, HeadsAreSignedAnewOnceTheCharterNamesTheNewKey) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  HoldBothKeys();
  clock_.Advance(absl::Seconds(45));
  ASSERT_TRUE(publisher_->Heartbeat().ok());
  EXPECT_EQ(Held()->key_id, KeyId(consortium_.key(0).public_key())) << "not before";
  Change(AddKey);
  clock_.Advance(absl::Seconds(45));
  ASSERT_TRUE(publisher_->Heartbeat().ok());
  EXPECT_EQ(Held()->key_id, KeyId(NewKey().public_key()));
  EXPECT_EQ(Seq(), 1u) << "the same content";
  EXPECT_EQ(publisher_->MissingKey(), "");
}

TEST_F(KeyChangeTest, ANodeThatLacksTheNewKeyGoesOnWithTheOldOneAndSaysSo) {
  Change(AddKey);
  EXPECT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  EXPECT_THAT(publisher_->MissingKey(), HasSubstr(KeyId(NewKey().public_key())));
}

TEST_F(KeyChangeTest, TheOldKeyMayGoAfterwards) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  Change(AddKey);
  HoldBothKeys();
  clock_.Advance(absl::Seconds(45));
  ASSERT_TRUE(publisher_->Heartbeat().ok());
  Change([](v1::Partner* partner) { partner->mutable_publishing_keys()->DeleteSubrange(0, 1); });
  EXPECT_TRUE(CheckStanding(*charter_->current(), *Held()).ok());
  EXPECT_EQ(Publish({Resource(Uuid(2), "Two")})->position().seq(), 2u);
}

TEST_F(KeyChangeTest, ARevokedKeySignsNothingMore_R1) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  Change([&](v1::Partner* partner) { partner->mutable_publishing_keys(0)->set_revoked(true); });
  EXPECT_THAT(Publish({Resource(Uuid(2), "Two")}).status().message(), HasSubstr("not among those"));
}

TEST_F(KeyChangeTest, AfterATheftTheNewKeyGoesOnFromTheLastGoodState) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  const HeldFeed good = *Held();
  Change([&](v1::Partner* partner) {
    v1::PublishingKey* stolen = partner->mutable_publishing_keys(0);
    stolen->set_revoked(true);
    v1::KeyRange* range = stolen->add_ranges();
    range->set_audience("public");
    range->set_until_seq(good.seq);
    range->set_until_digest(good.state_digest);
    AddKey(partner);
  });
  HoldBothKeys();
  EXPECT_EQ(Publish({Resource(Uuid(2), "Two")})->position().seq(), 2u);
  EXPECT_EQ(Held()->key_id, KeyId(NewKey().public_key()));
}

TEST_F(KeyChangeTest, ANewGenerationCarriesEveryLiveRecordAlong) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One"), Resource(Uuid(2), "Two"), Resource(Uuid(3), "Three")}).ok());
  v1::WithdrawRequest withdraw;
  withdraw.add_ids(Uuid(2));
  ASSERT_TRUE(publisher_->Withdraw(withdraw, nullptr).ok());
  BeginGeneration();
  HoldBothKeys();
  ASSERT_TRUE(publisher_->Heartbeat().ok());
  EXPECT_EQ(Held()->feed.generation, 2u);
  EXPECT_EQ(Seq(), 2u) << "numbered anew";
  EXPECT_EQ(Live(), (std::vector<std::string>{"One", "Three"}));
  EXPECT_EQ(Held()->key_id, KeyId(NewKey().public_key()));
  EXPECT_EQ(moved_.back(), "public");
}

TEST_F(KeyChangeTest, APublishRightAfterTheCharterLosesNothingEither) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  BeginGeneration();
  HoldBothKeys();
  const auto result = Publish({Resource(Uuid(2), "Two")});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->position().generation(), 2u);
  EXPECT_EQ(Live(), (std::vector<std::string>{"One", "Two"}));
}

TEST_F(KeyChangeTest, ALargeFeedIsCarriedInPieces) {
  std::vector<v1::Record> records;
  for (int i = 0; i < 1500; ++i) records.push_back(Resource(Uuid(i), absl::StrCat("Number ", i)));
  ASSERT_TRUE(Publish(records).ok());
  BeginGeneration();
  HoldBothKeys();
  ASSERT_TRUE(publisher_->Heartbeat().ok());
  EXPECT_EQ(Held()->live_count, 1500u);
  EXPECT_EQ(Held()->feed.generation, 2u);
  EXPECT_EQ(Held()->state, FeedState::kOk);
}

TEST_F(KeyChangeTest, AFrozenFeedBeginsAnewWithWhatItHeld_R6) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  const FeedKey feed = Held()->feed;
  ASSERT_TRUE(store_->Write([&](Connection& db) { return feeds_->Freeze(db, feed, v1::ForkEvidence()); }).ok());
  EXPECT_THAT(Publish({Resource(Uuid(2), "Two")}).status().message(), HasSubstr("frozen"));
  BeginGeneration();
  HoldBothKeys();
  EXPECT_TRUE(Publish({Resource(Uuid(2), "Two")}).ok());
  EXPECT_FALSE(Held()->frozen);
  EXPECT_EQ(Live(), (std::vector<std::string>{"One", "Two"}));
}

TEST_F(KeyChangeTest, AnEmptyFeedBeginsWithItsFirstRecord) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  v1::WithdrawRequest withdraw;
  withdraw.add_ids(Uuid(1));
  ASSERT_TRUE(publisher_->Withdraw(withdraw, nullptr).ok());
  BeginGeneration();
  HoldBothKeys();
  ASSERT_TRUE(publisher_->Heartbeat().ok());
  ASSERT_TRUE(Publish({Resource(Uuid(2), "Two")}).ok());
  EXPECT_EQ(Held()->feed.generation, 2u);
  EXPECT_EQ(Live(), (std::vector<std::string>{"Two"}));
}

TEST_F(KeyChangeTest, WhatAThiefSignedIsNotCarriedIntoTheNewGeneration_R1) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  RevokeAllInNewGeneration();
  EXPECT_FALSE(publisher_->Heartbeat().ok());
  EXPECT_THAT(Publish({Resource(Uuid(2), "Two")}).status().message(), HasSubstr("not this partner's word any more"));
  EXPECT_EQ(Held()->feed.generation, 1u);
}

TEST_F(KeyChangeTest, AfterATheftTheFeedBeginsAnewFromAFileThatHasAllOfIt_R1) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One"), Resource(Uuid(2), "Forged")}).ok());
  RevokeAllInNewGeneration();
  const absl::Status refused = Publish({Resource(Uuid(3), "Three")}).status();
  EXPECT_THAT(refused.message(), HasSubstr("`cairn publish FILE --prune`"));
  const auto result = Publish({Resource(Uuid(1), "One"), Resource(Uuid(3), "Three")}, Prune());
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->added(), 2u) << "what the thief left is compared with nothing";
  EXPECT_EQ(Held()->feed.generation, 2u);
  EXPECT_EQ(Live(), (std::vector<std::string>{"One", "Three"}));
  EXPECT_TRUE(publisher_->Heartbeat().ok());
  EXPECT_TRUE(Publish({Resource(Uuid(4), "Four")}).ok()) << "from then on as ever";
}

TEST_F(KeyChangeTest, ADryRunShowsWhatTheFeedWouldBeginAnewWith) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "Forged")}).ok());
  RevokeAllInNewGeneration();
  v1::PublishHeader header = Prune();
  header.set_dry_run(true);
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}, header).ok());
  ASSERT_EQ(heard_.changes.size(), 1u);
  EXPECT_EQ(heard_.changes[0].action(), v1::RecordChange::ADDED);
  EXPECT_EQ(Held()->feed.generation, 1u);
}

TEST_F(KeyChangeTest, OnlyTheFeedThatAThiefWroteToBeginsAnew) {
  v1::PublishHeader members;
  members.set_audience("consortium");
  ASSERT_TRUE(Publish({Resource(Uuid(1), "Public")}).ok());
  ASSERT_TRUE(Publish({Resource(Uuid(2), "Forged")}, members).ok());
  RevokeAllInNewGeneration(Held());
  ASSERT_TRUE(Publish({Resource(Uuid(3), "More")}).ok()) << "the other feed is let be";
  EXPECT_EQ(Live(), (std::vector<std::string>{"Public", "More"}));
  EXPECT_THAT(publisher_->CanPublish().message(), HasSubstr("--prune --audience consortium`")) << "status reminds";
  EXPECT_THAT(Publish({Resource(Uuid(4), "Plan")}, members).status().message(), HasSubstr("--prune"));
  EXPECT_EQ(publisher_->Withdraw(Withdrawal({Uuid(2)}), nullptr).status().code(), absl::StatusCode::kNotFound);
  members.set_prune(true);
  ASSERT_TRUE(Publish({Resource(Uuid(4), "Plan")}, members).ok());
  EXPECT_TRUE(publisher_->CanPublish().ok());
  EXPECT_EQ((*feeds_->Find("p0", "consortium"))->live_count, 1u);
}

TEST_F(KeyChangeTest, PruneDoesNotBeginAnewBeforeTheGovernorsHave) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  Change([](v1::Partner* partner) {
    partner->mutable_publishing_keys(0)->set_revoked(true);
    AddKey(partner);
  });
  HoldBothKeys();
  EXPECT_THAT(Publish({Resource(Uuid(1), "One")}, Prune()).status().message(),
              HasSubstr("have the governors begin a new generation"));
}

TEST_F(KeyChangeTest, WithoutTheNewKeyTheGenerationIsNotBegun) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  BeginGeneration();
  EXPECT_FALSE(publisher_->CanPublish().ok());
  EXPECT_FALSE(publisher_->Heartbeat().ok());
  EXPECT_EQ(Held()->feed.generation, 1u);
}

}  // namespace
}  // namespace cairn
