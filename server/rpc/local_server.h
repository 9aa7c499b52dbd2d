// The gRPC server on a Unix-domain socket in the data directory: whoever may open the file is the node's operator.
#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/server.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/rpc/rpc_watch.h"

namespace cairn {

// Serves the services given, the standard health service (grpc.health.v1) and reflection.
class LocalServer {
 public:
  // Listens at `socket_path`, mode 0660; a socket left behind by a process that died is replaced, so the caller must
  // hold the data directory's lock. UNAVAILABLE when it cannot. The services must outlive the server. `observer`, when
  // given, is told of every rpc.
  static absl::StatusOr<std::unique_ptr<LocalServer>> Start(const std::string& socket_path,
                                                            const std::vector<grpc::Service*>& services,
                                                            RpcObserver observer = nullptr);
  ~LocalServer();

  // Takes no more calls, lets running ones end for `drain`, cancels the rest and waits for them. Idempotent.
  void Stop(absl::Duration drain);

 private:
  LocalServer(std::string socket_path, std::unique_ptr<grpc::Server> server);

  const std::string socket_path_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace cairn
