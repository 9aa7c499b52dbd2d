// Deleting an entry with all that hangs on it. Internal to server/store.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "server/store/database.h"
#include "server/store/supplement_rows.h"

namespace cairn {

// Rows of one entry.
struct EntryRows {
  int64_t entry_id = 0;
  int64_t payload_id = 0;  // 0: it is withdrawn
};

// Deletes the entry, its payload and its derived rows, and brings the supplements of its group in line. Entries above
// `derived_through` have no derived rows yet. Runs inside a write.
absl::Status EraseEntry(Connection& db, const GroupKey& group, const EntryRows& entry, int64_t derived_through);

}  // namespace cairn
