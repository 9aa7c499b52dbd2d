#include "server/store/rebuild.h"

#include <limits>
#include <optional>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/text/fold.h"
#include "server/store/derived.h"
#include "server/store/schema_derived.h"
#include "server/store/supplement_rows.h"

namespace cairn {
namespace {

constexpr int64_t slice_entries = 1'000;  // some 50 milliseconds of the writer
constexpr absl::string_view kCursor = "rebuild_cursor";

struct Waiting {
  int64_t feed_id;
  int64_t entry_id;
  int64_t payload_id;
  int64_t seq;
  PreparedRecord prepared;
};

struct Slice {
  std::vector<Waiting> entries;
  int64_t after = 0;    // entry_id
  int64_t through = 0;  // entry_id
  bool last = false;
};

// The cursor: entries above it wait. nullopt: none does.
absl::StatusOr<std::optional<int64_t>> Cursor(Connection& db) {
  ASSIGN_OR_RETURN(const std::string text, GetMeta(db, kCursor));
  int64_t cursor = 0;
  if (text.empty() || !absl::SimpleAtoi(text, &cursor)) return std::nullopt;
  return cursor;
}

absl::StatusOr<Slice> ReadSlice(Connection& db, int64_t after) {
  Slice slice;
  slice.after = slice.through = after;
  Statement row = db.Prepare(
      "SELECT e.entry_id, e.feed_id, e.kind, e.id, e.payload_id, p.bytes, e.seq FROM entry e "
      "LEFT JOIN payload p ON p.payload_id = e.payload_id WHERE e.entry_id > ? ORDER BY e.entry_id LIMIT ?");
  row.Bind(after, slice_entries);
  int64_t rows = 0;
  while (row.Step()) {
    ++rows;
    slice.through = row.Int64(0);
    if (row.IsNull(5)) continue;
    slice.entries.push_back({row.Int64(1), row.Int64(0), row.Int64(4), row.Int64(6),
                             PrepareRecord(static_cast<v1::RecordKind>(row.Int64(2)), row.Text(3), row.Text(5))});
  }
  slice.last = rows < slice_entries;
  return row.status().ok() ? absl::StatusOr<Slice>(std::move(slice)) : row.status();
}

// What a write in between replaced or withdrew is skipped or prepared again by its new payload.
absl::Status WriteEntry(Connection& db, const Waiting& waiting) {
  Statement row = db.Prepare(
      "SELECT e.payload_id, e.kind, e.id, e.feed_id, p.bytes, e.seq FROM entry e JOIN payload p ON p.payload_id = "
      "e.payload_id "
      "WHERE e.entry_id = ?");
  row.Bind(waiting.entry_id);
  if (!row.Step()) return row.status();
  if (row.Int64(0) == waiting.payload_id && row.Int64(5) == waiting.seq) {
    return Derived::Upsert(db, waiting.feed_id, waiting.entry_id, waiting.prepared, nullptr);
  }
  const PreparedRecord now = PrepareRecord(static_cast<v1::RecordKind>(row.Int64(1)), row.Text(2), row.Text(4));
  return Derived::Upsert(db, row.Int64(3), waiting.entry_id, now, nullptr);
}

// Supplements stand in narrow feeds only, and what they are merged from is in payloads, not in derived rows.
absl::Status WriteSupplements(Connection& db, int64_t after, int64_t through) {
  std::vector<GroupKey> groups;
  {
    Statement row = db.Prepare(
        "SELECT f.partner, e.kind, e.id FROM entry e JOIN feed f ON f.feed_id = e.feed_id WHERE e.entry_id > ? AND "
        "e.entry_id <= ? AND f.audience <> 'public' AND e.payload_id IS NOT NULL ORDER BY e.entry_id");
    row.Bind(after, through);
    while (row.Step()) groups.push_back({row.String(0), static_cast<int>(row.Int64(1)), row.String(2)});
    RETURN_IF_ERROR(row.status());
  }
  for (const GroupKey& group : groups) RETURN_IF_ERROR(DeriveSupplements(db, group, through));
  return absl::OkStatus();
}

absl::StatusOr<bool> AnyAbove(Connection& db, int64_t entry_id) {
  Statement row = db.Prepare("SELECT entry_id FROM entry WHERE entry_id > ? LIMIT 1");
  row.Bind(entry_id);
  const bool any = row.Step();
  RETURN_IF_ERROR(row.status());
  return any;
}

// What came after the slice was read gets the numbers above all others: when the slice reaches that far, it is read
// again within the write.
absl::StatusOr<bool> WriteSlice(Connection& db, const Slice& read) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> cursor, Cursor(db));
  if (!cursor.has_value()) return true;
  // Two callers may continue the same rebuild: what one has written, the other must not write again.
  if (*cursor != read.after) return false;
  ASSIGN_OR_RETURN(const bool inner, AnyAbove(db, read.through));
  Slice again;
  if (read.last || !inner) {
    ASSIGN_OR_RETURN(again, ReadSlice(db, *cursor));
  }
  const Slice& slice = read.last || !inner ? again : read;
  for (const Waiting& waiting : slice.entries) RETURN_IF_ERROR(WriteEntry(db, waiting));
  RETURN_IF_ERROR(WriteSupplements(db, slice.after, slice.through));
  const bool done = slice.last;
  RETURN_IF_ERROR(SetMeta(db, kCursor, done ? std::string() : absl::StrCat(slice.through)));
  return done;
}

