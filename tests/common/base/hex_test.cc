#include "common/base/hex.h"

#include "gtest/gtest.h"

namespace cairn {
namespace {

TEST(UuidTest, TextAndBytesConvertBothWays) {
  const std::string text = "0f8fad5b-d9cb-469f-a165-70867728950e";
  const auto bytes = UuidFromText(text);
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(bytes->size(), 16u);
  EXPECT_EQ(UuidToText(*bytes), text);
}

TEST(UuidTest, RefusesWhatIsNotCanonical) {
  for (const char* bad : {"", "0f8fad5bd9cb469fa16570867728950e", "0f8fad5b-d9cb-469f-a165-70867728950", "0f8fad5b-d9cb-469f-a165-70867728950g",
                          "0f8fad5b-d9cb-469f-a165-70867728950e-"}) {
    EXPECT_EQ(UuidFromText(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

TEST(HexTest, RefusesOddLengthAndForeignDigits) {
  EXPECT_FALSE(FromHex("abc").ok());
  EXPECT_FALSE(FromHex("zz").ok());
  EXPECT_EQ(*FromHex("00fF"), std::string("\0\xff", 2));
}

}  // namespace
}  // namespace cairn
