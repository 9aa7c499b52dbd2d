#include "server/access/authoriser.h"

#include <gmock/gmock.h>

#include "common/base/errors.h"
#include "common/base/limits.h"
#include "tests/server/access/access_fixture.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AuthoriserTest : public AccessTest {
 protected:
  bool Reads(const Caller& caller, const std::string& partner, const std::string& audience) const {
    return MayRead(*charter_->current(), caller.reader(), partner, audience);
  }
};

TEST_F(AuthoriserTest, TheSocketIsTheOperators) {
  const Caller local = Local();
  EXPECT_EQ(local.role(), v1::OPERATOR);
  EXPECT_EQ(local.name(), "local");
  EXPECT_TRUE(local.local());
}

TEST_F(AuthoriserTest, WithoutAnythingNobodyComesIn) {
  const absl::Status status = authoriser_->Authorise({}, reading).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(ReasonOf(status), "TOKEN_MISSING");
}

TEST_F(AuthoriserTest, UnknownExpiredAndRevokedTokensGetTheSameWords) {
  const std::string expired = Create("expired", v1::READER, {}, 1)->secret();
  const std::string revoked = Secret("revoked", v1::READER);
  ASSERT_TRUE(tokens_->Revoke(Local(), "revoked").ok());
  clock_.Advance(absl::Hours(25));
  const absl::Status unknown = Ask("cairn_nothing").status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Ask(expired).status(), unknown);
  EXPECT_EQ(Ask(revoked).status(), unknown);
  EXPECT_EQ(Ask("").status(), unknown);
}

TEST_F(AuthoriserTest, TwoTokensAreNone) {
  const std::string secret = Secret("one", v1::OPERATOR);
  EXPECT_EQ(authoriser_->Authorise(Credential{false, {secret, secret}, ""}, reading).status().code(),
            absl::StatusCode::kUnauthenticated);
}

TEST_F(AuthoriserTest, AKnownCertificateComesInUnlessAWrongTokenStandsBesideIt) {
  const std::string key(32, 'k');
  const auto caller = authoriser_->Authorise(Credential{false, {}, key}, reading);
  ASSERT_TRUE(caller.ok());
  EXPECT_EQ(caller->name(), "certificate office");
  EXPECT_EQ(caller->role(), v1::PUBLISHER);
  EXPECT_FALSE(authoriser_->Authorise(Credential{false, {"cairn_wrong"}, key}, reading).ok());
  EXPECT_FALSE(authoriser_->Authorise(Credential{false, {}, std::string(32, 'z')}, reading).ok());
}

TEST_F(AuthoriserTest, ALesserRoleIsToldWhichOneIsNeededAndNothingElse) {
  const absl::Status status = Ask(Secret("dash", v1::READER), operating).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(status.message(), HasSubstr("needs the role operator"));
  EXPECT_THAT(status.message(), Not(HasSubstr("cairn_")));
  EXPECT_EQ(ReasonOf(status), "ROLE_TOO_LOW");
}

TEST_F(AuthoriserTest, AnRpcWithoutARowIsForNobodyNotEvenTheOperator) {
  EXPECT_EQ(authoriser_->Authorise(Credential{true, {}, ""}, "/cairn.v1.Operations/New").status().code(),
            absl::StatusCode::kPermissionDenied);
}

TEST_F(AuthoriserTest, AReaderReadsThePublicAudienceAndExactlyItsOwn) {
  const Caller plain = *Ask(Secret("plain", v1::READER));
  EXPECT_TRUE(Reads(plain, "p0", "public"));
  EXPECT_TRUE(Reads(plain, "p1", "public"));
  for (const char* owner : {"p0", "p1"}) {
    EXPECT_FALSE(Reads(plain, owner, "consortium")) << owner;
    EXPECT_FALSE(Reads(plain, owner, "circle:police")) << owner;
  }
  const Caller police = *Ask(Secret("police", v1::READER, {"consortium", "circle:police"}));
  EXPECT_TRUE(Reads(police, "p0", "circle:police"));
  EXPECT_TRUE(Reads(police, "p1", "circle:police"));
  EXPECT_FALSE(Reads(police, "p0", "circle:clinics")) << "not even its own partner's";
}

TEST_F(AuthoriserTest, AReaderNeverReadsMoreThanItsPartnerMay) {
  const Caller caller = *Ask(Secret("all", v1::READER, {"consortium", "circle:police"}));
  ASSERT_TRUE(Reads(caller, "p1", "circle:police"));
  consortium_.Change([](v1::Charter* charter) { charter->mutable_circles(0)->clear_partners(); });
  ASSERT_TRUE(charter_->SubmitTrusted(consortium_.chain()).ok());
  EXPECT_FALSE(Reads(caller, "p1", "circle:police")) << "its partner has left the circle";
  consortium_.Change([](v1::Charter* charter) { charter->mutable_partners(0)->set_status(v1::SUSPENDED); });
  ASSERT_TRUE(charter_->SubmitTrusted(consortium_.chain()).ok());
  EXPECT_FALSE(Reads(caller, "p1", "consortium"));
}

TEST_F(AuthoriserTest, AnOperatorReadsWhatItsPartnerMay) {
  const Caller caller = *Ask(Secret("op", v1::OPERATOR));
  EXPECT_TRUE(Reads(caller, "p1", "consortium"));
  EXPECT_TRUE(Reads(caller, "p1", "circle:police"));
  EXPECT_FALSE(Reads(caller, "p1", "circle:clinics"));
}

TEST_F(AuthoriserTest, WhoRunsLongIsAskedAgain) {
  const Caller caller = *Ask(Secret("watch", v1::READER));
  EXPECT_TRUE(authoriser_->StillValid(caller).ok());
  ASSERT_TRUE(tokens_->Revoke(Local(), "watch").ok());
  EXPECT_EQ(authoriser_->StillValid(caller).code(), absl::StatusCode::kUnauthenticated);
  EXPECT_TRUE(authoriser_->StillValid(Local()).ok());
}

TEST_F(AuthoriserTest, RefusalsOfKnownCallersAreAuditedUpToABound_R8) {
  const std::string secret = Secret("curious", v1::READER);
  for (int i = 0; i < 3 * limits::audit_refusals_per_hour_max; ++i) EXPECT_FALSE(Ask(secret, operating).ok());
  EXPECT_EQ(Audit().entries_size(), limits::audit_refusals_per_hour_max + 1);
  EXPECT_EQ(Audit().entries(0).caller(), "token curious");
  EXPECT_TRUE(Audit().entries(0).refused());
  clock_.Advance(absl::Hours(1));
  EXPECT_FALSE(Ask(secret, operating).ok());
  EXPECT_EQ(Audit().entries_size(), limits::audit_refusals_per_hour_max + 2);
}

TEST_F(AuthoriserTest, StrangersLeaveNoRow) {
  EXPECT_FALSE(Ask("cairn_guess", operating).ok());
  EXPECT_EQ(Audit().entries_size(), 0) << "anybody could fill the disk";
}

}  // namespace
}  // namespace cairn
