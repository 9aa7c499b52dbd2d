#include "server/http/http_door.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/crypto/hash.h"
#include "server/http/accept_language.h"
#include "server/http/client_address.h"
#include "server/http/http_target.h"
#include "server/http/problem_json.h"
#include "server/http/query_filter.h"

namespace cairn {
namespace {

constexpr char allowed_methods[] = "GET, HEAD, OPTIONS";

// Counts what is sent of it for the address that it goes to. `bytes` must outlive it.
class CountedStream : public HttpStream {
 public:
  CountedStream(std::unique_ptr<HttpStream> stream, std::string client, RateLimiter* bytes)
      : stream_(std::move(stream)), client_(std::move(client)), bytes_(bytes) {}
  absl::StatusOr<Piece> Next() override {
    absl::StatusOr<Piece> piece = stream_->Next();
    if (piece.ok()) bytes_->Use(client_, static_cast<double>(piece->bytes.size()));
    return piece;
  }
  void OnWake(std::function<void()> wake) override { stream_->OnWake(std::move(wake)); }

 private:
  const std::unique_ptr<HttpStream> stream_;
  const std::string client_;
  RateLimiter* const bytes_;
};

// Ends with the token of the one who reads.
class GuardedStream : public HttpStream {
 public:
  GuardedStream(std::unique_ptr<HttpStream> stream, std::function<absl::Status()> still_valid)
      : stream_(std::move(stream)), still_valid_(std::move(still_valid)) {}

  absl::StatusOr<Piece> Next() override {
    RETURN_IF_ERROR(still_valid_());
    return stream_->Next();
  }
  void OnWake(std::function<void()> wake) override { stream_->OnWake(std::move(wake)); }

