// Helpers for errors as values. A text says what, with its value; what is wrong; what would be right.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace cairn {

// The same error with "context: " before its message; OK stays OK. Code and payloads are kept.
absl::Status Annotate(const absl::Status& status, absl::string_view context);

// A machine-readable reason ("WATCH_TOKEN_TOO_OLD") that travels with the status as the payload "cairn.reason" and through gRPC as a trailer.
absl::Status WithReason(absl::Status status, absl::string_view reason);

// The reason given by WithReason, or empty.
std::string ReasonOf(const absl::Status& status);

// `value` in quotes, control characters escaped, cut to `max` bytes on a UTF-8 boundary with an ellipsis: safe to put in a message.
std::string Quoted(absl::string_view value, size_t max = 120);

}  // namespace cairn
