// Whose word counts for what, key by key.
#include "server/charter/may_sign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "common/charter/charter_document.h"
#include "common/crypto/hash.h"
#include "server/charter/may_read.h"
#include "tests/fakes/consortium.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;

constexpr auto denied = absl::StatusCode::kPermissionDenied;

class MaySignTest : public ::testing::Test {
 protected:
  // The charter after `edit` of partner p0 and its first key.
  void Change(const std::function<void(v1::Partner*, v1::PublishingKey*)>& edit) {
    consortium_.Change(
        [&](v1::Charter* c) { edit(c->mutable_partners(0), c->mutable_partners(0)->mutable_publishing_keys(0)); });
    const v1::SignedCharter& newest = *consortium_.chain().versions().rbegin();
    view_ = std::make_unique<CharterView>(*ParseCharter(newest), CharterSha256(newest));
  }
  static void EndAt(v1::PublishingKey* key, uint64_t seq) {
    v1::KeyRange* range = key->add_ranges();
    range->set_audience("public");
    range->set_until_seq(seq);
    range->set_until_digest(Sha256("good"));
  }
  HeadClaim Claim(uint64_t seq, const std::string& state = "state", uint32_t generation = 1,
                  const std::string& audience = "public") {
    return {{"p0", audience, generation}, KeyId(consortium_.key(0).public_key()), seq, Sha256(state)};
  }
  absl::StatusCode New(const HeadClaim& claim) { return MaySign(*view_, claim).status().code(); }
  absl::StatusCode Held(const HeadClaim& claim) { return StandsFor(*view_, claim).code(); }

  static SigningKey OtherKey() {
    SeededRandom random(77);
    return *SigningKey::Generate(&random);
  }

  TestConsortium consortium_{2};
  std::unique_ptr<CharterView> view_;
};

TEST_F(MaySignTest, ARevokedKeyIsGoodUpToTheLastGoodStateAndAcceptedAnewOnlyThere_R1) {
  Change([](v1::Partner*, v1::PublishingKey* key) {
    key->set_revoked(true);
    EndAt(key, 8);
  });
  EXPECT_EQ(New(Claim(8, "good")), absl::StatusCode::kOk);
  EXPECT_EQ(Held(Claim(8, "good")), absl::StatusCode::kOk);
  EXPECT_EQ(New(Claim(8, "forged")), denied);
  EXPECT_EQ(Held(Claim(8, "forged")), denied);
  EXPECT_EQ(New(Claim(9)), denied);
  EXPECT_EQ(Held(Claim(9)), denied);
  EXPECT_EQ(New(Claim(7)), denied) << "a thief may sign old numbers as well";
  EXPECT_EQ(Held(Claim(7)), absl::StatusCode::kOk) << "what came before the theft stays readable";
}

TEST_F(MaySignTest, OfAnAudienceThatTheRevocationDoesNotNameNothingIsGood_R1) {
  Change([](v1::Partner*, v1::PublishingKey* key) {
    key->set_revoked(true);
    EndAt(key, 8);
  });
  EXPECT_EQ(New(Claim(1, "state", 1, "consortium")), denied);
  EXPECT_EQ(Held(Claim(1, "state", 1, "consortium")), denied);
  EXPECT_THAT(StandsFor(*view_, Claim(1, "state", 1, "consortium")).message(), HasSubstr("revoked"));
}

TEST_F(MaySignTest, OfAnEarlierGenerationOnlyTheLastGoodStateIsAcceptedAnew) {
  Change([&](v1::Partner* partner, v1::PublishingKey* key) {
    EndAt(key, 8);
    partner->set_generation(2);
    *partner->add_publishing_keys() = *key;
    partner->mutable_publishing_keys(1)->set_public_key(OtherKey().public_key());
    partner->mutable_publishing_keys(1)->set_generation(2);
    partner->mutable_publishing_keys(1)->clear_ranges();
  });
  EXPECT_EQ(New(Claim(8, "good")), absl::StatusCode::kOk) << "an owner with an empty disk gets its records back";
  EXPECT_EQ(New(Claim(5)), denied);
  EXPECT_EQ(Held(Claim(5)), absl::StatusCode::kOk) << "shown until the new generation begins";
  EXPECT_EQ(New(Claim(1, "state", 2)), denied) << "the old key does not sign the new generation";
}

TEST_F(MaySignTest, WithoutALastGoodStateNothingOfAnEarlierGenerationIsAccepted) {
  Change([](v1::Partner* partner, v1::PublishingKey*) { partner->set_generation(2); });
  EXPECT_EQ(New(Claim(8)), denied);
  EXPECT_EQ(Held(Claim(8)), absl::StatusCode::kOk);
}

TEST_F(MaySignTest, WhatADroppedKeySignedIsNotStoodForAnyMore) {
  Change([](v1::Partner*, v1::PublishingKey* key) { key->set_public_key(OtherKey().public_key()); });
  EXPECT_EQ(New(Claim(8)), denied);
  EXPECT_EQ(Held(Claim(8)), denied);
}

TEST_F(MaySignTest, ARetiredPartnersEntriesStayAsTheyStandWhenTheCharterKeepsThem) {
  Change([](v1::Partner* partner, v1::PublishingKey* key) {
    partner->set_status(v1::RETIRED);
    partner->set_entries_kept(true);
    EndAt(key, 8);
  });
  EXPECT_EQ(New(Claim(8, "good")), absl::StatusCode::kOk) << "a new node gets them too";
  EXPECT_EQ(New(Claim(7)), denied) << "and nothing else";
  EXPECT_EQ(Held(Claim(7)), absl::StatusCode::kOk);
  EXPECT_TRUE(MayRead(*view_, Reader::Anonymous(), "p0", "public"));
  EXPECT_TRUE(MayRead(*view_, Reader::Partner("p1"), "p0", "consortium"));
  EXPECT_FALSE(MayRead(*view_, Reader::Anonymous(), "p0", "consortium"));
}

TEST_F(MaySignTest, ASuspendedPartnersLastGoodStateIsNotAcceptedEither) {
  Change([](v1::Partner* partner, v1::PublishingKey* key) {
    partner->set_status(v1::SUSPENDED);
    EndAt(key, 8);
  });
  EXPECT_EQ(New(Claim(8, "good")), denied);
  EXPECT_EQ(Held(Claim(8, "good")), absl::StatusCode::kOk);
}

TEST_F(MaySignTest, TheOwnerSignsWithTheNewestKeyThatItHoldsAndMay) {
  const std::string old_key = KeyId(consortium_.key(0).public_key());
  const std::string new_key = KeyId(OtherKey().public_key());
  Change([&](v1::Partner* partner, v1::PublishingKey* key) {
    v1::PublishingKey added = *key;
    added.set_public_key(OtherKey().public_key());
    *partner->add_publishing_keys() = added;
  });
  const FeedKey feed{"p0", "public", 1};
  const auto newest = [&](const std::set<std::string>& held) {
    const v1::PublishingKey* key =
        NewestKey(*view_, feed, 9, [&](const std::string& id) { return held.count(id) > 0; });
    return key == nullptr ? "" : KeyId(key->public_key());
  };
  EXPECT_EQ(newest({old_key, new_key}), new_key);
  EXPECT_EQ(newest({old_key}), old_key);
  EXPECT_EQ(newest({}), "");
  Change([](v1::Partner*, v1::PublishingKey* key) { EndAt(key, 8); });
  EXPECT_EQ(newest({old_key}), "") << "its range has ended";
}

}  // namespace
}  // namespace cairn
