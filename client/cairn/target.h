// Where a node listens, as people write it.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cairn {

// A node's door for administrators and readers.
struct NodeTarget {
  // What gRPC dials: "unix:///var/lib/cairn/cairn.sock" or "dns:///host:port".
  std::string grpc_name;
  // What people read: "/var/lib/cairn/cairn.sock" or "host:port".
  std::string display;
  // Path of the socket's file; empty for an address.
  std::string socket_path;
};

// Reads "unix:PATH", a path (anything with a slash, or a file that exists; a directory means the socket inside it) or
// "host:port". INVALID_ARGUMENT for anything else, and for socket paths that the system cannot hold (over 107 bytes).
// How an address is spoken to: channel.h.
absl::StatusOr<NodeTarget> ParseTarget(absl::string_view text, absl::string_view socket_file_name);

// OK when something may be listening: a socket's file exists. Else UNAVAILABLE, saying how to start a node. Spares
// retries when there is nobody to answer.
absl::Status CheckPresent(const NodeTarget& target);

}  // namespace cairn
