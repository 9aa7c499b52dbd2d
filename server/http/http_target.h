// What stands in the request line: a path and a query, decoded and safe.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/http/http_message.h"

namespace cairn {

struct HttpTarget {
  std::string path;  // as in HttpRequest; "*" for OPTIONS *
  NameValues query;
};

// Takes origin-form ("/a?b=c"), absolute-form when it names `host`, the Host header, and "*". Refused with
// INVALID_ARGUMENT, naming the place: percent signs that begin no byte, what is not UTF-8, control characters, segments
// "." and "..", and slashes or backslashes that hide in an encoding, since the next program may read them as a way out.
// In queries "+" is a space.
absl::StatusOr<HttpTarget> ParseTarget(absl::string_view target, absl::string_view host);

// `text` with everything but letters, digits and "-._~" as %XX: for headers and links.
std::string PercentEncoded(absl::string_view text);

}  // namespace cairn
