// From an entry of the index to what a reader gets. Internal to server/directory.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "cairn/v1/directory.pb.h"
#include "server/store/index_queries.h"

namespace cairn {

// A version of a record, with the feed that it stands in.
struct FeedVersion {
  const IndexedEntry* entry = nullptr;
  const FeedKey* feed = nullptr;
};

// The record as whoever may read all `versions` sees it: the first, with the others laid over it in their order; all of
// one partner, kind and id. DATA_LOSS for a payload that cannot be read.
absl::StatusOr<v1::DirectoryRecord> ToDirectoryRecord(absl::Span<const FeedVersion> versions,
                                                      uint32_t verify_default_days, absl::Time now);

}  // namespace cairn
