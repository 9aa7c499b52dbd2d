#include "common/record/validate.h"

#include <thread>

#include "common/base/limits.h"
#include "common/record/serialise.h"
#include "tests/common/record/builders.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kOrganizationId[] = "00000000-0000-4000-8000-00000000000a";

std::string ValidBody(const std::string& kind) {
  const std::string id = std::string("'") + kOrganizationId + "'";
  if (kind == "organization")
    return "organization { name: 'Org' role: 'ngo' website: 'https://example.org' year_incorporated: 1999 }";
  if (kind == "service")
    return "service { name: 'S' status: 'active' organization_id: " + id + " phones { number: '116 111' } }";
  if (kind == "location")
    return "location { location_type: 'physical' latitude: 52.2 longitude: 21.0 addresses { country: 'pl' } }";
  if (kind == "training") {
    return "training { name: 'T' mode: 'onsite' sessions { id: 'S1' start: '2026-05-01T10:00:00' end: "
           "'2026-05-01T12:00:00' time_zone: "
           "'europe/warsaw' } }";
  }
  if (kind == "resource") return "resource { name: 'R' resource_type: 'toolkit' url: 'https://example.org/r' }";
  if (kind == "assessment")
    return "assessment { name: 'A' service_id: " + id + " criterion: 'quality' result: 'good' score: 80 }";
  return "commitment { name: 'C' organization_id: " + id +
         " target: 't' action: 'a' pledged_on: '2026-01-01' due: '2026-12-31' }";
}

class ValidKindTest : public testing::TestWithParam<const char*> {};

TEST_P(ValidKindTest, PassesAndPassingAgainChangesNothing) {
  v1::Record record = WithBody(ValidBody(GetParam()));
  EXPECT_THAT(ProblemsOf(&record), IsEmpty());
  const std::string once = SerialiseRecord(record);
  EXPECT_THAT(ProblemsOf(&record), IsEmpty());
  EXPECT_EQ(SerialiseRecord(record), once);
}

TEST_P(ValidKindTest, EmptyBodyNamesItsRequiredFields) {
  EXPECT_THAT(ProblemsOfBody(std::string(GetParam()) + " { }"), HasSubstr(": missing; it is required"));
}

INSTANTIATE_TEST_SUITE_P(Kinds, ValidKindTest,
                         testing::Values("organization", "service", "location", "training", "resource", "assessment",
                                         "commitment"),
                         [](const auto& info) { return std::string(info.param); });

TEST(ValidateTest, ReportsAllProblemsWithPathValueAndRemedy) {
  const std::string problems = ProblemsOfBody("service { phones { number: '116-111x' } url: 'www.example.org' }");
  EXPECT_THAT(problems, HasSubstr("service.name: missing"));
  EXPECT_THAT(problems, HasSubstr("service.status: missing"));
  EXPECT_THAT(
      problems,
      HasSubstr("service.phones[0].number \"116-111x\": not a number that can be dialled in PL; write 116111 or +48"));
  EXPECT_THAT(problems, HasSubstr("service.url \"www.example.org\": has no scheme; write \"https://www.example.org\""));
}

TEST(ValidateTest, RefusesARecordWithoutBody) {
  v1::Record record;
  EXPECT_THAT(ProblemsOf(&record), HasSubstr("the record has no content"));
}

TEST(ValidateTest, RequiredFieldsMustNotBeBlank) {
  EXPECT_THAT(ProblemsOfBody("organization { name: ' \t' }"), HasSubstr("organization.name \" \\t\": missing"));
}

TEST(ValidateTest, AssessmentAndCommitmentNameEachRequiredField) {
  for (const char* field : {"name", "service_id", "criterion", "result"}) {
    EXPECT_THAT(ProblemsOfBody("assessment { }"), HasSubstr(std::string("assessment.") + field + ": missing"));
  }
  for (const char* field : {"name", "organization_id", "target", "action"}) {
    EXPECT_THAT(ProblemsOfBody("commitment { }"), HasSubstr(std::string("commitment.") + field + ": missing"));
  }
  for (const char* field : {"name", "resource_type", "url"}) {
    EXPECT_THAT(ProblemsOfBody("resource { }"), HasSubstr(std::string("resource.") + field + ": missing"));
  }
}

