#include "common/record/calendar.h"

#include "tests/common/record/builders.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;

std::string DateRefusal(absl::string_view text) { return std::string(ParseDate(text).status().message()); }

TEST(DateTest, TakesDaysOfTheCalendar) {
  EXPECT_EQ(*ParseDate("2024-02-29"), absl::CivilDay(2024, 2, 29));
  EXPECT_THAT(DateRefusal("2026-02-29"), HasSubstr("the calendar has no such day"));
  EXPECT_THAT(DateRefusal("2026-13-01"), HasSubstr("the calendar has no such day"));
}

TEST(DateTest, SuggestsTheFormForOtherNotationsOfOneMeaning) {
  EXPECT_EQ(DateRefusal("22.11.2026"), "\"22.11.2026\": not a date of the form YYYY-MM-DD; write \"2026-11-22\"");
  EXPECT_THAT(DateRefusal("2026/11/22"), HasSubstr("write \"2026-11-22\""));
  EXPECT_THAT(DateRefusal("20261122"), HasSubstr("write \"2026-11-22\""));
  EXPECT_THAT(DateRefusal("2026-11-22T00:00:00Z"), HasSubstr("write \"2026-11-22\""));
  EXPECT_THAT(DateRefusal("11/12/2026"), HasSubstr("one such as"));
  EXPECT_FALSE(ParseDate("").ok());
  EXPECT_FALSE(ParseDate("2026-1-02").ok());
}

TEST(TimeOfDayTest, TakesHoursAndMinutes) {
  EXPECT_EQ(*ParseTimeOfDay("09:30"), 9 * 3600 + 30 * 60);
  EXPECT_EQ(*ParseTimeOfDay("23:59:59"), 86399);
  for (const char* text : {"9:30", "24:00", "09:60", "09.30", "09:30Z", "09:30:61", "", "09:30-00"}) {
    EXPECT_FALSE(ParseTimeOfDay(text).ok()) << text;
  }
}

TEST(LocalMomentTest, IsADateTimeOrADate) {
  EXPECT_EQ(ParseLocalMoment("2026-11-22T09:30:00")->time, absl::CivilSecond(2026, 11, 22, 9, 30, 0));
  EXPECT_TRUE(ParseLocalMoment("2026-11-22")->date_only);
  for (const char* text :
       {"2026-11-22 09:30:00", "2026-11-22T09:30", "2026-11-22T09:30:00Z", "2026-02-30T09:30:00", "", "x"}) {
    EXPECT_FALSE(ParseLocalMoment(text).ok()) << text;
  }
}

TEST(ToTimeTest, CountsDaylightSaving) {
  EXPECT_EQ(ToTime("2026-07-01T12:00:00", "Europe/Warsaw"), ToTime("2026-07-01T10:00:00", "UTC"));
  EXPECT_EQ(ToTime("2026-01-01T12:00:00", "Europe/Warsaw"), ToTime("2026-01-01T11:00:00", ""));
  EXPECT_EQ(ToTime("2026-01-01", "", true), ToTime("2026-01-02", ""));
  EXPECT_EQ(ToTime("2026-01-01", "No/Zone"), std::nullopt);
}

TEST(RecurrenceTest, AssemblesTheRule) {
  v1::Schedule schedule;
  EXPECT_EQ(RecurrenceRule(schedule), "");
  schedule.set_freq("WEEKLY");
  schedule.set_interval(2);
  schedule.set_byday("MO,TU");
  schedule.set_wkst("MO");
  schedule.set_until("2026-12-31");
  EXPECT_EQ(RecurrenceRule(schedule), "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU;WKST=MO;UNTIL=20261231");
  EXPECT_TRUE(CheckRecurrenceRule(RecurrenceRule(schedule)).ok());
}

TEST(RecurrenceTest, RefusesWhatTheStandardForbids) {
  EXPECT_FALSE(CheckRecurrenceRule("FREQ=FOO").ok());
  EXPECT_FALSE(CheckRecurrenceRule("FREQ=WEEKLY;BYDAY=XX").ok());
  EXPECT_FALSE(CheckRecurrenceRule("FREQ=MONTHLY;BYWEEKNO=3").ok());
}

}  // namespace
}  // namespace cairn
