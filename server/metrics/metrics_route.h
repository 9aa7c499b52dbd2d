// /metrics, for Prometheus.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "server/http/edge_parts.h"
#include "server/http/http_server.h"
#include "server/http/router.h"
#include "server/metrics/node_metrics.h"

namespace cairn {

struct MetricsRouteOptions {
  const NodeMetrics* metrics = nullptr;  // must outlive the router
  // The node's status, as far as a reader may know; empty: this process does not know it.
  std::function<absl::StatusOr<v1::GetStatusResponse>(const Reader&)> status;
  std::function<size_t()> queued_writes;        // see Store; empty: this process has no writer
  std::function<HttpServer::Load()> http_load;  // of the readers' listener; empty: this process has none
};

// /metrics  for a token with the role that `cairn status` needs, and as much as its audiences allow; 401 or 403 else:
// how a node is, is its operators' concern, and who publishes how much to whom may be more than the public knows.
void AddMetricsRoute(const EdgeParts& parts, MetricsRouteOptions options, Router* router);

}  // namespace cairn
