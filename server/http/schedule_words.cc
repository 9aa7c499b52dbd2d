#include "server/http/schedule_words.h"

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace cairn {
namespace {

constexpr std::array<const char*, 7> codes = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
constexpr char between[] = " – ";

// "Monday – Friday", "Monday, Friday", "Every day"; empty for what is no plain weekday, such as "-1FR".
std::string WeekdaysText(const std::string& byday, const PageTexts& texts) {
  std::vector<int> days;
  for (const absl::string_view part : absl::StrSplit(byday, ',')) {
    const auto found = std::find(codes.begin(), codes.end(), absl::StripAsciiWhitespace(part));
    if (found == codes.end()) return "";
    days.push_back(static_cast<int>(found - codes.begin()));
  }
  if (days.size() == codes.size()) return texts.Get("everyDay");
  const bool in_a_row =
      std::adjacent_find(days.begin(), days.end(), [](int a, int b) { return b != a + 1; }) == days.end();
  if (in_a_row && days.size() > 2) {
    return absl::StrCat(texts.WeekdayName(days.front()), between, texts.WeekdayName(days.back()));
  }
  return absl::StrJoin(days, ", ", [&](std::string* out, int day) { out->append(texts.WeekdayName(day)); });
}

std::string MonthDayText(absl::string_view text, const PageTexts& texts) {
  int day = 0;
  if (!absl::SimpleAtoi(text, &day) || day >= 0) return std::string(absl::StripAsciiWhitespace(text));
  return day == -1 ? texts.Get("lastDay") : absl::StrCat(texts.Get("lastDay"), " − ", -day - 1);
}

}  // namespace

std::string DaysText(const v1::Schedule& schedule, const PageTexts& texts) {
  const uint32_t interval = std::max<uint32_t>(schedule.interval(), 1);
  if (!schedule.byweekno().empty() || !schedule.byyearday().empty()) return "";
  // Which weeks these are, its first day says; of months and years there are no words.
  const bool in_weeks = schedule.freq() == "WEEKLY" && !schedule.byday().empty();
  if (interval > 1 && !in_weeks) return "";
  std::vector<std::string> parts;
  if (!schedule.byday().empty()) {
    parts.push_back(WeekdaysText(schedule.byday(), texts));
    if (parts.back().empty()) return "";
  } else if (schedule.freq() == "DAILY" && schedule.bymonthday().empty()) {
    parts.push_back(texts.Get("everyDay"));
  }
  if (interval > 1) parts.push_back(texts.Count("everyWeeks", interval));
  if (!schedule.bymonthday().empty()) {
    const std::vector<absl::string_view> days = absl::StrSplit(schedule.bymonthday(), ',');
    parts.push_back(
        texts.Fill("monthDays", "days", absl::StrJoin(days, ", ", [&](std::string* out, absl::string_view day) {
                     out->append(MonthDayText(day, texts));
                   })));
  }
  return absl::StrJoin(parts, " · ");
}

std::string HoursText(const v1::Schedule& schedule, bool has_days, const PageTexts& texts) {
  if (schedule.opens_at().empty() && schedule.closes_at().empty()) return has_days ? texts.Get("allDay") : "";
  return absl::StrCat(schedule.opens_at().substr(0, 5), between, schedule.closes_at().substr(0, 5));
}

}  // namespace cairn
