// Publishing keys in the charter: planned changes, theft, loss, and what a signer is told of them.
#include "tests/common/charter/charter_fixture.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(GovernanceTest, APlannedKeyComesBesideTheOldOne) {
  const v1::NewKeyRequest request = *MakeNewKeyRequest("pl-x", new_key_, {old_key_});
  const v1::Charter next = *RotateKey(Next(), request);
  ASSERT_EQ(PartnerOf(next).publishing_keys_size(), 2);
  EXPECT_EQ(PartnerOf(next).publishing_keys(1).public_key(), new_key_.public_key()) << "the newest last";
  EXPECT_EQ(RotateKey(next, request).status().code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(GovernanceTest, TheOldKeyGoesWithALaterVersion) {
  const v1::Charter both = *RotateKey(Next(), *MakeNewKeyRequest("pl-x", new_key_, {old_key_}));
  const v1::Charter next = *DropKey(both, "pl-x", IdOf(old_key_));
  ASSERT_EQ(PartnerOf(next).publishing_keys_size(), 1);
  EXPECT_EQ(DropKey(next, "pl-x", IdOf(new_key_)).status().code(), absl::StatusCode::kInvalidArgument) << "the last";
  EXPECT_EQ(DropKey(both, "pl-x", IdOf(stranger_)).status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Dangers(next), HasSubstr("is taken away"));
}

TEST_F(GovernanceTest, AStrangerCannotAskForAKeyInThePartnersName) {  // arbitrary key
  const v1::NewKeyRequest unvouched = *MakeNewKeyRequest("pl-x", stranger_, {});
  EXPECT_EQ(RotateKey(Next(), unvouched).status().code(), absl::StatusCode::kPermissionDenied);
  v1::NewKeyRequest forged = *MakeNewKeyRequest("pl-x", stranger_, {new_key_});
  forged.mutable_by_old_keys(0)->set_key_id(IdOf(old_key_));
  EXPECT_EQ(RotateKey(Next(), forged).status().code(), absl::StatusCode::kPermissionDenied);
  v1::NewKeyRequest moved = *MakeNewKeyRequest("pl-x", new_key_, {old_key_});
  moved.set_public_key(stranger_.public_key());
  EXPECT_EQ(RotateKey(Next(), moved).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(GovernanceTest, ARevokedKeyCannotAskForItsSuccessor) {
  const v1::Charter revoked =
      *RevokeKey(Next(), {"pl-x", IdOf(old_key_), {good_}, *NewKeyOf(*MakeNewKeyRequest("pl-x", new_key_, {})), false});
  const v1::NewKeyRequest thiefs = *MakeNewKeyRequest("pl-x", stranger_, {old_key_});
  EXPECT_EQ(RotateKey(revoked, thiefs).status().code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(GovernanceTest, AStolenKeyEndsAtTheLastGoodState) {
  const NewKey fresh = *NewKeyOf(*MakeNewKeyRequest("pl-x", new_key_, {}));
  const v1::Charter next = *RevokeKey(Next(), {"pl-x", IdOf(old_key_), {good_}, fresh, false});
  const v1::PublishingKey& stolen = PartnerOf(next).publishing_keys(0);
  EXPECT_TRUE(stolen.revoked());
  EXPECT_EQ(stolen.ranges(0).until_seq(), 8u);
  EXPECT_EQ(stolen.ranges(0).until_digest(), Sha256("good"));
  EXPECT_EQ(PartnerOf(next).publishing_keys(1).generation(), 1u);
  EXPECT_EQ(PartnerOf(next).generation(), 1u);
  EXPECT_THAT(Dangers(next), HasSubstr("is revoked"));
  EXPECT_THAT(Describe(next, now_), HasSubstr("REVOKED, public good up to 8"));
}

TEST_F(GovernanceTest, ATheftMayBeginANewGeneration) {
  const NewKey fresh = *NewKeyOf(Request(new_key_, "pl-x", "another machine"));
  const v1::Charter next = *RevokeKey(Next(), {"pl-x", IdOf(old_key_), {good_}, fresh, true});
  EXPECT_EQ(PartnerOf(next).generation(), 2u);
  EXPECT_EQ(PartnerOf(next).publishing_keys(0).generation(), 1u);
  EXPECT_EQ(PartnerOf(next).publishing_keys(1).generation(), 2u);
  ASSERT_EQ(PartnerOf(next).nodes_size(), 1) << "the machine keeps its id";
  EXPECT_EQ(PartnerOf(next).nodes(0).spki_sha256(), Sha256("another machinepl-x"));
  EXPECT_THAT(Dangers(next), HasSubstr("begins generation 2"));
  EXPECT_THAT(Dangers(next), HasSubstr("shows another TLS key"));
}

TEST_F(GovernanceTest, ARevocationNeedsAKeyOfThatPartnerThatIsNotTheStolenOne) {
  const NewKey stolen = *NewKeyOf(Request(old_key_));
  EXPECT_FALSE(RevokeKey(Next(), {"pl-x", IdOf(old_key_), {}, stolen, false}).ok());
  const NewKey others = *NewKeyOf(*MakeNewKeyRequest("lv-y", new_key_, {}));
  EXPECT_FALSE(RevokeKey(Next(), {"pl-x", IdOf(old_key_), {}, others, false}).ok());
  const NewKey fresh = *NewKeyOf(*MakeNewKeyRequest("pl-x", new_key_, {}));
  EXPECT_EQ(RevokeKey(Next(), {"pl-x", IdOf(stranger_), {}, fresh, false}).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(GovernanceTest, ALostKeyBeginsANewGenerationAndNamesWhatMayBeFetchedBack) {
  const v1::Charter next = *NewGeneration(Next(), *NewKeyOf(Request(new_key_)), {good_});
  EXPECT_EQ(PartnerOf(next).generation(), 2u);
  EXPECT_FALSE(PartnerOf(next).publishing_keys(0).revoked());
  EXPECT_EQ(PartnerOf(next).publishing_keys(0).ranges(0).until_seq(), 8u);
}

TEST_F(GovernanceTest, ARetiredPartnersEntriesGoOrStay) {
  EXPECT_THAT(Dangers(*Retire(Next(), "pl-x")), HasSubstr("withdrawn everywhere"));
  const v1::Charter kept = *RetireKeeping(Next(), "pl-x", {good_});
  EXPECT_TRUE(PartnerOf(kept).entries_kept());
  EXPECT_TRUE(PartnerOf(kept).nodes().empty());
  EXPECT_THAT(Dangers(kept), Not(HasSubstr("withdrawn everywhere")));
  EXPECT_THAT(Describe(kept, now_), HasSubstr("its entries stay"));
}

TEST_F(GovernanceTest, RulesOfKeysAndRetirementAreNamed) {
  v1::Charter next = Next();
  next.mutable_partners(0)->set_entries_kept(true);
  EXPECT_THAT(MakeUnsigned(next).status().message(), HasSubstr("entries_kept"));
  next = Next();
  v1::PublishingKey* key = next.mutable_partners(0)->mutable_publishing_keys(0);
  key->set_revoked(true);
  key->add_ranges()->set_audience("public");
  EXPECT_THAT(MakeUnsigned(next).status().message(), HasSubstr("until_digest"));
}

TEST_F(GovernanceTest, APinChangesByCertificateHashOrByAJoinRequestOfThatPartner) {
  EXPECT_EQ(SetPin(Next(), "pl-x-1", Sha256("new"))->partners(0).nodes(0).spki_sha256(), Sha256("new"));
  EXPECT_EQ(SetPin(Next(), Request(new_key_, "pl-x", "new"))->partners(0).nodes(0).spki_sha256(), Sha256("newpl-x"));
  EXPECT_EQ(SetPin(Next(), Request(new_key_)).status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(SetPin(Next(), Request(new_key_, "lv-y")).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(SetPin(Next(), "nobody", Sha256("new")).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(GovernanceTest, ACircleChangesMemberByMemberAndNewReadersAreCalledToMind) {
  v1::Charter next = *Admit(Next(), Request(new_key_, "lv-y"));
  next = *ChangeCircle(next, "police", {"pl-x"}, {});
  charter_ = next;
  next = *ChangeCircle(next, "police", {"lv-y", "pl-x"}, {});
  EXPECT_EQ(next.circles(0).partners_size(), 2);
  EXPECT_THAT(Dangers(next), HasSubstr("lv-y receives all that was ever published to circle police"));
  EXPECT_EQ(ChangeCircle(next, "police", {}, {"al-z"}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ChangeCircle(next, "police", {}, {"pl-x", "lv-y"})->circles_size(), 0) << "with nobody left it is gone";
}

}  // namespace
}  // namespace cairn
