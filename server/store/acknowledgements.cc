// What other nodes said they hold. Part of FeedStore.
#include "common/base/status_macros.h"
#include "server/store/feed_store.h"

namespace cairn {
namespace {

// Keeps the acknowledgement when there is a withdrawal between the one before and this one: so many are kept as there
// are withdrawals, not as there are heads.
absl::Status KeepReceipt(Connection& db, absl::string_view node, const FeedKey& feed, uint64_t seq,
                         int64_t now_millis) {
  return db.Execute(
      "INSERT INTO peer_receipt (partner, audience, node, generation, seq, confirmed_at) "
      "SELECT f.partner, f.audience, ?1, ?4, ?5, ?6 FROM feed f WHERE f.partner = ?2 AND f.audience = ?3 AND "
      "EXISTS (SELECT 1 FROM entry e WHERE e.feed_id = f.feed_id AND e.withdrawn_at IS NOT NULL AND e.seq <= ?5 AND "
      "e.seq > coalesce((SELECT p.seq FROM peer_head p WHERE p.partner = ?2 AND p.audience = ?3 AND p.node = ?1 AND "
      "p.generation = ?4), 0)) ON CONFLICT DO NOTHING",
      node, feed.partner, feed.audience, feed.generation, seq, now_millis);
}

}  // namespace

absl::Status FeedStore::RecordPeerHead(Connection& db, absl::string_view node, const FeedKey& feed, uint64_t seq,
                                       absl::Time now) {
  RETURN_IF_ERROR(db.Execute("DELETE FROM drop_receipt WHERE audience = ? AND node = ?", feed.audience, node));
  RETURN_IF_ERROR(KeepReceipt(db, node, feed, seq, absl::ToUnixMillis(now)));
  return db.Execute(
      "INSERT INTO peer_head (node, partner, audience, generation, seq, confirmed_at) VALUES (?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (partner, audience, node) DO UPDATE SET generation = excluded.generation, seq = excluded.seq, "
      "confirmed_at = excluded.confirmed_at WHERE (excluded.generation, excluded.seq) > (generation, seq)",
      node, feed.partner, feed.audience, feed.generation, seq, absl::ToUnixMillis(now));
}

absl::StatusOr<std::vector<PeerHead>> FeedStore::PeerHeads(absl::string_view partner, absl::string_view audience) {
  std::vector<PeerHead> heads;
  RETURN_IF_ERROR(store_->Read([&](Connection& db) -> absl::Status {
    Statement row = db.Prepare(
        "SELECT node, generation, seq, confirmed_at FROM peer_head WHERE partner = ? AND audience = ? ORDER BY node");
    row.Bind(partner, audience);
    while (row.Step()) {
      heads.push_back(
          {row.String(0), static_cast<uint32_t>(row.Int64(1)), static_cast<uint64_t>(row.Int64(2)), row.Int64(3)});
    }
    return row.status();
  }));
  return heads;
}

absl::StatusOr<std::map<std::string, int64_t>> FeedStore::ConfirmedSince(const FeedKey& feed, uint64_t seq) {
  std::map<std::string, int64_t> since;
  RETURN_IF_ERROR(store_->Read([&](Connection& db) -> absl::Status {
    Statement row = db.Prepare(
        "SELECT node, min(confirmed_at) FROM peer_receipt WHERE partner = ? AND audience = ? AND generation = ? AND "
        "seq >= ? GROUP BY node ORDER BY node");
    row.Bind(feed.partner, feed.audience, feed.generation, seq);
    while (row.Step()) since[row.String(0)] = row.Int64(1);
    return row.status();
  }));
  return since;
}

}  // namespace cairn
