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

class ColumnCache;

// How many records one search for words between quotes looks at, best first: each costs some 15 microseconds.
inline constexpr size_t phrase_checks_max = 600;

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

// Whether a person has confirmed a record in time.
enum class Freshness : uint8_t { kVerified, kOverdue, kUnverified };

// Conditions that all must hold; within a list one is enough, an empty list holds for all. Values are in the normal
// form of the index (upper-case countries, canonical languages, lower-case terms).
struct IndexFilter {
  std::vector<int64_t> feed_ids;  // the feeds that may be read and are wanted; empty: nothing matches
  std::vector<int> kinds;
  std::vector<std::string> countries;
  std::vector<std::string> languages;  // "pt" is met by "pt-BR"
  std::vector<std::string> terms;      // "code", or "taxonomy:code"
  std::optional<NearFilter> near;
  // All feeds that may be read, wanted or not: `near` may look at their locations, and the facet of partners counts
  // them.
  std::vector<int64_t> readable_feed_ids;
  bool stale_only = false;
  int64_t now_unix_millis = 0;
  int64_t verify_default_days = 0;   // where the record names none
  std::string on_date;               // YYYY-MM-DD; empty: any
  bool open_now = false;             // services open at now_unix_millis
  std::string from_date, to_date;    // YYYY-MM-DD; trainings with a session that meets the range; empty: no bound
  std::vector<std::string> modes;    // of trainings and their sessions
  std::vector<Freshness> freshness;  // one of these states
  std::vector<std::string> months;   // YYYY-MM, in which a session takes place
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

// Counts by value. Values of `feeds` are feed ids.
struct FacetCounts {
  std::map<int, uint64_t> kinds;
  std::map<Freshness, uint64_t> freshness;
  std::map<int64_t, uint64_t> feeds;
  absl::flat_hash_map<std::string, uint64_t> countries;
  absl::flat_hash_map<std::string, uint64_t> languages;
  absl::flat_hash_map<std::string, uint64_t> terms;
  std::map<std::string, uint64_t> modes;
  std::map<std::string, uint64_t> months;
};

// What to look for.
struct IndexQuery {
  std::vector<std::string> words;  // as FoldedWords gives them, all must occur; empty: the filter alone
  // True: the last word also matches words that begin with it. One or two letters match in the title only, since too
  // many words begin with them.
  bool last_is_prefix = false;
  std::vector<std::vector<std::string>> phrases;  // of `words`; each must occur in one text, in this order
};

// What to give of it.
struct SearchWish {
  size_t limit = 20;
  std::optional<RankedEntry> after;  // goes on after this one
  bool nearest_first = false;        // with `near`; rank is then the distance in metres, negative
  bool facets = false;
};

// What a search found.
struct SearchResult {
  std::vector<RankedEntry> entries;  // best first
  uint64_t total = 0;                // how many match
  bool complete = true;              // false: more may match; only phrases are cut short, after the best ones
  absl::flat_hash_map<int64_t, double> kilometres;  // with `near`: entry -> distance
  // Each facet without the conditions on itself.
  FacetCounts facets;
  bool any_in_facets = false;  // with `facets`: some record matches when the conditions on one facet are left out
};

// Records that hold the words and meet the filter, all of them counted and ranked. The text index gives the records
// that hold the words, some 0.1 microseconds each; the columns in memory say in another 0.05 which of them match, so
// that a word of every second of 100,000 records takes some 10 milliseconds, and no cap is needed.
absl::StatusOr<SearchResult> SearchIndex(Connection& connection, ColumnCache* columns, const IndexQuery& query,
                                         const IndexFilter& filter, const SearchWish& wish);

// The query with one letter put right (left out, added, changed, or two swapped) in each word that no record of
// `filter.readable_feed_ids` holds; of several ways the one that most records hold. nullopt: there is no such word, or
// none that is near enough, or nothing matches then either. Words with digits are left alone: a number that is almost
// right is somebody else's. Looks up at most 4,000 spellings.
absl::StatusOr<std::optional<IndexQuery>> CorrectedQuery(Connection& connection, ColumnCache* columns,
                                                         const IndexQuery& query, const IndexFilter& filter);

// One live entry by its row; nullopt when it is gone.
absl::StatusOr<std::optional<IndexedEntry>> ReadEntry(Connection& connection, int64_t entry_id);

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
