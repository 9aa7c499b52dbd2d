// The HTTP side of a node, put together.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/access/authoriser.h"
#include "server/access/caller_limits.h"
#include "server/config.h"
#include "server/http/edge_parts.h"
#include "server/http/http_server.h"
#include "server/metrics/node_metrics.h"

namespace cairn {

// Runs from Start to Stop. Thread-safe. What is passed in must outlive it. New groups of paths are added in edge.cc.
class Edge {
 public:
  struct Options {
    EdgeParts parts;
    std::string data_license;  // URL of the terms under which what is public may be used
    HttpServer::Options server;
    const Authoriser* authoriser = nullptr;  // who has a token
    CallerLimits* caller_limits = nullptr;
    std::string public_url;  // see HttpDoor::Options
    bool access_log = true;
    NodeMetrics* metrics = nullptr;  // what is answered is counted here and shown at /metrics; nullptr: neither
    bool only_watching = false;      // serves /metrics and the health paths alone, and counts nothing
    // For /metrics: how the node is, as far as a reader may know; empty: this process does not know.
    std::function<absl::StatusOr<v1::GetStatusResponse>(const Reader&)> status;
    std::function<size_t()> queued_writes;  // for /metrics, see Store; empty: there is no writer
    // For /metrics of an edge that only watches: the load of the one that has the readers; empty: there is none.
    std::function<HttpServer::Load()> http_load;
    std::string version;                  // of the program
    std::function<absl::Status()> ready;  // see StatusRoutesOptions
    std::function<std::string()> remark;  // see StatusRoutesOptions
  };
  static absl::StatusOr<std::unique_ptr<Edge>> Start(Options options);
  ~Edge();

  // Where it listens, "host:port".
  std::string listening() const;
  absl::Status ReloadCertificate();
  HttpServer::Load load() const;
  void Stop(absl::Duration grace);

 private:
  struct Parts;
  explicit Edge(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// What the settings say of the HTTP side; the parts, and who is let in, are still missing.
Edge::Options EdgeOptionsOf(const NodeConfig& config);

}  // namespace cairn
