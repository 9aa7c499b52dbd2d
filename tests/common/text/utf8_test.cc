#include "common/text/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace cairn {
namespace {

TEST(Utf8Test, TakesWellFormedTextOfEveryLength) {
  for (const char* text : {"", "a", "Łódź", "Київ", "日本", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf"}) {
    EXPECT_TRUE(IsValidUtf8(text)) << text;
  }
}

TEST(Utf8Test, RefusesOverlongSurrogatesTruncatedAndTooLarge) {
  for (const char* bytes :
       {"\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xff", "\x80",
        "abc\xc5", "abcdefgh\xe2\x82", "abcdefghijk\xf0\x9f\x98", "\xc5g"}) {
    EXPECT_FALSE(IsValidUtf8(bytes)) << bytes;
  }
}

TEST(Utf8Test, CutsBetweenCodePoints) {
  EXPECT_EQ(Utf8Prefix("Łódź", 100), "Łódź");
  EXPECT_EQ(Utf8Prefix("Łódź", 3), "Ł");
  EXPECT_EQ(Utf8Prefix("Łódź", 4), "Łó");
  EXPECT_EQ(Utf8Prefix("Łódź", 1), "");
  EXPECT_EQ(CodePointCount("Łódź"), 4u);
}

}  // namespace
}  // namespace cairn
