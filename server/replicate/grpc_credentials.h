// Mutual TLS between nodes: whoever connects must hold a key that the charter pins; certificates' names, dates and
// issuers mean nothing.
//
// gRPC 1.51: both sides present a certificate that the library itself does not verify; ours is the only check, made in
// the handshake, before a byte of HTTP/2 is exchanged. Note that IsPeerAuthenticated() is true for any certificate.
#pragma once

#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cairn {

// From now on every TLS connection of this process is TLS 1.3 or fails. Must be called before gRPC's first handshake;
// the functions below do so.
void AllowOnlyTls13();

// What this node shows; re-read when the files change.
using TlsIdentityFiles = std::shared_ptr<grpc::experimental::CertificateProviderInterface>;
TlsIdentityFiles WatchTlsIdentity(const std::string& key_path, const std::string& certificate_path);

// Says whether the SHA-256 of a public key (SPKI, 32 bytes) may connect now. Called on gRPC's threads in each
// handshake; must be quick.
using PinCheck = std::function<bool(absl::string_view spki_sha256)>;

// For a listener: clients whose key `pinned` does not know are refused in the handshake. TLS 1.3 only.
std::shared_ptr<grpc::ServerCredentials> PinnedServerCredentials(const TlsIdentityFiles& identity, PinCheck pinned);

// For a channel: any other answering key than `spki_sha256` is refused in the handshake; `refused` is told its hash
// first, on one of gRPC's threads. TLS 1.3 only.
std::shared_ptr<grpc::ChannelCredentials> PinnedChannelCredentials(const TlsIdentityFiles& identity,
                                                                   std::string spki_sha256,
                                                                   std::function<void(absl::string_view)> refused);

// The pin of whoever is at the other end of a call, 32 bytes. UNAUTHENTICATED when it showed no certificate.
absl::StatusOr<std::string> PeerSpkiSha256(const grpc::AuthContext& context);

}  // namespace cairn
