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
  std::function<std::string()> remark;  // what readers get although it is amiss, for whoever watches; empty: nothing
};

// /healthz      200: the process answers
// /readyz       200 "ready", with a remark when something is amiss that does not keep readers from being served; 503
//               with the reason: the directory cannot be read, or will not change any more
// /status.json  freshness per partner, as anybody may know it whoever asks, and which charter is in force
void AddStatusRoutes(const EdgeParts& parts, const StatusRoutesOptions& options, Router* router);

// Reads the database once; for `ready`.
absl::Status CheckReadable(const EdgeParts& parts);

// How a node's write_health counts for readers, in words that anybody may read. A full disk is a remark: the node tries
// again with each write, and meanwhile its answers are those of a moment ago. Writing that has stopped until a restart
// is an error: what is withdrawn from now on would be shown here for ever, so readers should be sent elsewhere.
absl::Status CheckWriting(const absl::Status& write_health);
std::string WritingRemark(const absl::Status& write_health);

}  // namespace cairn
