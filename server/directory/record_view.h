// A stored entry as readers get it.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cairn/v1/directory.pb.h"
#include "server/store/index_queries.h"

namespace cairn {

// The record with its provenance and freshness at `now`. DATA_LOSS when the payload is none of this program's records,
// although it was indexed as one.
absl::StatusOr<v1::DirectoryRecord> ToDirectoryRecord(const IndexedEntry& entry, const FeedKey& feed,
                                                      uint32_t verify_default_days, absl::Time now);

}  // namespace cairn
