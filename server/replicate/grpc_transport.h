// Replication's network: the listener for pinned nodes and the dialler, over gRPC and mutual TLS.
#pragma once

#include <grpcpp/server.h>

#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/limits.h"
#include "server/replicate/grpc_stream_registry.h"
#include "server/replicate/grpc_sync_client.h"
#include "server/replicate/grpc_sync_server.h"
#include "server/replicate/grpc_workers.h"
#include "server/replicate/transport.h"

namespace cairn {

// Thread-safe. Threads of its own: a few workers, and one that counts time for streams that open or end.
class GrpcTransport : public Dialler {
 public:
  struct Options {
    std::string tls_key;  // paths of PEM files
    std::string tls_certificate;
    absl::Duration connect_timeout = absl::Seconds(10);
    absl::Duration write_timeout = absl::Seconds(limits::write_seconds_max);
    absl::Duration handshake_timeout = absl::Seconds(limits::handshake_seconds_max);
    KeepaliveOptions keepalive;
  };

  // `events` and what `find_node` rests on must outlive this.
  GrpcTransport(Options options, StreamEvents* events, FindPinnedNode find_node);
  ~GrpcTransport() override;

  // Takes connections at "host:port"; port 0: a free one. At most once. UNAVAILABLE when the port is in use or the
  // address is not this machine's.
  absl::Status Listen(const std::string& address);
  // The port that Listen took. 0: none.
  int port() const { return port_; }

  // Dialler. After Stop, does nothing.
  void Dial(const DialTarget& target) override;

  // The charter changed: ends within a second every stream whose key it no longer pins for that node.
  void OnCharterChanged();

  // Ends all streams, tells `events`, and returns when nothing calls it any more. Idempotent.
  void Stop();

 private:
  void CountTicks();

  const Options options_;
  const FindPinnedNode find_node_;
  const TlsIdentityFiles identity_;
  StreamRegistry registry_;
  GrpcWorkers deliver_;
  GrpcWorkers send_;
  const StreamEnvironment environment_;
  SyncService service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread ticker_;
};

}  // namespace cairn
