#include "server/access/token_store.h"

#include <gmock/gmock.h>

#include "common/base/limits.h"
#include "common/crypto/hash.h"
#include "tests/server/access/access_fixture.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TokenStoreTest : public AccessTest {};

TEST_F(TokenStoreTest, ATokenHas256BitsAndNoTwoAreTheSame) {
  const std::string one = Secret("one", v1::READER);
  const std::string two = Secret("two", v1::READER);
  EXPECT_EQ(one.size(), std::string("cairn_").size() + 43);
  EXPECT_EQ(one.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"),
            std::string::npos);
  EXPECT_NE(one, two);
}

TEST_F(TokenStoreTest, GivesWhatItWasMadeForAndOutlivesARestart) {
  const std::string secret = Secret("import", v1::PUBLISHER, {"consortium", "circle:police"});
  Open();
  const auto grant = tokens_->Find(secret);
  ASSERT_TRUE(grant.has_value());
  EXPECT_EQ(grant->name, "import");
  EXPECT_EQ(grant->role, v1::PUBLISHER);
  EXPECT_THAT(grant->audiences, ElementsAre("consortium", "circle:police"));
}

TEST_F(TokenStoreTest, OnlyTheHashIsOnDisk) {
  const std::string secret = Secret("import", v1::PUBLISHER);
  ASSERT_TRUE(store_
                  ->Read([&](Connection& db) -> absl::Status {
                    const auto rows = ReadTokens(db);
                    EXPECT_EQ(rows->front().sha256, Sha256(secret));
                    return absl::OkStatus();
                  })
                  .ok());
}

TEST_F(TokenStoreTest, EndsWhenItsDaysAreOver) {
  const std::string secret = Create("short", v1::READER, {}, 2)->secret();
  clock_.Advance(absl::Hours(48) - absl::Seconds(1));
  EXPECT_TRUE(tokens_->Find(secret).has_value());
  EXPECT_TRUE(tokens_->IsValid("short"));
  clock_.Advance(absl::Seconds(1));
  EXPECT_FALSE(tokens_->Find(secret).has_value());
  EXPECT_FALSE(tokens_->IsValid("short"));
}

TEST_F(TokenStoreTest, LastsNinetyDaysUnlessSaidOtherwise) {
  const v1::AccessToken token = Create("usual", v1::READER)->token();
  EXPECT_EQ(token.expires_at().seconds() - token.created_at().seconds(), 90 * 86'400);
}

TEST_F(TokenStoreTest, ARevokedTokenIsWorthlessAtOnceAndForGood) {
  const std::string secret = Secret("leaked", v1::OPERATOR);
  ASSERT_TRUE(tokens_->Revoke(Local(), "leaked").ok());
  EXPECT_FALSE(tokens_->Find(secret).has_value());
  Open();
  EXPECT_FALSE(tokens_->Find(secret).has_value());
  const int64_t revoked = tokens_->List().tokens(0).revoked_at().seconds();
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(tokens_->Revoke(Local(), "leaked")->revoked_at().seconds(), revoked) << "a second time changes nothing";
}

TEST_F(TokenStoreTest, ANameIsGivenOnceEvenAfterRevoking) {
  Secret("import", v1::PUBLISHER);
  ASSERT_TRUE(tokens_->Revoke(Local(), "import").ok());
  const absl::Status status = Create("import", v1::PUBLISHER).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(status.message(), HasSubstr("import-2"));
  EXPECT_EQ(tokens_->Revoke(Local(), "nothing").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(TokenStoreTest, RefusesWhatCannotBeAndSaysWhatWouldBeRight) {
  const auto error = [&](const absl::Status& status) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_THAT(error(Create("Jane Doe", v1::READER).status()), HasSubstr("such as website-dashboard"));
  EXPECT_THAT(error(Create("x", v1::ACCESS_ROLE_UNSPECIFIED).status()), HasSubstr("reader, editor"));
  EXPECT_THAT(error(Create("x", static_cast<Role>(9)).status()), HasSubstr("reader, editor"));
  EXPECT_THAT(error(Create("x", v1::READER, {}, limits::token_days_max + 1).status()), HasSubstr("at most 3660"));
  EXPECT_THAT(error(Create("x", v1::READER, {"police"}).status()), HasSubstr("circle:NAME"));
  EXPECT_THAT(error(Create("x", v1::READER, {"circle:clinics"}).status()), HasSubstr("p0 is in no circle"));
  EXPECT_THAT(error(Create("x", v1::READER, {"circle:unknown"}).status()), HasSubstr("p0 is in no circle"));
  EXPECT_THAT(error(Create("x", v1::READER, {"circle:police"}).status()), HasSubstr("without consortium"));
}

TEST_F(TokenStoreTest, TheLastUseIsKnownToTenMinutesAndWrittenNoOftener) {
  const std::string secret = Secret("dashboard", v1::READER);
  EXPECT_FALSE(tokens_->List().tokens(0).has_last_used_at());
  tokens_->Find(secret);
  const int64_t first = tokens_->List().tokens(0).last_used_at().seconds();
  EXPECT_EQ(first, absl::ToUnixSeconds(clock_.Now()));
  clock_.Advance(absl::Minutes(9));
  tokens_->Find(secret);
  EXPECT_EQ(tokens_->List().tokens(0).last_used_at().seconds(), first);
  clock_.Advance(absl::Minutes(1));
  tokens_->Find(secret);
  Open();
  EXPECT_EQ(tokens_->List().tokens(0).last_used_at().seconds(), first + 600);
}

TEST_F(TokenStoreTest, ThereIsABoundAndEndedOnesDoNotCount_R8) {
  for (size_t i = 0; i < limits::tokens_max; ++i) ASSERT_TRUE(Create(absl::StrCat("t", i), v1::READER).ok());
  EXPECT_EQ(Create("one-more", v1::READER).status().code(), absl::StatusCode::kResourceExhausted);
  ASSERT_TRUE(tokens_->Revoke(Local(), "t7").ok());
  EXPECT_TRUE(Create("one-more", v1::READER).ok());
}

TEST_F(TokenStoreTest, WhatEndedLongAgoIsForgotten) {
  ASSERT_TRUE(Create("old", v1::READER, {}, 1).ok());
  clock_.Advance(absl::Hours(24) * (limits::audit_days_max + 2));
  ASSERT_TRUE(Create("new", v1::READER).ok());
  ASSERT_EQ(tokens_->List().tokens_size(), 1);
  EXPECT_EQ(tokens_->List().tokens(0).name(), "new");
  Open();
  EXPECT_EQ(tokens_->List().tokens_size(), 1);
}

}  // namespace
}  // namespace cairn
