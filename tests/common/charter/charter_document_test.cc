#include "common/charter/charter_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "absl/strings/str_cat.h"
#include "common/charter/charter_edit.h"
#include "common/charter/charter_file.h"
#include "common/charter/charter_text.h"
#include "common/charter/join_request.h"
#include "common/crypto/hash.h"

namespace cairn {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const absl::Time now = absl::FromUnixSeconds(1'800'000'000);

SigningKey KeyOf(uint64_t seed) {
  SeededRandom random(seed);
  return *SigningKey::Generate(&random);
}

v1::Governor GovernorOf(const std::string& name, const SigningKey& key) {
  v1::Governor governor;
  governor.set_name(name);
  governor.set_public_key(key.public_key());
  return governor;
}

JoinOptions AskingFor(const std::string& partner) {
  return {partner,
          absl::StrCat("Organisation ", partner),
          "PL",
          "ngo",
          absl::StrCat(partner, "-1"),
          absl::StrCat(partner, ".example.org:7447"),
          Sha256(partner)};
}

v1::SignedCharter Signed(const v1::Charter& charter, const std::vector<SigningKey>& keys) {
  v1::SignedCharter out = *MakeUnsigned(charter);
  for (const SigningKey& key : keys) SignCharter(&out, key);
  return out;
}

// Three governors, two of whom must sign.
class CharterTest : public ::testing::Test {
 protected:
  CharterTest() {
    charter_ = *NewCharter({"example",
                            "Example network",
                            {GovernorOf("secretariat", a_), GovernorOf("treasurer", b_), GovernorOf("chair", c_)},
                            2,
                            now});
    charter_ = *Admit(charter_, *MakeJoinRequest(AskingFor("pl-example"), KeyOf(10)));
    first_ = Signed(charter_, {a_, b_});
  }

  v1::Charter Next() { return *Successor(first_, now + absl::Hours(1)); }

  const SigningKey a_ = KeyOf(1), b_ = KeyOf(2), c_ = KeyOf(3), stranger_ = KeyOf(4);
  v1::Charter charter_;
  v1::SignedCharter first_;
};

// --- content

TEST_F(CharterTest, AWellFormedCharterHasNoProblems) { EXPECT_TRUE(ValidateCharter(charter_).empty()); }

TEST_F(CharterTest, EveryRuleIsNamedWithItsPath) {
  struct Case {
    std::string path;
    std::function<void(v1::Charter*)> edit;
  };
  const auto partner = [](v1::Charter* c) { return c->mutable_partners(0); };
  const std::vector<Case> cases = {
      {"consortium", [](auto* c) { c->set_consortium("Example!"); }},
      {"consortium_name", [](auto* c) { c->clear_consortium_name(); }},
      {"consortium_name", [](auto* c) { c->set_consortium_name("a\x1b[2Jb"); }},
      {"version", [](auto* c) { c->set_version(0); }},
      {"previous_sha256", [](auto* c) { c->set_previous_sha256("x"); }},
      {"governors", [](auto* c) { c->clear_governors(); }},
      {"governors[0].name", [](auto* c) { c->mutable_governors(0)->clear_name(); }},
      {"governors[0].public_key", [](auto* c) { c->mutable_governors(0)->set_public_key("short"); }},
      {"governors[1].public_key",
       [](auto* c) { c->mutable_governors(1)->set_public_key(c->governors(0).public_key()); }},
      {"threshold", [](auto* c) { c->set_threshold(0); }},
      {"threshold", [](auto* c) { c->set_threshold(4); }},
      {"partners[0].id", [&](auto* c) { partner(c)->set_id("PL"); }},
      {"partners[0].id", [&](auto* c) { partner(c)->set_id(std::string(65, 'x')); }},
      {"partners[1].id", [](auto* c) { *c->add_partners() = c->partners(0); }},
      {"partners[0].name", [&](auto* c) { partner(c)->set_name(std::string(401, 'x')); }},
      {"partners[0].country", [&](auto* c) { partner(c)->set_country("pl"); }},
      {"partners[0].role", [&](auto* c) { partner(c)->set_role("wizard"); }},
      {"partners[0].status", [&](auto* c) { partner(c)->clear_status(); }},
      {"partners[0].generation", [&](auto* c) { partner(c)->set_generation(0); }},
      {"partners[0].publishing_keys[0].public_key",
       [&](auto* c) { partner(c)->mutable_publishing_keys(0)->set_public_key(""); }},
      {"partners[0].publishing_keys[0].generation",
       [&](auto* c) { partner(c)->mutable_publishing_keys(0)->set_generation(2); }},
      {"partners[0].publishing_keys[0].ranges[0].audience",
       [&](auto* c) { partner(c)->mutable_publishing_keys(0)->add_ranges(); }},
      {"partners[0].nodes[0].id", [&](auto* c) { partner(c)->mutable_nodes(0)->set_id("-a"); }},
      {"partners[0].nodes[0].endpoint", [&](auto* c) { partner(c)->mutable_nodes(0)->set_endpoint("example.org"); }},
      {"partners[0].nodes[0].spki_sha256", [&](auto* c) { partner(c)->mutable_nodes(0)->set_spki_sha256("x"); }},
      {"partners[0].nodes[1].spki_sha256", [&](auto* c) { *partner(c)->add_nodes() = c->partners(0).nodes(0); }},
      {"circles[0].name", [](auto* c) { c->add_circles(); }},
      {"circles[0].partners[0]",
       [](auto* c) {
         c->add_circles()->set_name("police");
         c->mutable_circles(0)->add_partners("nobody");
       }},
  };
  for (const Case& test : cases) {
    v1::Charter charter = charter_;
    test.edit(&charter);
    std::vector<std::string> paths;
    for (const Problem& problem : ValidateCharter(charter)) paths.push_back(problem.path);
    EXPECT_THAT(paths, Contains(test.path));
  }
}

TEST_F(CharterTest, AnErrorNamesValueAndRemedy) {
  charter_.mutable_partners(0)->set_role("wizard");
  const absl::Status status = MakeUnsigned(charter_).status();
  EXPECT_THAT(status.message(), HasSubstr("partners[0].role \"wizard\""));
  EXPECT_THAT(status.message(), HasSubstr("helpline"));
}

TEST(NamesTest, IdsAudiencesAndEndpoints) {
  for (const char* id : {"a", "pl-example-1", "7"}) EXPECT_TRUE(IsCharterId(id)) << id;
  for (const char* id : {"", "-a", "a-", "A", "a_b", "a b", "\xc5\x82"}) EXPECT_FALSE(IsCharterId(id)) << id;
  for (const char* name : {"public", "consortium", "circle:police"}) EXPECT_TRUE(IsAudience(name)) << name;
  for (const char* name : {"", "Public", "circle:", "circle:A", "private"}) EXPECT_FALSE(IsAudience(name)) << name;
  for (const char* at : {"a.example.org:1", "127.0.0.1:65535", "[::1]:7447"}) EXPECT_TRUE(IsEndpoint(at)) << at;
  for (const char* at : {"", ":1", "a:0", "a:65536", "a:+1", "a b:1", "::1:1", "a", "a:", "http://a:1"}) {
    EXPECT_FALSE(IsEndpoint(at)) << at;
  }
}

// --- signatures and chains

TEST_F(CharterTest, TheThresholdIsEnough) { EXPECT_TRUE(CheckFirst(first_).ok()); }

TEST_F(CharterTest, OneBelowTheThresholdIsNot) {
  EXPECT_EQ(CheckFirst(Signed(charter_, {a_})).code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(CheckFirst(Signed(charter_, {a_, stranger_})).code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(CharterTest, AKeyThatSignedTwiceCountsOnce) {
  v1::SignedCharter twice = Signed(charter_, {a_});
  *twice.add_signatures() = twice.signatures(0);
  EXPECT_EQ(CheckFirst(twice).code(), absl::StatusCode::kPermissionDenied);
  twice.mutable_signatures(1)->set_key_id(KeyId(b_.public_key()));
  EXPECT_EQ(CheckFirst(twice).code(), absl::StatusCode::kPermissionDenied) << "nor under another key's id";
}

TEST_F(CharterTest, ABodyChangedAfterSigningIsRefused) {
  v1::Charter changed = charter_;
  changed.set_consortium_name("Another name");
  first_.set_body(changed.SerializeAsString());
  EXPECT_EQ(CheckFirst(first_).code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(CharterTest, ASuccessorNeedsItsPredecessorsGovernors) {
  v1::Charter next = *SetGovernors(Next(), {GovernorOf("usurper", stranger_)}, 1);
  EXPECT_EQ(CheckSuccessor(first_, Signed(next, {stranger_})).code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(CheckSuccessor(first_, Signed(next, {stranger_, a_})).code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(CheckSuccessor(first_, Signed(next, {stranger_, a_, b_})).ok());
}

TEST_F(CharterTest, ASuccessorNeedsItsOwnGovernorsToo) {
  v1::Charter next = *SetGovernors(Next(), {GovernorOf("new", stranger_), GovernorOf("chair", c_)}, 2);
  EXPECT_EQ(CheckSuccessor(first_, Signed(next, {a_, b_})).code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(CheckSuccessor(first_, Signed(next, {a_, c_, stranger_})).ok());
}

TEST_F(CharterTest, ARemovedGovernorNoLongerCounts) {
  const v1::SignedCharter second =
      Signed(*SetGovernors(Next(), {GovernorOf("secretariat", a_), GovernorOf("treasurer", b_)}, 2), {a_, b_});
  ASSERT_TRUE(CheckSuccessor(first_, second).ok());
  const v1::Charter third = *Successor(second, now);
  EXPECT_EQ(CheckSuccessor(second, Signed(third, {a_, c_})).code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(CheckSuccessor(second, Signed(third, {a_, b_})).ok());
}

TEST_F(CharterTest, ASkippedVersionIsRefused) {
  v1::Charter next = Next();
  next.set_version(3);
  EXPECT_THAT(CheckSuccessor(first_, Signed(next, {a_, b_})).message(), HasSubstr("version 2 is next"));
}

TEST_F(CharterTest, AnotherPredecessorIsRefused) {
  v1::Charter next = Next();
  next.set_previous_sha256(Sha256("another"));
  EXPECT_THAT(CheckSuccessor(first_, Signed(next, {a_, b_})).message(), HasSubstr("previous_sha256"));
}

TEST_F(CharterTest, AnotherConsortiumIsRefused) {
  v1::Charter next = Next();
  next.set_consortium("elsewhere");
  EXPECT_EQ(CheckSuccessor(first_, Signed(next, {a_, b_})).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(CharterTest, AChainIsCheckedFromEndToEnd) {
  v1::CharterChain chain;
  EXPECT_EQ(CheckChain(chain).code(), absl::StatusCode::kInvalidArgument);
  *chain.add_versions() = first_;
  *chain.add_versions() = Signed(Next(), {b_, c_});
  EXPECT_TRUE(CheckChain(chain).ok());
  *chain.add_versions() = Signed(*Successor(chain.versions(1), now), {c_});
  EXPECT_THAT(CheckChain(chain).message(), HasSubstr("the version after 2"));
  chain.mutable_versions()->RemoveLast();
  chain.mutable_versions(0)->clear_signatures();
  EXPECT_EQ(CheckChain(chain).code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(CharterTest, SignaturesOnCopiesOfOneDraftAreMerged) {
  v1::SignedCharter one = Signed(charter_, {a_});
  EXPECT_TRUE(MergeSignatures(&one, Signed(charter_, {a_, b_})).ok());
  EXPECT_EQ(one.signatures_size(), 2);
  EXPECT_TRUE(CheckFirst(one).ok());
  EXPECT_EQ(MergeSignatures(&one, Signed(Next(), {c_})).code(), absl::StatusCode::kInvalidArgument);
}

// --- join requests

TEST(JoinRequestTest, IsSignedByItsPublishingKey) {
  const v1::JoinRequest request = *MakeJoinRequest(AskingFor("pl-example"), KeyOf(10));
  EXPECT_TRUE(CheckJoinRequest(request).ok());
  EXPECT_EQ(JoinFingerprint(request).size(), 39u);
}

TEST(JoinRequestTest, AnyTamperingShows) {
  const std::vector<std::function<void(v1::Partner*)>> edits = {
      [](auto* p) { p->set_id("pl-other"); }, [](auto* p) { p->set_name("Other"); },
      [](auto* p) { p->mutable_nodes(0)->set_spki_sha256(Sha256("other")); },
      [](auto* p) { p->mutable_nodes(0)->set_endpoint("other.example.org:1"); },
      [](auto* p) { p->mutable_publishing_keys(0)->set_public_key(KeyOf(11).public_key()); }};
  const v1::JoinRequest original = *MakeJoinRequest(AskingFor("pl-example"), KeyOf(10));
  for (const auto& edit : edits) {
    v1::JoinRequest request = original;
    edit(request.mutable_partner());
    EXPECT_EQ(CheckJoinRequest(request).code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(JoinFingerprint(request), JoinFingerprint(original));
  }
}

TEST(JoinRequestTest, CannotAskForMoreThanAdmission) {
  const std::vector<std::function<void(v1::Partner*)>> edits = {
      [](auto* p) { p->mutable_quota()->set_records_max(1); }, [](auto* p) { p->set_generation(2); },
      [](auto* p) { p->set_status(v1::SUSPENDED); },
      [](auto* p) { p->add_publishing_keys()->CopyFrom(p->publishing_keys(0)); }, [](auto* p) { p->clear_nodes(); }};
  for (const auto& edit : edits) {
    v1::JoinRequest request = *MakeJoinRequest(AskingFor("pl-example"), KeyOf(10));
    edit(request.mutable_partner());
    request.set_signature(KeyOf(10).Sign(join_domain, request.partner().SerializeAsString()));
    EXPECT_EQ(CheckJoinRequest(request).code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(JoinRequestTest, SaysWhichOptionIsWrong) {
  JoinOptions options = AskingFor("pl-example");
  options.country = "Poland";
  EXPECT_THAT(MakeJoinRequest(options, KeyOf(10)).status().message(), HasSubstr("country \"Poland\""));
}

// --- edits

TEST_F(CharterTest, ASuccessorRefersToWhatItFollows) {
  const v1::Charter next = Next();
  EXPECT_EQ(next.version(), 2u);
  EXPECT_EQ(next.previous_sha256(), CharterSha256(first_));
  EXPECT_GT(next.expires_at().seconds(), next.issued_at().seconds());
}

TEST_F(CharterTest, AdmitsPartnersAndTheirFurtherNodes) {
  JoinOptions more = AskingFor("pl-example");
  more.node = "pl-example-2";
  more.endpoint = "";
  more.spki_sha256 = Sha256("second");
  const auto next = Admit(Next(), *MakeJoinRequest(more, KeyOf(10)));
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->partners(0).nodes_size(), 2);
  EXPECT_EQ(Admit(*next, *MakeJoinRequest(more, KeyOf(10))).status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Admit(*next, *MakeJoinRequest(AskingFor("lv-example"), KeyOf(11)))->partners_size(), 2);
}

TEST_F(CharterTest, NobodyAddsANodeToAPartnerWithAnotherKey) {
  JoinOptions more = AskingFor("pl-example");
  more.node = "pl-example-2";
  more.endpoint = "";
  more.spki_sha256 = Sha256("second");
  EXPECT_EQ(Admit(Next(), *MakeJoinRequest(more, stranger_)).status().code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(CharterTest, SuspendsReinstatesAndRetires) {
  v1::Charter next = *SetCircle(Next(), "police", {"pl-example"});
  next = *Suspend(next, "pl-example");
  EXPECT_EQ(next.partners(0).status(), v1::SUSPENDED);
  EXPECT_FALSE(Suspend(next, "pl-example").ok());
  next = *Reinstate(next, "pl-example");
  next = *Retire(next, "pl-example");
  EXPECT_EQ(next.partners(0).status(), v1::RETIRED);
  EXPECT_EQ(next.partners(0).nodes_size(), 0);
  EXPECT_EQ(next.circles(0).partners_size(), 0);
  EXPECT_FALSE(Reinstate(next, "pl-example").ok());
  EXPECT_EQ(Suspend(next, "nobody").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(CharterTest, ChangesNodesCirclesAndQuotas) {
  v1::Charter next = *SetEndpoint(Next(), "pl-example-1", "");
  EXPECT_EQ(next.partners(0).nodes(0).endpoint(), "");
  EXPECT_FALSE(SetEndpoint(Next(), "pl-example-1", "nonsense").ok());
  EXPECT_EQ(RemoveNode(next, "pl-example-1")->partners(0).nodes_size(), 0);
  EXPECT_FALSE(SetCircle(next, "police", {"nobody"}).ok());
  next = *SetCircle(next, "police", {"pl-example"});
  EXPECT_EQ(SetCircle(next, "police", {})->circles_size(), 0);
  v1::Quota quota;
  quota.set_records_max(7);
  EXPECT_EQ(SetQuota(next, "pl-example", quota)->partners(0).quota().records_max(), 7u);
}

// --- words and files

TEST_F(CharterTest, IsDescribedInPlainWords) {
  const std::string text = Describe(charter_, now);
  EXPECT_THAT(text, HasSubstr("Example network (example), charter version 1"));
  EXPECT_THAT(text, HasSubstr("2 of these governors must sign"));
  EXPECT_THAT(text, HasSubstr("node pl-example-1, at pl-example.example.org:7447"));
  EXPECT_THAT(text, Not(HasSubstr("OUT OF DATE")));
  EXPECT_THAT(Describe(charter_, now + absl::Hours(24 * 1000)), HasSubstr("OUT OF DATE"));
}

TEST_F(CharterTest, AChangeIsDescribedInPlainWords) {
  EXPECT_TRUE(DescribeChange(charter_, Next()).empty());
  v1::Charter next = *Admit(Next(), *MakeJoinRequest(AskingFor("lv-example"), KeyOf(11)));
  next = *Suspend(next, "pl-example");
  next = *SetGovernors(next, {GovernorOf("secretariat", a_), GovernorOf("treasurer", b_)}, 1);
  EXPECT_THAT(DescribeChange(charter_, next),
              ElementsAre(HasSubstr("takes away governor chair"), HasSubstr("needs 1 signatures from now on, 2"),
                          HasSubstr("partner pl-example: active becomes suspended"),
                          HasSubstr("admits partner lv-example (Organisation lv-example), PL, ngo")));
}

TEST_F(CharterTest, ItIsSaidWhoSignedAndWhoMustStill) {
  EXPECT_EQ(DescribeSignatures(first_, nullptr), "signed by 2 of the 2 needed: secretariat, treasurer");
  EXPECT_THAT(DescribeSignatures(Signed(Next(), {c_}), &first_), HasSubstr("1 more must sign"));
}

TEST_F(CharterTest, SurvivesMail) {
  v1::CharterChain chain;
  *chain.add_versions() = first_;
  const std::string text = ArmourChain(chain);
  const auto back = ChainFromText(absl::StrCat("Dear governors,\r\n\r\n", text, "\nRegards\n"));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->SerializeAsString(), chain.SerializeAsString());
  EXPECT_THAT(ChainFromText(text.substr(0, text.size() / 2)).status().message(), HasSubstr("cut off"));
  EXPECT_FALSE(ChainFromText("").ok());
  EXPECT_FALSE(JoinRequestFromText(text).ok()) << "another kind of file";
}

TEST(JoinRequestTest, SurvivesMail) {
  const v1::JoinRequest request = *MakeJoinRequest(AskingFor("pl-example"), KeyOf(10));
  EXPECT_TRUE(CheckJoinRequest(*JoinRequestFromText(ArmourJoinRequest(request))).ok());
}

}  // namespace
}  // namespace cairn
