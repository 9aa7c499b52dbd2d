#include "server/directory/token.h"

#include <gtest/gtest.h>

#include <set>

#include "absl/strings/escaping.h"

namespace cairn {
namespace {

const std::string key(32, 'k');

TEST(TokenTest, ASealedTokenGivesItsFieldsBackToItsOwnRequestOnly) {
  const std::string token = *TokenWriter().Number(7).Number(0).Seal("list", "filter", key);
  TokenReader reader = *TokenReader::OpenSealed(token, "list", "filter", "page_token", key);
  EXPECT_EQ(reader.Number(), 7u);
  EXPECT_EQ(reader.Number(), 0u);
  EXPECT_TRUE(reader.End().ok());
  EXPECT_FALSE(TokenReader::OpenSealed(token, "list", "other filter", "page_token", key).ok());
  EXPECT_FALSE(TokenReader::OpenSealed(token, "search", "filter", "page_token", key).ok());
  EXPECT_FALSE(TokenReader::OpenSealed(token, "list", "filter", "page_token", std::string(32, 'l')).ok());
  EXPECT_FALSE(TokenReader::Open(token, "list", "filter", "page_token").ok());
}

// Numbers of rows count records that the reader may not see.
TEST(TokenTest, NeitherBytesNorLengthOfASealedTokenTellTheNumberInIt_R7) {
  std::set<size_t> sizes;
  for (const uint64_t number : {uint64_t{1}, uint64_t{100'000}, uint64_t{1} << 62}) {
    const std::string token = *TokenWriter().Number(number).Seal("list", "", key);
    std::string open, sealed;
    ASSERT_TRUE(absl::WebSafeBase64Unescape(TokenWriter().Number(number).Finish("list", ""), &open));
    ASSERT_TRUE(absl::WebSafeBase64Unescape(token, &sealed));
    const std::string field = open.substr(9);
    EXPECT_EQ(field.size() > 1 ? sealed.find(field) : std::string::npos, std::string::npos);
    sizes.insert(sealed.size());
  }
  EXPECT_EQ(sizes.size(), 1u);
}

TEST(TokenTest, WhatIsNoTokenIsRefusedWithItsNameAndValue) {
  for (const std::string& wrong : {std::string("x"), std::string("AAAA"), std::string(2 << 20, 'A'), std::string("")}) {
    EXPECT_EQ(TokenReader::OpenSealed(wrong, "list", "", "page_token", key).status().code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(TokenReader::Open(wrong, "watch", "", "resume_token").status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace cairn
