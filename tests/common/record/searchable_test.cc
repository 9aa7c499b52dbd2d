#include "common/record/searchable.h"

#include "tests/common/record/builders.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(SearchableTextTest, WeighsTitleKeywordsAndBody) {
  const auto text = SearchableTextOf(
      WithBody("terms { taxonomy: 'cairn:audience' code: 'police' name: 'Police' }"
               "translations { language: 'pl' texts { key: 'name' value: 'Telefon' } texts { key: 'description' value: "
               "'Opis' } }"
               "service { name: 'Helpline' alternate_name: 'HL' description: 'Help' phones { number: '116111' "
               "short_code: true description: 'Kids' } "
               "service_areas { name: 'Mazowsze' } contacts { title: 'Manager' } email: 'x@example.org' }"));
  EXPECT_EQ(text.title, "Helpline\nTelefon");
  for (const char* part : {"HL", "116111", "Mazowsze", "Police", "police"}) EXPECT_THAT(text.keywords, HasSubstr(part));
  for (const char* part : {"Help", "Kids", "Manager", "Opis"}) EXPECT_THAT(text.body, HasSubstr(part));
  EXPECT_THAT(text.body + text.keywords, Not(HasSubstr("example.org")));
  EXPECT_EQ(text.contacts, "example.org\n116111");
}

TEST(SearchableTextTest, HoldsTheHostsOfEveryAddress) {
  const auto hosts = [](const char* body) { return SearchableTextOf(WithBody(body)).contacts; };
  EXPECT_EQ(hosts("organization { email: 'a@a.org' website: 'https://www.b.org/x' additional_websites { url: "
                  "'http://c.org:8080' } contacts { email: 'd@d.org' } }"),
            "a.org\nb.org\nc.org\nd.org");
  EXPECT_EQ(hosts("service { url: 'https://a.org' additional_urls { url: 'mailto:x@b.org' } }"), "a.org\nb.org");
  EXPECT_EQ(hosts("location { url: 'tel:+48221234567' }"), "");
  EXPECT_EQ(hosts("training { url: 'https://a.org' sessions { registration_url: 'https://b.org/?q=1' } }"),
            "b.org\na.org");
  EXPECT_EQ(hosts("resource { url: 'https://a.org' }"), "a.org");
}

TEST(SearchableTextTest, EveryKindHasATitle) {
  for (const char* kind : {"organization", "service", "location", "training", "resource", "assessment", "commitment"}) {
    EXPECT_EQ(SearchableTextOf(WithBody(std::string(kind) + " { name: 'N' }")).title, "N") << kind;
  }
}

TEST(SearchableTextTest, HoldsCitiesOutcomesAndAudiences) {
  EXPECT_THAT(SearchableTextOf(WithBody("location { addresses { city: 'Łódź' address_1: 'Main 1' } }")).keywords,
              HasSubstr("Łódź"));
  const auto text =
      SearchableTextOf(WithBody("training { outcomes: 'Listen' audience: 'teachers' sessions { place: 'Rīga' } }"));
  EXPECT_EQ(text.keywords, "teachers\nRīga");
  EXPECT_EQ(text.body, "Listen");
}

TEST(LanguagesOfTest, GathersFromEverywhereOnce) {
  EXPECT_THAT(
      LanguagesOf(WithBody(
          "translations { language: 'pl' } service { languages { code: 'uk' } languages { code: 'en' } "
          "phones { languages { code: 'ru' } } service_at_locations { phones { languages { code: 'de' } } } }")),
      ElementsAre("de", "en", "pl", "ru", "uk"));
  EXPECT_THAT(LanguagesOf(WithBody("training { languages: 'lv' sessions { languages: 'et' } }")),
              ElementsAre("en", "et", "lv"));
  EXPECT_THAT(LanguagesOf(WithBody("resource { languages: 'sq' }")), ElementsAre("en", "sq"));
}

TEST(CountriesOfTest, GathersFromAddressesSessionsAndPhones) {
  EXPECT_THAT(CountriesOf(WithBody("location { addresses { country: 'LV' } phones { country: 'EE' } }")),
              ElementsAre("EE", "LV", "PL"));
  EXPECT_THAT(CountriesOf(WithBody("training { sessions { country: 'AL' } }")), ElementsAre("AL", "PL"));
}

TEST(TermKeysOfTest, FoldsAndFallsBackToTheName) {
  EXPECT_THAT(
      TermKeysOf(WithBody(
          "terms { taxonomy: 'Cairn:Audience' code: 'POLICE' } terms { name: 'Łatwy' } terms { name: 'łatwy' }")),
      ElementsAre(":latwy", "cairn:audience:police"));
}

TEST(PlaceOfTest, OnlyLocationsWithCoordinatesHaveOne) {
  EXPECT_EQ(PlaceOf(WithBody("location { latitude: 52.2 longitude: 21 }"))->longitude, 21);
  EXPECT_FALSE(PlaceOf(WithBody("location { }")).has_value());
  EXPECT_FALSE(PlaceOf(WithBody("service { }")).has_value());
}

TEST(SessionTimesOfTest, OrdersByStartAndLeavesOutCancelled) {
  const auto times = SessionTimesOf(WithBody(
      "training { sessions { id: 'b' start: '2026-05-02' end: '2026-05-03' } "
      "sessions { id: 'a' start: '2026-05-01T10:00:00' end: '2026-05-01T12:00:00' time_zone: 'Europe/Warsaw' } "
      "sessions { id: 'c' start: '2026-05-01' status: 'cancelled' } }"));
  ASSERT_EQ(times.size(), 2u);
  EXPECT_EQ(times[0].session_id, "a");
  EXPECT_EQ(times[0].end - times[0].start, absl::Hours(2));
  EXPECT_EQ(times[0].start, absl::FromCivil(absl::CivilSecond(2026, 5, 1, 8, 0, 0), absl::UTCTimeZone()));
  EXPECT_EQ(times[1].end - times[1].start, absl::Hours(48));
  EXPECT_THAT(SessionTimesOf(WithBody("service { }")), IsEmpty());
}

TEST(VerifyDueAtTest, CountsFromTheLastConfirmation) {
  auto record = WithBody("service { }");
  EXPECT_EQ(VerifyDueAt(record, 365), absl::UnixEpoch());
  record.mutable_verified_at()->set_seconds(1'000'000);
  EXPECT_EQ(VerifyDueAt(record, 365), absl::FromUnixSeconds(1'000'000) + absl::Hours(24 * 365));
  record.set_verify_every_days(10);
  EXPECT_EQ(VerifyDueAt(record, 365), absl::FromUnixSeconds(1'000'000) + absl::Hours(240));
}

}  // namespace
}  // namespace cairn
