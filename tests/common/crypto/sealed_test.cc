#include "common/crypto/sealed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace cairn {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kPassphrase[] = "correct horse battery";

TEST(SealedTest, OnlyThePassphraseOpensIt) {
  const auto sealed = Seal("a private key", kPassphrase, SystemRandom());
  ASSERT_TRUE(sealed.ok()) << sealed.status();
  EXPECT_THAT(*sealed, Not(HasSubstr("private")));
  EXPECT_EQ(*Unseal(*sealed, kPassphrase), "a private key");
  EXPECT_EQ(Unseal(*sealed, "correct horse batter").status().code(), absl::StatusCode::kDataLoss);
}

TEST(SealedTest, EveryPartIsGuardedAgainstAlteration) {
  const std::string sealed = *Seal("key", kPassphrase, SystemRandom());
  for (const size_t at : {size_t{0}, size_t{9}, size_t{30}, size_t{37}, sealed.size() - 1}) {
    std::string altered = sealed;
    altered[at] ^= 1;
    EXPECT_FALSE(Unseal(altered, kPassphrase).ok()) << at;
  }
  EXPECT_FALSE(Unseal(sealed.substr(0, 40), kPassphrase).ok());
  EXPECT_FALSE(Unseal("", kPassphrase).ok());
}

TEST(SealedTest, SameTextIsNeverSealedTheSameWay) {
  EXPECT_NE(*Seal("key", kPassphrase, SystemRandom()), *Seal("key", kPassphrase, SystemRandom()));
}

TEST(SealedTest, ShortPassphraseIsRefused) {
  EXPECT_THAT(Seal("key", "short", SystemRandom()).status().message(), HasSubstr("at least 12"));
}

TEST(SealedTest, UnderAKeyTheSameTextIsSealedTheSameWayAndNoOtherKeyOpensIt) {
  const std::string key(32, 'k');
  const std::string sealed = *SealUnder(key, "a page", "entry 7");
  EXPECT_EQ(sealed, *SealUnder(key, "a page", "entry 7"));
  EXPECT_EQ(sealed.size(), 7 + 28u);
  EXPECT_THAT(sealed, Not(HasSubstr("entry")));
  EXPECT_EQ(*UnsealUnder(key, "a page", sealed), "entry 7");
  EXPECT_FALSE(UnsealUnder(std::string(32, 'l'), "a page", sealed).ok());
  EXPECT_FALSE(UnsealUnder(key, "another page", sealed).ok());
  EXPECT_FALSE(UnsealUnder(key, "a page", sealed.substr(0, 20)).ok());
  EXPECT_FALSE(UnsealUnder(key, "a page", "").ok());
}

}  // namespace
}  // namespace cairn
