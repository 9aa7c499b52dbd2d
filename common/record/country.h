// Countries: ISO 3166-1 alpha-2, as ICU lists them (with XK for Kosovo).
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cairn {

// True for a code in upper case.
bool IsCountry(absl::string_view code);

// The code in upper case. INVALID_ARGUMENT for what is no code, with the code to write when it is a country's name in
// English or in a language of that country ("Poland", "Polska" → PL), a three-letter code (POL) or a habit ("UK" → GB,
// "EL" → GR). Thread-safe.
absl::StatusOr<std::string> NormaliseCountry(absl::string_view text);

// The code of a country that is named in English or in a language of that country, by a three-letter code or a habit;
// nullopt when none is. A code itself is no name. Thread-safe.
std::optional<std::string> CountryFromName(absl::string_view name);

// The country's name in English; the code itself when unknown.
std::string CountryName(absl::string_view code);

}  // namespace cairn
