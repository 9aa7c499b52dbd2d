#include "server/http/response_headers.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/crypto/hash.h"
#include "server/http/gzip.h"
#include "server/http/http_target.h"

namespace cairn {
namespace {

constexpr char time_format[] = "%a, %d %b %Y %H:%M:%S GMT";
constexpr absl::string_view gzip_mark = "-gz";  // a strong ETag is of the bytes sent

constexpr std::pair<const char*, const char*> fixed_headers[] = {
    {"X-Content-Type-Options", "nosniff"},
    {"Cross-Origin-Resource-Policy", "cross-origin"},
    {"Access-Control-Allow-Origin", "*"},
};

// A page of ours loads nothing from elsewhere, is framed by nobody, and tells nobody where a reader came from: who
// looks for help may be watched. Of no use with the page's own scripts, styles and fonts, which are kept for ever, and
// with each of them half a kilobyte of a first visit.
constexpr std::pair<const char*, const char*> page_headers[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
     "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Permissions-Policy", "geolocation=(self), camera=(), microphone=(), payment=(), usb=()"},
    {"Access-Control-Expose-Headers", "ETag, Last-Modified, Retry-After, X-Ignored-Parameters, X-Modified-Through"},
};

void SetDefault(HttpResponse* response, absl::string_view name, absl::string_view value) {
  if (response->Header(name).empty()) response->With(name, value);
}

std::string WithGzipMark(absl::string_view etag) {
  if (!absl::ConsumeSuffix(&etag, "\"")) return std::string(etag);
  return absl::StrCat(etag, gzip_mark, "\"");
}

// Without what says how it was sent: W/ and the mark of compression.
absl::string_view Opaque(absl::string_view etag) {
  absl::ConsumePrefix(&etag, "W/");
  absl::ConsumePrefix(&etag, "\"");
  absl::ConsumeSuffix(&etag, "\"");
  absl::ConsumeSuffix(&etag, gzip_mark);
  return etag;
}

bool IsKnown(const HttpRequest& request, const HttpResponse& response, const AnswerContext& context) {
  const absl::string_view if_none_match = request.Header("if-none-match");
  if (!if_none_match.empty()) return MatchesEtag(if_none_match, response.Header("ETag"));
  if (!context.last_modified || response.depends_on_time) return false;
  const std::optional<absl::Time> since = ParseHttpTime(request.Header("if-modified-since"));
  return since && *since >= *context.last_modified;
}

void SetValidators(const AnswerContext& context, HttpResponse* response) {
  if (response->status != 200 || context.depends_on == DependsOn::kMoment) return;
  if (response->stream == nullptr) {
    SetDefault(response, "ETag", absl::StrCat("\"", ToHex(Sha256(response->body)).substr(0, 32), "\""));
  } else if (!context.etag.empty() && !response->depends_on_time) {
    SetDefault(response, "ETag", context.etag);
  }
  if (context.last_modified && !response->depends_on_time)
    SetDefault(response, "Last-Modified", HttpTime(*context.last_modified));
}

void Compress(const HttpRequest& request, HttpResponse* response) {
  if (!IsCompressible(response->Header("Content-Type")) || !response->Header("Content-Encoding").empty()) return;
  if (response->stream == nullptr && response->body.size() < limits::http_gzip_bytes_min) return;
  if (!AcceptsGzip(request.Header("accept-encoding"))) return;
  if (response->stream != nullptr) {
    response->stream = GzipStream(std::move(response->stream));
  } else {
    response->body = Gzip(response->body);
  }
  response->With("Content-Encoding", "gzip");
  for (auto& [name, value] : response->headers) {
    if (absl::EqualsIgnoreCase(name, "ETag")) value = WithGzipMark(value);
  }
}

// Whatever may be kept must be asked for anew before it is shown: a number that has changed must not live on in a
// cache.
absl::string_view CacheControl(const HttpRequest& request, const AnswerContext& context, int status) {
  if (context.depends_on == DependsOn::kMoment || (status != 200 && status != 304)) return "no-store";
  return request.authorised ? "private, no-cache" : "public, no-cache";
}

std::string NamesOf(const std::vector<std::string>& ignored) {
  std::vector<std::string> names;
  for (const std::string& name : ignored) {
    if (names.size() == limits::http_ignored_names_max) break;
    names.push_back(PercentEncoded(absl::string_view(name).substr(0, 64)));
  }
  return absl::StrJoin(names, ", ");
}

}  // namespace

std::string HttpTime(absl::Time time) { return absl::FormatTime(time_format, time, absl::UTCTimeZone()); }

std::optional<absl::Time> ParseHttpTime(absl::string_view text) {
  absl::Time time;
  std::string ignored;
  if (text.empty() || !absl::ParseTime(time_format, text, &time, &ignored)) return std::nullopt;
  return time;
}

bool MatchesEtag(absl::string_view if_none_match, absl::string_view etag) {
  if (etag.empty()) return false;
  for (absl::string_view known : absl::StrSplit(if_none_match, ',')) {
    known = absl::StripAsciiWhitespace(known);
    if (known == "*" || Opaque(known) == Opaque(etag)) return true;
  }
  return false;
}

void FinishResponse(const HttpRequest& request, const AnswerContext& context, HttpResponse* response) {
  SetValidators(context, response);
  if (response->status == 200 && context.depends_on != DependsOn::kMoment && IsKnown(request, *response, context)) {
    response->status = 304;
    response->body.clear();
    response->stream.reset();
  } else {
    Compress(request, response);
  }
  SetDefault(response, "Cache-Control", CacheControl(request, context, response->status));
  SetDefault(response, "Vary", "Accept-Encoding, Accept-Language, Authorization");
  if (!context.ignored.empty()) response->With("X-Ignored-Parameters", NamesOf(context.ignored));
  for (const auto& [name, value] : fixed_headers) SetDefault(response, name, value);
  const bool kept_for_ever = absl::StrContains(response->Header("Cache-Control"), "immutable");
  for (const auto& [name, value] : page_headers) {
    if (!kept_for_ever) SetDefault(response, name, value);
  }
  if (context.secure) SetDefault(response, "Strict-Transport-Security", "max-age=31536000");
}

}  // namespace cairn
