#include "tests/common/record/builders.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The problems of a valid service with `parts` added.
std::string WithParts(const std::string& parts) {
  return ProblemsOfBody("service { name: 'S' status: 'active' " + parts + " }");
}

v1::Record Normalised(const std::string& parts) {
  v1::Record record = WithBody("service { name: 'S' status: 'active' " + parts + " }");
  EXPECT_THAT(ProblemsOf(&record), IsEmpty());
  return record;
}

TEST(SchedulePartTest, TakesTheRulesOfHsds) {
  const auto record = Normalised(
      "schedules { valid_from: '2005-01-01' valid_to: '2026-01-01' dtstart: '2005-01-01' freq: 'weekly' wkst: 'tu' "
      "byday: 'th, fr' until: "
      "'2005-01-01' opens_at: '10:00:00' closes_at: '18:00' time_zone: 'europe/riga' }");
  EXPECT_EQ(record.service().schedules(0).byday(), "TH,FR");
  EXPECT_EQ(record.service().schedules(0).freq(), "WEEKLY");
  EXPECT_EQ(record.service().schedules(0).wkst(), "TU");
  EXPECT_EQ(record.service().schedules(0).time_zone(), "Europe/Riga");
  Normalised("schedules { byday: 'MO' }");
  Normalised("schedules { freq: 'MONTHLY' byday: '-1FR' }");
  Normalised("schedules { opens_at: '22:00' closes_at: '06:00' }");
}

TEST(SchedulePartTest, NamesThePartThatIsWrong) {
  EXPECT_THAT(WithParts("schedules { freq: 'WEEKLY' byday: 'MON' }"), HasSubstr("service.schedules[0].byday \"MON\""));
  EXPECT_THAT(WithParts("schedules { freq: 'WEEKLY' byday: 'MO;COUNT=3' }"), HasSubstr("service.schedules[0].byday"));
  EXPECT_THAT(WithParts("schedules { freq: 'WEEKLY' byday: '2MO' }"), HasSubstr("numbered days"));
  EXPECT_THAT(WithParts("schedules { freq: 'MONTHLY' bymonthday: '32' }"),
              HasSubstr("service.schedules[0].bymonthday \"32\""));
  EXPECT_THAT(WithParts("schedules { freq: 'MONTHLY' byweekno: '3' }"),
              HasSubstr("not allowed in a rule with FREQ=MONTHLY"));
  EXPECT_THAT(WithParts("schedules { freq: 'YEARLY' byyearday: '400' }"), HasSubstr("service.schedules[0].byyearday"));
  EXPECT_THAT(WithParts("schedules { freq: 'SOMETIMES' }"), HasSubstr("write one of DAILY, WEEKLY, MONTHLY, YEARLY"));
  EXPECT_THAT(WithParts("schedules { freq: 'DAILY' wkst: 'X' }"), HasSubstr("service.schedules[0].wkst"));
  EXPECT_THAT(WithParts("schedules { freq: 'DAILY' count: 3 until: '2026-01-01' }"), HasSubstr("write one of the two"));
  EXPECT_THAT(WithParts("schedules { freq: 'DAILY' interval: 70000 }"), HasSubstr("service.schedules[0].interval"));
  EXPECT_THAT(WithParts("schedules { freq: 'DAILY' count: 4000000000 }"), HasSubstr("service.schedules[0].count"));
}

TEST(SchedulePartTest, DatesAndTimesAreReal) {
  EXPECT_THAT(WithParts("schedules { valid_from: '2026-02-02' valid_to: '2026-02-01' }"),
              HasSubstr("before valid_from"));
  EXPECT_THAT(WithParts("schedules { dtstart: '2026-02-02' until: '2026-02-01' }"), HasSubstr("before dtstart"));
  EXPECT_THAT(WithParts("schedules { dtstart: '2026-02-30' }"), HasSubstr("the calendar has no such day"));
  EXPECT_THAT(WithParts("schedules { opens_at: '9' }"), HasSubstr("service.schedules[0].opens_at"));
  EXPECT_THAT(WithParts("schedules { closes_at: '25:00' }"), HasSubstr("service.schedules[0].closes_at"));
  EXPECT_THAT(WithParts("schedules { schedule_link: 'x' }"), HasSubstr("service.schedules[0].schedule_link"));
}

