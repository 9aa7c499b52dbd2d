// Leaving an audience: erasing a feed that may no longer be read. Part of FeedStore.
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/record/supplement.h"
#include "server/store/change_order.h"
#include "server/store/erase_entry.h"
#include "server/store/erasure.h"
#include "server/store/feed_rows.h"
#include "server/store/feed_store.h"
#include "server/store/rebuild.h"

namespace cairn {
namespace {

std::string DroppingKey(absl::string_view partner, absl::string_view audience) {
  return absl::StrCat("dropping:", partner, "/", audience);
}

// From here on nothing of the feed is served, and only a whole set makes it good again, should access come back.
absl::Status BeginDrop(Connection& db, const HeldFeed& held) {
  const std::string key = DroppingKey(held.feed.partner, held.feed.audience);
  ASSIGN_OR_RETURN(const std::string begun, GetMeta(db, key));
  if (!begun.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(SetMeta(db, key, "1"));
  // The text index forgets a text only when told the right one, which a damaged payload is not.
  if (held.damaged) RETURN_IF_ERROR(BeginRebuild(db));
  return db.Execute("UPDATE feed SET damaged = 1, applying = 0 WHERE feed_id = ?", held.feed_id);
}

// What is staged goes with the garbage; a verified change that was being made visible is no exception.
absl::Status DropAllStaging(Connection& db, absl::string_view partner, absl::string_view audience) {
  return db.Execute("UPDATE staging_set SET dropped = 1, pending_head = NULL WHERE partner = ? AND audience = ?",
                    partner, audience);
}

absl::StatusOr<size_t> EraseSlice(Connection& db, const HeldFeed& held, absl::Time now) {
  struct Row {
    EntryRows rows;
    int kind;
    std::string id;
  };
  std::vector<Row> slice;
  Statement row =
      db.Prepare("SELECT entry_id, payload_id, kind, id FROM entry WHERE feed_id = ? ORDER BY seq, entry_id LIMIT ?");
  row.Bind(held.feed_id, limits::apply_slice_entries);
  while (row.Step()) {
    slice.push_back({{row.Int64(0), row.Int64(1)}, static_cast<int>(row.Int64(2)), row.String(3)});
  }
  RETURN_IF_ERROR(row.status());
  ASSIGN_OR_RETURN(const int64_t derived_through, DerivedThrough(db));
  const bool is_public = held.feed.audience == audience_public;
  ASSIGN_OR_RETURN(ChangeNumbers numbers, ChangeNumbers::Begin(db, is_public, now));
  for (const Row& entry : slice) {
    if (is_public) {
      ASSIGN_OR_RETURN(const std::string organization, OrganizationOf(db, entry.rows.entry_id));
      RETURN_IF_ERROR(NoteServiceLeft(db, &numbers, kFeedAsAWhole, organization));
    }
    RETURN_IF_ERROR(NoteGone(db, &numbers, entry.kind, entry.id));
    RETURN_IF_ERROR(EraseEntry(db, {held.feed.partner, entry.kind, entry.id}, entry.rows, derived_through));
  }
  RETURN_IF_ERROR(numbers.Save(db));
  return slice.size();
}

// Even that the feed exists is known to its audience only.
absl::Status Forget(Connection& db, absl::string_view partner, absl::string_view audience) {
  RETURN_IF_ERROR(db.Execute(
      "DELETE FROM service_left WHERE feed_id IN (SELECT feed_id FROM feed WHERE partner = ? AND audience = ?)",
      partner, audience));
  RETURN_IF_ERROR(db.Execute(
      "DELETE FROM feed_digest WHERE feed_id IN (SELECT feed_id FROM feed WHERE partner = ? AND audience = ?)", partner,
      audience));
  for (const char* table : {"feed", "evidence", "peer_head", "peer_receipt"}) {
    RETURN_IF_ERROR(
        db.Execute(absl::StrCat("DELETE FROM ", table, " WHERE partner = ? AND audience = ?"), partner, audience));
  }
  return SetMeta(db, DroppingKey(partner, audience), "");
}

}  // namespace

absl::StatusOr<ApplyProgress> FeedStore::DropSlice(Connection& db, absl::string_view partner,
                                                   absl::string_view audience) {
  ASSIGN_OR_RETURN(const std::optional<HeldFeed> held, Find(db, partner, audience));
  RETURN_IF_ERROR(NoteErasure(db, store_->clock()->Now()));
  RETURN_IF_ERROR(DropAllStaging(db, partner, audience));
  ASSIGN_OR_RETURN(const uint64_t staged, CollectGarbage(db));
  if (held.has_value() && held->feed_id != 0) {
    RETURN_IF_ERROR(BeginDrop(db, *held));
    ASSIGN_OR_RETURN(const size_t erased, EraseSlice(db, *held, store_->clock()->Now()));
    if (erased > 0) return ApplyProgress::kMoreSlices;
  }
  if (staged > 0) return ApplyProgress::kMoreSlices;
  RETURN_IF_ERROR(Forget(db, partner, audience));
  if (!held.has_value()) return ApplyProgress::kDone;
  RETURN_IF_ERROR(
      db.Execute("INSERT INTO dropped_feed (partner, audience, erased_at) VALUES (?, ?, ?) "
                 "ON CONFLICT (partner, audience) DO UPDATE SET erased_at = excluded.erased_at",
                 partner, audience, absl::ToUnixMillis(store_->clock()->Now())));
  return ApplyProgress::kDone;
}

absl::StatusOr<std::vector<DroppedFeed>> FeedStore::DroppedFeeds() {
  std::vector<DroppedFeed> dropped;
  RETURN_IF_ERROR(store_->Read([&](Connection& db) -> absl::Status {
    Statement row = db.Prepare("SELECT partner, audience, erased_at FROM dropped_feed ORDER BY partner, audience");
    while (row.Step()) dropped.push_back({row.String(0), row.String(1), row.Int64(2)});
    return row.status();
  }));
  return dropped;
}

absl::Status FeedStore::RecordDrop(Connection& db, absl::string_view node, absl::string_view own_partner,
                                   absl::string_view audience, int64_t erased_at_unix_millis) {
  RETURN_IF_ERROR(
      db.Execute("DELETE FROM peer_head WHERE partner = ? AND audience = ? AND node = ?", own_partner, audience, node));
  return db.Execute(
      "INSERT INTO drop_receipt (audience, node, erased_at) VALUES (?, ?, ?) "
      "ON CONFLICT (audience, node) DO UPDATE SET erased_at = excluded.erased_at",
      audience, node, erased_at_unix_millis);
}

absl::StatusOr<std::vector<DropReceipt>> FeedStore::DropReceipts(absl::string_view audience) {
  std::vector<DropReceipt> receipts;
  RETURN_IF_ERROR(store_->Read([&](Connection& db) -> absl::Status {
    Statement row = db.Prepare("SELECT node, erased_at FROM drop_receipt WHERE audience = ? ORDER BY node");
    row.Bind(audience);
    while (row.Step()) receipts.push_back({row.String(0), row.Int64(1)});
    return row.status();
  }));
  return receipts;
}

}  // namespace cairn
