// The reading SQL over entries and their derived rows. Callers pass the feeds that may be read; nothing of another feed
// is returned, counted or used to choose (a service is not found by a place that its reader may not see). Every
// function runs inside Store::Read, so what it returns is of one moment.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/store/database.h"
#include "server/store/feed_key.h"

namespace cairn {

// How many records one search ranks. Ranking more costs time that no reader waits for; see SearchResult::complete.
inline constexpr size_t search_candidates_max = 5'000;

// A feed as it stands in the read transaction.
struct IndexedFeed {
  int64_t feed_id = 0;
  FeedKey feed;
  uint64_t seq = 0;
  uint64_t floor_seq = 0;  // highest sequence number of a tombstone that is no longer kept
  uint64_t live_count = 0;
  int64_t as_of_unix_millis = 0;  // 0: no head
  std::string key_id;             // of the key that signed the head; empty: no head
  std::string state_digest;       // that the head states, 32 bytes
  bool moving = false;  // a large verified change is being made visible: what lies before `seq` may still change
};
absl::StatusOr<std::vector<IndexedFeed>> ReadFeeds(Connection& connection);

// A circle on the globe.
struct NearFilter {
  double latitude = 0;
  double longitude = 0;
  double kilometres = 0;
};

// Conditions that all must hold; within a list one is enough, an empty list holds for all. Values are in the normal
// form of the index (upper-case countries, canonical languages, lower-case terms).
struct IndexFilter {
  std::vector<int64_t> feed_ids;  // the feeds that may be read and are wanted; empty: nothing matches
  std::vector<int> kinds;
  std::vector<std::string> countries;
  std::vector<std::string> languages;  // "pt" is met by "pt-BR"
  std::vector<std::string> terms;      // "code", or "taxonomy:code"
  std::optional<NearFilter> near;
  std::vector<int64_t> place_feed_ids;  // with `near`: the feeds whose locations may be seen
  bool stale_only = false;
  int64_t now_unix_millis = 0;      // with `stale_only`
  int64_t verify_default_days = 0;  // with `stale_only`: where the record names none
  std::string on_date;              // YYYY-MM-DD; empty: any
  // True: a record that has a supplement among `feed_ids` does not match, the supplement does, which has the values of
  // both. Of several supplements of equal rank only one does.
  bool narrowest_only = false;
};

// A live entry.
struct IndexedEntry {
  int64_t entry_id = 0;
  int64_t feed_id = 0;
  int kind = 0;
  std::string id16;
  uint64_t seq = 0;
  int64_t visible_unix_millis = 0;  // when this node made this version visible
  std::string payload;
  int64_t change_no = 0;  // of this version, see change_order.h
};

// Entries of that id (UUID text), of any kind for kind 0, in order of kind, then feed. Entries that are not indexed are
// not found.
absl::StatusOr<std::vector<IndexedEntry>> EntriesById(Connection& connection, absl::Span<const int64_t> feed_ids,
                                                      int kind, absl::string_view id);

// Those of EntriesById that meet the filter, in no order.
absl::StatusOr<std::vector<IndexedEntry>> MatchingById(Connection& connection, const IndexFilter& filter, int kind,
                                                       absl::string_view id);

// Place of a record in a list.
struct ListKey {
  int kind = 0;
  std::string id;  // UUID text
  int64_t feed_id = 0;
};

// Up to `limit` entries after `after` in order of (kind, id, feed), stopping once their payloads pass `bytes_max`.
absl::StatusOr<std::vector<IndexedEntry>> ListEntries(Connection& connection, const IndexFilter& filter,
                                                      const ListKey& after, size_t limit, size_t bytes_max);

// One record found. Better: higher rank, then newer, then higher entry_id.
struct RankedEntry {
  int64_t rank = 0;
  int64_t updated_unix_millis = 0;
  int64_t entry_id = 0;
};
inline bool Better(const RankedEntry& a, const RankedEntry& b) {
  return std::tie(a.rank, a.updated_unix_millis, a.entry_id) > std::tie(b.rank, b.updated_unix_millis, b.entry_id);
}

// What a search found.
struct SearchResult {
  std::vector<RankedEntry> entries;  // best first
  uint64_t total = 0;                // how many match
  bool complete = true;  // false: at least `total` match; those with the words in the title were taken first
  absl::flat_hash_map<int64_t, double> kilometres;  // with `near`: entry -> distance
};

// Records that hold all `words` (as FoldedWords gives them) and meet the filter. Ranks at most search_candidates_max;
// looks at no more than four times as many that hold the words for what its filter cannot look up beforehand.
absl::StatusOr<SearchResult> SearchEntries(Connection& connection, absl::Span<const std::string> words,
                                           bool last_is_prefix, const IndexFilter& filter);

// Without words: the newest `limit` after `after` (nullopt: from the start), and how many match in all.
absl::StatusOr<SearchResult> NewestEntries(Connection& connection, const IndexFilter& filter,
                                           const std::optional<RankedEntry>& after, size_t limit);

// One live entry by its row; nullopt when it is gone.
absl::StatusOr<std::optional<IndexedEntry>> ReadEntry(Connection& connection, int64_t entry_id);

// Counts by value. Values of `feed` are feed ids.
struct FacetCounts {
  std::map<int, uint64_t> kinds;
  absl::flat_hash_map<std::string, uint64_t> countries;
  absl::flat_hash_map<std::string, uint64_t> languages;
  absl::flat_hash_map<std::string, uint64_t> terms;
  std::map<int64_t, uint64_t> feeds;
};
// Exact: looks at every match.
absl::StatusOr<FacetCounts> CountFacets(Connection& connection, absl::Span<const std::string> words,
                                        bool last_is_prefix, const IndexFilter& filter);

// How many records of each feed are overdue or were never verified; supplements count with their records.
absl::StatusOr<std::map<int64_t, uint64_t>> CountStale(Connection& connection, int64_t now_unix_millis,
                                                       int64_t verify_default_days);

// How many supplements each feed has.
absl::StatusOr<std::map<int64_t, uint64_t>> CountSupplements(Connection& connection);

// A change of a feed: a live entry, or a tombstone without payload.
struct EntryChange {
  IndexedEntry entry;
  bool tombstone = false;
  bool matches = false;  // live, indexed, and the filter holds
};

// Changes of one feed after `after_seq` in order of seq, up to `limit`, stopping once their payloads pass `bytes_max`.
absl::StatusOr<std::vector<EntryChange>> ReadChanges(Connection& connection, int64_t feed_id, uint64_t after_seq,
                                                     const IndexFilter& filter, size_t limit, size_t bytes_max);

}  // namespace cairn
