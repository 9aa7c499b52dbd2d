// The head of a request as it came over the wire: what two programs could read in two ways is refused, so that nobody
// smuggles a request past a proxy.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/http/http_message.h"

namespace cairn {

// What came, before anybody was asked who may.
struct HttpHead {
  std::string method;
  std::string target;
  NameValues headers;  // names in lower case, values trimmed
  std::string host;    // of the Host header; empty: none, with HTTP/1.0
  bool keep_alive = false;
  bool is_1_0 = false;  // no chunked answers
};

// Why a head was refused, and with which status.
struct HeadError {
  int status = 400;
  std::string why;
};

// How far a head has come.
enum class HeadProgress { kMore, kWhole, kBad };

// Looks at what has come so far, as often as more comes. kWhole: `*size` bytes are the head, with its empty line. kBad:
// `*error` says why: a line that ends without CR, a NUL, a request line over limits::http_target_bytes_max (414), a
// head over limits::http_head_bytes_max (431).
HeadProgress FindHead(absl::string_view received, size_t* size, HeadError* error);

// Parses a whole head. Refused: what is not HTTP/1.0 or 1.1; a line that goes on (obs-fold); white space before a
// colon; no or two Host headers; any Transfer-Encoding; any Content-Length but one "0", since nothing here takes a
// body.
absl::StatusOr<HttpHead> ParseHead(absl::string_view head, HeadError* error);

}  // namespace cairn
