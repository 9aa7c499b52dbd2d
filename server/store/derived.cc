#include "server/store/derived.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "common/base/status_macros.h"
#include "server/store/derived_tables.h"
#include "server/store/schema_blocks.h"

namespace cairn {
namespace {

constexpr char kInsertText[] = "INSERT INTO record_text (rowid, title, keywords, body) VALUES (?, ?, ?, ?)";
// How FTS5 forgets a row of a table without content: it has to be told what the row was.
constexpr char kDeleteText[] =
    "INSERT INTO record_text (record_text, rowid, title, keywords, body) VALUES ('delete', ?, ?, ?, ?)";
constexpr char kClearText[] = "INSERT INTO record_text (record_text) VALUES ('delete-all')";
// FTS5: pages merged a step; negative begins with all segments, as 'optimize' does in one go.
constexpr char kMergeText[] = "INSERT INTO record_text (record_text, rank) VALUES ('merge', ?)";
constexpr int merge_pages_a_step = 64;  // some ten milliseconds of the writer
// FTS5: a step that changed fewer rows had nothing to do.
constexpr int64_t merge_changes_min = 2;

// A node of an R*Tree with two dimensions: depth and number of cells, then the cells.
constexpr size_t map_node_header_bytes = 4;
constexpr size_t map_cell_bytes = 8 + 4 * 4;

using Rows = absl::Span<const DerivedRow>;

int BindValues(Statement& statement, int index, const DerivedRow& row) {
  for (const DerivedValue& value : row.values) statement.BindAt(index++, value);
  return index;
}

absl::Status InsertRows(Connection& db, int64_t feed_id, int64_t entry_id, Rows rows) {
  if (rows.empty()) return absl::OkStatus();
  Statement insert = db.Prepare(SqlOf(rows.front().table).insert);
  for (const DerivedRow& row : rows) {
    insert.Rewind();
    insert.BindAt(1, entry_id);
    const bool has_feed = row.table == DerivedTable::kRecord;
    if (has_feed) insert.BindAt(2, feed_id);
    BindValues(insert, has_feed ? 3 : 2, row);
    RETURN_IF_ERROR(insert.Run());
  }
  return absl::OkStatus();
}

absl::Status RemoveRows(Connection& db, int64_t entry_id, Rows rows) {
  if (rows.empty()) return absl::OkStatus();
  const DerivedTableSql& sql = SqlOf(rows.front().table);
  if (!sql.by_value) return db.Execute(sql.remove, entry_id);
  Statement remove = db.Prepare(sql.remove);
  for (const DerivedRow& row : rows) {
    remove.Rewind();
    remove.BindAt(BindValues(remove, 1, row), entry_id);
    RETURN_IF_ERROR(remove.Run());
  }
  return absl::OkStatus();
}

// The rows of `table`, which stand together at the front of `rows` or nowhere; takes them off.
Rows TakeTable(Rows& rows, DerivedTable table) {
  size_t n = 0;
  while (n < rows.size() && rows[n].table == table) ++n;
  const Rows taken = rows.first(n);
  rows.remove_prefix(n);
  return taken;
}

absl::Status WriteText(Connection& db, const char* sql, int64_t entry_id, const PreparedRecord& record) {
  if (!record.indexed) return absl::OkStatus();
  return db.Execute(sql, entry_id, record.title, record.keywords, record.body);
}

// What a map node's cells take, from its beginning.
size_t UsedBytes(absl::string_view node) {
  if (node.size() < map_node_header_bytes) return node.size();
  const size_t cells =
      static_cast<size_t>(static_cast<unsigned char>(node[2])) << 8 | static_cast<unsigned char>(node[3]);
  return std::min(node.size(), map_node_header_bytes + cells * map_cell_bytes);
}

bool SameText(const PreparedRecord& a, const PreparedRecord& b) {
  return a.indexed == b.indexed && a.title == b.title && a.keywords == b.keywords && a.body == b.body;
}

}  // namespace

absl::Status Derived::Upsert(Connection& connection, int64_t feed_id, int64_t entry_id, const PreparedRecord& now,
                             const PreparedRecord* before) {
  static const PreparedRecord kNothing;
  const PreparedRecord& old = before == nullptr ? kNothing : *before;
  Rows new_rows(now.rows);
  Rows old_rows(old.rows);
  bool changed = false;
  for (size_t i = 0; i < kDerivedTableCount && !(new_rows.empty() && old_rows.empty()); ++i) {
    const Rows in = TakeTable(new_rows, static_cast<DerivedTable>(i));
    const Rows out = TakeTable(old_rows, static_cast<DerivedTable>(i));
    if (std::equal(in.begin(), in.end(), out.begin(), out.end())) continue;
    changed = true;
    RETURN_IF_ERROR(RemoveRows(connection, entry_id, out));
    RETURN_IF_ERROR(InsertRows(connection, feed_id, entry_id, in));
  }
  if (changed) RETURN_IF_ERROR(Touch(connection, entry_id));
  if (SameText(now, old)) return absl::OkStatus();
  RETURN_IF_ERROR(WriteText(connection, kDeleteText, entry_id, old));
  return WriteText(connection, kInsertText, entry_id, now);
}

absl::Status Derived::Remove(Connection& connection, int64_t entry_id, const PreparedRecord& before) {
  return Upsert(connection, 0, entry_id, PreparedRecord(), &before);
}

absl::Status Derived::Touch(Connection& connection, int64_t entry_id) {
  return connection.Execute(
      "INSERT INTO record_block (block, version) VALUES (?, 1) ON CONFLICT (block) DO UPDATE SET version = version + 1",
      entry_id / record_block_entries);
}

absl::Status Derived::Clear(Connection& connection) {
  for (const DerivedTableSql& table : kDerivedTables) {
    RETURN_IF_ERROR(connection.Execute(absl::StrCat("DELETE FROM ", table.name)));
  }
  RETURN_IF_ERROR(connection.Execute("DELETE FROM supplement"));
  RETURN_IF_ERROR(connection.Execute("UPDATE record_block SET version = version + 1"));
  return connection.Execute(kClearText);
}

absl::StatusOr<bool> Derived::MergeText(Connection& connection, bool first) {
  const int64_t before = connection.total_changes();
  RETURN_IF_ERROR(connection.Execute(kMergeText, first ? -merge_pages_a_step : merge_pages_a_step));
  return connection.total_changes() - before >= merge_changes_min;
}

absl::StatusOr<int64_t> Derived::ScrubMap(Connection& connection, int64_t after, int64_t limit) {
  std::vector<std::pair<int64_t, std::string>> scrubbed;
  Statement row =
      connection.Prepare("SELECT nodeno, data FROM location_geo_node WHERE nodeno > ? ORDER BY nodeno LIMIT ?");
  row.Bind(after, limit);
  int64_t seen = 0;
  for (; row.Step(); ++seen) {
    after = row.Int64(0);
    std::string node = row.String(1);
    const size_t end = UsedBytes(node);
    if (std::all_of(node.begin() + end, node.end(), [](char byte) { return byte == 0; })) continue;
    std::fill(node.begin() + end, node.end(), 0);
    scrubbed.emplace_back(after, std::move(node));
  }
  RETURN_IF_ERROR(row.status());
  const Connection::InternalTables unlocked(&connection);
  for (const auto& [number, node] : scrubbed) {
    RETURN_IF_ERROR(connection.Execute("UPDATE location_geo_node SET data = ? WHERE nodeno = ?", Blob{node}, number));
  }
  return seen < limit ? -1 : after;
}

}  // namespace cairn
