#include "server/store/record_times.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "common/record/calendar.h"
#include "common/record/time_zone.h"
#include "server/store/schedule_days.h"

namespace cairn {
namespace {

constexpr int kDaySeconds = 24 * 60 * 60;
constexpr int kMonthsMax = 24;

std::string DateText(absl::CivilDay day) { return absl::FormatCivilTime(day); }

// Seconds since midnight; `otherwise` for what is empty or no time.
int SecondsOf(absl::string_view time, int otherwise) {
  if (time.empty()) return otherwise;
  return ParseTimeOfDay(time).value_or(otherwise);
}

}  // namespace

bool HoldsOn(const OpeningHours& hours, absl::string_view day) {
  if (day < hours.first_date || day > hours.last_date) return false;
  if (!hours.weekdays.has_value()) return RuleFallsOn(hours.rule, hours.dtstart, day);
  const absl::StatusOr<absl::CivilDay> date = ParseDate(day);
  return date.ok() && (*hours.weekdays & int64_t{1} << static_cast<int>(absl::GetWeekday(*date))) != 0;
}

bool OpenAt(const OpeningHours& hours, absl::Time now) {
  absl::TimeZone zone;
  if (hours.time_zone.empty() || !absl::LoadTimeZone(hours.time_zone, &zone)) return false;
  const absl::CivilSecond local = absl::ToCivilSecond(now, zone);
  const absl::CivilDay today(local);
  const auto second = static_cast<int>(local - absl::CivilSecond(today));
  const int opens = SecondsOf(hours.opens_at, 0);
  const int closes = SecondsOf(hours.closes_at, kDaySeconds);
  const bool into_next_day = closes < opens || (closes == opens && !hours.opens_at.empty());
  const bool by_clock = into_next_day ? second >= opens : second >= opens && second < closes;
  if (by_clock && HoldsOn(hours, DateText(today))) return true;
  return into_next_day && second < closes && HoldsOn(hours, DateText(today - 1));
}

std::string ZoneByCountry(absl::string_view countries) {
  if (countries.empty() || countries.find(',') != absl::string_view::npos) return "";
  return SoleZoneOf(countries);
}

bool OpenOn(const RecordTimes& times, absl::string_view day) {
  return std::any_of(times.schedules.begin(), times.schedules.end(),
                     [&](const OpeningHours& hours) { return HoldsOn(hours, day); });
}

bool OpenAt(const RecordTimes& times, absl::Time now) {
  return !times.out_of_service && std::any_of(times.schedules.begin(), times.schedules.end(),
                                              [&](const OpeningHours& hours) { return OpenAt(hours, now); });
}

bool TakesPlace(const RecordTimes& times, absl::string_view from, absl::string_view to) {
  return std::any_of(times.sessions.begin(), times.sessions.end(), [&](const SessionDays& session) {
    return (to.empty() || session.first_date <= to) && (from.empty() || session.last_date >= from);
  });
}

std::vector<std::string> MonthsOf(const SessionDays& session) {
  std::vector<std::string> months;
  const absl::StatusOr<absl::CivilDay> first = ParseDate(session.first_date);
  const absl::StatusOr<absl::CivilDay> last = ParseDate(session.last_date);
  if (!first.ok() || !last.ok()) return months;
  for (absl::CivilMonth month(*first); month <= absl::CivilMonth(*last) && months.size() < kMonthsMax; ++month) {
    months.push_back(absl::StrFormat("%04d-%02d", month.year(), month.month()));
  }
  return months;
}

}  // namespace cairn
