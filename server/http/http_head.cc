#include "server/http/http_head.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/text/utf8.h"

namespace cairn {
namespace {

namespace http = boost::beast::http;

absl::string_view ViewOf(boost::beast::string_view text) { return absl::string_view(text.data(), text.size()); }

absl::Status Refuse(HeadError* error, int status, absl::string_view why) {
  *error = HeadError{status, std::string(why)};
  return absl::InvalidArgumentError(why);
}

// What Beast's parser would read in a way of its own.
absl::Status CheckLines(absl::string_view head, HeadError* error) {
  for (absl::string_view line : absl::StrSplit(head, "\r\n")) {
    if (absl::StrContains(line, '\r')) return Refuse(error, 400, "a carriage return stands alone in the head");
    if (!line.empty() && (line[0] == ' ' || line[0] == '\t')) {
      return Refuse(error, 400, "a header goes on on the next line; write it on one");
    }
  }
  return absl::OkStatus();
}

bool IsHost(absl::string_view host) {
  return !host.empty() && host.size() <= 255 && std::all_of(host.begin(), host.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-._:[]", c);
  });
}

absl::Status TakeHeader(absl::string_view name, absl::string_view value, HttpHead* head, HeadError* error) {
  const auto known = [&](absl::string_view other) {
    return std::any_of(head->headers.begin(), head->headers.end(), [&](const auto& h) { return h.first == other; });
  };
  if (name == "host") {
    if (known(name)) return Refuse(error, 400, "two Host headers");
    if (!IsHost(value)) return Refuse(error, 400, "the Host header names no host");
    head->host = std::string(value);
  } else if (name == "transfer-encoding") {
    return Refuse(error, 400, "Transfer-Encoding: nothing here takes a body");
  } else if (name == "content-length") {
    if (known(name)) return Refuse(error, 400, "two Content-Length headers");
    const bool reads = head->method == "GET" || head->method == "HEAD" || head->method == "OPTIONS";
    if (value != "0" && reads) return Refuse(error, 413, "Content-Length: nothing here takes a body");
    if (value != "0") {
      return Refuse(error, 405, absl::StrCat("method ", Quoted(head->method), ": this side only reads; send a GET"));
    }
  } else if (name == "authorization" && known(name)) {
    return Refuse(error, 400, "two Authorization headers");
  }
  if (!IsValidUtf8(value)) return Refuse(error, 400, absl::StrCat("header ", Quoted(name), ": not UTF-8"));
  head->headers.emplace_back(std::string(name), std::string(value));
  return absl::OkStatus();
}

}  // namespace

HeadProgress FindHead(absl::string_view received, size_t* size, HeadError* error) {
  const size_t lines_end = received.find("\r\n\r\n");
  const absl::string_view head = received.substr(0, lines_end);
  for (size_t at = head.find('\n'); at != absl::string_view::npos; at = head.find('\n', at + 1)) {
    if (at > 0 && head[at - 1] == '\r') continue;
    *error = HeadError{400, "a line of the head ends without a carriage return"};
    return HeadProgress::kBad;
  }
  if (absl::StrContains(head, '\0')) {
    *error = HeadError{400, "a NUL in the head"};
    return HeadProgress::kBad;
  }
  if (std::min(head.find("\r\n"), head.size()) > limits::http_target_bytes_max) {
    *error = HeadError{414, absl::StrCat("the request line has more than ", limits::http_target_bytes_max, " bytes")};
    return HeadProgress::kBad;
  }
  if (head.size() > limits::http_head_bytes_max) {
    *error = HeadError{431, absl::StrCat("the head has more than ", limits::http_head_bytes_max, " bytes")};
    return HeadProgress::kBad;
  }
  if (lines_end == absl::string_view::npos) return HeadProgress::kMore;
  *size = lines_end + 4;
  return HeadProgress::kWhole;
}

absl::StatusOr<HttpHead> ParseHead(absl::string_view text, HeadError* error) {
  if (const absl::Status lines = CheckLines(text, error); !lines.ok()) return lines;
  http::request_parser<http::empty_body> parser;
  parser.header_limit(static_cast<uint32_t>(limits::http_head_bytes_max) + 4);
  boost::beast::error_code failed;
  parser.put(boost::asio::buffer(text.data(), text.size()), failed);
  if (failed == http::error::bad_version) return Refuse(error, 505, "use HTTP/1.1 or HTTP/1.0");
  if (failed == http::error::bad_content_length) return Refuse(error, 400, "Content-Length is no number, or two");
  if (failed == http::error::bad_transfer_encoding)
    return Refuse(error, 400, "Transfer-Encoding together with a length");
  if ((failed && failed != http::error::need_more) || !parser.is_header_done()) {
    return Refuse(error, 400, absl::StrCat("not an HTTP request: ", failed.message()));
  }
  HttpHead head;
  head.method = std::string(ViewOf(parser.get().method_string()));
  head.target = std::string(ViewOf(parser.get().target()));
  head.is_1_0 = parser.get().version() == 10;
  head.keep_alive = parser.keep_alive();
  for (const auto& field : parser.get()) {
    const std::string name = absl::AsciiStrToLower(ViewOf(field.name_string()));
    const absl::Status taken = TakeHeader(name, absl::StripAsciiWhitespace(ViewOf(field.value())), &head, error);
    if (!taken.ok()) return taken;
  }
  if (head.host.empty() && !head.is_1_0) return Refuse(error, 400, "HTTP/1.1 needs a Host header");
  return head;
}

}  // namespace cairn
