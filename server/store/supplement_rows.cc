#include "server/store/supplement_rows.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/base/status_macros.h"
#include "common/record/serialise.h"
#include "common/record/supplement.h"
#include "server/store/derived.h"

namespace cairn {
namespace {

// A live entry of a group.
struct Member {
  int64_t entry_id;
  int64_t feed_id;
  std::string audience;
  std::string payload;
};

// In the order in which audiences are laid over each other.
absl::StatusOr<std::vector<Member>> LiveMembers(Connection& db, const GroupKey& group) {
  std::vector<Member> members;
  Statement row = db.Prepare(
      "SELECT e.entry_id, e.feed_id, f.audience, p.bytes FROM entry e JOIN feed f ON f.feed_id = e.feed_id "
      "JOIN payload p ON p.payload_id = e.payload_id WHERE e.id = ? AND e.kind = ? AND f.partner = ? "
      "ORDER BY e.entry_id");
  row.Bind(Blob{group.id16}, group.kind, group.partner);
  while (row.Step()) members.push_back({row.Int64(0), row.Int64(1), row.String(2), row.String(3)});
  RETURN_IF_ERROR(row.status());
  std::sort(members.begin(), members.end(),
            [](const Member& a, const Member& b) { return AudienceBefore(a.audience, b.audience); });
  return members;
}

// What stands in the table `supplement`.
struct Stored {
  int64_t base_entry_id;
  std::string merged;
};

absl::StatusOr<std::optional<Stored>> ReadStored(Connection& db, int64_t entry_id) {
  Statement row = db.Prepare("SELECT base_entry_id, merged FROM supplement WHERE entry_id = ?");
  row.Bind(entry_id);
  std::optional<Stored> stored;
  if (row.Step()) stored = Stored{row.Int64(0), row.String(1)};
  RETURN_IF_ERROR(row.status());
  return stored;
}

absl::Status Put(Connection& db, const GroupKey& group, const SupplementView& view) {
  ASSIGN_OR_RETURN(const std::optional<Stored> stored, ReadStored(db, view.entry_id));
  const auto kind = static_cast<v1::RecordKind>(group.kind);
  if (!stored.has_value() || stored->merged != view.merged) {
    const PreparedRecord now = PrepareRecord(kind, group.id16, view.merged);
    PreparedRecord before;
    if (stored.has_value()) before = PrepareRecord(kind, group.id16, stored->merged);
    RETURN_IF_ERROR(Derived::Upsert(db, view.feed_id, view.entry_id, now, stored.has_value() ? &before : nullptr));
  } else if (stored->base_entry_id == view.base_entry_id) {
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(Derived::Touch(db, view.entry_id));
  return db.Execute(
      "INSERT INTO supplement (entry_id, base_entry_id, merged) VALUES (?, ?, ?) ON CONFLICT (entry_id) DO UPDATE SET "
      "base_entry_id = excluded.base_entry_id, merged = excluded.merged",
      view.entry_id, view.base_entry_id, Blob{view.merged});
}

// Entries of the group, withdrawn ones included, that have rows as supplements.
absl::StatusOr<std::vector<int64_t>> StoredOf(Connection& db, const GroupKey& group) {
  std::vector<int64_t> entry_ids;
  Statement row = db.Prepare(
      "SELECT s.entry_id FROM entry e JOIN feed f ON f.feed_id = e.feed_id JOIN supplement s ON s.entry_id = "
      "e.entry_id "
      "WHERE e.id = ? AND e.kind = ? AND f.partner = ? ORDER BY s.entry_id");
  row.Bind(Blob{group.id16}, group.kind, group.partner);
  while (row.Step()) entry_ids.push_back(row.Int64(0));
  RETURN_IF_ERROR(row.status());
  return entry_ids;
}

}  // namespace

absl::StatusOr<bool> HasGroups(Connection& db, absl::string_view partner) {
  Statement row = db.Prepare("SELECT 1 FROM feed WHERE partner = ? AND audience <> 'public' LIMIT 1");
  row.Bind(partner);
  const bool has = row.Step();
  RETURN_IF_ERROR(row.status());
  return has;
}

absl::StatusOr<std::vector<SupplementView>> ViewsOf(Connection& db, const GroupKey& group) {
  ASSIGN_OR_RETURN(const std::vector<Member> members, LiveMembers(db, group));
  std::vector<SupplementView> views;
  // What has been laid together so far and may be read by all who read the next: circles do not add up.
  v1::Record base;
  int64_t base_entry_id = 0;
  std::string base_audience;
  for (const Member& member : members) {
    const absl::StatusOr<v1::Record> record = ParseRecord(member.payload);
    if (!record.ok()) continue;  // its owner signed nonsense; it is indexed nowhere
    const bool circle = member.audience != audience_public && member.audience != audience_consortium;
    if (!record->supplement()) {
      if (base_entry_id == 0 && !circle) {
        base = *record;
        base_entry_id = member.entry_id;
      }
      continue;
    }
    if (base_entry_id == 0) continue;
    const v1::Record merged = MergeSupplement(base, *record);
    views.push_back({member.entry_id, member.feed_id, base_entry_id, SerialiseRecord(merged)});
    if (circle) continue;
    base = merged;
    base_entry_id = member.entry_id;
  }
  return views;
}

absl::StatusOr<std::optional<SupplementView>> ViewOf(Connection& db, const GroupKey& group, int64_t entry_id) {
  ASSIGN_OR_RETURN(std::vector<SupplementView> views, ViewsOf(db, group));
  for (SupplementView& view : views) {
    if (view.entry_id == entry_id) return std::optional<SupplementView>(std::move(view));
  }
  return std::nullopt;
}

absl::Status DeriveSupplements(Connection& db, const GroupKey& group, int64_t derived_through) {
  ASSIGN_OR_RETURN(const std::vector<SupplementView> views, ViewsOf(db, group));
  ASSIGN_OR_RETURN(const std::vector<int64_t> stored, StoredOf(db, group));
  for (const int64_t entry_id : stored) {
    const bool wanted = std::any_of(views.begin(), views.end(), [&](const auto& v) { return v.entry_id == entry_id; });
    if (!wanted) RETURN_IF_ERROR(ForgetSupplement(db, group.kind, group.id16, entry_id));
  }
  for (const SupplementView& view : views) {
    if (view.entry_id <= derived_through) RETURN_IF_ERROR(Put(db, group, view));
  }
  return absl::OkStatus();
}

absl::Status ForgetSupplement(Connection& db, int kind, absl::string_view id16, int64_t entry_id) {
  ASSIGN_OR_RETURN(const std::optional<Stored> stored, ReadStored(db, entry_id));
  if (!stored.has_value()) return absl::OkStatus();
  RETURN_IF_ERROR(
      Derived::Remove(db, entry_id, PrepareRecord(static_cast<v1::RecordKind>(kind), id16, stored->merged)));
  return db.Execute("DELETE FROM supplement WHERE entry_id = ?", entry_id);
}

}  // namespace cairn
