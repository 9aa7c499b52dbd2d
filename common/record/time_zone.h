// Time zones by their IANA names.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cairn {

// The name in its proper case ("europe/warsaw" → "Europe/Warsaw"). "UTC" and names with a slash that ICU or the
// system's tzdata knows are accepted (those that only tzdata knows in their proper case), aliases (Europe/Kiev) as they
// are. INVALID_ARGUMENT for the rest, with a suggestion for cities ("Warsaw"), abbreviations ("CET") and near misses.
// Thread-safe.
absl::StatusOr<std::string> NormaliseTimeZone(absl::string_view text);

// The zone of a country (ISO 3166-1 alpha-2) that has only one ("PL" → "Europe/Warsaw"); empty for the others.
// Thread-safe.
std::string SoleZoneOf(absl::string_view country);

}  // namespace cairn