TEST(ValidateTest, EnumerationsAreLoweredOrListed) {
  v1::Record record = WithBody("service { name: 'S' status: 'Temporarily Closed' }");
  EXPECT_THAT(ProblemsOf(&record), IsEmpty());
  EXPECT_EQ(record.service().status(), "temporarily closed");
  EXPECT_THAT(
      ProblemsOfBody("service { name: 'S' status: 'open' }"),
      HasSubstr("service.status \"open\": not known; write one of active, inactive, defunct, temporarily closed"));
  EXPECT_THAT(ProblemsOfBody("organization { name: 'O' role: 'x' }"), HasSubstr("organization.role"));
  EXPECT_THAT(ProblemsOfBody("location { location_type: 'x' }"), HasSubstr("location.location_type"));
  EXPECT_THAT(ProblemsOfBody("training { name: 'T' mode: 'x' }"), HasSubstr("training.mode"));
  EXPECT_THAT(ProblemsOfBody("resource { name: 'R' resource_type: 'x' url: 'https://example.org' }"),
              HasSubstr("resource.resource_type"));
  EXPECT_THAT(ProblemsOfBody("assessment { criterion: 'x' }"), HasSubstr("assessment.criterion \"x\""));
  EXPECT_THAT(ProblemsOfBody("commitment { status: 'x' }"), HasSubstr("commitment.status"));
}

TEST(ValidateTest, PhoneCountryComesFromRecordAddressOrPartner) {
  v1::Record latvian =
      FromText("id: 'x' countries: 'lv' service { name: 'S' status: 'active' phones { number: '67222922' } }");
  EXPECT_THAT(ProblemsOf(&latvian), IsEmpty());
  EXPECT_EQ(latvian.service().phones(0).number(), "+37167222922");
  v1::Record albanian =
      FromText("id: 'x' location { location_type: 'physical' addresses { country: 'al' } phones { number: '129' } }");
  EXPECT_THAT(ProblemsOf(&albanian), IsEmpty());
  EXPECT_EQ(albanian.location().phones(0).country(), "AL");
  v1::Record polish = FromText(
      "id: 'x' organization { name: 'O' phones { number: '221234567' } contacts { phones { country: 'de' number: '030 "
      "901820' } } }");
  EXPECT_THAT(ProblemsOf(&polish), IsEmpty());
  EXPECT_EQ(polish.organization().phones(0).number(), "+48221234567");
  EXPECT_EQ(polish.organization().contacts(0).phones(0).number(), "+4930901820");
}

TEST(ValidateTest, EnvelopeIsBounded) {
  v1::Record record = WithBody(ValidBody("service"));
  record.set_source_id(std::string(513, 'x'));
  record.set_verified_by(std::string(201, 'x'));
  record.set_verify_every_days(3651);
  for (int i = 0; i < 201; ++i) record.add_terms()->set_code("c");
  const std::string problems = ProblemsOf(&record);
  for (const char* path : {"source_id", "verified_by", "verify_every_days", "terms: 201 elements"})
    EXPECT_THAT(problems, HasSubstr(path));
}

TEST(ValidateTest, TimesOfTheFutureAreRefused) {
  v1::Record record = WithBody(ValidBody("service"));
  record.mutable_updated_at()->set_seconds(absl::ToUnixSeconds(TestContext().now) + 60);
  EXPECT_THAT(ProblemsOf(&record), IsEmpty());
  record.mutable_updated_at()->set_seconds(absl::ToUnixSeconds(TestContext().now) + 3600);
  record.mutable_verified_at()->set_seconds(absl::ToUnixSeconds(TestContext().now) + 86400);
  const std::string problems = ProblemsOf(&record);
  EXPECT_THAT(problems, HasSubstr("updated_at \"2026-11-22T01:00:00+00:00\": lies in the future"));
  EXPECT_THAT(problems, HasSubstr("verified_at"));
  record.mutable_updated_at()->set_seconds(INT64_MAX);
  EXPECT_THAT(ProblemsOf(&record), HasSubstr("outside the years"));
}

TEST(ValidateTest, CountriesAreNormalisedOnceEach) {
  v1::Record record = FromText("id: 'x' countries: ['pl', 'LV', 'PL'] service { name: 'S' status: 'active' }");
  EXPECT_THAT(ProblemsOf(&record), IsEmpty());
  EXPECT_THAT(record.countries(), testing::ElementsAre("PL", "LV"));
  v1::Record named = FromText("id: 'x' countries: 'Poland' service { name: 'S' status: 'active' }");
  EXPECT_EQ(ProblemsOf(&named), "countries[0] \"Poland\": not an ISO 3166-1 two-letter country code; write \"PL\"");
}

TEST(ValidateTest, TermsNeedCodeOrName) {
  EXPECT_THAT(ProblemsOfBody("terms { taxonomy: 'x' } service { name: 'S' status: 'active' }"),
              HasSubstr("terms[0].code: missing"));
  EXPECT_THAT(ProblemsOfBody("terms { code: 'a' term_uri: 'x' } service { name: 'S' status: 'active' }"),
              HasSubstr("terms[0].term_uri"));
}