 private:
  const std::unique_ptr<HttpStream> stream_;
  const std::function<absl::Status()> still_valid_;
};

// The values of a header that stands there several times, which is the same as a list.
std::string AllOf(const NameValues& headers, absl::string_view name) {
  std::vector<absl::string_view> values;
  for (const auto& [key, value] : headers) {
    if (key == name) values.push_back(value);
  }
  return absl::StrJoin(values, ",");
}

// What a browser asks before it lets a page of another origin send a header.
HttpResponse Preflight() {
  HttpResponse response;
  response.status = 204;
  response.With("Allow", allowed_methods)
      .With("Access-Control-Allow-Methods", allowed_methods)
      .With("Access-Control-Allow-Headers",
            "Accept, Accept-Language, Authorization, If-Modified-Since, If-None-Match, Last-Event-ID")
      .With("Access-Control-Max-Age", "86400");
  return response;
}

HttpResponse MethodNotAllowed(absl::string_view method) {
  HttpResponse response =
      Problem(405, absl::StrCat("method ", Quoted(method), ": this side only reads; use ", allowed_methods));
  response.With("Allow", allowed_methods);
  return response;
}

HttpResponse NotFound(absl::string_view path) {
  return Problem(404, absl::StrCat("path ", Quoted(path), ": there is nothing here"));
}

// Of an answer that is made of the records in this state and of what was asked for. Weak: how it is written may change
// with the program.
std::string EtagOf(const std::string& state, const HttpRequest& request) {
  std::string made_of = absl::StrCat(state.size(), "\n", state, request.base_url, "\n", request.path, "\n");
  for (const auto& [name, value] : request.query) absl::StrAppend(&made_of, name.size(), "=", name, value, "\n");
  for (const std::string& language : request.display_languages) absl::StrAppend(&made_of, language, "\n");
  return absl::StrCat("W/\"", ToHex(Sha256(made_of)).substr(0, 32), "\"");
}

}  // namespace

// One request on its way.
struct HttpDoor::Asked {
  HttpRequest request;
  AnswerContext context;
  std::string route = "none";
  std::function<absl::Status()> still_valid;  // of somebody with a token
  bool refused_by_name = false;               // and counted by whoever knows the name
};

HttpDoor::HttpDoor(Options options)
    : options_(std::move(options)),
      limiter_(options_.requests_per_second, options_.requests_burst, options_.clock),
      bytes_(options_.bytes_per_second, options_.bytes_burst, options_.clock) {}

HttpResponse HttpDoor::Answer(const HttpHead& head, const HttpPeer& peer) {
  const absl::Duration began = options_.clock->Monotonic();
  Asked asked;
  asked.request.method = head.method;
  asked.request.headers = head.headers;
  asked.request.client = ClientOf(peer.address, AllOf(head.headers, "x-forwarded-for"), options_.proxies);
  asked.context.secure = CameByHttps(head, peer);
  HttpResponse response = Find(head, &asked);
  FinishResponse(asked.request, asked.context, &response);
  if (response.stream == nullptr) {
    bytes_.Use(asked.request.client, static_cast<double>(response.body.size()));
  } else {
    response.stream = std::make_unique<CountedStream>(std::move(response.stream), asked.request.client, &bytes_);
  }
  options_.observe({asked.route, response.status, response.body.size(), options_.clock->Monotonic() - began,
                    ShortenedAddress(asked.request.client),
                    response.status == 429 && !asked.refused_by_name ? response.problem_reason : std::string()});
  return response;
}

HttpResponse HttpDoor::Refuse(int status, absl::string_view why, const HttpPeer& peer) {
  HttpResponse response = Problem(status, why);
  if (status == 503) response.With("Retry-After", "2");
  if (status == 405) response.With("Allow", allowed_methods);
  FinishResponse(HttpRequest(), AnswerContext(), &response);
  options_.observe({"none", status, response.body.size(), absl::ZeroDuration(), ShortenedAddress(peer.address), ""});
  return response;
}

HttpResponse HttpDoor::Find(const HttpHead& head, Asked* asked) {
  HttpRequest& request = asked->request;
  if (!limiter_.Take(request.client)) {
    return Problem(WithReason(
        absl::ResourceExhaustedError(absl::StrCat("your address asks too often; at most ", options_.requests_per_second,
                                                  " requests a second are answered, so ask again a little later")),
        "TOO_MANY_REQUESTS"));
  }
  if (!bytes_.HasLeft(request.client)) {
    return Problem(WithReason(absl::ResourceExhaustedError(absl::StrCat(
                                  "your address has fetched very much; over time at most ", options_.bytes_per_second,
                                  " bytes a second are sent, so ask again later, and only for what changed")),
                              "TOO_MANY_BYTES"));
  }
  if (head.method != "GET" && head.method != "HEAD" && head.method != "OPTIONS") return MethodNotAllowed(head.method);
  absl::StatusOr<HttpTarget> target = ParseTarget(head.target, head.host);
  if (!target.ok()) return Problem(target.status());
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  if (head.method == "OPTIONS") return Preflight();
  if (const absl::Status known = Identify(asked); !known.ok()) {
    asked->refused_by_name = true;
    return Problem(known);
  }
  Router::Match match = options_.router->Find(request.path);
  if (match.route == nullptr) return NotFound(request.path);
  request.path_values = std::move(match.path_values);
  request.base_url = BaseUrl(head, asked->context.secure);
  request.display_languages = ParseAcceptLanguage(request.Header("accept-language"));
  return Call(*match.route, asked);
}

// A token that is wrong is refused, not overlooked: whoever sends one expects to see more.
absl::Status HttpDoor::Identify(Asked* asked) {
  HttpRequest& request = asked->request;
  absl::string_view authorization = request.Header("authorization");
  if (authorization.empty()) return absl::OkStatus();
  request.authorised = true;  // whatever comes of it is no answer for others
  constexpr absl::string_view scheme = "Bearer ";
  if (!absl::StartsWithIgnoreCase(authorization, scheme)) {
    return absl::UnauthenticatedError("Authorization: write \"Bearer TOKEN\", with a token of this node");
  }
  authorization.remove_prefix(scheme.size());
  ASSIGN_OR_RETURN(HttpCaller caller, options_.admit(std::string(absl::StripAsciiWhitespace(authorization))));
  request.reader = std::move(caller.reader);
  request.may_watch = caller.may_watch;
  asked->still_valid = std::move(caller.still_valid);
  return absl::OkStatus();
}

HttpResponse HttpDoor::Call(const Route& route, Asked* asked) {
  HttpRequest& request = asked->request;
  AnswerContext& context = asked->context;
  asked->route = route.pattern;
  context.depends_on = route.depends_on;
  context.ignored = IgnoredParameters(route, request);
  if (route.depends_on == DependsOn::kRecords) {
    // Before the handler: what changes in between makes an answer that is newer than it says, never an older one.
    const absl::StatusOr<DirectoryState> state = options_.states->Find(request.reader);
    if (!state.ok()) return Problem(state.status());
    // A second in which there were two states is none that tells them apart.
    const absl::Time second = absl::FromUnixSeconds(absl::ToUnixSeconds(state->changed));
    if (!state->is_moving && options_.clock->Now() >= second + absl::Seconds(1)) context.last_modified = second;
    if (!state->is_moving) context.etag = EtagOf(state->tag, request);
  }
  absl::StatusOr<HttpResponse> answered = route.handler(request);
  if (!answered.ok()) {
    HttpResponse problem = Problem(InParameters(answered.status()));
    if (problem.status == 500)
      LogError("http.failed", {{"route", route.pattern}, {"why", answered.status().message()}});
    return problem;
  }
  if (answered->stream != nullptr && asked->still_valid != nullptr) {
    answered->stream = std::make_unique<GuardedStream>(std::move(answered->stream), asked->still_valid);
  }
  return *std::move(answered);
}

bool HttpDoor::CameByHttps(const HttpHead& head, const HttpPeer& peer) const {
  if (peer.secure) return true;
  const bool by_proxy =
      std::find(options_.proxies.begin(), options_.proxies.end(), peer.address) != options_.proxies.end();
  return by_proxy && std::any_of(head.headers.begin(), head.headers.end(), [](const auto& header) {
           return header.first == "x-forwarded-proto" && header.second == "https";
         });
}

std::string HttpDoor::BaseUrl(const HttpHead& head, bool secure) const {
  if (!options_.public_url.empty()) return options_.public_url;
  if (head.host.empty()) return "";
  return absl::StrCat(secure ? "https://" : "http://", head.host);
}

}  // namespace cairn
