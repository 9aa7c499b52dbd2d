#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/crypto/hash.h"
#include "server/feed/head_checker.h"
#include "server/feed/head_format.h"
#include "server/feed/head_signer.h"
#include "tests/fakes/consortium.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;
using Order = HeadChecker::Order;

class HeadTest : public ::testing::Test {
 protected:
  HeadTest() : consortium_(3), signer_(consortium_.key(0), "test") {
    const std::string folder = absl::StrCat(::testing::TempDir(), "/heads_", getpid(), "_",
                                            ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    Store::Options options;
    options.path = absl::StrCat(folder, "/cairn.db");
    options.clock = &clock_;
    options.inline_writes = true;
    options.durable = false;
    store_ = *Store::Open(options);
    charter_ = *LiveCharter::Load(store_.get(), "test");
    charter_->SubmitTrusted(consortium_.chain()).status().IgnoreError();
    checker_ = std::make_unique<HeadChecker>(charter_.get(), "test", &clock_);
  }

  void Change(const std::function<void(v1::Charter*)>& edit) {
    consortium_.Change(edit);
    ASSERT_TRUE(charter_->Submit(consortium_.chain()).ok());
  }

  v1::SignedHead Sign(const v1::SignedHead* held, uint64_t seq, const std::string& state = "state") {
    return *signer_.SignNext(held, {feed_, seq, 1, Sha256(state), clock_.Now()});
  }
  AuthenticHead Authentic(const v1::SignedHead& head) { return *checker_->CheckSignature(head); }
  Order Compared(const v1::SignedHead& held, const v1::SignedHead& offered) {
    return HeadChecker::Compare(held, Authentic(offered));
  }
  absl::StatusCode Checked(const v1::SignedHead& head) { return checker_->CheckSignature(head).status().code(); }

  // `head` with a changed body, signed by `key`.
  static v1::SignedHead Resigned(const v1::SignedHead& head, const SigningKey& key,
                                 const std::function<void(v1::HeadBody*, v1::HeadContent*)>& edit) {
    ParsedHead parsed = *ParseHead(head);
    edit(&parsed.body, &parsed.content);
    parsed.body.set_content(parsed.content.SerializeAsString());
    v1::SignedHead out;
    out.set_body(parsed.body.SerializeAsString());
    out.set_signature(key.Sign(head_domain, out.body()));
    return out;
  }

  TestConsortium consortium_;
  ManualClock clock_;
  const FeedKey feed_{"p0", "public", 1};
  HeadSigner signer_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<LiveCharter> charter_;
  std::unique_ptr<HeadChecker> checker_;
};

TEST_F(HeadTest, WhatTheOwnerSignedIsAuthentic_R1) {
  const auto head = checker_->CheckSignature(Sign(nullptr, 5));
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->feed(), feed_);
  EXPECT_EQ(head->seq(), 5u);
  EXPECT_EQ(head->as_of(), clock_.Now());
}

TEST_F(HeadTest, RefusesAHeadSignedByAnotherPartner_R1) {
  const HeadSigner other(consortium_.key(1), "test");
  EXPECT_EQ(Checked(*other.SignNext(nullptr, {feed_, 1, 1, Sha256("s"), clock_.Now()})),
            absl::StatusCode::kPermissionDenied);
}

TEST_F(HeadTest, RefusesAnotherKeyUnderTheOwnersKeyId_R1) {
  const v1::SignedHead forged = Resigned(Sign(nullptr, 1), consortium_.key(1), [](auto*, auto*) {});
  EXPECT_EQ(Checked(forged), absl::StatusCode::kDataLoss);
}

TEST_F(HeadTest, RefusesAHeadAlteredAfterSigning_R1) {
  v1::SignedHead head = Sign(nullptr, 1);
  ParsedHead parsed = *ParseHead(head);
  parsed.body.set_as_of_unix_millis(parsed.body.as_of_unix_millis() + 1);
  head.set_body(parsed.body.SerializeAsString());
  EXPECT_EQ(Checked(head), absl::StatusCode::kDataLoss);
}

TEST_F(HeadTest, RefusesTheSameWordsOfAnotherConsortium_R1) {
  const HeadSigner elsewhere(consortium_.key(0), "elsewhere");
  EXPECT_EQ(Checked(*elsewhere.SignNext(nullptr, {feed_, 1, 1, Sha256("s"), clock_.Now()})),
            absl::StatusCode::kPermissionDenied);
}

TEST_F(HeadTest, AcceptsNothingNewOfASuspendedOrUnknownPartner) {
  const v1::SignedHead head = Sign(nullptr, 1);
  Change([](v1::Charter* c) { c->mutable_partners(0)->set_status(v1::SUSPENDED); });
  EXPECT_EQ(Checked(head), absl::StatusCode::kPermissionDenied);
  const v1::SignedHead stranger =
      *signer_.SignNext(nullptr, {{"stranger", "public", 1}, 1, 1, Sha256("s"), clock_.Now()});
  EXPECT_EQ(Checked(stranger), absl::StatusCode::kPermissionDenied);
}

