// A node's data directory: the names of its files, and its configuration as `cairn node init` writes it. What the
// command line creates and the node reads is agreed here.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace cairn {

// Paths are relative to the data directory. Secrets have mode 0600, the socket 0660, the directory 0700 or 0750.
namespace data_dir {
inline constexpr absl::string_view config = "node.toml";
inline constexpr absl::string_view tls_key = "keys/node.key";            // secret: ECDSA P-256, PEM
inline constexpr absl::string_view tls_certificate = "keys/node.crt";    // its self-signed certificate, PEM
inline constexpr absl::string_view publishing_key = "keys/publish.key";  // secret: Ed25519, PEM
inline constexpr absl::string_view join_request = "join-request";        // for the governors, text
inline constexpr absl::string_view new_key_request = "new-key-request";  // for the governors, text
inline constexpr absl::string_view charter = "charter.chain";            // what the governors answered with, text
inline constexpr absl::string_view database = "cairn.db";                // with its -wal and -shm beside it
inline constexpr absl::string_view socket = "cairn.sock";                // gRPC for whoever may open it
}  // namespace data_dir

// `relative` below `base`; an absolute path stays as it is.
std::string JoinPath(absl::string_view base, absl::string_view relative);

// What a node's configuration cannot leave out, and what differs from node to node.
struct NodeTomlValues {
  std::string partner;
  std::string node;
  std::string name;       // for people; empty: none
  std::string listen;     // "host:port"; empty: the node only dials out
  std::string advertise;  // "host:port" that others dial; empty: `listen`
  std::string http;       // "host:port" where readers come; empty: nowhere
};

// The text of a node.toml with those values; every other setting stands in it as a comment with its default.
std::string NodeTomlText(const NodeTomlValues& values);

}  // namespace cairn
