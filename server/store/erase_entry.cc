#include "server/store/erase_entry.h"

#include "common/base/status_macros.h"
#include "server/store/derived.h"

namespace cairn {

absl::Status EraseEntry(Connection& db, const GroupKey& group, const EntryRows& entry, int64_t derived_through) {
  if (entry.payload_id != 0 && entry.entry_id <= derived_through) {
    Statement row = db.Prepare("SELECT bytes FROM payload WHERE payload_id = ?");
    row.Bind(entry.payload_id);
    if (row.Step()) {
      const PreparedRecord before = PrepareRecord(static_cast<v1::RecordKind>(group.kind), group.id16, row.Bytes(0));
      RETURN_IF_ERROR(Derived::Remove(db, entry.entry_id, before));
    }
    RETURN_IF_ERROR(row.status());
  }
  RETURN_IF_ERROR(ForgetSupplement(db, group.kind, group.id16, entry.entry_id));
  RETURN_IF_ERROR(db.Execute("DELETE FROM payload WHERE payload_id = ?", entry.payload_id));
  RETURN_IF_ERROR(db.Execute("DELETE FROM entry WHERE entry_id = ?", entry.entry_id));
  return DeriveSupplements(db, group, derived_through);
}

}  // namespace cairn
