// Withdrawals that have served their time. Part of FeedStore.
#include <algorithm>
#include <vector>

#include "common/base/status_macros.h"
#include "server/store/change_order.h"
#include "server/store/feed_store.h"

namespace cairn {
namespace {

constexpr int64_t tombstones_a_purge = 1'000;
constexpr absl::Duration count_budget = absl::Minutes(1);  // a busy disk may take its time

struct Old {
  int64_t entry_id, feed_id, seq, change_no;
  bool is_public;
};

absl::StatusOr<uint64_t> Forget(Connection& db, Statement row) {
  std::vector<Old> old;
  while (row.Step()) {
    old.push_back({row.Int64(0), row.Int64(1), row.Int64(2), row.Int64(3), row.Int64(4) != 0});
  }
  RETURN_IF_ERROR(row.status());
  for (const Old& tombstone : old) {
    RETURN_IF_ERROR(db.Execute("DELETE FROM entry WHERE entry_id = ?", tombstone.entry_id));
    RETURN_IF_ERROR(db.Execute("UPDATE feed SET floor_seq = max(floor_seq, ?) WHERE feed_id = ?", tombstone.seq,
                               tombstone.feed_id));
    if (tombstone.is_public) RETURN_IF_ERROR(RaiseChangeFloor(db, tombstone.change_no));
  }
  return old.size();
}

}  // namespace

absl::StatusOr<uint64_t> FeedStore::PurgeTombstones(Connection& db, absl::Time before) {
  RETURN_IF_ERROR(db.Execute("DELETE FROM peer_receipt WHERE confirmed_at < ?", absl::ToUnixMillis(before)));
  RETURN_IF_ERROR(PurgeGone(db, before));
  Statement row = db.Prepare(
      "SELECT e.entry_id, e.feed_id, e.seq, e.change_no, e.is_public FROM entry e JOIN feed f ON f.feed_id = e.feed_id "
      "WHERE e.withdrawn_at < ? AND f.applying = 0 ORDER BY e.withdrawn_at LIMIT ?");
  row.Bind(absl::ToUnixMillis(before), tombstones_a_purge);
  return Forget(db, std::move(row));
}

absl::StatusOr<std::vector<std::pair<FeedKey, uint64_t>>> FeedStore::CountTombstones() {
  std::vector<std::pair<FeedKey, uint64_t>> counts;
  RETURN_IF_ERROR(store_->Read(
      [&](Connection& db) -> absl::Status {
        Statement row = db.Prepare(
            "SELECT f.partner, f.audience, f.generation, count(*) FROM entry e JOIN feed f ON f.feed_id = e.feed_id "
            "WHERE e.withdrawn_at IS NOT NULL GROUP BY e.feed_id ORDER BY f.partner, f.audience");
        while (row.Step()) {
          counts.push_back({{row.String(0), row.String(1), static_cast<uint32_t>(row.Int64(2))},
                            static_cast<uint64_t>(row.Int64(3))});
        }
        return row.status();
      },
      count_budget));
  return counts;
}

absl::StatusOr<uint64_t> FeedStore::PurgeOldest(Connection& db, const FeedKey& feed, uint64_t count) {
  Statement row = db.Prepare(
      "SELECT e.entry_id, e.feed_id, e.seq, e.change_no, e.is_public FROM entry e JOIN feed f ON f.feed_id = e.feed_id "
      "WHERE f.partner = ? AND f.audience = ? AND f.applying = 0 AND e.withdrawn_at IS NOT NULL "
      "ORDER BY e.withdrawn_at LIMIT ?");
  row.Bind(feed.partner, feed.audience, std::min<uint64_t>(count, tombstones_a_purge));
  return Forget(db, std::move(row));
}

}  // namespace cairn
