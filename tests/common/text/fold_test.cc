#include "common/text/fold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "common/text/utf8.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Pair {
  const char* text;
  const char* folded;
};

class FoldTest : public testing::TestWithParam<Pair> {};

TEST_P(FoldTest, FoldsToPlainForm) { EXPECT_EQ(FoldForSearch(GetParam().text), GetParam().folded); }

TEST_P(FoldTest, FoldingTwiceChangesNothing) {
  const std::string once = FoldForSearch(GetParam().text);
  EXPECT_EQ(FoldForSearch(once), once);
}

INSTANTIATE_TEST_SUITE_P(
    Languages, FoldTest,
    testing::Values(Pair{"Łódź", "lodz"}, Pair{"Tiranë", "tirane"}, Pair{"Rīga", "riga"}, Pair{"Αθήνα", "αθηνα"},
                    Pair{"ΟΔΟΣ", "οδοσ"}, Pair{"οδός", "οδοσ"}, Pair{"ΐΰ", "ιυ"}, Pair{"Київ", "киів"},
                    Pair{"ёлка Йод", "елка иод"}, Pair{"Ґанок", "ганок"}, Pair{"Қазақстан", "казакстан"},
                    Pair{"Straße", "strasse"}, Pair{"GROẞ", "gross"}, Pair{"İstanbul", "istanbul"},
                    Pair{"Diyarbakır", "diyarbakir"}, Pair{"Søren Ærø", "soren aero"}, Pair{"ŽŪ", "zu"},
                    Pair{"Đorđe", "dorde"}, Pair{"Þór Guðrún", "thor gudrun"}, Pair{"Ħaż-Żebbuġ", "haz-zebbug"},
                    Pair{"Œuvre", "oeuvre"}, Pair{"Ŋŧ", "nt"}, Pair{"Bakı Gəncə", "baki gence"},
                    Pair{"Bogotá Ñuñoa", "bogota nunoa"}, Pair{"Timișoara Timişoara", "timisoara timisoara"},
                    Pair{"Győr", "gyor"}, Pair{"п’ять п'ять пʼять", "п'ять п'ять п'ять"}, Pair{"ﬁn ２４", "fin 24"},
                    Pair{"co­op", "coop"}, Pair{"é", "e"}, Pair{"שָׁלוֹם", "שלום"}, Pair{"مُحَمَّد", "محمد"}, Pair{"", ""}),
    [](const auto& info) { return std::to_string(info.index); });

TEST(FoldTest, SameForComposedAndDecomposedForms) {
  EXPECT_EQ(FoldForSearch("e\xcc\x81"), "e");
  EXPECT_EQ(FoldForSearch("\xd0\xb8\xcc\x86"), FoldForSearch("й"));
}

TEST(FoldTest, MalformedBytesAndControlsBecomeSpaces) {
  EXPECT_EQ(FoldForSearch("a\xff"
                          "b\x01"
                          "c\n"),
            "a b c ");
  EXPECT_EQ(FoldForSearch("a\xc5"), "a ");
}

TEST(FoldTest, EveryCodePointFoldsToStableValidText) {
  for (char32_t c = 1; c < 0x30000; ++c) {
    if (c >= 0xd800 && c < 0xe000) continue;
    std::string text;
    if (c < 0x80) {
      text = {static_cast<char>(c)};
    } else if (c < 0x800) {
      text = {static_cast<char>(0xc0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
    } else if (c < 0x10000) {
      text = {static_cast<char>(0xe0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)),
              static_cast<char>(0x80 | (c & 63))};
    } else {
      text = {static_cast<char>(0xf0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)),
              static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
    }
    const std::string folded = FoldForSearch(text);
    ASSERT_TRUE(IsValidUtf8(folded)) << static_cast<uint32_t>(c);
    ASSERT_EQ(FoldForSearch(folded), folded) << static_cast<uint32_t>(c);
  }
}

TEST(FoldTest, LongTextIsFoldedWhole) {
  std::string text, expected;
  for (int i = 0; i < 2000; ++i) text += "Żółw, ", expected += "zolw, ";
  EXPECT_EQ(FoldForSearch(text), expected);
}

TEST(FoldTest, ThreadsAgree) {
  std::string results[4];
  {
    std::vector<std::jthread> threads;
    for (std::string& result : results) threads.emplace_back([&result] { result = FoldForSearch("Łódź Київ ﷺ"); });
  }
  for (const std::string& result : results) EXPECT_EQ(result, results[0]);
}

TEST(FoldedWordsTest, AreRunsOfLettersAndDigits) {
  EXPECT_THAT(FoldedWords("Telefon zaufania: 116 111 (Łódź)"),
              ElementsAre("telefon", "zaufania", "116", "111", "lodz"));
  EXPECT_THAT(FoldedWords("e-mail@example.org"), ElementsAre("e", "mail", "example", "org"));
  EXPECT_THAT(FoldedWords("п’ять"), ElementsAre("п", "ять"));
  EXPECT_THAT(FoldedWords(" -- "), IsEmpty());
}

}  // namespace
}  // namespace cairn
