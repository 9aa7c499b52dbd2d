// A slice of a pending delta, read ahead of the writer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/store/database.h"
#include "server/store/derived.h"
#include "server/store/feed_rows.h"

namespace cairn {

// One staged entry, and the visible one that it replaces.
struct PreparedChange {
  int kind = 0;
  std::string id;
  uint64_t seq = 0;
  int64_t payload_id = 0;           // 0: withdrawn
  int64_t entry_id = 0;             // of the visible version, live or withdrawn; 0: none
  int64_t replaced_payload_id = 0;  // 0: none, or withdrawn
  bool same_payload = false;        // both live with the same hash
  PreparedRecord now;               // of a live entry whose payload differs
  PreparedRecord before;            // of the visible version, when there was a payload
};

// Consecutive rows of a staging_set in the order of its key. Stays true until it is applied: only applying changes
// these rows and the entries they replace.
struct PreparedSlice {
  int64_t set_id = 0;
  std::vector<PreparedChange> changes;
  bool last = false;  // no rows after these
};

// Reads and prepares the rows after `previous` (null: from the first).
absl::StatusOr<PreparedSlice> ReadSlice(Connection& db, const StagingRow& staging, int64_t feed_id,
                                        const PreparedSlice* previous);

}  // namespace cairn
