// Calendars, read back by libical and by Python's icalendar.
#include "common/formats/ical.h"

#include <libical/ical.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/formats/vtimezone.h"
#include "common/text/utf8.h"
#include "gmock/gmock.h"
#include "tests/common/formats/import_helpers.h"
#include "tests/source_directory.h"

namespace cairn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing_formats::ReadPath;
using testing_formats::ReadText;
using testing_formats::WriteFile;

v1::Record Training(const std::string& sessions, const std::string& name = "Listening") {
  const auto import = ReadText(absl::StrCat(
      R"({"id":"7f0c1d9e-3c5b-4f6a-9a55-000000000001","language":"pl","updated_at":"2026-01-31T12:00:00Z",)",
      R"("training":{"name":")", name, R"(","mode":"onsite","url":"https://example.org/t","sessions":[)", sessions,
      "]}}"));
  EXPECT_THAT(import.records, SizeIs(1)) << import.status;
  return import.records.at(0);
}

std::string Session(const std::string& more) {
  return absl::StrCat(R"({"id":"7f0c1d9e-3c5b-4f6a-9a55-0000000000aa",)", more, "}");
}

// The calendar as libical reads it.
class Parsed {
 public:
  explicit Parsed(const std::string& text) : root_(icalparser_parse_string(text.c_str()), icalcomponent_free) {
    EXPECT_NE(root_, nullptr);
    EXPECT_EQ(icalcomponent_count_errors(root_.get()), 0) << text;
    EXPECT_NE(icalrestriction_check(root_.get()), 0) << text;
  }
  icalcomponent* event() const { return icalcomponent_get_first_component(root_.get(), ICAL_VEVENT_COMPONENT); }
  icalcomponent* Next() const { return icalcomponent_get_next_component(root_.get(), ICAL_VEVENT_COMPONENT); }
  int Count(icalcomponent_kind kind) const { return icalcomponent_count_components(root_.get(), kind); }
  // The moment in UTC, by the zone that stands in the calendar.
  std::string InUtc(icaltimetype time) const {
    return icaltime_as_ical_string(icaltime_convert_to_zone(time, icaltimezone_get_utc_timezone()));
  }

 private:
  const std::unique_ptr<icalcomponent, void (*)(icalcomponent*)> root_;
};

TEST(IcalTest, AZonedSessionHasTheRulesOfItsZoneInSummerAndWinter) {
  const Parsed calendar(TrainingCalendar(
      Training(Session(R"("start":"2026-07-01T09:00:00","end":"2026-07-01T17:00:00","time_zone":"Europe/Warsaw")"))));
  EXPECT_EQ(calendar.Count(ICAL_VTIMEZONE_COMPONENT), 1);
  EXPECT_EQ(calendar.InUtc(icalcomponent_get_dtstart(calendar.event())), "20260701T070000Z");
  EXPECT_EQ(calendar.InUtc(icalcomponent_get_dtend(calendar.event())), "20260701T150000Z");
  const Parsed winter(
      TrainingCalendar(Training(Session(R"("start":"2026-12-01T09:00:00","time_zone":"Europe/Warsaw")"))));
  EXPECT_EQ(winter.InUtc(icalcomponent_get_dtstart(winter.event())), "20261201T080000Z");
}

