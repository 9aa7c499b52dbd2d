// When a record is open or takes place, as the index compares it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace cairn {

// One row of service_schedule.
struct OpeningHours {
  std::string first_date, last_date;  // YYYY-MM-DD
  std::optional<int64_t> weekdays;    // as the column; nullopt: as `rule` says
  std::string rule, dtstart;
  std::string opens_at, closes_at;  // HH:MM; both empty: all day
  std::string time_zone;            // empty: not known
};

// True when the schedule holds on `day` (YYYY-MM-DD); a range that ends after midnight belongs to the day it begins.
bool HoldsOn(const OpeningHours& hours, absl::string_view day);

// True when it is open at `now`. False where the time zone is not known: whoever calls then must not be sent to a
// closed door.
bool OpenAt(const OpeningHours& hours, absl::Time now);

// The zone of a schedule that names none: that of the record's country, when it has one country (as record.countries
// writes them) and that has one zone. Empty: not known.
std::string ZoneByCountry(absl::string_view countries);

// One session that is neither cancelled nor postponed.
struct SessionDays {
  std::string first_date, last_date;  // YYYY-MM-DD, local
};

// What the index knows of a record's times.
struct RecordTimes {
  bool out_of_service = false;          // a service that its owner says is not offered now
  std::vector<OpeningHours> schedules;  // of a service
  std::vector<SessionDays> sessions;    // of a training
  std::vector<std::string> modes;       // of a training and its sessions, sorted
  std::vector<std::string> months;      // YYYY-MM, in which a session takes place, sorted
};

bool OpenOn(const RecordTimes& times, absl::string_view day);
bool OpenAt(const RecordTimes& times, absl::Time now);
// True when a session meets [from, to]; an empty bound is none.
bool TakesPlace(const RecordTimes& times, absl::string_view from, absl::string_view to);

// The months that a session touches, at most 24.
std::vector<std::string> MonthsOf(const SessionDays& session);

}  // namespace cairn
