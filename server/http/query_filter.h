// From query parameters to the requests of directory.proto. Parameters are named like its fields, in the singular; one
// that stands there several times means: one of these is enough. Empty ones are as if they were not there, as forms
// send them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cairn/v1/directory.pb.h"
#include "server/http/http_message.h"

namespace cairn {

// What FilterOf looks at: kind, country, language, term, partner, near=LAT,LON, within_km, stale=1, on=YYYY-MM-DD.
const std::vector<std::string>& FilterParameters();

// FilterParameters and `more`.
std::vector<std::string> FilterParametersAnd(const std::vector<std::string>& more);

// INVALID_ARGUMENT names the parameter, its value and what would be right. What the values mean is checked by whoever
// takes the filter.
absl::StatusOr<v1::RecordFilter> FilterOf(const HttpRequest& request);

// A whole number of at least 1; 0 when the parameter is not there.
absl::StatusOr<uint32_t> CountOf(const HttpRequest& request, absl::string_view name);

// `display_language` parameters, or else what Accept-Language says.
std::vector<std::string> DisplayLanguagesOf(const HttpRequest& request);

}  // namespace cairn
