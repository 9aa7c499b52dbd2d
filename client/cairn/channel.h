// The connection to a node: plain over its socket, TLS to its administrators' listener.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/cairn/target.h"

namespace cairn {

// How a node at an address is recognised, and what is shown to it. All empty: no encryption, for this machine and
// tunnels.
struct ChannelSecurity {
  std::string ca_pem;  // authorities that may have signed the node's certificate, which must be for the host dialled
  std::string pin_sha256;  // or: SHA-256 of the node's public key (SPKI), 32 bytes; names and dates mean nothing then
  std::string token;
  // A certificate to show, and its key.
  std::string certificate_pem;
  std::string key_pem;

  bool encrypted() const { return !ca_pem.empty() || !pin_sha256.empty(); }
};

// INVALID_ARGUMENT for a token or a certificate without encryption, so that neither leaves this machine in clear; for
// both ways of recognising the node at a time; for any of it with a socket, where the file's permissions decide.
absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(const NodeTarget& target, const ChannelSecurity& security);

}  // namespace cairn
