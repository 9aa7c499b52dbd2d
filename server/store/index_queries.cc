#include "server/store/index_queries.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "common/record/kinds.h"
#include "server/store/feed_rows.h"
#include "server/store/index_filter.h"

namespace cairn {
namespace {

constexpr char kSelectFeeds[] =
    "SELECT feed_id, partner, audience, generation, seq, floor_seq, live_count, as_of_unix_millis, applying, head "
    "FROM feed "
    "ORDER BY partner, audience";
constexpr char kSelectById[] =
    "SELECT r.entry_id FROM record r WHERE r.kind = ? AND r.id = ? AND r.feed_id IN (SELECT value FROM json_each(?)) "
    "ORDER BY r.feed_id";
constexpr char kSelectEntry[] =
    "SELECT e.entry_id, e.feed_id, e.kind, e.id, e.seq, e.visible_at, p.bytes, e.change_no FROM entry e "
    "CROSS JOIN payload p ON p.payload_id = e.payload_id WHERE e.entry_id = ?";
constexpr char kSelectChanges[] =
    "SELECT e.entry_id, e.feed_id, e.kind, e.id, e.seq, e.visible_at, p.bytes, e.change_no, e.payload_id IS NULL FROM "
    "entry e "
    "LEFT JOIN payload p ON p.payload_id = e.payload_id WHERE e.feed_id = ? AND e.seq > ? ORDER BY e.seq LIMIT ?";
constexpr char kCountStale[] =
    "SELECT feed_id, count(*) FROM record r WHERE (r.verified_unix_millis IS NULL OR r.verified_unix_millis + "
    "CASE r.verify_every_days WHEN 0 THEN ? ELSE r.verify_every_days END * 86400000 < ?) "
    "AND NOT EXISTS (SELECT 1 FROM supplement s WHERE s.entry_id = r.entry_id) "
    "GROUP BY feed_id ORDER BY feed_id";

IndexedEntry EntryOf(const Statement& row) {
  IndexedEntry entry;
  entry.entry_id = row.Int64(0);
  entry.feed_id = row.Int64(1);
  entry.kind = static_cast<int>(row.Int64(2));
  entry.id16 = row.String(3);
  entry.seq = static_cast<uint64_t>(row.Int64(4));
  entry.visible_unix_millis = row.Int64(5);
  entry.payload = row.String(6);
  entry.change_no = row.Int64(7);
  return entry;
}

// Appends up to `limit` entry ids of one kind in order of (id, feed).
absl::Status ListKind(Connection& db, const FilterSql& filter, int kind, const ListKey& after, size_t limit,
                      std::vector<int64_t>* entry_ids) {
  // Where the filter names the entries, the unary plus keeps the planner from walking the whole index instead.
  const std::string sql =
      filter.few() ? absl::StrCat(
                         "SELECT r.entry_id FROM record r WHERE +r.kind = ? AND (+r.id, +r.feed_id) > (?, ?) "
                         "AND ",
                         filter.where(), " ORDER BY r.id, r.feed_id LIMIT ?")
                   : absl::StrCat(
                         "SELECT r.entry_id FROM record r INDEXED BY record_by_id WHERE r.kind = ? "
                         "AND (r.id, r.feed_id) > (?, ?) AND ",
                         filter.where(), " ORDER BY r.id, r.feed_id LIMIT ?");
  Statement select = db.Prepare(sql);
  select.BindAt(1, kind).BindAt(2, after.id).BindAt(3, after.feed_id);
  select.BindAt(filter.Bind(select, 4), limit);
  while (select.Step()) entry_ids->push_back(select.Int64(0));
  return select.status();
}

std::vector<int> KindsOf(const IndexFilter& filter) {
  std::vector<int> kinds = filter.kinds;
  if (kinds.empty()) kinds.assign(AllKinds().begin(), AllKinds().end());
  std::sort(kinds.begin(), kinds.end());
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
  return kinds;
}

// Marks the live changes that meet the filter.
absl::Status MarkMatches(Connection& db, const IndexFilter& filter, std::vector<EntryChange>* changes) {
  std::vector<int64_t> live;
  for (const EntryChange& change : *changes) {
    if (!change.tombstone) live.push_back(change.entry.entry_id);
  }
  if (live.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const FilterSql sql, FilterSql::MakeFor(db, filter, live));
  Statement select =
      db.Prepare(absl::StrCat("SELECT r.entry_id FROM record r WHERE ", sql.where(), " ORDER BY r.entry_id"));
  sql.Bind(select, 1);
  std::vector<int64_t> matching;
  while (select.Step()) matching.push_back(select.Int64(0));
  for (EntryChange& change : *changes) {
    change.matches = std::binary_search(matching.begin(), matching.end(), change.entry.entry_id);
  }
  return select.status();
}

}  // namespace

absl::StatusOr<std::vector<IndexedFeed>> ReadFeeds(Connection& connection) {
  std::vector<IndexedFeed> feeds;
  Statement row = connection.Prepare(kSelectFeeds);
  while (row.Step()) {
    IndexedFeed& feed = feeds.emplace_back();
    feed.feed_id = row.Int64(0);
    feed.feed = FeedKey{row.String(1), row.String(2), static_cast<uint32_t>(row.Int64(3))};
    feed.seq = static_cast<uint64_t>(row.Int64(4));
    feed.floor_seq = static_cast<uint64_t>(row.Int64(5));
    feed.live_count = static_cast<uint64_t>(row.Int64(6));
    feed.as_of_unix_millis = row.Int64(7);
    feed.moving = row.Int64(8) != 0;
    if (row.IsNull(9)) continue;
    ASSIGN_OR_RETURN(const ParsedHead head, ParseStoredHead(row.Bytes(9)));
    feed.key_id = head.body.key_id();
    feed.state_digest = head.content.state_digest();
  }
  RETURN_IF_ERROR(row.status());
  return feeds;
}

absl::StatusOr<std::optional<IndexedEntry>> ReadEntry(Connection& connection, int64_t entry_id) {
  Statement row = connection.Prepare(kSelectEntry);
  row.Bind(entry_id);
  std::optional<IndexedEntry> entry;
  if (row.Step()) entry = EntryOf(row);
  RETURN_IF_ERROR(row.status());
  return entry;
}

absl::StatusOr<std::vector<IndexedEntry>> EntriesById(Connection& connection, absl::Span<const int64_t> feed_ids,
                                                      int kind, absl::string_view id) {
  std::vector<int64_t> entry_ids;
  const std::string feeds = JsonList({feed_ids.begin(), feed_ids.end()});
  for (const int each : KindsOf(IndexFilter())) {
    if (kind != 0 && each != kind) continue;
    Statement row = connection.Prepare(kSelectById);
    row.Bind(each, id, feeds);
    while (row.Step()) entry_ids.push_back(row.Int64(0));
    RETURN_IF_ERROR(row.status());
  }
  std::vector<IndexedEntry> entries;
  for (const int64_t entry_id : entry_ids) {
    ASSIGN_OR_RETURN(std::optional<IndexedEntry> entry, ReadEntry(connection, entry_id));
    if (entry) entries.push_back(*std::move(entry));
  }
  return entries;
}

absl::StatusOr<std::vector<IndexedEntry>> MatchingById(Connection& connection, const IndexFilter& filter, int kind,
                                                       absl::string_view id) {
  ASSIGN_OR_RETURN(std::vector<IndexedEntry> entries, EntriesById(connection, filter.feed_ids, kind, id));
  std::vector<EntryChange> changes;
  for (IndexedEntry& entry : entries) changes.push_back({std::move(entry), false, false});
  RETURN_IF_ERROR(MarkMatches(connection, filter, &changes));
  entries.clear();
  for (EntryChange& change : changes) {
    if (change.matches) entries.push_back(std::move(change.entry));
  }
  return entries;
}

absl::StatusOr<std::vector<IndexedEntry>> ListEntries(Connection& connection, const IndexFilter& filter,
                                                      const ListKey& after, size_t limit, size_t bytes_max) {
  std::vector<IndexedEntry> entries;
  if (filter.feed_ids.empty()) return entries;
  ASSIGN_OR_RETURN(const FilterSql sql, FilterSql::Make(connection, filter));
  std::vector<int64_t> entry_ids;
  for (const int kind : KindsOf(filter)) {
    if (kind < after.kind || entry_ids.size() >= limit) continue;
    const ListKey from = kind == after.kind ? after : ListKey{kind, "", 0};
    RETURN_IF_ERROR(ListKind(connection, sql, kind, from, limit - entry_ids.size(), &entry_ids));
  }
  size_t bytes = 0;
  for (const int64_t entry_id : entry_ids) {
    ASSIGN_OR_RETURN(std::optional<IndexedEntry> entry, ReadEntry(connection, entry_id));
    if (!entry) return absl::DataLossError(absl::StrCat("record ", entry_id, " has no entry; run: cairn rebuild"));
    bytes += entry->payload.size();
    entries.push_back(*std::move(entry));
    if (bytes >= bytes_max) break;
  }
  return entries;
}

absl::StatusOr<std::map<int64_t, uint64_t>> CountStale(Connection& connection, int64_t now_unix_millis,
                                                       int64_t verify_default_days) {
  std::map<int64_t, uint64_t> counts;
  Statement row = connection.Prepare(kCountStale);
  row.Bind(verify_default_days, now_unix_millis);
  while (row.Step()) counts[row.Int64(0)] = static_cast<uint64_t>(row.Int64(1));
  RETURN_IF_ERROR(row.status());
  return counts;
}

absl::StatusOr<std::map<int64_t, uint64_t>> CountSupplements(Connection& connection) {
  std::map<int64_t, uint64_t> counts;
  Statement row = connection.Prepare(
      "SELECT r.feed_id, count(*) FROM supplement s JOIN record r ON r.entry_id = s.entry_id GROUP BY r.feed_id "
      "ORDER BY r.feed_id");
  while (row.Step()) counts[row.Int64(0)] = static_cast<uint64_t>(row.Int64(1));
  RETURN_IF_ERROR(row.status());
  return counts;
}

absl::StatusOr<std::vector<EntryChange>> ReadChanges(Connection& connection, int64_t feed_id, uint64_t after_seq,
                                                     const IndexFilter& filter, size_t limit, size_t bytes_max) {
  std::vector<EntryChange> changes;
  size_t bytes = 0;
  {
    Statement row = connection.Prepare(kSelectChanges);
    row.Bind(feed_id, after_seq, limit);
    while (bytes < bytes_max && row.Step()) {
      EntryChange& change = changes.emplace_back();
      change.entry = EntryOf(row);
      change.tombstone = row.Int64(8) != 0;
      bytes += change.entry.payload.size();
    }
    RETURN_IF_ERROR(row.status());
  }
  RETURN_IF_ERROR(MarkMatches(connection, filter, &changes));
  return changes;
}

}  // namespace cairn
