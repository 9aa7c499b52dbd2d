// Which handler answers which path, and what it needs to be known of beforehand.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/http/http_message.h"

namespace cairn {

// What an answer is made of, and so how long it holds and how that is told. Every answer but of kMoment has an ETag,
// the hash of its body unless the handler sets one; the door compares it with If-None-Match and answers 304.
enum class DependsOn {
  kProgram,    // the program: pages, scripts, schemas
  kRecords,    // the records that this reader may see, the charter, and the request; not the time. Has Last-Modified
  kFreshness,  // also the time, such as what is stale now, and when partners were last heard
  kMoment,     // anything: health, metrics, event streams; never stored
};

struct Route {
  // "/hsds/services/{id}": a place in braces takes one segment. "/assets/{file...}" takes the rest, which is not empty.
  // "/trainings/{id}.ics": a place ends where the segment's fixed end begins. Of several that fit, the one with more
  // fixed segments, read from the left, wins; then the one with the longer fixed end.
  std::string pattern;
  // Names of the query parameters that the handler looks at. Others are ignored and named in X-Ignored-Parameters.
  std::vector<std::string> parameters;
  DependsOn depends_on = DependsOn::kFreshness;
  HttpHandler handler;
};

// Filled before the server starts, then only read: thread-safe from then on.
class Router {
 public:
  struct Match {
    const Route* route = nullptr;  // nullptr: no such path
    NameValues path_values;
  };

  // Two equal patterns, or one that is not well-formed, are a mistake in the program and end it.
  void Add(Route route);
  // `path` as in HttpRequest.
  Match Find(absl::string_view path) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

// Names of parameters in `request` that `route` does not look at, each once, in order.
std::vector<std::string> IgnoredParameters(const Route& route, const HttpRequest& request);

}  // namespace cairn
