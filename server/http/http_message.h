// A request and its response, as handlers see them: no socket, no library.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/charter/may_read.h"

namespace cairn {

// In the order in which they came; a name may stand there several times.
using NameValues = std::vector<std::pair<std::string, std::string>>;

// A request that passed the door: GET or HEAD (which handlers answer like GET), valid UTF-8 throughout, within the
// limits of limits.h, of a reader whose token, if it has one, is valid.
struct HttpRequest {
  std::string method;                   // "GET" or "HEAD"
  std::string path;                     // decoded, begins with '/'; without "." and ".." segments
  NameValues query;                     // decoded
  NameValues headers;                   // names in lower case
  NameValues path_values;               // what stands in the route's {places}, decoded
  std::string base_url;                 // "https://directory.example.org", without a final slash: for absolute links
  std::string client;                   // address of the one who asks, whole; never log it
  Reader reader = Reader::Anonymous();  // whom MayRead is asked for
  bool authorised = false;              // with a token: the answer is for nobody else
  bool may_watch = false;               // with a token whose role may see how the node is
  std::vector<std::string> display_languages;  // of Accept-Language, best first; BCP 47; empty: none given

  // Of the first one of this name; empty when there is none, so ask Has where the difference matters.
  absl::string_view Query(absl::string_view name) const;
  std::vector<std::string> QueryAll(absl::string_view name) const;
  bool Has(absl::string_view name) const;
  absl::string_view Header(absl::string_view lower_case_name) const;
  // Empty when the route has no such place.
  absl::string_view PathValue(absl::string_view name) const;
};

// A body that is made while it is sent, so that a slow reader costs a cursor and no memory (R8).
class HttpStream {
 public:
  struct Piece {
    std::string bytes;  // empty and not the last: there is nothing now
    bool last = false;
  };
  virtual ~HttpStream() = default;

  // The next piece, of some 256 KiB at most. On a worker's thread, which may block for a database read, not for the
  // client or for events; one call at a time, each after the client took what came before. An error breaks the
  // connection, so that nobody takes what has come for the whole.
  virtual absl::StatusOr<Piece> Next() = 0;

  // Before the first Next. Whoever has nothing now calls `wake`, on any thread and as often as it likes, when there
  // may be something; Next is also called each limits::http_stream_wait_millis without. `wake` may be called until the
  // stream is destroyed, not afterwards.
  virtual void OnWake(std::function<void()> wake) { (void)wake; }
};

// What a handler answers. What every response has is not its concern: security headers, compression, Date, Vary for
// what the door looked at, Cache-Control unless it sets one, ETag and 304 by what its route depends on (router.h). A
// stream has no ETag unless its handler sets one (directory_state.h makes one of what the reader may see).
struct HttpResponse {
  int status = 200;
  NameValues headers;
  std::string body;
  std::unique_ptr<HttpStream> stream;  // instead of `body`
  std::string problem_reason;          // what a body of problem+json says as "reason"; empty: nothing
  bool depends_on_time = false;        // although the route's answers do not, as a rule: what was asked for does

  // A body of this type; "text/..." and JSON want "; charset=utf-8" where their definition has it.
  static HttpResponse Of(absl::string_view content_type, std::string body);
  static HttpResponse Streaming(absl::string_view content_type, std::unique_ptr<HttpStream> stream);
  HttpResponse& With(absl::string_view name, absl::string_view value);
  // Of the first one of this name, without case; empty: none.
  absl::string_view Header(absl::string_view name) const;
};

// "Not Found"; "Error" for what is not known.
absl::string_view ReasonPhrase(int status);

// A stream of what `next` gives; an empty text ends it. For exports: each call is one page of the database.
std::unique_ptr<HttpStream> StreamOf(std::function<absl::StatusOr<std::string>()> next);

// Answers one request on a worker's thread, and may read the database. An error becomes a problem+json body
// (problem_json.h): NOT_FOUND 404, INVALID_ARGUMENT 400, ABORTED 410, RESOURCE_EXHAUSTED 429, DEADLINE_EXCEEDED 503 ...
using HttpHandler = std::function<absl::StatusOr<HttpResponse>(const HttpRequest&)>;

}  // namespace cairn
