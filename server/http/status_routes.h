// How the node is, for those who watch over it from outside.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "server/http/edge_parts.h"
#include "server/http/router.h"

namespace cairn {

struct StatusRoutesOptions {
  std::string version;                  // of the program
  std::function<absl::Status()> ready;  // OK, or why this process should get no readers now
};

// /healthz      200: the process answers
// /readyz       200 or 503, with the reason: the directory can be read
// /status.json  freshness per partner, as anybody may know it whoever asks, and which charter is in force
void AddStatusRoutes(const EdgeParts& parts, const StatusRoutesOptions& options, Router* router);

// Reads the database once; for `ready`.
absl::Status CheckReadable(const EdgeParts& parts);

}  // namespace cairn
