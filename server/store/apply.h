// Runs a pending delta to its end: one thread prepares the slices ahead while the store's writer writes.
#pragma once

#include "absl/status/status.h"
#include "server/store/feed_key.h"
#include "server/store/feed_store.h"

namespace cairn {

// Applies all slices of `feed`'s pending delta, each in a write of its own, so that small writes get between. Blocks;
// makes one helper thread unless the store's writes are inline. After an error or a crash call it again: it goes on
// where it stopped. OK when nothing is pending.
absl::Status ApplyAll(FeedStore* feeds, const FeedKey& feed);

}  // namespace cairn
