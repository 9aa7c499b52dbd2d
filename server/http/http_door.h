// Between the sockets and the handlers: who asks, may it, for what; and what every answer needs.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/limits.h"
#include "server/http/directory_state.h"
#include "server/http/http_server.h"
#include "server/http/rate_limiter.h"
#include "server/http/response_headers.h"
#include "server/http/router.h"

namespace cairn {

// Somebody with a token.
struct HttpCaller {
  Reader reader;
  // OK while the token is valid: asked before each piece of a stream.
  std::function<absl::Status()> still_valid;
  bool may_watch = false;  // see HttpRequest
};

// What was asked and answered, for the log and for metrics: never with words, paths or whole addresses.
struct HttpObservation {
  std::string route;  // the pattern; "none"
  int status = 0;
  size_t bytes = 0;  // of the body, without what streams
  absl::Duration took;
  std::string client;   // shortened
  std::string refused;  // why an address asked for too much, whoever it was: TOO_MANY_REQUESTS ...; empty: it did not
};

// In this order, so that what costs nothing is refused first: the address's allowance, the method, the target, the
// token, the path. Then the handler. A response to somebody with a token is for nobody else, and its stream ends when
// the token does. Thread-safe. What is passed in must outlive it.
class HttpDoor : public HttpService {
 public:
  struct Options {
    const Router* router = nullptr;
    DirectoryStates* states = nullptr;
    Clock* clock = nullptr;
    // Who has this token. An error is the answer: 401, 403, 429.
    std::function<absl::StatusOr<HttpCaller>(const std::string& token)> admit;
    std::function<void(const HttpObservation&)> observe;
    std::string public_url;            // "https://directory.example.org"; empty: as the reader calls the host
    std::vector<std::string> proxies;  // addresses whose X-Forwarded-For and X-Forwarded-Proto are believed
    double requests_per_second = limits::http_requests_per_second;  // of an address
    double requests_burst = limits::http_requests_burst;
    double bytes_per_second = static_cast<double>(limits::reader_bytes_per_second);  // likewise
    double bytes_burst = static_cast<double>(limits::reader_bytes_burst);
  };
  explicit HttpDoor(Options options);

  HttpResponse Answer(const HttpHead& head, const HttpPeer& peer) override;
  HttpResponse Refuse(int status, absl::string_view why, const HttpPeer& peer) override;

 private:
  struct Asked;
  HttpResponse Find(const HttpHead& head, Asked* asked);
  absl::Status Identify(Asked* asked);
  HttpResponse Call(const Route& route, Asked* asked);
  bool CameByHttps(const HttpHead& head, const HttpPeer& peer) const;
  std::string BaseUrl(const HttpHead& head, bool secure) const;

  const Options options_;
  RateLimiter limiter_;
  RateLimiter bytes_;
};

}  // namespace cairn