TEST(ValidateTest, TextsAreUtf8WithoutControls) {
  v1::Record record = WithBody(ValidBody("service"));
  record.mutable_service()->set_description("a\r\nb\tc\rd");
  EXPECT_THAT(ProblemsOf(&record), IsEmpty());
  EXPECT_EQ(record.service().description(), "a\nb\tc\nd");
  for (const char* text : {"a\xff", "a\x01", "a\x7f", "a\xc2\x85"}) {
    record.mutable_service()->set_description(text);
    EXPECT_THAT(ProblemsOf(&record), HasSubstr("service.description")) << text;
  }
  record.mutable_service()->set_description(std::string("a\0b", 3));
  EXPECT_THAT(ProblemsOf(&record), HasSubstr("has control characters"));
  record.mutable_service()->set_description(std::string(limits::text_bytes_max + 1, 'a'));
  EXPECT_THAT(ProblemsOf(&record), HasSubstr("write at most 65536 bytes"));
}

TEST(ValidateTest, ListsAreBounded) {
  v1::Record record = WithBody(ValidBody("training"));
  for (int i = 0; i < 501; ++i) *record.mutable_training()->add_sessions() = record.training().sessions(0);
  const std::string problems = ProblemsOf(&record);
  EXPECT_THAT(problems, HasSubstr("training.sessions: 502 elements; write at most 500"));
  EXPECT_THAT(problems, HasSubstr("another session has it"));
  v1::Record many = WithBody(ValidBody("service"));
  for (int i = 0; i < 1001; ++i) many.mutable_service()->add_service_areas()->set_name("x");
  EXPECT_THAT(ProblemsOf(&many), HasSubstr("service.service_areas: 1001 elements"));
}

