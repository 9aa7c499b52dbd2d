#include "common/base/random.h"

#include <gtest/gtest.h>

#include <string>

namespace cairn {
namespace {

// SplitMix64 from seed 1234567, as published with the algorithm's reference implementation.
TEST(SeededRandomTest, GivesThePublishedNumbers) {
  SeededRandom random(1234567);
  EXPECT_EQ(random.Uint64(), 6457827717110365317u);
  EXPECT_EQ(random.Uint64(), 3203168211198807973u);
}

TEST(SeededRandomTest, StaysBelowTheBoundAndReachesAll) {
  SeededRandom random(1);
  uint64_t seen = 0;
  for (int i = 0; i < 200; ++i) {
    const uint64_t n = random.Below(7);
    ASSERT_LT(n, 7u);
    seen |= 1u << n;
    const double unit = random.Unit();
    ASSERT_TRUE(unit >= 0 && unit < 1);
  }
  EXPECT_EQ(seen, 0x7fu);
  EXPECT_EQ(random.Below(0), 0u);
}

TEST(SystemRandomTest, FillsEveryByteOfAnyLength) {
  std::string bytes(4096, '\0');
  SystemRandom()->Fill(absl::MakeSpan(bytes.data(), bytes.size()));
  EXPECT_NE(bytes.substr(0, 32), std::string(32, '\0'));
  EXPECT_NE(bytes.substr(4064), std::string(32, '\0'));
}

}  // namespace
}  // namespace cairn
