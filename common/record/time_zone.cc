#include "common/record/time_zone.h"

#include <unicode/strenum.h>
#include <unicode/timezone.h>

#include <algorithm>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "common/record/country.h"
#include "common/record/problem.h"
#include "common/text/fold.h"

namespace cairn {
namespace {

struct ZoneTable {
  absl::flat_hash_map<std::string, std::string> by_lower_name;  // "europe/warsaw" → "Europe/Warsaw"
  absl::flat_hash_map<std::string, std::string> by_city;        // "warsaw" → "Europe/Warsaw"
};

// Names without a slash are abbreviations and leftovers ("CET", "PRC"), and SystemV is ICU's own.
bool IsIanaName(absl::string_view name) {
  return name == "UTC" || (absl::StrContains(name, '/') && !absl::StartsWith(name, "SystemV/"));
}

const ZoneTable& Zones() {
  static const ZoneTable* const kZones = [] {
    auto* table = new ZoneTable();
    UErrorCode error = U_ZERO_ERROR;
    const std::unique_ptr<icu::StringEnumeration> names(
        icu::TimeZone::createTimeZoneIDEnumeration(UCAL_ZONE_TYPE_ANY, nullptr, nullptr, error));
    while (U_SUCCESS(error)) {
      const char* name = names->next(nullptr, error);
      if (name == nullptr) break;
      if (!IsIanaName(name)) continue;
      table->by_lower_name.emplace(absl::AsciiStrToLower(name), name);
      const absl::string_view city = absl::string_view(name).substr(absl::string_view(name).rfind('/') + 1);
      if (city != name) table->by_city.emplace(absl::StrReplaceAll(absl::AsciiStrToLower(city), {{"_", " "}}), name);
    }
    return table;
  }();
  return *kZones;
}

// What people write instead of a zone: the zone of the most people who write so.
const char* ForAbbreviation(absl::string_view upper) {
  static const auto* const kZones =
      new absl::flat_hash_map<std::string, const char*>{{"CET", "Europe/Warsaw"},      {"CEST", "Europe/Warsaw"},
                                                        {"MEZ", "Europe/Berlin"},      {"EET", "Europe/Riga"},
                                                        {"EEST", "Europe/Riga"},       {"GMT", "Europe/London"},
                                                        {"BST", "Europe/London"},      {"WET", "Europe/Lisbon"},
                                                        {"WEST", "Europe/Lisbon"},     {"MSK", "Europe/Moscow"},
                                                        {"EST", "America/New_York"},   {"EDT", "America/New_York"},
                                                        {"COT", "America/Bogota"},     {"Z", "UTC"},
                                                        {"PST", "America/Los_Angeles"}};
  const auto found = kZones->find(upper);
  return found == kZones->end() ? nullptr : found->second;
}

// A name that the system's tzdata has and ICU, whose tables are as old as its release, has not yet.
bool SystemKnows(absl::string_view name) {
  constexpr size_t name_bytes_max = 64;  // twice the longest; what was asked for is kept by Abseil for good
  if (name.size() > name_bytes_max || !absl::StrContains(name, '/')) return false;
  // Debian's other two sets of the same zones, of which one counts leap seconds.
  if (absl::StartsWith(name, "posix/") || absl::StartsWith(name, "right/")) return false;
  const bool plain = absl::ascii_isupper(name[0]) && std::all_of(name.begin(), name.end(), [](char c) {
                       return absl::ascii_isalnum(c) || absl::StrContains("_+-/", c);
                     });
  absl::TimeZone zone;
  return plain && absl::LoadTimeZone(name, &zone);
}

}  // namespace

absl::StatusOr<std::string> NormaliseTimeZone(absl::string_view text) {
  const absl::string_view stripped = absl::StripAsciiWhitespace(text);
  const std::string lower = absl::AsciiStrToLower(stripped);
  const auto known = Zones().by_lower_name.find(lower);
  if (known != Zones().by_lower_name.end()) return known->second;
  if (SystemKnows(stripped)) return std::string(stripped);
  std::string suggestion = "Europe/Warsaw";
  bool meant = false;
  if (const char* zone = ForAbbreviation(absl::AsciiStrToUpper(stripped))) {
    suggestion = zone;
    meant = true;
  }
  // "Warsaw", "Europe/warszawa": the last part is the city.
  const std::string city =
      absl::StrReplaceAll(FoldForSearch(absl::string_view(lower).substr(lower.rfind('/') + 1)), {{"_", " "}});
  const auto by_city = Zones().by_city.find(city);
  if (by_city != Zones().by_city.end()) {
    suggestion = by_city->second;
    meant = true;
  }
  return Refuse(text, "not an IANA time zone name",
                absl::StrCat("write ", meant ? "\"" : "one such as \"", suggestion, "\""));
}

std::string SoleZoneOf(absl::string_view country) {
  static const auto* const kSole = [] {
    auto* sole = new absl::flat_hash_map<std::string, std::string>();
    UErrorCode error = U_ZERO_ERROR;
    const std::unique_ptr<icu::StringEnumeration> names(
        icu::TimeZone::createTimeZoneIDEnumeration(UCAL_ZONE_TYPE_CANONICAL_LOCATION, nullptr, nullptr, error));
    while (U_SUCCESS(error)) {
      const char* name = names->next(nullptr, error);
      if (name == nullptr) break;
      char region[4] = "";
      icu::TimeZone::getRegion(name, region, sizeof region, error);
      if (U_FAILURE(error)) break;
      const auto [it, added] = sole->try_emplace(region, name);
      if (!added) it->second.clear();
    }
    return sole;
  }();
  const auto found = kSole->find(country);
  return found == kSole->end() ? "" : found->second;
}

}  // namespace cairn