TEST_F(HeadTest, RefusesAGenerationThatTheCharterHasNot) {
  const v1::SignedHead head = *signer_.SignNext(nullptr, {{"p0", "public", 2}, 1, 1, Sha256("s"), clock_.Now()});
  EXPECT_EQ(Checked(head), absl::StatusCode::kPermissionDenied);
}

TEST_F(HeadTest, AKeyIsGoodOnlyWithinItsRange) {
  Change([&](v1::Charter* c) {
    v1::KeyRange* range = c->mutable_partners(0)->mutable_publishing_keys(0)->add_ranges();
    range->set_audience("public");
    range->set_from_seq(3);
    range->set_until_seq(5);
    range->set_until_digest(Sha256("good"));
  });
  EXPECT_EQ(Checked(Sign(nullptr, 2)), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Checked(Sign(nullptr, 3)), absl::StatusCode::kOk);
  EXPECT_EQ(Checked(Sign(nullptr, 5, "good")), absl::StatusCode::kOk);
  EXPECT_EQ(Checked(Sign(nullptr, 5, "bad")), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Checked(Sign(nullptr, 6)), absl::StatusCode::kPermissionDenied);
}

TEST_F(HeadTest, RefusesAHeadFromTheFuture) {
  v1::SignedHead head = *signer_.Resign(Sign(nullptr, 1), clock_.Now() + absl::Minutes(11));
  EXPECT_EQ(Checked(head), absl::StatusCode::kInvalidArgument);
  clock_.Advance(absl::Minutes(2));
  EXPECT_EQ(Checked(head), absl::StatusCode::kOk) << "clocks that differ a little are no harm";
}

TEST_F(HeadTest, RefusesWhatIsMalformed) {
  const std::vector<std::function<void(v1::HeadBody*, v1::HeadContent*)>> edits = {
      [](auto*, auto* content) { content->set_seq(0); },
      [](auto*, auto* content) { content->set_state_digest("short"); },
      [](auto*, auto* content) { content->set_previous_seq(content->seq()); },
      [](auto*, auto* content) { content->set_previous("x"); },
      [](auto*, auto* content) { content->clear_feed(); },
      [](auto*, auto* content) { content->mutable_feed()->set_audience("everybody"); },
      [](auto*, auto* content) { content->mutable_feed()->set_audience(std::string(5000, 'x')); }};
  for (size_t i = 0; i < edits.size(); ++i) {
    EXPECT_EQ(Checked(Resigned(Sign(nullptr, 1), consortium_.key(0), edits[i])), absl::StatusCode::kInvalidArgument)
        << "edit " << i;
  }
  v1::SignedHead garbage;
  garbage.set_body("\xff\xff");
  EXPECT_EQ(Checked(garbage), absl::StatusCode::kInvalidArgument);
}

