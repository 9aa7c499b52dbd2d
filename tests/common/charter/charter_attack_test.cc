// What an attacker tries on a charter, after the list of The Update Framework.
#include "common/base/limits.h"
#include "common/charter/charter_file.h"
#include "tests/common/charter/charter_fixture.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto denied = absl::StatusCode::kPermissionDenied;
constexpr auto invalid = absl::StatusCode::kInvalidArgument;

TEST_F(GovernanceTest, CollusionBelowTheThreshold_IsNotACharter) {
  // One governor names two keys of its own as governors and lowers the threshold to meet it.
  const v1::Charter next =
      *SetGovernors(Next(), {Governor("secretariat", a_), Governor("new", stranger_), Governor("new", new_key_)}, 1);
  EXPECT_EQ(CheckSuccessor(first_, SignedBy(next, {a_, stranger_, new_key_})).code(), denied);
}

TEST_F(GovernanceTest, TheSameKeyCountedTwice_InTwoOffices_IsRefused) {
  EXPECT_FALSE(SetGovernors(Next(), {Governor("secretariat", a_), Governor("treasurer", a_)}, 2).ok());
  v1::Charter next = Next();
  *next.mutable_governors(1) = Governor("treasurer", a_);  // past the edit's own check
  v1::SignedCharter forged;
  forged.set_body(next.SerializeAsString());
  for (const SigningKey& key : {a_, b_}) SignCharter(&forged, key);
  EXPECT_EQ(CheckSuccessor(first_, forged).code(), invalid);
}

TEST_F(GovernanceTest, ARevokedGovernor_CannotSignWithWhoIsLeft) {
  const v1::SignedCharter second =
      SignedBy(*SetGovernors(Next(), {Governor("secretariat", a_), Governor("treasurer", b_)}, 2), {a_, c_, b_});
  ASSERT_TRUE(CheckSuccessor(first_, second).ok());
  EXPECT_EQ(CheckSuccessor(second, SignedBy(*Successor(second, now_), {b_, c_})).code(), denied);
}

TEST_F(GovernanceTest, AnExpiredCharter_WarnsAndNeverStops) {
  v1::Charter next = Next();
  next.mutable_expires_at()->set_seconds(absl::ToUnixSeconds(now_ - absl::Hours(24)));
  const v1::SignedCharter expired = SignedBy(next, {a_, b_});
  EXPECT_TRUE(CheckSuccessor(first_, expired).ok());
  EXPECT_TRUE(CheckSuccessor(expired, SignedBy(*Successor(expired, now_), {a_, b_})).ok()) << "and can be renewed";
  EXPECT_THAT(Dangers(next), HasSubstr("out of date already"));
  next.mutable_expires_at()->set_seconds(absl::ToUnixSeconds(now_ + absl::Hours(24 * 12)));
  EXPECT_THAT(Dangers(next), HasSubstr("runs out in 11 days"));
}

TEST_F(GovernanceTest, FastForward_ToAVersionFarAhead_IsRefused) {
  v1::Charter next = Next();
  next.set_version(UINT64_MAX);
  EXPECT_EQ(CheckSuccessor(first_, SignedBy(next, {a_, b_, c_})).code(), invalid);
}

TEST_F(GovernanceTest, Rollback_ToAnOlderVersion_IsRefused) {
  const v1::SignedCharter second = SignedBy(Next(), {a_, b_});
  EXPECT_EQ(CheckSuccessor(second, first_).code(), invalid);
  EXPECT_EQ(CheckSuccessor(second, second).code(), invalid);
}

TEST_F(GovernanceTest, MixAndMatch_SignaturesOfAnotherVersionOrConsortium_CountForNothing) {
  v1::SignedCharter mixed = *MakeUnsigned(Next());
  *mixed.mutable_signatures() = first_.signatures();
  EXPECT_EQ(CheckSuccessor(first_, mixed).code(), denied);
  v1::Charter elsewhere = Next();
  elsewhere.set_consortium("elsewhere");
  *mixed.mutable_signatures() = SignedBy(elsewhere, {a_, b_}).signatures();
  EXPECT_EQ(CheckSuccessor(first_, mixed).code(), denied);
}

TEST_F(GovernanceTest, MixAndMatch_ASignatureForAnotherPurpose_CountsForNothing) {
  v1::SignedCharter next = *MakeUnsigned(Next());
  for (const SigningKey& key : {a_, b_}) {
    v1::CharterSignature* signature = next.add_signatures();
    signature->set_key_id(KeyId(key.public_key()));
    signature->set_signature(key.Sign(head_domain, next.body()));
  }
  EXPECT_EQ(CheckSuccessor(first_, next).code(), denied);
}

TEST_F(GovernanceTest, AnArbitraryBody_WithGoodSignatures_IsStillRefused) {
  for (const std::string& body : {std::string(), std::string("\xff\xff\xff"), std::string(1000, 'x')}) {
    v1::SignedCharter next;
    next.set_body(body);
    for (const SigningKey& key : {a_, b_}) SignCharter(&next, key);
    EXPECT_EQ(CheckSuccessor(first_, next).code(), invalid);
  }
}

TEST_F(GovernanceTest, AnArbitraryBody_ThatSaysMoreThanIsShown_IsCalledToMind) {
  v1::Charter next = Next();
  EXPECT_THAT(DescribeDangers(charter_, next, now_), IsEmpty());
  next.mutable_partners(0)->GetReflection()->MutableUnknownFields(next.mutable_partners(0))->AddVarint(999, 1);
  EXPECT_THAT(Dangers(next), HasSubstr("more than this program can show"));
}

TEST_F(GovernanceTest, EndlessData_IsRefusedBeforeItIsRead) {
  v1::SignedCharter large = first_;
  large.mutable_body()->append(limits::charter_bytes_max, 'x');
  EXPECT_EQ(CheckFirst(large).code(), invalid);
  v1::SignedCharter wordy = first_;
  for (int i = 0; i < 2 * limits::charter_governors_max; ++i) wordy.add_signatures()->set_key_id("0123456789abcdef");
  EXPECT_EQ(CheckFirst(wordy).code(), invalid);
  const std::string file(limits::charter_file_bytes_max + 1, 'x');
  EXPECT_THAT(ChainFromText(file).status().message(), HasSubstr("at most"));
}

TEST_F(GovernanceTest, FewerOrOtherGovernors_AreCalledToMind) {
  EXPECT_THAT(Dangers(*SetGovernors(Next(), {Governor("a", a_), Governor("b", b_), Governor("c", c_)}, 1)),
              HasSubstr("the threshold falls from 2 to 1"));
  EXPECT_THAT(Dangers(*SetGovernors(Next(), {Governor("a", a_), Governor("x", stranger_)}, 2)),
              HasSubstr("2 of the 3 governors go; those who stay cannot undo this"));
}

}  // namespace
}  // namespace cairn
