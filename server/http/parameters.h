// Parameters of a query, read strictly: an empty value is as if the parameter were not there, and what is given twice
// with different values says nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/http/http_message.h"

namespace cairn {

// Each: nullopt or false when it is not given; INVALID_ARGUMENT names the parameter, its value and what would be right.
absl::StatusOr<std::optional<std::string>> TextParameter(const HttpRequest& request, absl::string_view name);
// A whole number from `min` to `max`; a higher one that is one counts as `max`.
absl::StatusOr<std::optional<int64_t>> NumberParameter(const HttpRequest& request, absl::string_view name, int64_t min,
                                                       int64_t max);
// "true" or "false", "1" or "0".
absl::StatusOr<bool> FlagParameter(const HttpRequest& request, absl::string_view name);
// RFC 3339, or a date, which means its first moment; without an offset: UTC.
absl::StatusOr<std::optional<absl::Time>> TimeParameter(const HttpRequest& request, absl::string_view name);
// A UUID, in lower case.
absl::StatusOr<std::optional<std::string>> UuidParameter(const HttpRequest& request, absl::string_view name);

}  // namespace cairn
