#include "server/http/parameters.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/record/ids.h"

namespace cairn {
namespace {

absl::Status Refused(absl::string_view name, absl::string_view value, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(name, " ", Quoted(value, 80), " ", why));
}

bool IsDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c); });
}

}  // namespace

absl::StatusOr<std::optional<std::string>> TextParameter(const HttpRequest& request, absl::string_view name) {
  const std::vector<std::string> values = request.QueryAll(name);
  for (const std::string& value : values) {
    if (value == values.front()) continue;
    return Refused(name, value, absl::StrCat("was given besides ", Quoted(values.front(), 80), "; give one of them"));
  }
  if (values.empty() || values.front().empty()) return std::optional<std::string>();
  return std::optional<std::string>(values.front());
}

absl::StatusOr<std::optional<int64_t>> NumberParameter(const HttpRequest& request, absl::string_view name, int64_t min,
                                                       int64_t max) {
  ASSIGN_OR_RETURN(const std::optional<std::string> text, TextParameter(request, name));
  if (!text.has_value()) return std::optional<int64_t>();
  int64_t number = max;
  const bool fits = absl::SimpleAtoi(*text, &number);
  if (!IsDigits(*text) || (fits && number < min)) {
    return Refused(name, *text, absl::StrCat("is not right; give a whole number from ", min, " on"));
  }
  return std::optional<int64_t>(fits ? std::min(number, max) : max);
}

absl::StatusOr<bool> FlagParameter(const HttpRequest& request, absl::string_view name) {
  ASSIGN_OR_RETURN(const std::optional<std::string> text, TextParameter(request, name));
  if (!text.has_value()) return false;
  const std::string lower = absl::AsciiStrToLower(*text);
  if (lower == "true" || lower == "1") return true;
  if (lower == "false" || lower == "0") return false;
  return Refused(name, *text, "is neither yes nor no; give true or false");
}

absl::StatusOr<std::optional<absl::Time>> TimeParameter(const HttpRequest& request, absl::string_view name) {
  ASSIGN_OR_RETURN(const std::optional<std::string> text, TextParameter(request, name));
  if (!text.has_value()) return std::optional<absl::Time>();
  // In a query, the plus sign of an offset that was not encoded has become a space.
  std::string given = *text;
  std::replace(given.begin(), given.end(), ' ', '+');
  absl::Time time;
  std::string error;
  for (const char* form : {absl::RFC3339_full, "%Y-%m-%d%ET%H:%M:%E*S", "%Y-%m-%d"}) {
    if (absl::ParseTime(form, given, absl::UTCTimeZone(), &time, &error)) return std::optional<absl::Time>(time);
  }
  return Refused(name, *text, "is no time; write 2026-01-31T09:30:00Z or 2026-01-31");
}

absl::StatusOr<std::optional<std::string>> UuidParameter(const HttpRequest& request, absl::string_view name) {
  ASSIGN_OR_RETURN(std::optional<std::string> text, TextParameter(request, name));
  if (!text.has_value()) return std::optional<std::string>();
  if (!IsUuid(*text)) return Refused(name, *text, "is no UUID; give an id as the lists have it");
  return std::optional<std::string>(absl::AsciiStrToLower(*text));
}

}  // namespace cairn