// Withdrawn entries have nothing to derive.
absl::StatusOr<uint64_t> CountEntries(Connection& db) {
  Statement row = db.Prepare("SELECT count(*) FROM entry WHERE payload_id IS NOT NULL");
  row.Step();
  RETURN_IF_ERROR(row.status());
  return row.Int64(0);
}

}  // namespace

std::string DerivedVersion() { return absl::StrCat(kFoldVersion, ".", kDerivedVersion); }

absl::Status BeginRebuild(Connection& db) {
  RETURN_IF_ERROR(Derived::Clear(db));
  RETURN_IF_ERROR(SetMeta(db, "derived_version", DerivedVersion()));
  return SetMeta(db, kCursor, "0");
}

absl::Status CheckDerivedVersion(Connection& db) {
  ASSIGN_OR_RETURN(const std::string version, GetMeta(db, "derived_version"));
  if (version == DerivedVersion()) return absl::OkStatus();
  RETURN_IF_ERROR(db.Execute("BEGIN IMMEDIATE"));
  RETURN_IF_ERROR(BeginRebuild(db));
  return db.Execute("COMMIT");
}

absl::StatusOr<int64_t> DerivedThrough(Connection& db) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> cursor, Cursor(db));
  return cursor.value_or(std::numeric_limits<int64_t>::max());
}

absl::StatusOr<bool> RebuildPending(Store* store) {
  bool pending = false;
  RETURN_IF_ERROR(store->Read([&](Connection& db) -> absl::Status {
    ASSIGN_OR_RETURN(const std::optional<int64_t> cursor, Cursor(db));
    pending = cursor.has_value();
    return absl::OkStatus();
  }));
  return pending;
}

absl::Status ContinueRebuild(Store* store, const std::function<absl::Status(const RebuildProgress&)>& progress) {
  RebuildProgress so_far;
  for (bool done = false; !done;) {
    Slice slice;
    bool pending = false;
    RETURN_IF_ERROR(store->Read(
        [&](Connection& db) -> absl::Status {
          ASSIGN_OR_RETURN(const std::optional<int64_t> cursor, Cursor(db));
          pending = cursor.has_value();
          if (!pending) return absl::OkStatus();
          if (so_far.total == 0) {
            ASSIGN_OR_RETURN(so_far.total, CountEntries(db));
          }
          ASSIGN_OR_RETURN(slice, ReadSlice(db, *cursor));
          return absl::OkStatus();
        },
        absl::Minutes(1)));
    if (!pending) return absl::OkStatus();
    RETURN_IF_ERROR(store->Write([&](Connection& db) -> absl::Status {
      ASSIGN_OR_RETURN(done, WriteSlice(db, slice));
      return absl::OkStatus();
    }));
    so_far.done += slice.entries.size();
    if (progress) RETURN_IF_ERROR(progress(so_far));
  }
  return absl::OkStatus();
}

absl::Status Rebuild(Store* store, const std::function<absl::Status(const RebuildProgress&)>& progress) {
  RETURN_IF_ERROR(store->Write(BeginRebuild));
  return ContinueRebuild(store, progress);
}

}  // namespace cairn
