#include "common/text/snippet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/text/utf8.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;

constexpr SnippetMarks kBrackets = {"[", "]"};

TEST(SnippetTest, MarksFoldedMatchesInOriginalText) {
  EXPECT_EQ(Snippet("Pomoc w mieście Łódź.", {{"lodz"}}, 100, kBrackets), "Pomoc w mieście [Łódź].");
}

TEST(SnippetTest, MarksDecomposedLettersWhole) {
  EXPECT_EQ(Snippet("caf\x65\xcc\x81 x", {{"cafe"}}, 100, kBrackets), "[caf\x65\xcc\x81] x");
}

TEST(SnippetTest, DefaultMarksArePrivateCodePoints) {
  EXPECT_EQ(Snippet("a b", {{"b"}}, 100),
            "a \xee\x80\x80"
            "b\xee\x80\x81");
}

TEST(SnippetTest, OnlyTheLastWordMatchesAsPrefix) {
  EXPECT_EQ(Snippet("helpline help", {{"hel", "help"}, true}, 100, kBrackets), "[helpline] [help]");
  EXPECT_EQ(Snippet("helpline help", {{"help"}, false}, 100, kBrackets), "helpline [help]");
}

TEST(SnippetTest, PrefersThePassageWithMoreDifferentWords) {
  std::string text = "child ";
  for (int i = 0; i < 50; ++i) text += "filler words ";
  text += "a helpline for every child here";
  const std::string snippet = Snippet(text, {{"helpline", "child"}}, 60, kBrackets);
  EXPECT_THAT(snippet, HasSubstr("[helpline] for every [child]"));
  EXPECT_EQ(snippet.substr(0, 3), "…");
}

TEST(SnippetTest, CutsAtWordsAndStaysInBounds) {
  const std::string text = "żółć gęślą jaźń " + std::string(300, 'x') + " Київ місто допомога";
  for (size_t max = 1; max < 120; ++max) {
    const std::string snippet = Snippet(text, {{"місто"}}, max, {"", ""});
    EXPECT_TRUE(IsValidUtf8(snippet)) << max;
    EXPECT_LE(snippet.size(), max + 6) << max;
  }
}

TEST(SnippetTest, WithoutMatchGivesTheBeginning) {
  EXPECT_EQ(Snippet("One two three four", {{"zzz"}}, 9, kBrackets), "One two…");
}

TEST(SnippetTest, ControlsAndForgedMarksBecomeSpaces) {
  EXPECT_EQ(Snippet("a\x01\n\tb \xee\x80\x80"
                    "c\xee\x80\x81",
                    {{"b"}}, 100, kBrackets),
            "a [b] c");
}

TEST(SnippetTest, EmptyTextGivesEmptySnippet) {
  EXPECT_EQ(Snippet("", {{"a"}}, 10), "");
  EXPECT_EQ(Snippet("...", {{"a"}}, 10), "...");
}

}  // namespace
}  // namespace cairn
