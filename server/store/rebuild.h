// Makes the derived tables anew from the entries, in bounded slices, while everything else goes on.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/store/database.h"
#include "server/store/store.h"

namespace cairn {

struct RebuildProgress {
  uint64_t done = 0;  // entries
  uint64_t total = 0;
};

// Empties the derived tables and remembers, durably, that all entries wait to be derived again. From then on a change
// of an entry that still waits leaves the derived tables alone. Within a write body.
absl::Status BeginRebuild(Connection& db);

// True while entries wait: after BeginRebuild, after a crash in between, and after opening a file whose texts were
// folded by another version.
absl::StatusOr<bool> RebuildPending(Store* store);

// Derives what waits, one bounded write after the other; readers see records reappear. Blocks. Thread-safe. OK at once
// when nothing waits. `progress` may return an error to stop; the rest waits on.
absl::Status ContinueRebuild(Store* store, const std::function<absl::Status(const RebuildProgress&)>& progress);

// The version of what is derived: of folding and of preparing. In node_meta as derived_version.
std::string DerivedVersion();

// For Store::Open: begins a rebuild when the derived rows were made by another version of folding or preparing than
// this program's.
absl::Status CheckDerivedVersion(Connection& db);

// The highest entry_id whose derived rows are in place; entries above it wait and their derived rows must be left
// alone. The highest number there is when nothing waits. In a write body.
absl::StatusOr<int64_t> DerivedThrough(Connection& db);

// BeginRebuild and ContinueRebuild.
absl::Status Rebuild(Store* store, const std::function<absl::Status(const RebuildProgress&)>& progress);

}  // namespace cairn
