#include "client/cli/text_width.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn {
namespace {

using ::testing::ElementsAre;

TEST(TextWidthTest, CountsColumnsNotBytes) {
  EXPECT_EQ(DisplayWidth("Łódź"), 4u);
  EXPECT_EQ(DisplayWidth("Ελλάδα"), 6u);
  EXPECT_EQ(DisplayWidth("日本"), 4u);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1u);   // e and a combining acute
  EXPECT_EQ(DisplayWidth("a\u200bb"), 2u);  // a zero-width space
}

TEST(TextWidthTest, CutsWithAnEllipsisWithinTheColumns) {
  EXPECT_EQ(CutTo("Łódź", 4), "Łódź");
  EXPECT_EQ(CutTo("Łódź i okolice", 6), "Łódź…");
  EXPECT_EQ(DisplayWidth(CutTo("日本日本", 4)), 3u);
  EXPECT_EQ(CutTo("abc", 0), "");
}

TEST(TextWidthTest, FillsToTheColumns) { EXPECT_EQ(PadTo("Łódź", 6), "Łódź  "); }

TEST(TextWidthTest, LeavesNothingThatMovesTheCursorOrTurnsTheText) {
  EXPECT_EQ(Printable("a\x1b[2Jb"), "a [2Jb");
  EXPECT_EQ(Printable("a\r\nb\tc"), "a b c");
  EXPECT_EQ(Printable("a\u202eb"), "a b");
  EXPECT_EQ(Printable("a\xff"
                      "b"),
            "a b");
}

TEST(TextWidthTest, WrapsAtWords) {
  EXPECT_THAT(Wrap("one two three", 8), ElementsAre("one two", "three"));
  EXPECT_THAT(Wrap("one\ntwo", 80), ElementsAre("one", "two"));
  EXPECT_THAT(Wrap("incomprehensible", 4), ElementsAre("incomprehensible"));
  EXPECT_THAT(Wrap("", 4), ElementsAre(""));
}

}  // namespace
}  // namespace cairn
