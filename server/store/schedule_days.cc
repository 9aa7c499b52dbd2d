#include "server/store/schedule_days.h"

#include <libical/ical.h>

#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "common/record/calendar.h"

namespace cairn {
namespace {

constexpr int kOccurrencesMax = 4'000;
constexpr int64_t kEveryDay = 127;
constexpr std::array<absl::string_view, 7> kDayNames = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};

// nullopt for days with a number ("-1FR") and for anything else.
std::optional<int64_t> WeekdaysOf(absl::string_view byday) {
  int64_t days = 0;
  for (absl::string_view name : absl::StrSplit(byday, ',', absl::SkipWhitespace())) {
    const auto day = std::find(kDayNames.begin(), kDayNames.end(), absl::StripAsciiWhitespace(name));
    if (day == kDayNames.end()) return std::nullopt;
    days |= int64_t{1} << (day - kDayNames.begin());
  }
  return days;
}

int64_t WeekdayOf(absl::string_view date) {
  const absl::StatusOr<absl::CivilDay> day = ParseDate(date);
  return day.ok() ? int64_t{1} << static_cast<int>(absl::GetWeekday(*day)) : 0;
}

bool SaysNothing(const v1::Schedule& s) {
  return s.freq().empty() && s.dtstart().empty() && s.byday().empty() && s.opens_at().empty() &&
         s.closes_at().empty() && s.valid_from().empty() && s.valid_to().empty();
}

// The weekdays when they say it all.
std::optional<int64_t> PlainWeekdays(const v1::Schedule& s) {
  if (SaysNothing(s)) return 0;
  const std::optional<int64_t> named = WeekdaysOf(s.byday());
  if (s.freq().empty()) return s.dtstart().empty() && named.value_or(0) != 0 ? *named : kEveryDay;
  const bool further = s.interval() > 1 || s.count() > 0 || !s.byweekno().empty() || !s.bymonthday().empty() ||
                       !s.byyearday().empty() || !named.has_value();
  if (further || (s.freq() != "WEEKLY" && s.freq() != "DAILY")) return std::nullopt;
  if (*named != 0) return *named;
  return s.freq() == "DAILY" || s.dtstart().empty() ? kEveryDay : WeekdayOf(s.dtstart());
}

}  // namespace

ScheduleDays DaysOf(const v1::Schedule& schedule) {
  ScheduleDays days;
  days.first_date = std::max({std::string("0000-00-00"), schedule.valid_from(), schedule.dtstart()});
  days.last_date = "9999-99-99";
  const bool once = schedule.freq().empty();
  for (const std::string& end : {schedule.valid_to(), schedule.until(), once ? schedule.dtstart() : std::string()}) {
    if (!end.empty()) days.last_date = std::min(days.last_date, end);
  }
  days.weekdays = PlainWeekdays(schedule);
  if (days.weekdays.has_value()) return days;
  days.dtstart = schedule.dtstart().empty() ? schedule.valid_from() : schedule.dtstart();
  days.rule = RecurrenceRule(schedule);
  if (days.dtstart.empty() || days.rule.empty()) days.weekdays = 0;
  return days;
}

bool RuleFallsOn(absl::string_view rule, absl::string_view dtstart, absl::string_view day) {
  // Shorter than a day is no schedule of days, and would take its occurrences one second at a time.
  if (absl::StrContains(rule, "HOURLY") || absl::StrContains(rule, "MINUTELY") || absl::StrContains(rule, "SECONDLY")) {
    return false;
  }
  const absl::StatusOr<absl::CivilDay> first = ParseDate(dtstart);
  const absl::StatusOr<absl::CivilDay> wanted = ParseDate(day);
  if (!first.ok() || !wanted.ok() || *wanted < *first) return false;
  const std::string text(rule);
  const struct icalrecurrencetype recurrence = icalrecurrencetype_from_string(text.c_str());
  if (recurrence.freq == ICAL_NO_RECURRENCE) return false;
  const auto to_ical = [](absl::CivilDay d) {
    struct icaltimetype time = {};  // icaltime_null_date() has hours of -1, which the iterator counts from
    time.is_date = 1;
    time.year = static_cast<int>(d.year());
    time.month = d.month();
    time.day = d.day();
    return time;
  };
  icalrecur_iterator* occurrences = icalrecur_iterator_new(recurrence, to_ical(*first));
  if (occurrences == nullptr) return false;
  // With COUNT every occurrence has to be counted from the first.
  if (recurrence.count == 0) icalrecur_iterator_set_start(occurrences, to_ical(*wanted));
  bool falls = false;
  for (int i = 0; i < kOccurrencesMax && !falls; ++i) {
    const struct icaltimetype at = icalrecur_iterator_next(occurrences);
    if (icaltime_is_null_time(at)) break;
    const absl::CivilDay occurrence(at.year, at.month, at.day);
    if (occurrence > *wanted) break;
    falls = occurrence == *wanted;
  }
  icalrecur_iterator_free(occurrences);
  return falls;
}

}  // namespace cairn
