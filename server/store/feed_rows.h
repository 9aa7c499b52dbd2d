// Rows of the feed tables as structs; for the sources that make up FeedStore.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/crypto/set_digest.h"
#include "server/store/database.h"
#include "server/store/feed_store.h"

namespace cairn {

// A row of staging_set that is not dropped.
struct StagingRow {
  int64_t set_id = 0;
  FeedKey feed;
  StagingState state;
  uint64_t live_count = 0;
  uint64_t live_bytes = 0;
  std::string lthash;        // 2,048 bytes
  std::string pending_head;  // serialised SignedHead; empty: none
  bool swept = false;
  uint64_t sweep_seq = 0;
  int64_t sweep_entry_id = 0;
};

// nullopt: nothing is staged of the feed, in any generation.
absl::StatusOr<std::optional<StagingRow>> ReadStagingRow(Connection& db, absl::string_view partner,
                                                         absl::string_view audience);
// All of them, in order of partner and audience.
absl::StatusOr<std::vector<StagingRow>> ReadStagingRows(Connection& db);

// The LtHash kept of a visible feed; the empty set when there is none.
absl::StatusOr<SetDigest> ReadFeedDigest(Connection& db, int64_t feed_id);

// What a stored head says. DATA_LOSS when it cannot be parsed.
struct ParsedHead {
  v1::SignedHead signed_head;
  v1::HeadBody body;
  v1::HeadContent content;
};
absl::StatusOr<ParsedHead> ParseStoredHead(absl::string_view signed_head);

}  // namespace cairn
