// What one read of the directory works with. Internal to server/directory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cairn/v1/directory.pb.h"
#include "server/charter/charter_view.h"
#include "server/directory/record_view.h"
#include "server/store/index_queries.h"

namespace cairn {

// One moment of the directory as one reader may see it.
struct Reading {
  std::shared_ptr<const CharterView> charter;
  absl::Time now;
  Connection* connection = nullptr;
  ColumnCache* columns = nullptr;  // of the same store
  std::vector<IndexedFeed> feeds;  // that may be read

  // The feed of an entry that was found in `feeds`.
  const FeedKey& FeedOf(const IndexedEntry& entry) const;
  // The record of an entry, merged with the supplements in `feeds`.
  absl::StatusOr<v1::DirectoryRecord> View(const IndexedEntry& entry) const;
  // The readable feeds of the partner that owns the entry.
  std::vector<int64_t> FeedsOfOwner(const IndexedEntry& entry) const;
  IndexFilter Filter(const v1::RecordFilter& normalised) const;
  // What page tokens are sealed with: of the database, so that pages go on after a restart and in another process.
  absl::StatusOr<std::string> PageKey() const;
};

// The page's size, or `by_default` for 0. INVALID_ARGUMENT above `max`.
absl::StatusOr<uint32_t> PageSize(uint32_t asked, uint32_t by_default, uint32_t max);

// Fills in what the charter and the newest head say of the partner; `as_of_unix_millis` 0: never heard.
void Describe(const CharterView& charter, int64_t as_of_unix_millis, v1::PartnerSummary* summary);

}  // namespace cairn
