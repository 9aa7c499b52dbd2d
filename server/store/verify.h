// Proves that what is on disk is what the heads say, and that the derived tables are what the entries say.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/store/feed_key.h"
#include "server/store/feed_store.h"

namespace cairn {

struct VerifyProgress {
  uint64_t checked = 0;  // entries
  uint64_t total = 0;
};

struct VerifyReport {
  uint64_t checked = 0;               // records looked at
  std::vector<std::string> findings;  // one line each, at most 1,000; empty: all is well
  std::vector<FeedKey> damaged;       // feeds whose entries disagree with their head: MarkDamaged and fetch them anew
  bool derived_differs = false;       // derived tables disagree with entries: Rebuild
};

// Recomputes each visible feed's digest and count from its entries; `deep` also hashes every payload and compares every
// derived row. Feeds that are applying are skipped, since they stand at no head. Reads only; one read transaction a
// feed. `progress` may return an error (CANCELLED) to stop. Repairs nothing.
absl::StatusOr<VerifyReport> VerifyFeeds(FeedStore* feeds, bool deep,
                                         const std::function<absl::Status(const VerifyProgress&)>& progress);

}  // namespace cairn
