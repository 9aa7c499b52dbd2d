#include "common/text/typos.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace cairn {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(TyposTest, EverySlipOfOneLetterIsThereOnce) {
  const std::vector<std::string> edits = OneLetterEdits("line");
  for (const char* near : {"ilne", "lne", "lime", "liner", "aline", "lines"}) EXPECT_THAT(edits, Contains(near));
  for (const char* far : {"line", "enil", "lin es", "lane s"}) EXPECT_THAT(edits, Not(Contains(far)));
  EXPECT_EQ(std::set<std::string>(edits.begin(), edits.end()).size(), edits.size());
  EXPECT_EQ(edits.size(), 3 + 4 + 4 * 25 + (5 * 26 - 4));
}

TEST(TyposTest, LettersAreOfTheWordsOwnScript) {
  EXPECT_THAT(OneLetterEdits("βοηθεια"), Contains("βοηθειας").Times(0));
  EXPECT_THAT(OneLetterEdits("βοηθεια"), Contains("βοηθειασ"));
  EXPECT_THAT(OneLetterEdits("дітям"), Contains("діти").Times(0));
  EXPECT_THAT(OneLetterEdits("дитям"), Contains("дітям"));
}

TEST(TyposTest, NumbersAndShortWordsHaveNone) {
  for (const char* word : {"", "sos", "116111", "line24"}) EXPECT_THAT(OneLetterEdits(word), IsEmpty()) << word;
  EXPECT_THAT(OneLetterEdits(std::string(40, 'a')), IsEmpty());
  EXPECT_THAT(OneLetterEdits("\xff\xfe\xfd\xfc"), Not(Contains("")));
}

}  // namespace
}  // namespace cairn
