// On which days a schedule holds, in a form that SQL can test.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "cairn/v1/record.pb.h"

namespace cairn {

// The days from `first_date` to `last_date` that fall on `weekdays`, or, without weekdays, on which `rule` falls.
struct ScheduleDays {
  std::string first_date;           // YYYY-MM-DD; "0000-00-00": no bound
  std::string last_date;            // YYYY-MM-DD; "9999-99-99": no bound
  std::optional<int64_t> weekdays;  // 1 Monday, 2 Tuesday, ... 64 Sunday, added up; 0: on no day that we know of
  std::string rule;                 // RFC 5545, when the weekdays do not say it all
  std::string dtstart;              // with `rule`
};

// A schedule that does not recur holds on its `dtstart`, or, without one, on every day (of `byday`, if given) that it
// is valid. One that says nothing about time holds on no day.
ScheduleDays DaysOf(const v1::Schedule& schedule);

// True when the rule that begins on `dtstart` falls on `day` (both YYYY-MM-DD). False for what is no rule or date.
// Looks at no more than 4,000 occurrences. Thread-safe.
bool RuleFallsOn(absl::string_view rule, absl::string_view dtstart, absl::string_view day);

}  // namespace cairn
