// A node's settings: one TOML file, checked whole before anything starts.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/record/supplement.h"

namespace cairn {

// Checked settings with defaults filled in. Paths are absolute or relative to the working directory, no longer to the
// file. Each setting is explained in the text that `cairn node init` writes (common/base/data_dir.h).
struct NodeConfig {
  std::string partner;
  std::string node;
  std::string name;
  std::string consortium;  // empty: any
  std::string listen;      // empty: dials only
  std::string advertise;
  LogLevel log_level = LogLevel::kInfo;
  absl::Duration heartbeat = absl::Seconds(45);
  absl::Duration tombstone_retention = absl::Hours(24 * 180);

  std::vector<RedactionRule> redact;  // checked

  // Of the command line, for this start only: what the operator vouches for. See OwnFeedRecovery.
  bool standalone = false;           // publish without having heard a peer
  bool standalone_restored = false;  // the same of a restored copy

  std::string data;  // the data directory: where the file lies
  std::string database;
  std::string socket;
  std::string charter;
  std::string tls_key;
  std::string tls_certificate;
  std::string publishing_key;

  // The administrators' listener.
  struct AdminClient {
    std::string name;
    std::string spki_sha256;  // 32 bytes
    std::string role;
    std::vector<std::string> audiences;
  };
  std::string admin_listen;  // empty: off
  std::string admin_tls_key;
  std::string admin_tls_certificate;
  std::string admin_client_ca;  // empty: tokens only
  std::vector<AdminClient> admin_clients;

  // The HTTP side, for everybody.
  std::string http_listen;           // empty: off
  std::string http_metrics_listen;   // of this machine only; empty: off
  std::string http_tls_certificate;  // empty: plain HTTP
  std::string http_tls_key;
  std::string http_public_url;  // without a final slash; empty: as readers call the host
  std::vector<std::string> http_proxies;
  std::string http_data_license = "https://creativecommons.org/licenses/by/4.0/";  // of what is public
  int http_workers = 4;
  int http_connections = 0;  // 0: as limits.h says
  int http_connections_per_address = limits::http_connections_per_address_max;
  bool http_access_log = true;

  int readers = 4;
  int watchers = 32;
  absl::Duration drain = absl::Seconds(10);
};

// The settings of TOML `text`. `path` is the file that it came from: for errors, and the base of relative paths.
// INVALID_ARGUMENT for what is no TOML, an unknown key (the nearest known one is named), a missing key, a wrong type
// and a value out of range; each with its line.
absl::StatusOr<NodeConfig> ParseConfig(absl::string_view text, const std::string& path);

// Reads and parses the file. NOT_FOUND says how to make one.
absl::StatusOr<NodeConfig> LoadConfig(const std::string& path);

// All settings in effect, as TOML that ParseConfig takes.
std::string EffectiveSettings(const NodeConfig& config);

}  // namespace cairn
