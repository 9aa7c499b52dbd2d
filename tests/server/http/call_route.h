// Asks the routes of the HTTP interface without a socket.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "server/http/http_message.h"
#include "server/http/problem_json.h"
#include "server/http/router.h"

namespace cairn {

inline constexpr char kTestUrl[] = "https://directory.example.org";

// `request` with its reader; `target`: "/hsds/services?page=2", whose values are taken as they are.
inline HttpResponse CallRoute(const Router& router, const std::string& target, HttpRequest request) {
  const std::vector<std::string> parts = absl::StrSplit(target, absl::MaxSplits('?', 1));
  request.method = "GET";
  request.path = parts[0];
  request.base_url = kTestUrl;
  if (parts.size() > 1) {
    for (const absl::string_view pair : absl::StrSplit(parts[1], '&')) {
      request.query.push_back(absl::StrSplit(pair, absl::MaxSplits('=', 1)));
    }
  }
  const Router::Match match = router.Find(request.path);
  if (match.route == nullptr) return Problem(404, "no such path");
  request.path_values = match.path_values;
  absl::StatusOr<HttpResponse> response = match.route->handler(request);
  return response.ok() ? *std::move(response) : Problem(response.status());
}

// The body, also of a stream; of one that waits for events, what there is now.
inline std::string BodyOf(HttpResponse response) {
  if (response.stream == nullptr) return response.body;
  std::string body;
  while (true) {
    absl::StatusOr<HttpStream::Piece> piece = response.stream->Next();
    EXPECT_TRUE(piece.ok()) << piece.status();
    if (!piece.ok()) return body;
    body += piece->bytes;
    if (piece->last || piece->bytes.empty()) return body;
  }
}

}  // namespace cairn
