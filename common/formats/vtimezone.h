// VTIMEZONE components (RFC 5545, 3.6.5) of the system's IANA time zones.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace cairn {

// The component of the zone `name`: the offset of the year 2000 and every change from then on. They come from where all
// other local times of a record come from, Abseil's reading of the system's tzdata, and not from ICU, whose own tables
// are as old as its release. What repeats by a rule ("the last Sunday of March at 2:00") until the end of the tables is
// an RRULE without end; changes that follow no such rule are RDATEs, until 2100. Ends with CRLF. Thread-safe.
std::string VTimeZone(absl::string_view name, const absl::TimeZone& zone);

}  // namespace cairn
