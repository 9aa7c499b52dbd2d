// A record as a person reads it.
#pragma once

#include <functional>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cairn/v1/directory.pb.h"
#include "client/cli/style.h"

namespace cairn {

// How a record is shown.
struct RecordViewOptions {
  Style style{false};
  size_t columns = 80;
  absl::Time now;
  // The name of the record that an id refers to; empty when it is not known. May be null.
  std::function<std::string(absl::string_view id)> name_of;
};

// The whole record: name, kind and freshness, then every field that is set, longer texts wrapped, and where it comes
// from. Text of partners is made Printable.
void PrintRecord(std::ostream& out, const v1::DirectoryRecord& record, const RecordViewOptions& options);

// The numbers of a record as they are dialled, short codes with their country: "116 111 (in Poland)".
std::string PhoneText(const v1::Phone& phone);

// "Mon, Tue 09:00-17:00 (Europe/Warsaw)", or the schedule's own words.
std::string ScheduleText(const v1::Schedule& schedule);

// The lines of "PL, pl-fdds": kind, countries and partner on one line.
std::string Provenance(const v1::DirectoryRecord& record);

}  // namespace cairn
