// `cairnd --role=edge`: the HTTP side as a process of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "server/config.h"

namespace cairn {

// Serves HTTP from the database of a node that runs beside it, or does not run, so that the internet never talks to the
// process that holds the keys. It opens no key but that of http.tls_key, not the node's socket, and has no connection
// that writes (ReadStore). What the node changes is seen within limits::edge_look_millis. Runs from Start to Stop; Stop
// may be called on any thread, the rest by one.
class EdgeNode {
 public:
  // Errors say what a person must mend: no http.listen, a file that is not there, may not be read or is of another
  // version, an address in use, a key of the node's own as http.tls_key. `on_failed` is called once, on another thread,
  // when the process cannot go on; see failed().
  static absl::StatusOr<std::unique_ptr<EdgeNode>> Start(const NodeConfig& config, const std::string& version,
                                                         Clock* clock, std::function<void()> on_failed);
  ~EdgeNode();

  // Where it listens, "host:port".
  std::string http_listening() const;
  // Reads the certificate again; on an error the one from before stays.
  absl::Status ReloadCertificate();
  // OK, or why the process should end and be started again: the database was restored from a backup, or taken over by
  // a program of another version.
  absl::Status failed() const;
  // Takes no more requests and lets running ones end for a while. Idempotent.
  void Stop();

 private:
  struct Parts;
  explicit EdgeNode(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace cairn
