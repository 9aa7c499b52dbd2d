// The gRPC server for administrators, programs and dashboards on other machines: TLS, and a token or a certificate.
#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/server.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/replicate/grpc_credentials.h"
#include "server/rpc/gate.h"
#include "server/rpc/rpc_watch.h"

namespace cairn {

// Serves the services given, the standard health service (to anybody who connects) and reflection (to callers with a
// token or a certificate). TLS 1.3. It has threads of its own, so that who comes this way cannot keep the local
// operator out.
class AdminServer {
 public:
  struct Options {
    std::string listen;           // "host:port"; port 0: the system chooses
    std::string tls_key;          // files, read again when they change
    std::string tls_certificate;  //
    std::string client_ca;        // certificates of clients must be signed by one of these; empty: none are asked for
  };
  // INVALID_ARGUMENT, PERMISSION_DENIED or NOT_FOUND for files that cannot be used; UNAVAILABLE when the port cannot be
  // had. Everything passed in must outlive it. `observer`, when given, is told of every rpc that the doorkeeper lets
  // in.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(const Options& options, const Gate* gate,
                                                            const std::vector<grpc::Service*>& services,
                                                            RpcObserver observer = nullptr);
  ~AdminServer();

  int port() const { return port_; }
  // SHA-256 of the public key that clients may pin.
  const std::string& spki_sha256() const { return spki_sha256_; }

  // Takes no more calls, lets running ones end for `drain`, cancels the rest and waits for them. Idempotent.
  void Stop(absl::Duration drain);

 private:
  AdminServer() = default;

  TlsIdentityFiles identity_;  // watched as long as this lives
  std::string spki_sha256_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace cairn