TEST(LanguagePartTest, NamesBecomeCodesWhereKnown) {
  const auto record = Normalised("languages { name: 'English' } languages { name: 'Elvish' } languages { code: 'UR' }");
  EXPECT_EQ(record.service().languages(0).code(), "en");
  EXPECT_EQ(record.service().languages(0).name(), "English");
  EXPECT_EQ(record.service().languages(1).code(), "");
  EXPECT_EQ(record.service().languages(2).code(), "ur");
  EXPECT_THAT(WithParts("languages { note: 'x' }"), HasSubstr("service.languages[0].code: missing"));
  EXPECT_THAT(WithParts("languages { code: 'english' }"),
              HasSubstr("service.languages[0].code \"english\": not a BCP 47 language tag; write \"en\""));
}

TEST(CostPartTest, AmountsAreDecimalWithACurrency) {
  EXPECT_EQ(Normalised("cost_options { amount: '35' currency: 'gbp' }").service().cost_options(0).currency(), "GBP");
  Normalised("cost_options { amount: '0' }");
  Normalised("cost_options { amount: '0.00' }");
  EXPECT_THAT(WithParts("cost_options { amount: '12.50' }"), HasSubstr("service.cost_options[0].currency: missing"));
  EXPECT_THAT(WithParts("cost_options { amount: '1' currency: 'XQX' }"), HasSubstr("no currency has this"));
  for (const char* amount : {"12,50", "-1", "1e3", ".5", "5.", "1.2.3", "free"}) {
    EXPECT_THAT(WithParts("cost_options { currency: 'EUR' amount: '" + std::string(amount) + "' }"),
                HasSubstr("plain notation"))
        << amount;
  }
  EXPECT_THAT(WithParts("cost_options { valid_from: '2026-02-02' valid_to: '2026-02-01' }"),
              HasSubstr("before valid_from"));
}

TEST(PhonePartTest, ExtensionAndTypeAreChecked) {
  EXPECT_EQ(Normalised("phones { number: '221234567' extension: '100' type: 'Voice' }").service().phones(0).type(),
            "voice");
  EXPECT_THAT(WithParts("phones { number: '221234567' extension: '1a' }"), HasSubstr("service.phones[0].extension"));
  EXPECT_THAT(WithParts("phones { number: '221234567' extension: '123456789012345678901' }"), HasSubstr("at most 20"));
  EXPECT_THAT(WithParts("phones { number: '221234567' type: 'x' }"), HasSubstr("write one of text, voice"));
  EXPECT_THAT(WithParts("phones { }"), HasSubstr("service.phones[0].number: no number"));
  EXPECT_THAT(WithParts("phones { number: '1' country: 'Poland' }"), HasSubstr("service.phones[0].country"));
}

TEST(NestedPartTest, PathsNameEveryLevel) {
  EXPECT_THAT(WithParts("service_at_locations { location_id: 'L' contacts { phones { number: 'x' } } }"),
              HasSubstr("service.service_at_locations[0].contacts[0].phones[0].number \"x\""));
  EXPECT_THAT(WithParts("service_at_locations { }"), HasSubstr("service.service_at_locations[0].location_id: missing"));
  EXPECT_THAT(WithParts("contacts { email: 'x' }"),
              HasSubstr("service.contacts[0].email \"x\": not an e-mail address"));
  EXPECT_THAT(WithParts("additional_urls { url: 'x' }"), HasSubstr("service.additional_urls[0].url"));
  EXPECT_THAT(ProblemsOfBody("location { location_type: 'physical' addresses { address_type: 'x' country: 'XX' } "
                             "accessibility { url: 'x' } }"),
              HasSubstr("location.accessibility[0].url"));
  EXPECT_THAT(ProblemsOfBody("organization { name: 'O' organization_identifiers { } }"),
              HasSubstr("organization.organization_identifiers[0].identifier: missing"));
}

TEST(ProblemTest, StatusNamesTheFirstAndCountsTheRest) {
  EXPECT_TRUE(ToStatus({}).ok());
  const std::vector<Problem> problems(5, Problem{"a.b", "v", "wrong", "write w"});
  EXPECT_EQ(ToStatus(problems).message(),
            "a.b \"v\": wrong; write w\na.b \"v\": wrong; write w\na.b \"v\": wrong; write w\nand 2 more");
}

}  // namespace
}  // namespace cairn
