#include "common/record/country.h"

#include "common/record/time_zone.h"
#include "tests/common/record/builders.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;

std::string Text(const absl::StatusOr<std::string>& result) {
  return result.ok() ? *result : std::string(result.status().message());
}

TEST(CountryTest, TakesCodesInEitherCase) {
  EXPECT_EQ(Text(NormaliseCountry("pl")), "PL");
  EXPECT_EQ(Text(NormaliseCountry(" XK ")), "XK");
}

TEST(CountryTest, SuggestsTheCodeForNamesAndHabits) {
  EXPECT_EQ(Text(NormaliseCountry("Poland")), "\"Poland\": not an ISO 3166-1 two-letter country code; write \"PL\"");
  EXPECT_THAT(Text(NormaliseCountry("polska")), HasSubstr("write \"PL\""));
  EXPECT_THAT(Text(NormaliseCountry("Shqipëria")), HasSubstr("write \"AL\""));
  EXPECT_THAT(Text(NormaliseCountry("UK")), HasSubstr("write \"GB\""));
  EXPECT_THAT(Text(NormaliseCountry("POL")), HasSubstr("write \"PL\""));
}

TEST(CountryTest, RefusesWhatNoCountryHas) {
  for (const char* code : {"QX", "", "Atlantis", "P", "\xff\xff"}) EXPECT_FALSE(NormaliseCountry(code).ok()) << code;
}

TEST(CountryTest, HasEnglishNames) {
  EXPECT_EQ(CountryName("LV"), "Latvia");
  EXPECT_EQ(CountryName("??"), "??");
}

TEST(TimeZoneTest, TakesIanaNamesInAnyCase) {
  EXPECT_EQ(Text(NormaliseTimeZone("europe/warsaw")), "Europe/Warsaw");
  EXPECT_EQ(Text(NormaliseTimeZone("America/Bogota")), "America/Bogota");
  EXPECT_EQ(Text(NormaliseTimeZone("Europe/Kiev")), "Europe/Kiev");
  EXPECT_EQ(Text(NormaliseTimeZone("UTC")), "UTC");
}

TEST(TimeZoneTest, TakesWhatIsNewerThanIcusTables) {
  EXPECT_EQ(Text(NormaliseTimeZone("America/Ciudad_Juarez")), "America/Ciudad_Juarez");
  for (const char* name : {"posix/Europe/Warsaw", "right/Europe/Warsaw", "/etc/localtime", "../zoneinfo/Europe/Warsaw",
                           "A/../../zoneinfo/Europe/Warsaw", "Europe/", "Nowhere/Else"}) {
    EXPECT_FALSE(NormaliseTimeZone(name).ok()) << name;
  }
}

TEST(TimeZoneTest, SuggestsForCitiesAndAbbreviations) {
  EXPECT_EQ(Text(NormaliseTimeZone("Warsaw")), "\"Warsaw\": not an IANA time zone name; write \"Europe/Warsaw\"");
  EXPECT_THAT(Text(NormaliseTimeZone("CET")), HasSubstr("write \"Europe/Warsaw\""));
  EXPECT_THAT(Text(NormaliseTimeZone("Europe/Bogotá")), HasSubstr("write \"America/Bogota\""));
  EXPECT_THAT(Text(NormaliseTimeZone("Europe/Atlantis")), HasSubstr("one such as"));
  EXPECT_FALSE(NormaliseTimeZone("+02:00").ok());
  EXPECT_FALSE(NormaliseTimeZone("").ok());
}

}  // namespace
}  // namespace cairn
