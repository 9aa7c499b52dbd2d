// One node, put together: store, charter, feeds, publisher, replication, reading, and their doors.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "server/config.h"

namespace cairn {

// Runs from Start to Stop. Stop may be called on any thread, the rest by one.
class Node {
 public:
  // Opens the data directory and begins to serve. Errors say what a person must mend: keys with wrong permissions, a
  // data directory of another consortium or in use, a missing charter, a port in use.
  static absl::StatusOr<std::unique_ptr<Node>> Start(const NodeConfig& config, Clock* clock);
  ~Node();

  // Where the sync listener is, "host:port"; empty: none, the node only dials.
  std::string listening() const;
  // Where the administrators' listener is, "host:port"; empty: there is none.
  std::string admin_listening() const;

  // Where the HTTP side listens, "host:port"; empty: there is none.
  std::string http_listening() const;
  // Where /metrics is served besides; empty: nowhere.
  std::string metrics_listening() const;

  // Reads the HTTP side's certificate again; on an error the one from before stays.
  absl::Status ReloadCertificate();

  // Puts into force what can change while the node runs: who may come with a certificate (admin.clients). Calls of
  // those who may no more are ended. INVALID_ARGUMENT, and nothing changed, for settings that LoadConfig would not
  // give.
  absl::Status Reload(const NodeConfig& config);

  // Takes no more calls, lets running ones end for a while, says goodbye to peers and closes the file. Idempotent.
  void Stop();

 private:
  struct Parts;
  explicit Node(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace cairn
