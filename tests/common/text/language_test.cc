#include "common/text/language.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn {
namespace {

using ::testing::HasSubstr;

std::string Normalised(absl::string_view tag) {
  const auto result = NormaliseLanguage(tag);
  return result.ok() ? *result : std::string(result.status().message());
}

TEST(NormaliseLanguageTest, GivesCanonicalForm) {
  EXPECT_EQ(Normalised("PL"), "pl");
  EXPECT_EQ(Normalised("pt_br"), "pt-BR");
  EXPECT_EQ(Normalised(" sr-latn-rs "), "sr-Latn-RS");
  EXPECT_EQ(Normalised("pol"), "pl");
  EXPECT_EQ(Normalised("iw"), "he");
  EXPECT_EQ(Normalised("mo"), "ro");
  EXPECT_EQ(Normalised("ca-valencia"), "ca-valencia");
  EXPECT_EQ(Normalised("es-419"), "es-419");
}

TEST(NormaliseLanguageTest, KnowsSignAndMinorityLanguages) {
  for (const char* tag : {"pso", "lsl", "sgn", "rmn", "rom", "cnr", "und", "mul", "qaa"})
    EXPECT_EQ(Normalised(tag), tag);
}

TEST(NormaliseLanguageTest, IsIdempotent) {
  for (const char* tag : {"pol", "pt_br", "x-foo", "zh-cmn-hans", "en-u-ca-buddhist"}) {
    const std::string once = Normalised(tag);
    EXPECT_EQ(Normalised(once), once) << tag;
  }
}

TEST(NormaliseLanguageTest, SuggestsTheTagForALanguageName) {
  EXPECT_EQ(Normalised("english"), "\"english\": not a BCP 47 language tag; write \"en\"");
  EXPECT_THAT(Normalised("Polski"), HasSubstr("write \"pl\""));
  EXPECT_THAT(Normalised("Українська"), HasSubstr("write \"uk\""));
}

TEST(NormaliseLanguageTest, RefusesWhatNoLanguageHas) {
  EXPECT_THAT(Normalised("xx"), HasSubstr("no language has this code"));
  EXPECT_THAT(Normalised("en-"), HasSubstr("not a BCP 47 language tag"));
  EXPECT_THAT(Normalised(""), HasSubstr("not a BCP 47 language tag"));
  EXPECT_THAT(Normalised("en-QX"), HasSubstr("is no country"));
  EXPECT_THAT(Normalised("en-Abcd"), HasSubstr("is no script"));
  EXPECT_THAT(Normalised("e\xcc"), HasSubstr("not a BCP 47 language tag"));
}

TEST(LanguageFromNameTest, KnowsEnglishAndNativeNames) {
  EXPECT_EQ(LanguageFromName("Latvian"), "lv");
  EXPECT_EQ(LanguageFromName("latviesu"), "lv");
  EXPECT_EQ(LanguageFromName("shqip"), "sq");
  EXPECT_EQ(LanguageFromName("Farsi"), "fa");
  EXPECT_EQ(LanguageFromName("Polish Sign Language"), "pso");
  EXPECT_EQ(LanguageFromName("Elvish"), std::nullopt);
}

TEST(LanguageNameTest, IsEnglish) {
  EXPECT_EQ(LanguageName("pt-BR"), "Portuguese (Brazil)");
  EXPECT_EQ(LanguageName("pso"), "Polish Sign Language");
}

TEST(LanguageMatchesTest, FilterIsMetByMoreSpecialTagsOnly) {
  EXPECT_TRUE(LanguageMatches("pt", "pt-BR"));
  EXPECT_TRUE(LanguageMatches("PT", "pt"));
  EXPECT_FALSE(LanguageMatches("pt-BR", "pt"));
  EXPECT_FALSE(LanguageMatches("p", "pt"));
  EXPECT_FALSE(LanguageMatches("", "pt"));
}

TEST(PickLanguageTest, FallsBackFromTagToParentToRelative) {
  const std::vector<std::string> wanted = {"pt-BR", "en"};
  EXPECT_EQ(PickLanguage(wanted, {"en", "pt", "pt-BR"}), 2u);
  EXPECT_EQ(PickLanguage(wanted, {"en", "pt-PT", "pt"}), 2u);
  EXPECT_EQ(PickLanguage(wanted, {"en", "pt-PT"}), 1u);
  EXPECT_EQ(PickLanguage(wanted, {"pl", "en-GB"}), 1u);
  EXPECT_EQ(PickLanguage(wanted, {"pl"}), std::nullopt);
}

}  // namespace
}  // namespace cairn
