// Trainings as a calendar (RFC 5545): an event for each session.
//
// UID follows from the ids of session and training, and so stays when a date changes; SEQUENCE and LAST-MODIFIED follow
// from the time of the record's version, so that a calendar takes the newer one. A session that is cancelled stays as
// STATUS:CANCELLED, a postponed one is TENTATIVE. Times stand in their zone, with its VTIMEZONE, or in UTC; sessions of
// whole days end, as the standard wants, on the day after their last. Texts are escaped: no text of a record begins a
// line.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/record.pb.h"

namespace cairn {

// Writes one calendar, a record at a time. Memory: the names of time zones. Not thread-safe.
class IcalWriter {
 public:
  using Sink = std::function<absl::Status(absl::string_view)>;
  // `name`: what programs call the calendar.
  IcalWriter(std::string name, Sink sink) : name_(std::move(name)), sink_(std::move(sink)) {}

  // Adds the sessions of a training; other kinds have none and are counted in skipped().
  absl::Status Add(const v1::Record& record);

  // Ends the calendar. Call once, last.
  absl::Status Finish();

  uint64_t skipped() const { return skipped_; }
  uint64_t events() const { return events_; }

 private:
  void Begin(std::string* out);
  void AddZone(const std::string& zone, std::string* out);

  const std::string name_;
  const Sink sink_;
  bool begun_ = false;
  uint64_t skipped_ = 0;
  uint64_t events_ = 0;
  std::set<std::string> zones_;
};

// A calendar of one training, or of no event.
std::string TrainingCalendar(const v1::Record& training);

// A content line, `name` with its parameters: folded at 75 octets without cutting a character, ended by CRLF.
std::string IcalLine(absl::string_view name, absl::string_view value);
// A value of type TEXT: backslash, semicolon, comma and line ends escaped, other controls left out.
std::string IcalText(absl::string_view text);

}  // namespace cairn