// The zones of what partners use, and those whose rules are odd: changes without a rule that RRULE can say (Santiago,
// Jerusalem, Cairo), offsets of half an hour (Lord Howe), winter as the exception (Dublin), Ramadan (Casablanca), rules
// given up or changed of late (Mexico City, Asuncion, Almaty, Amman).
TEST(IcalTest, EveryMonthUntil2040HasTheOffsetOfTheSystemsTables) {
  const std::vector<std::string> zones = {
      "Europe/Warsaw",   "Europe/Riga",         "Europe/Tirane",       "America/Bogota",    "Europe/Kyiv",
      "Europe/Chisinau", "America/Mexico_City", "America/New_York",    "America/Santiago",  "Asia/Jerusalem",
      "Africa/Cairo",    "Australia/Lord_Howe", "Europe/Dublin",       "Africa/Casablanca", "America/Asuncion",
      "Asia/Almaty",     "Asia/Amman",          "America/Nuuk",        "America/Sao_Paulo", "Pacific/Apia",
      "Asia/Kathmandu",  "Asia/Beirut",         "America/Los_Angeles", "Pacific/Auckland",  "Europe/Istanbul"};
  for (const std::string& name : zones) {
    absl::TimeZone zone;
    ASSERT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
    std::vector<absl::CivilSecond> starts;
    std::string sessions;
    for (int month = 0; month < 12 * 16; month += 1) {
      const absl::CivilSecond start = absl::CivilSecond(absl::CivilMonth(2024, 1) + month) + 36'000;
      starts.push_back(start);
      absl::StrAppend(&sessions, sessions.empty() ? "" : ",",
                      absl::StrFormat(R"({"id":"7f0c1d9e-3c5b-4f6a-9a55-%012d","start":"%s","time_zone":"%s"})", month,
                                      absl::FormatCivilTime(start), name));
    }
    const std::string text = TrainingCalendar(Training(sessions));
    const Parsed calendar(text);
    ASSERT_EQ(calendar.Count(ICAL_VEVENT_COMPONENT), static_cast<int>(starts.size()));
    icalcomponent* event = calendar.event();
    for (const absl::CivilSecond start : starts) {
      const std::string expected =
          absl::FormatTime("%Y%m%dT%H%M%SZ", absl::FromCivil(start, zone), absl::UTCTimeZone());
      ASSERT_EQ(calendar.InUtc(icalcomponent_get_dtstart(event)), expected)
          << name << " " << start << "\n"
          << text.substr(0, text.find("BEGIN:VEVENT"));
      event = calendar.Next();
    }
  }
}

TEST(IcalTest, ARuleThatGoesOnIsOneLineAndTheLongestZoneIsShort) {
  const auto zone_text = [](const std::string& name) {
    absl::TimeZone zone;
    EXPECT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
    return VTimeZone(name, zone);
  };
  const std::string warsaw = zone_text("Europe/Warsaw");
  EXPECT_THAT(warsaw, HasSubstr("TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nDTSTART:20000326T020000\r\n"
                                "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"));
  EXPECT_THAT(warsaw, Not(HasSubstr("RDATE")));
  EXPECT_THAT(zone_text("America/New_York"),
              HasSubstr("DTSTART:20070311T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU"));
  EXPECT_THAT(zone_text("America/Bogota"), Not(HasSubstr("RRULE")));
  EXPECT_LT(zone_text("Africa/Cairo").size(), 6000u);
}

TEST(IcalTest, ASessionInUtcNeedsNoZone) {
  const std::string text = TrainingCalendar(Training(Session(R"("start":"2026-07-01T09:00:00","time_zone":"UTC")")));
  EXPECT_THAT(text, HasSubstr("DTSTART:20260701T090000Z\r\n"));
  EXPECT_EQ(Parsed(text).Count(ICAL_VTIMEZONE_COMPONENT), 0);
}

TEST(IcalTest, DaysEndOnTheDayAfterTheLast) {
  const std::string text = TrainingCalendar(Training(Session(R"("start":"2026-02-27","end":"2026-02-28")")));
  EXPECT_THAT(text, HasSubstr("DTSTART;VALUE=DATE:20260227\r\nDTEND;VALUE=DATE:20260301\r\n"));
  const icaltimetype start = icalcomponent_get_dtstart(Parsed(text).event());
  EXPECT_TRUE(start.is_date);
}

TEST(IcalTest, ACancelledSessionStaysAsThatUnderItsUid) {
  const std::string before = TrainingCalendar(Training(Session(R"("start":"2026-07-01")")));
  v1::Record record = Training(Session(R"("start":"2026-07-08","status":"cancelled")"));
  record.mutable_updated_at()->set_seconds(record.updated_at().seconds() + 5);
  const std::string after = TrainingCalendar(record);
  const Parsed one(before), two(after);
  EXPECT_STREQ(icalcomponent_get_uid(one.event()), icalcomponent_get_uid(two.event()));
  EXPECT_EQ(icalcomponent_get_status(one.event()), ICAL_STATUS_CONFIRMED);
  EXPECT_EQ(icalcomponent_get_status(two.event()), ICAL_STATUS_CANCELLED);
  EXPECT_EQ(icalcomponent_get_sequence(two.event()), icalcomponent_get_sequence(one.event()) + 5);
  EXPECT_THAT(after, HasSubstr("LAST-MODIFIED:20260131T120005Z\r\n"));
}

