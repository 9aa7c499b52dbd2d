// How a node is, in Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats/.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cairn/v1/directory.pb.h"
#include "cairn/v1/operations.pb.h"
#include "server/http/http_server.h"
#include "server/store/store.h"

namespace cairn {

// Counts and times what the node answers, and writes that together with what it is asked to show. Names of routes and
// methods come from fixed lists, so that no caller can make new series. Thread-safe.
class NodeMetrics {
 public:
  // `methods`: of rpcs, "/cairn.v1.Directory/Search". Others count as "other", as do paths that were not added.
  explicit NodeMetrics(const std::vector<std::string>& methods);
  // The pattern of an HTTP path. Before anything is observed.
  void AddRoute(const std::string& pattern);

  void ObserveHttp(absl::string_view route, int status, size_t bytes, absl::Duration took);
  // `code`: gRPC's status code. Streams count when they end, and are not timed: how long one lasts is its reader's
  // will.
  void ObserveRpc(absl::string_view method, int code, bool stream, absl::Duration took);

  // What a scrape shows besides. All as far as the reader of `status` may know. What is absent has no series.
  struct Shown {
    std::optional<v1::GetStatusResponse> status;
    std::map<std::string, uint64_t> records_by_kind;
    Store::Sizes sizes;
    std::optional<size_t> write_queue;
    std::optional<HttpServer::Load> http_load;
  };
  std::string Text(const Shown& shown) const;

 private:
  // What belongs to one route or method. All of it lives in the registry.
  struct Series {
    prometheus::Histogram* seconds;
    prometheus::Counter* bytes;  // nullptr for rpcs
  };

  const Series& Of(const std::map<std::string, Series, std::less<>>& series, absl::string_view name) const;

  prometheus::Registry registry_;
  prometheus::Family<prometheus::Histogram>& http_seconds_;
  prometheus::Family<prometheus::Counter>& http_bytes_;
  prometheus::Family<prometheus::Counter>& http_responses_;
  prometheus::Family<prometheus::Counter>& rpcs_;
  std::map<std::string, Series, std::less<>> by_route_;
  std::map<std::string, Series, std::less<>> by_method_;
};

}  // namespace cairn
