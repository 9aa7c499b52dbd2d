// From query parameters to the requests of directory.proto. Parameters are named like its fields, in the singular and
// some shorter (limit, from, sort); one that stands there several times means: one of these is enough. Empty ones are
// as if they were not there, as forms send them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cairn/v1/directory.pb.h"
#include "server/http/http_message.h"

namespace cairn {

// What FilterOf looks at: kind, country, language, term, partner, mode, freshness, month=YYYY-MM, near=LAT,LON,
// within_km, stale=1, open_now=1, on=, from=, to=YYYY-MM-DD.
const std::vector<std::string>& FilterParameters();

// FilterParameters and `more`.
std::vector<std::string> FilterParametersAnd(const std::vector<std::string>& more);

// "1": true; "0" and nothing: false; INVALID_ARGUMENT for anything else.
absl::StatusOr<bool> FlagOf(const HttpRequest& request, absl::string_view name);

// INVALID_ARGUMENT names the parameter, its value and what would be right. What the values mean is checked by whoever
// takes the filter.
absl::StatusOr<v1::RecordFilter> FilterOf(const HttpRequest& request);

// What SearchRequestOf looks at: FilterParameters, q, prefix=1, sort=best or distance, facets=1, limit, page_token,
// display_language.
std::vector<std::string> SearchParameters();
// Errors as of FilterOf.
absl::StatusOr<v1::SearchRequest> SearchRequestOf(const HttpRequest& request);

// A whole number from 1 to `max`; 0 when the parameter is not there.
absl::StatusOr<uint32_t> CountOf(const HttpRequest& request, absl::string_view name, uint32_t max);

// INVALID_ARGUMENT of directory.proto's fields as one of the parameters that they came from: "filter.countries[0]: …"
// becomes "parameter country: …". Others as they are.
absl::Status InParameters(const absl::Status& status);

// `display_language` parameters, or else what Accept-Language says.
std::vector<std::string> DisplayLanguagesOf(const HttpRequest& request);

}  // namespace cairn