TEST(ValidateTest, ExtraIsJsonAndBounded) {
  v1::Record record = WithBody(ValidBody("service"));
  (*record.mutable_service()->mutable_extra())["a"] = "{\"b\": [1, \"x\"]}";
  EXPECT_THAT(ProblemsOf(&record), IsEmpty());
  (*record.mutable_service()->mutable_extra())["a"] = "{not json";
  EXPECT_THAT(ProblemsOf(&record), HasSubstr("service.extra[a] \"{not json\": not JSON text"));
  (*record.mutable_service()->mutable_extra())["a"] = "\"" + std::string(limits::extra_bytes_max, 'x') + "\"";
  EXPECT_THAT(ProblemsOf(&record), HasSubstr("extra: 65539 bytes"));
  (*record.mutable_service()->mutable_extra())["a"] = std::string(20'000, '[') + std::string(20'000, ']');
  EXPECT_THAT(ProblemsOf(&record), IsEmpty());
}

TEST(ValidateTest, WholeRecordIsBounded) {
  v1::Record record = WithBody(ValidBody("service"));
  for (int i = 0; i < 5; ++i) record.mutable_service()->add_service_areas()->set_extent(std::string(60'000, 'x'));
  EXPECT_THAT(ProblemsOf(&record), HasSubstr("shorten it to 262144 bytes"));
}

TEST(ValidateTest, TranslationsLeadToTexts) {
  const std::string service = "service { name: 'S' status: 'active' }";
  v1::Record record = WithBody(
      "translations { language: 'PL' texts { key: 'name' value: 'U' } texts { key: 'description' value: '' } }" +
      service);
  EXPECT_THAT(ProblemsOf(&record), IsEmpty());
  EXPECT_EQ(record.translations(0).language(), "pl");
  EXPECT_EQ(record.translations(0).texts_size(), 1);
  EXPECT_THAT(ProblemsOfBody("translations { language: 'pl' texts { key: 'nam' value: 'U' } }" + service),
              HasSubstr("translations[0].texts[nam]: the record has no such text"));
  EXPECT_THAT(ProblemsOfBody("translations { language: 'pl' } translations { language: 'PL' }" + service),
              HasSubstr("translated twice"));
  EXPECT_THAT(ProblemsOfBody("translations { language: 'en' }" + service),
              HasSubstr("the record itself is in this language"));
  EXPECT_THAT(ProblemsOfBody("translations { }" + service), HasSubstr("translations[0].language: missing"));
  EXPECT_THAT(ProblemsOfBody("translations { language: 'polish' }" + service), HasSubstr("write \"pl\""));
  EXPECT_THAT(ProblemsOfBody("translations { language: 'pl' texts { key: 'name' value: '\\001' } }" + service),
              HasSubstr("control characters"));
}

TEST(ValidateTest, AgesAreOrdered) {
  const auto problems = [](const std::string& ages) {
    return ProblemsOfBody("service { name: 'S' status: 'active' " + ages + " }");
  };
  EXPECT_THAT(problems("minimum_age: 0 maximum_age: 17.5"), IsEmpty());
  EXPECT_THAT(problems("minimum_age: 18 maximum_age: 6"), HasSubstr("below minimum_age, which is 18"));
  EXPECT_THAT(problems("minimum_age: -1"), HasSubstr("not an age"));
  EXPECT_THAT(problems("maximum_age: nan"), HasSubstr("not an age"));
}

TEST(ValidateTest, CoordinatesComeInPairsAndInRange) {
  const auto problems = [](const std::string& place) {
    return ProblemsOfBody("location { location_type: 'physical' " + place + " }");
  };
  EXPECT_THAT(problems("latitude: -90 longitude: 180"), IsEmpty());
  EXPECT_THAT(problems("latitude: 1"), HasSubstr("location.longitude: missing beside its pair"));
  EXPECT_THAT(problems("latitude: 91 longitude: -181"), HasSubstr("not a latitude"));
  EXPECT_THAT(problems("latitude: 91 longitude: -181"), HasSubstr("not a longitude"));
  EXPECT_THAT(problems("latitude: nan longitude: 0"), HasSubstr("not a latitude"));
}

TEST(ValidateTest, SessionsEndAfterTheyStart) {
  const auto problems = [](const std::string& session) {
    return ProblemsOfBody("training { name: 'T' mode: 'online' sessions { id: 's' " + session + " } }");
  };
  EXPECT_THAT(problems("start: '2026-05-01' end: '2026-05-01'"), IsEmpty());
  EXPECT_THAT(problems("start: '2026-05-02' end: '2026-05-01'"),
              HasSubstr("training.sessions[0].end \"2026-05-01\": before start"));
  EXPECT_THAT(problems("start: '2026-05-01T10:00:00' time_zone: 'UTC' end: '2026-05-01'"),
              HasSubstr("not in the form of start"));
  EXPECT_THAT(problems("start: '2026-05-01T10:00:00'"), HasSubstr("training.sessions[0].time_zone: missing"));
  EXPECT_THAT(problems("end: '2026-05-01'"), HasSubstr("training.sessions[0].start: missing"));
  EXPECT_THAT(problems("start: 'soon'"), HasSubstr("training.sessions[0].start \"soon\""));
  EXPECT_THAT(problems("start: '2026-05-01' time_zone: 'CET'"), HasSubstr("not an IANA time zone"));
  EXPECT_THAT(problems("start: '2026-05-01' registration_url: 'mailto:t@example.org'"), IsEmpty());
  EXPECT_THAT(problems("start: '2026-05-01' registration_url: 'javascript:x'"), HasSubstr("registration_url"));
  EXPECT_THAT(problems("start: '2026-05-01' status: 'off'"), HasSubstr("write one of scheduled"));
}

TEST(ValidateTest, PeriodsAreOrdered) {
  EXPECT_THAT(ProblemsOfBody("assessment { period_start: '2026-02-01' period_end: '2026-01-01' }"),
              HasSubstr("assessment.period_end \"2026-01-01\": before period_start, which is 2026-02-01"));
  EXPECT_THAT(ProblemsOfBody("commitment { pledged_on: '2026-02-01' due: '2026-01-01' }"), HasSubstr("commitment.due"));
  EXPECT_THAT(ProblemsOfBody("assessment { score: 101 }"), HasSubstr("assessment.score"));
  EXPECT_THAT(ProblemsOfBody("resource { year: 26 }"), HasSubstr("not a year of four digits"));
}

TEST(ValidateTest, ReportsAreOrderedByDueDate) {
  v1::Record record = WithBody(ValidBody("commitment"));
  for (const char* due : {"2026-06-01", "2026-03-01"}) {
    auto* report = record.mutable_commitment()->add_reports();
    report->set_id(due);
    report->set_due(due);
  }
  EXPECT_THAT(ProblemsOf(&record), IsEmpty());
  EXPECT_EQ(record.commitment().reports(0).due(), "2026-03-01");
  record.mutable_commitment()->mutable_reports(1)->set_id("2026-03-01");
  EXPECT_THAT(ProblemsOf(&record), HasSubstr("another report has it"));
  record.mutable_commitment()->add_reports();
  EXPECT_THAT(ProblemsOf(&record), HasSubstr("reports[2].due: missing"));
}

TEST(ValidateTest, ThreadsAgree) {
  std::vector<std::string> results(4);
  {
    std::vector<std::jthread> threads;
    for (std::string& result : results) {
      threads.emplace_back([&result] {
        v1::Record record = WithBody(
            "service { name: 'S' status: 'active' phones { number: '22 123 45 67' } languages { name: 'Polish' } "
            "schedules { freq: 'WEEKLY' byday: 'MO' time_zone: 'europe/warsaw' } }");
        result = ProblemsOf(&record) + SerialiseRecord(record);
      });
    }
  }
  for (const std::string& result : results) EXPECT_EQ(result, results[0]);
}

}  // namespace
}  // namespace cairn
