// Puts a backup into the place of a node's lost or damaged file.
#pragma once

#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "server/config.h"

namespace cairn {

// Makes `file`, a backup (or a raw copy of a stopped node's database), the database of the node that `config` is of.
// Offline. The copy is checked before it takes the place: pages, every digest, every derived row, consortium, format
// version. It is marked, so that the node hears its peers before it publishes. FAILED_PRECONDITION when a node runs on
// the data directory, or its database holds feeds already (nothing is overwritten that somebody might miss);
// DATA_LOSS names what is wrong with the copy. What was there stays as it was after an error. Says on `out` what it
// does.
absl::Status Restore(const NodeConfig& config, const std::string& file, Clock* clock, std::ostream& out);

}  // namespace cairn
