#include "common/record/calendar.h"

#include <libical/ical.h>

#include <cstdio>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/record/problem.h"

namespace cairn {
namespace {

// The number in `digits`, which must be exactly `count` digits; -1 otherwise.
int Digits(absl::string_view digits, size_t count) {
  if (digits.size() != count) return -1;
  int value = 0;
  for (const char c : digits) {
    if (!absl::ascii_isdigit(c)) return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<absl::CivilDay> Day(int year, int month, int day) {
  if (year < 1000 || month < 1 || day < 1) return std::nullopt;
  const absl::CivilDay civil(year, month, day);
  // CivilDay carries 31 February over into March; a calendar does not.
  if (civil.year() != year || civil.month() != month || civil.day() != day) return std::nullopt;
  return civil;
}

std::optional<absl::CivilDay> IsoDay(absl::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  return Day(Digits(text.substr(0, 4), 4), Digits(text.substr(5, 2), 2), Digits(text.substr(8, 2), 2));
}

// Notations of one meaning: 22.11.2026 and 2026/11/22. (11/12/2026 means two days, so nothing is suggested for it.)
std::string SuggestDay(absl::string_view text) {
  std::optional<absl::CivilDay> day;
  const std::vector<absl::string_view> dotted = absl::StrSplit(text, '.');
  const auto part = [](absl::string_view s) { return Digits(s, s.size() == 1 ? 1 : 2); };
  if (dotted.size() == 3) day = Day(Digits(dotted[2], 4), part(dotted[1]), part(dotted[0]));
  if (!day.has_value() && text.size() >= 10) {
    day = IsoDay(absl::StrReplaceAll(text.substr(0, 10), {{"/", "-"}, {".", "-"}}));
  }
  if (!day.has_value() && text.size() == 8)
    day = IsoDay(absl::StrCat(text.substr(0, 4), "-", text.substr(4, 2), "-", text.substr(6)));
  if (!day.has_value()) return "write one such as \"2026-11-22\"";
  return absl::StrCat("write \"", absl::FormatCivilTime(*day), "\"");
}

}  // namespace

absl::StatusOr<absl::CivilDay> ParseDate(absl::string_view text) {
  if (const auto day = IsoDay(text); day.has_value()) return *day;
  const bool shaped = text.size() == 10 && text[4] == '-' && text[7] == '-' && Digits(text.substr(0, 4), 4) >= 0;
  return Refuse(text, shaped ? "the calendar has no such day" : "not a date of the form YYYY-MM-DD", SuggestDay(text));
}

absl::StatusOr<int> ParseTimeOfDay(absl::string_view text) {
  const bool shaped = (text.size() == 5 || (text.size() == 8 && text[5] == ':')) && text[2] == ':';
  const int hour = shaped ? Digits(text.substr(0, 2), 2) : -1;
  const int minute = shaped ? Digits(text.substr(3, 2), 2) : -1;
  const int second = !shaped ? -1 : text.size() == 5 ? 0 : Digits(text.substr(6, 2), 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
    return Refuse(text, "not a time of day of the form HH:MM or HH:MM:SS", "write one such as \"09:30\"");
  }
  return hour * 3600 + minute * 60 + second;
}

absl::StatusOr<LocalMoment> ParseLocalMoment(absl::string_view text) {
  if (text.size() == 10) {
    const auto day = ParseDate(text);
    if (!day.ok()) return day.status();
    return LocalMoment{absl::CivilSecond(*day), true};
  }
  const auto day = IsoDay(text.substr(0, 10));
  const auto seconds = text.size() == 19 && text[10] == 'T' ? ParseTimeOfDay(text.substr(11)) : -1;
  if (!day.has_value() || !seconds.ok() || *seconds < 0) {
    return Refuse(text, "not a local date-time of the form YYYY-MM-DDTHH:MM:SS nor a date",
                  "write one such as \"2026-11-22T09:30:00\", its zone in time_zone");
  }
  return LocalMoment{absl::CivilSecond(*day) + *seconds, false};
}

std::optional<absl::Time> ToTime(absl::string_view local, absl::string_view time_zone, bool end_of_day) {
  const auto moment = ParseLocalMoment(local);
  absl::TimeZone zone = absl::UTCTimeZone();
  if (!moment.ok() || (!time_zone.empty() && !absl::LoadTimeZone(time_zone, &zone))) return std::nullopt;
  const absl::CivilSecond time =
      moment->date_only && end_of_day ? absl::CivilSecond(absl::CivilDay(moment->time) + 1) : moment->time;
  return absl::FromCivil(time, zone);
}

std::string RecurrenceRule(const v1::Schedule& schedule) {
  if (schedule.freq().empty()) return "";
  std::string rule = absl::StrCat("FREQ=", schedule.freq());
  const auto part = [&rule](absl::string_view name, absl::string_view value) {
    if (!value.empty()) absl::StrAppend(&rule, ";", name, "=", value);
  };
  if (schedule.interval() > 1) part("INTERVAL", absl::StrCat(schedule.interval()));
  part("BYDAY", schedule.byday());
  part("BYWEEKNO", schedule.byweekno());
  part("BYMONTHDAY", schedule.bymonthday());
  part("BYYEARDAY", schedule.byyearday());
  part("WKST", schedule.wkst());
  if (schedule.count() > 0) part("COUNT", absl::StrCat(schedule.count()));
  part("UNTIL", absl::StrReplaceAll(schedule.until(), {{"-", ""}}));
  return rule;
}

absl::Status CheckRecurrenceRule(const std::string& rule) {
  const icalrecurrencetype recurrence = icalrecurrencetype_from_string(rule.c_str());
  if (recurrence.freq == ICAL_NO_RECURRENCE) {
    return Refuse(rule, "not a recurrence rule of RFC 5545", "write one such as \"FREQ=WEEKLY;BYDAY=MO,TU\"");
  }
  // Combinations that the RFC forbids, such as BYWEEKNO in a monthly rule, show only when the rule is put to use.
  icalrecur_iterator* iterator = icalrecur_iterator_new(recurrence, icaltime_from_string("20260105"));
  if (iterator == nullptr) {
    return Refuse(rule, "a combination of parts that RFC 5545 forbids", "leave out the part that does not fit FREQ");
  }
  icalrecur_iterator_free(iterator);
  return absl::OkStatus();
}

}  // namespace cairn
