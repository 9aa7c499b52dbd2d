#include "common/formats/vtimezone.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "common/formats/ical.h"

namespace cairn {
namespace {

constexpr absl::CivilSecond rules_from(2000, 1, 1);   // no training is older
constexpr absl::CivilSecond rules_until(2100, 1, 1);  // what a rule without end does not cover ends here
// A rule is believed when it held for so many years, to the last one looked at.
constexpr size_t years_of_a_rule = 10;

// Changes that mean the same: from one offset to another, both in seconds east of UTC.
struct Change {
  int from;
  int to;
  bool is_dst;
  std::string name;
  bool operator<(const Change& other) const {
    return std::tie(from, to, is_dst, name) < std::tie(other.from, other.to, other.is_dst, other.name);
  }
};

using Moments = std::vector<absl::CivilSecond>;  // by the clock that was in force before

std::string OffsetText(int seconds) {
  const int size = std::abs(seconds);
  std::string text = absl::StrFormat("%c%02d%02d", seconds < 0 ? '-' : '+', size / 3600, size / 60 % 60);
  return size % 60 == 0 ? text : absl::StrCat(text, absl::StrFormat("%02d", size % 60));
}

std::string MomentText(absl::CivilSecond t) {
  return absl::StrFormat("%04d%02d%02dT%02d%02d%02d", t.year(), t.month(), t.day(), t.hour(), t.minute(), t.second());
}

const char* WeekdayText(absl::CivilSecond t) {
  constexpr const char* names[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
  return names[static_cast<int>(absl::GetWeekday(t))];
}

// "2SU", the second Sunday.
std::string FromTheStart(absl::CivilSecond t) { return absl::StrCat((t.day() - 1) / 7 + 1, WeekdayText(t)); }
// "-1SU", the last Sunday; empty: it is not the last of its month.
std::string FromTheEnd(absl::CivilSecond t) {
  const bool last = absl::CivilMonth(absl::CivilDay(t) + 7) != absl::CivilMonth(t);
  return last ? absl::StrCat("-1", WeekdayText(t)) : "";
}

// How many moments at the end of `moments` come year by year at the same time of `day` in the same month.
template <typename Day>
size_t Regular(const Moments& moments, Day day) {
  const absl::CivilSecond last = moments.back();
  size_t count = 0;
  for (auto it = moments.rbegin(); it != moments.rend(); ++it, ++count) {
    const bool same_day = it->month() == last.month() && day(*it) == day(last);
    const bool same_time = it->hour() == last.hour() && it->minute() == last.minute() && it->second() == last.second();
    if (!same_day || !same_time || it->year() != last.year() - static_cast<int64_t>(count)) break;
  }
  return count;
}

std::string Observance(const Change& change, absl::CivilSecond start, const std::string& recurrence) {
  const char* kind = change.is_dst ? "DAYLIGHT" : "STANDARD";
  return absl::StrCat(IcalLine("BEGIN", kind), IcalLine("TZNAME", IcalText(change.name)),
                      IcalLine("TZOFFSETFROM", OffsetText(change.from)), IcalLine("TZOFFSETTO", OffsetText(change.to)),
                      IcalLine("DTSTART", MomentText(start)), recurrence, IcalLine("END", kind));
}

// `moments` in order, at least one.
std::string Observances(const Change& change, const Moments& moments) {
  const absl::CivilSecond last = moments.back();
  const size_t by_start = Regular(moments, FromTheStart);
  const size_t by_end = FromTheEnd(last).empty() ? 0 : Regular(moments, FromTheEnd);
  size_t ruled = std::max(by_start, by_end);
  if (ruled < years_of_a_rule || last.year() < rules_until.year() - 1) ruled = 0;
  std::string out;
  const std::vector<absl::CivilSecond> single(moments.begin(), moments.end() - static_cast<ptrdiff_t>(ruled));
  if (!single.empty()) {
    const std::string dates = absl::StrJoin(
        single, ",", [](std::string* text, absl::CivilSecond moment) { text->append(MomentText(moment)); });
    out += Observance(change, single.front(), single.size() == 1 ? "" : IcalLine("RDATE", dates));
  }
  if (ruled > 0) {
    const std::string day = by_end >= by_start ? FromTheEnd(last) : FromTheStart(last);
    out += Observance(change, moments[single.size()],
                      IcalLine("RRULE", absl::StrCat("FREQ=YEARLY;BYMONTH=", last.month(), ";BYDAY=", day)));
  }
  return out;
}

}  // namespace

std::string VTimeZone(absl::string_view name, const absl::TimeZone& zone) {
  const absl::TimeZone::CivilInfo first = zone.At(absl::FromCivil(rules_from, zone));
  const Change initial = {first.offset, first.offset, first.is_dst, first.zone_abbr};
  std::string out = absl::StrCat(IcalLine("BEGIN", "VTIMEZONE"), IcalLine("TZID", name));
  out += Observance(initial, rules_from, "");
  std::map<Change, Moments> changes;
  absl::Time at = absl::FromCivil(rules_from, zone);
  for (absl::TimeZone::CivilTransition change; zone.NextTransition(at, &change) && change.to < rules_until;) {
    // The lesser of the two times is the one that does not exist, or exists twice: its `trans` is the moment.
    at = zone.At(std::min(change.from, change.to)).trans;
    const absl::TimeZone::CivilInfo before = zone.At(at - absl::Seconds(1)), after = zone.At(at);
    changes[{before.offset, after.offset, after.is_dst, after.zone_abbr}].push_back(change.from);
  }
  for (const auto& [change, moments] : changes) out += Observances(change, moments);
  return out + IcalLine("END", "VTIMEZONE");
}

}  // namespace cairn
