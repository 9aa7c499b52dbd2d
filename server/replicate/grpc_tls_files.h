// The files of a TLS identity as gRPC may have them.
//
// gRPC's watcher reads key and certificate whenever it likes, and ends the process when one of them is empty, as a file
// is that is being written or whose disk is full. So it watches copies in memory, into which only whole files that
// belong together get: the files are read again every few seconds, and while something is wrong with them the copies
// stay, and the log says what.
#pragma once

#include <grpcpp/security/tls_certificate_provider.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace cairn {

struct TlsFilePaths {
  std::string key;
  std::string certificate;
  std::string authorities;  // certificates; empty: none
};

// Watches the files for as long as the provider lives. What SpkiSha256OfTlsFiles says of files that are wrong now;
// FAILED_PRECONDITION for authorities that are no certificates; what the system says when there is no memory for the
// copies.
absl::StatusOr<std::shared_ptr<grpc::experimental::CertificateProviderInterface>> WatchTlsFiles(
    const TlsFilePaths& paths);

}  // namespace cairn
