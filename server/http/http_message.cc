#include "server/http/http_message.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "common/base/status_macros.h"

namespace cairn {
namespace {

absl::string_view FirstOf(const NameValues& values, absl::string_view name) {
  for (const auto& [key, value] : values) {
    if (key == name) return value;
  }
  return "";
}

class PulledStream : public HttpStream {
 public:
  explicit PulledStream(std::function<absl::StatusOr<std::string>()> next) : next_(std::move(next)) {}

  absl::StatusOr<Piece> Next() override {
    ASSIGN_OR_RETURN(std::string bytes, next_());
    const bool last = bytes.empty();
    return Piece{std::move(bytes), last};
  }

 private:
  const std::function<absl::StatusOr<std::string>()> next_;
};

}  // namespace

absl::string_view HttpRequest::Query(absl::string_view name) const { return FirstOf(query, name); }

std::vector<std::string> HttpRequest::QueryAll(absl::string_view name) const {
  std::vector<std::string> all;
  for (const auto& [key, value] : query) {
    if (key == name) all.push_back(value);
  }
  return all;
}

bool HttpRequest::Has(absl::string_view name) const {
  return std::any_of(query.begin(), query.end(), [&](const auto& pair) { return pair.first == name; });
}

absl::string_view HttpRequest::Header(absl::string_view lower_case_name) const {
  return FirstOf(headers, lower_case_name);
}

absl::string_view HttpRequest::PathValue(absl::string_view name) const { return FirstOf(path_values, name); }

HttpResponse HttpResponse::Of(absl::string_view content_type, std::string body) {
  HttpResponse response;
  response.With("Content-Type", content_type);
  response.body = std::move(body);
  return response;
}

HttpResponse HttpResponse::Streaming(absl::string_view content_type, std::unique_ptr<HttpStream> stream) {
  HttpResponse response;
  response.With("Content-Type", content_type);
  response.stream = std::move(stream);
  return response;
}

HttpResponse& HttpResponse::With(absl::string_view name, absl::string_view value) {
  headers.emplace_back(std::string(name), std::string(value));
  return *this;
}

absl::string_view HttpResponse::Header(absl::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return "";
}

absl::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Error";
  }
}

std::unique_ptr<HttpStream> StreamOf(std::function<absl::StatusOr<std::string>()> next) {
  return std::make_unique<PulledStream>(std::move(next));
}

}  // namespace cairn