TEST_F(HeadTest, VerifiesExactlyTheSetThatItStates_R2) {
  StagedSet staged;
  staged.feed = feed_;
  staged.digest.Add(Element{"p", 1, std::string(16, 'i'), 1, Sha256("payload")});
  staged.live_count = 1;
  const v1::SignedHead head = *signer_.SignNext(nullptr, {feed_, 1, 1, staged.digest.Digest(), clock_.Now()});
  EXPECT_TRUE(checker_->CheckState(Authentic(head), staged).ok());
  StagedSet more = staged;
  more.digest.Add(Element{"p", 1, std::string(16, 'j'), 2, Sha256("payload")});
  EXPECT_EQ(checker_->CheckState(Authentic(head), more).status().code(), absl::StatusCode::kDataLoss);
  StagedSet miscounted = staged;
  miscounted.live_count = 2;
  EXPECT_EQ(checker_->CheckState(Authentic(head), miscounted).status().code(), absl::StatusCode::kDataLoss);
  StagedSet elsewhere = staged;
  elsewhere.feed.audience = "consortium";
  EXPECT_EQ(checker_->CheckState(Authentic(head), elsewhere).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(HeadTest, OrdersByGenerationSeqAndTime_R5) {
  const v1::SignedHead first = Sign(nullptr, 3, "a");
  const v1::SignedHead second = Sign(&first, 7, "b");
  const v1::SignedHead later = *signer_.Resign(second, clock_.Now() + absl::Seconds(45));
  EXPECT_EQ(Compared(first, second), Order::kNewer);
  EXPECT_EQ(Compared(second, first), Order::kOlder);
  EXPECT_EQ(Compared(second, second), Order::kSame);
  EXPECT_EQ(Compared(second, later), Order::kNewerAsOf);
  EXPECT_EQ(Compared(later, second), Order::kSame);
  const AuthenticHead old = Authentic(second);
  Change([](v1::Charter* c) {
    c->mutable_partners(0)->set_generation(2);
    c->mutable_partners(0)->mutable_publishing_keys(0)->set_generation(2);
  });
  const v1::SignedHead next = *signer_.SignNext(&second, {{"p0", "public", 2}, 1, 1, Sha256("c"), clock_.Now()});
  EXPECT_EQ(Compared(second, next), Order::kNewer);
  EXPECT_EQ(HeadChecker::Compare(next, old), Order::kOlder);
}

TEST_F(HeadTest, SkippedHeadsAreNoFork) {
  const v1::SignedHead first = Sign(nullptr, 3, "a");
  const v1::SignedHead second = Sign(&first, 5, "b");
  const v1::SignedHead third = Sign(&second, 9, "c");
  EXPECT_EQ(Compared(first, third), Order::kNewer);
  EXPECT_EQ(Compared(third, first), Order::kOlder);
}

TEST_F(HeadTest, TwoStatesAtOneSequenceNumberAreAFork_R6) {
  const v1::SignedHead one = Sign(nullptr, 3, "a"), other = Sign(nullptr, 3, "b");
  EXPECT_EQ(Compared(one, other), Order::kFork);
  EXPECT_EQ(Compared(other, one), Order::kFork);
}

TEST_F(HeadTest, AnotherPredecessorThanTheOneHeldIsAFork_R6) {
  const v1::SignedHead held = Sign(nullptr, 3, "a"), other = Sign(nullptr, 3, "b");
  const v1::SignedHead after_other = Sign(&other, 5, "c");
  EXPECT_EQ(Compared(held, after_other), Order::kFork);
  EXPECT_EQ(Compared(after_other, held), Order::kFork);
}

TEST_F(HeadTest, AHeadThatLeavesNoRoomForTheOneHeldIsAFork_R6) {
  const v1::SignedHead first = Sign(nullptr, 2, "a");
  const v1::SignedHead held = Sign(&first, 4, "b");
  const v1::SignedHead jump = Sign(&first, 6, "c");
  EXPECT_EQ(Compared(held, jump), Order::kFork);
  EXPECT_EQ(Compared(jump, held), Order::kFork);
}

TEST_F(HeadTest, EvidenceMustBeSignedAndContradict_R6) {
  v1::ForkEvidence evidence;
  *evidence.mutable_first() = Sign(nullptr, 3, "a");
  *evidence.mutable_second() = Sign(nullptr, 3, "b");
  EXPECT_EQ(*checker_->CheckEvidence(evidence), feed_);
  v1::ForkEvidence forged = evidence;
  forged.mutable_second()->set_signature(std::string(64, 'x'));
  EXPECT_EQ(checker_->CheckEvidence(forged).status().code(), absl::StatusCode::kDataLoss);
  v1::ForkEvidence harmless = evidence;
  *harmless.mutable_second() = *signer_.Resign(evidence.first(), clock_.Now() + absl::Seconds(1));
  EXPECT_EQ(checker_->CheckEvidence(harmless).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(HeadTest, TheSignerNeverSignsASequenceNumberTwice_R3) {
  const v1::SignedHead held = Sign(nullptr, 3);
  for (uint64_t seq : {1, 2, 3}) {
    const auto again = signer_.SignNext(&held, {feed_, seq, 1, Sha256("x"), clock_.Now()});
    EXPECT_EQ(again.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(again.status().message(), HasSubstr("not above"));
  }
}

TEST_F(HeadTest, TheSignersTimeNeverGoesBack_R5) {
  const v1::SignedHead held = Sign(nullptr, 3);
  clock_.Advance(-absl::Minutes(5));
  EXPECT_EQ(Compared(held, *signer_.Resign(held, clock_.Now())), Order::kSame);
  EXPECT_EQ(ParseHead(Sign(&held, 4))->body.as_of_unix_millis(), ParseHead(held)->body.as_of_unix_millis());
}

TEST_F(HeadTest, AClockThatWasADayAheadSpoilsNoLaterHead) {
  clock_.Advance(absl::Hours(24));
  const v1::SignedHead held = Sign(nullptr, 3);
  clock_.Advance(-absl::Hours(24));
  const v1::SignedHead next = Sign(&held, 4);
  const auto checked = checker_->CheckSignature(next);
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_EQ(checked->as_of(), clock_.Now());
  EXPECT_EQ(Compared(held, next), Order::kNewer);
  EXPECT_TRUE(HeadSigner::IsAheadOf(ParseHead(held)->body.as_of_unix_millis(), clock_.Now()));
  EXPECT_FALSE(HeadSigner::IsAheadOf(ParseHead(next)->body.as_of_unix_millis(), clock_.Now()));
}

TEST_F(HeadTest, APlannedNewKeySignsTheSameStateAnew) {
  const v1::SignedHead held = Sign(nullptr, 3);
  SeededRandom random(99);
  const SigningKey key = *SigningKey::Generate(&random);
  Change([&](v1::Charter* c) {
    v1::PublishingKey* added = c->mutable_partners(0)->add_publishing_keys();
    added->set_public_key(key.public_key());
    added->set_generation(1);
  });
  const v1::SignedHead anew = *HeadSigner(key, "test").Resign(held, clock_.Now() + absl::Seconds(1));
  EXPECT_EQ(Compared(held, anew), Order::kNewerAsOf);
}

}  // namespace
}  // namespace cairn
