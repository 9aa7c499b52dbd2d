#include "server/store/prepared_slice.h"

#include <utility>

#include "common/base/limits.h"
#include "common/base/status_macros.h"

namespace cairn {
namespace {

PreparedChange ToChange(const Statement& row) {
  PreparedChange change;
  change.id = row.String(0);
  change.kind = static_cast<int>(row.Int64(1));
  change.seq = row.Int64(2);
  change.payload_id = row.Int64(3);
  change.entry_id = row.Int64(6);
  change.replaced_payload_id = row.Int64(7);
  const bool both = change.payload_id != 0 && change.replaced_payload_id != 0;
  change.same_payload = both && row.Bytes(5) == row.Bytes(9);
  const auto kind = static_cast<v1::RecordKind>(change.kind);
  if (change.payload_id != 0) change.now = PrepareRecord(kind, change.id, row.Bytes(4));
  if (change.replaced_payload_id != 0) change.before = PrepareRecord(kind, change.id, row.Bytes(8));
  return change;
}

}  // namespace

absl::StatusOr<PreparedSlice> ReadSlice(Connection& db, const StagingRow& staging, int64_t feed_id,
                                        const PreparedSlice* previous) {
  PreparedSlice slice;
  slice.set_id = staging.set_id;
  Statement row = db.Prepare(
      "SELECT s.id, s.kind, s.seq, s.payload_id, p.bytes, p.sha256, e.entry_id, e.payload_id, o.bytes, o.sha256 "
      "FROM staging s LEFT JOIN payload p ON p.payload_id = s.payload_id "
      "LEFT JOIN entry e ON e.id = s.id AND e.kind = s.kind AND e.feed_id = ? "
      "LEFT JOIN payload o ON o.payload_id = e.payload_id "
      "WHERE s.set_id = ? AND (s.id, s.kind) > (?, ?) ORDER BY s.id, s.kind LIMIT ?");
  const PreparedChange* after = previous == nullptr ? nullptr : &previous->changes.back();
  row.Bind(feed_id, staging.set_id, Blob{after == nullptr ? "" : absl::string_view(after->id)},
           after == nullptr ? 0 : after->kind, limits::apply_slice_entries);
  while (row.Step()) slice.changes.push_back(ToChange(row));
  RETURN_IF_ERROR(row.status());
  slice.last = slice.changes.size() < limits::apply_slice_entries;
  return slice;
}

}  // namespace cairn