TEST(IcalTest, LinesAreFoldedAtSeventyFiveOctetsBetweenCharacters) {
  std::string name;
  for (int i = 0; i < 60; ++i) name += "żółć🏠";
  const std::string text = TrainingCalendar(Training(Session(R"("start":"2026-07-01")"), name));
  for (const absl::string_view line : absl::StrSplit(text, "\r\n")) {
    EXPECT_LE(line.size(), 75u);
    EXPECT_TRUE(IsValidUtf8(line)) << line;
  }
  EXPECT_EQ(icalcomponent_get_summary(Parsed(text).event()), name);
}

TEST(IcalTest, TextsComeBackFromTheirEscapes) {
  const std::string text = TrainingCalendar(Training(Session(R"("start":"2026-07-01")"), R"(a;b,c\\d\ne: \"f\")"));
  EXPECT_STREQ(icalcomponent_get_summary(Parsed(text).event()), "a;b,c\\d\ne: \"f\"");
}

TEST(IcalAttackTest, AttackLineEndsInTextsAndAddressesBeginNoProperty) {
  v1::Record record = Training(Session(R"("start":"2026-07-01")"));
  const std::string attack = "x\r\nATTENDEE:mailto:a@example.org\rBEGIN:VALARM\nEND:VEVENT";
  for (std::string* text : {record.mutable_training()->mutable_name(), record.mutable_training()->mutable_description(),
                            record.mutable_training()->mutable_url(), record.mutable_training()->add_audience(),
                            record.mutable_training()->mutable_sessions(0)->mutable_place(),
                            record.mutable_training()->mutable_sessions(0)->mutable_registration_url(),
                            record.mutable_training()->mutable_sessions(0)->mutable_id(), record.mutable_language()}) {
    *text = attack;
  }
  const std::string text = TrainingCalendar(record);
  for (const absl::string_view line : absl::StrSplit(text, "\r\n")) {
    EXPECT_FALSE(line.substr(0, 8) == "ATTENDEE" || line == "BEGIN:VALARM") << text;
    EXPECT_EQ(line.find_first_of("\r\n"), absl::string_view::npos) << text;
  }
  const Parsed calendar(text);
  EXPECT_EQ(calendar.Count(ICAL_VEVENT_COMPONENT), 1);
  EXPECT_EQ(icalcomponent_count_properties(calendar.event(), ICAL_ATTENDEE_PROPERTY), 0);
}

TEST(IcalTest, TheSampleTrainingsAreReadByAnotherProgramAsWell) {
  if (std::system("/usr/bin/python3 -c 'import icalendar' 2>/dev/null") != 0)
    GTEST_SKIP() << "python3-icalendar is not installed";
  std::string text;
  IcalWriter writer("Sample", [&](absl::string_view piece) {
    absl::StrAppend(&text, piece);
    return absl::OkStatus();
  });
  const std::filesystem::path sample = SourceDirectory() / "deploy/sample";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(sample)) {
    if (entry.path().filename() != "trainings.jsonl") continue;
    for (const v1::Record& record : ReadPath(entry.path()).records) ASSERT_TRUE(writer.Add(record).ok());
  }
  ASSERT_TRUE(writer.Finish().ok());
  EXPECT_GT(writer.events(), 5u);
  EXPECT_EQ(Parsed(text).Count(ICAL_VEVENT_COMPONENT), static_cast<int>(writer.events()));
  const std::string path = WriteFile("sample.ics", text);
  const std::string script = absl::StrCat(
      "import icalendar,sys; c=icalendar.Calendar.from_ical(open(sys.argv[1],\"rb\").read()); "
      "e=c.walk(\"VEVENT\"); assert len(e)==",
      writer.events(),
      ", len(e); "
      "assert all(x[\"UID\"] and x[\"DTSTART\"].dt and not x.errors for x in e)");
  EXPECT_EQ(std::system(absl::StrCat("/usr/bin/python3 -c '", script, "' ", path).c_str()), 0);
}

}  // namespace
}  // namespace cairn
