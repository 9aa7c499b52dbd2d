// Dates, times of day and recurrences as records write them.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "cairn/v1/record.pb.h"

namespace cairn {

// A date "2026-11-22" that the calendar has, years 1000 to 9999. INVALID_ARGUMENT otherwise, with the right form when
// the text is a date in another notation (22.11.2026, 2026/11/22) of one meaning.
absl::StatusOr<absl::CivilDay> ParseDate(absl::string_view text);

// A time of day "09:30" or "09:30:00" as seconds since midnight. INVALID_ARGUMENT otherwise.
absl::StatusOr<int> ParseTimeOfDay(absl::string_view text);

// A local moment: "2026-11-22T09:30:00", or a date alone.
struct LocalMoment {
  absl::CivilSecond time;
  bool date_only = false;
};
absl::StatusOr<LocalMoment> ParseLocalMoment(absl::string_view text);

// The moment in absolute time. A date alone is its first instant, or with `end_of_day` the first instant of the next
// day; an empty `time_zone` is UTC. nullopt when the text or the zone is not valid.
std::optional<absl::Time> ToTime(absl::string_view local, absl::string_view time_zone, bool end_of_day = false);

// The RFC 5545 rule of a schedule ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU"); empty when it does not recur.
std::string RecurrenceRule(const v1::Schedule& schedule);

// OK when libical takes `rule`. INVALID_ARGUMENT otherwise. Thread-safe.
absl::Status CheckRecurrenceRule(const std::string& rule);

}  // namespace cairn
