#include "server/store/feed_store.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/status_macros.h"
#include "common/crypto/hash.h"
#include "server/store/feed_rows.h"

namespace cairn {
namespace {

constexpr size_t entry_frame_bytes = 40;  // what an entry takes on the wire beside its payload

#define CAIRN_FEED_COLUMNS                                                                      \
  "feed_id, partner, audience, generation, head, content_sha256, seq, live_count, live_bytes, " \
  "as_of_unix_millis, floor_seq, applying, frozen, damaged"

FeedState StateOf(bool applying, bool frozen, bool damaged) {
  if (applying) return FeedState::kApplying;
  if (damaged) return FeedState::kDamaged;
  return frozen ? FeedState::kFrozen : FeedState::kOk;
}

absl::StatusOr<HeldFeed> ToHeldFeed(const Statement& row) {
  HeldFeed held;
  held.feed_id = row.Int64(0);
  held.feed = {row.String(1), row.String(2), static_cast<uint32_t>(row.Int64(3))};
  held.has_head = !row.IsNull(4);
  if (held.has_head) {
    ASSIGN_OR_RETURN(ParsedHead head, ParseStoredHead(row.Bytes(4)));
    held.head = std::move(head.signed_head);
    held.state_digest = head.content.state_digest();
    held.key_id = head.body.key_id();
  }
  held.content_sha256 = row.String(5);
  held.seq = row.Int64(6);
  held.live_count = row.Int64(7);
  held.live_bytes = row.Int64(8);
  held.as_of_unix_millis = row.Int64(9);
  held.floor_seq = row.Int64(10);
  held.frozen = row.Int64(12) != 0;
  held.damaged = row.Int64(13) != 0;
  held.state = StateOf(row.Int64(11) != 0, held.frozen, held.damaged);
  return held;
}

absl::Status AddStaging(const StagingRow& staging, HeldFeed* held) {
  held->staging = staging.state;
  if (staging.pending_head.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(ParsedHead head, ParseStoredHead(staging.pending_head));
  held->pending_head = std::move(head.signed_head);
  return absl::OkStatus();
}

// R2: only what stands at one head is served.
absl::StatusOr<HeldFeed> FindServable(Connection& db, const FeedKey& feed) {
  ASSIGN_OR_RETURN(std::optional<HeldFeed> held, FeedStore::Find(db, feed.partner, feed.audience));
  if (!held.has_value() || !held->has_head || held->feed.generation != feed.generation) {
    return absl::NotFoundError(absl::StrCat("feed ", feed.ToString(), " is not held here"));
  }
  if (held->state == FeedState::kApplying || held->state == FeedState::kDamaged) {
    return absl::FailedPreconditionError(absl::StrCat(
        "feed ", feed.ToString(), held->damaged ? " is damaged and being fetched anew" : " is being made visible",
        "; ask again or elsewhere"));
  }
  return *std::move(held);
}

absl::StatusOr<v1::Entry> ToEntry(const Statement& row) {
  v1::Entry entry;
  entry.set_kind(static_cast<v1::RecordKind>(row.Int64(0)));
  entry.set_id(row.String(1));
  entry.set_seq(row.Int64(2));
  entry.set_tombstone(row.IsNull(3));
  if (entry.tombstone()) return entry;
  // A peer would blame this node for what its disk did.
  if (row.IsNull(4) || Sha256(row.Bytes(4)) != row.Bytes(5)) {
    return absl::DataLossError(
        absl::StrCat("the payload of entry ", entry.seq(), " is not what its hash says; run verify"));
  }
  entry.set_payload(row.String(4));
  return entry;
}

// Reads entries after `after_seq` until `take` has had enough.
absl::Status ReadEntries(Connection& db, int64_t feed_id, uint64_t after_seq, int64_t limit,
                         const std::function<bool(v1::Entry)>& take) {
  Statement row = db.Prepare(
      "SELECT e.kind, e.id, e.seq, e.payload_id, p.bytes, p.sha256 FROM entry e "
      "LEFT JOIN payload p ON p.payload_id = e.payload_id WHERE e.feed_id = ? AND e.seq > ? ORDER BY e.seq LIMIT ?");
  row.Bind(feed_id, after_seq, limit);
  while (row.Step()) {
    ASSIGN_OR_RETURN(v1::Entry entry, ToEntry(row));
    if (!take(std::move(entry))) return absl::OkStatus();
  }
  return row.status();
}

}  // namespace

FeedStore::FeedStore(Store* store, std::string consortium) : store_(store), consortium_(std::move(consortium)) {}

std::string FeedStore::Prefix(const FeedKey& feed) const {
  return FeedPrefix(consortium_, feed.partner, feed.audience, feed.generation);
}

absl::StatusOr<std::vector<HeldFeed>> FeedStore::Feeds(absl::string_view partner) {
  std::map<std::pair<std::string, std::string>, HeldFeed> feeds;
  RETURN_IF_ERROR(store_->Read([&](Connection& db) -> absl::Status {
    Statement row =
        db.Prepare("SELECT " CAIRN_FEED_COLUMNS " FROM feed WHERE ?1 IN ('', partner) ORDER BY partner, audience");
    row.Bind(partner);
    while (row.Step()) {
      ASSIGN_OR_RETURN(HeldFeed held, ToHeldFeed(row));
      feeds[{held.feed.partner, held.feed.audience}] = std::move(held);
    }
    RETURN_IF_ERROR(row.status());
    ASSIGN_OR_RETURN(const std::vector<StagingRow> stagings, ReadStagingRows(db));
    for (const StagingRow& staging : stagings) {
      if (!partner.empty() && staging.feed.partner != partner) continue;
      HeldFeed& held = feeds[{staging.feed.partner, staging.feed.audience}];
      if (held.feed_id == 0) held.feed = staging.feed;
      RETURN_IF_ERROR(AddStaging(staging, &held));
    }
    return absl::OkStatus();
  }));
  std::vector<HeldFeed> list;
  for (auto& [name, held] : feeds) list.push_back(std::move(held));
  return list;
}

absl::StatusOr<std::optional<HeldFeed>> FeedStore::Find(absl::string_view partner, absl::string_view audience) {
  std::optional<HeldFeed> found;
  RETURN_IF_ERROR(store_->Read([&](Connection& db) -> absl::Status {
    ASSIGN_OR_RETURN(found, Find(db, partner, audience));
    return absl::OkStatus();
  }));
  return found;
}

absl::StatusOr<std::optional<HeldFeed>> FeedStore::Find(Connection& db, absl::string_view partner,
                                                        absl::string_view audience) {
  std::optional<HeldFeed> held;
  Statement row = db.Prepare("SELECT " CAIRN_FEED_COLUMNS " FROM feed WHERE partner = ? AND audience = ?");
  row.Bind(partner, audience);
  if (row.Step()) {
    ASSIGN_OR_RETURN(held, ToHeldFeed(row));
  }
  RETURN_IF_ERROR(row.status());
  ASSIGN_OR_RETURN(const std::optional<StagingRow> staging, ReadStagingRow(db, partner, audience));
  if (!staging.has_value()) return held;
  if (!held.has_value()) held = HeldFeed{.feed = staging->feed};
  RETURN_IF_ERROR(AddStaging(*staging, &*held));
  return held;
}

absl::StatusOr<FeedStore::Page> FeedStore::ReadPage(const FeedKey& feed, uint64_t after_seq, size_t bytes_target,
                                                    size_t entries_max) {
  Page page;
  RETURN_IF_ERROR(store_->Read([&](Connection& db) -> absl::Status {
    ASSIGN_OR_RETURN(HeldFeed held, FindServable(db, feed));
    page.state_seq = held.seq;
    page.floor_seq = held.floor_seq;
    page.last = true;
    size_t bytes = 0;
    RETURN_IF_ERROR(ReadEntries(db, held.feed_id, after_seq, entries_max + 1, [&](v1::Entry entry) {
      page.last = page.entries.size() < entries_max && bytes < bytes_target;
      if (!page.last) return false;
      bytes += entry.payload().size() + entry_frame_bytes;
      page.entries.push_back(std::move(entry));
      return true;
    }));
    page.through_seq = page.last ? held.seq : page.entries.empty() ? after_seq : page.entries.back().seq();
    if (page.last) page.head = std::move(held.head);
    return absl::OkStatus();
  }));
  return page;
}

absl::StatusOr<std::optional<std::vector<v1::Entry>>> FeedStore::ChangesAfter(const FeedKey& feed, uint64_t after_seq,
                                                                              size_t bytes_max) {
  std::vector<v1::Entry> entries;
  size_t bytes = 0;
  RETURN_IF_ERROR(store_->Read([&](Connection& db) -> absl::Status {
    ASSIGN_OR_RETURN(const HeldFeed held, FindServable(db, feed));
    return ReadEntries(db, held.feed_id, after_seq, -1, [&](v1::Entry entry) {
      bytes += entry.payload().size() + entry_frame_bytes;
      entries.push_back(std::move(entry));
      return bytes <= bytes_max;
    });
  }));
  if (bytes > bytes_max) return std::nullopt;
  return entries;
}

absl::StatusOr<std::optional<v1::Entry>> FeedStore::FindEntry(absl::string_view partner, absl::string_view audience,
                                                              int kind, absl::string_view id16) {
  std::optional<v1::Entry> found;
  RETURN_IF_ERROR(store_->Read([&](Connection& db) -> absl::Status {
    ASSIGN_OR_RETURN(found, FindEntry(db, partner, audience, kind, id16));
    return absl::OkStatus();
  }));
  return found;
}

absl::StatusOr<std::optional<v1::Entry>> FeedStore::FindEntry(Connection& db, absl::string_view partner,
                                                              absl::string_view audience, int kind,
                                                              absl::string_view id16) {
  Statement row = db.Prepare(
      "SELECT e.kind, e.id, e.seq, e.payload_id, p.bytes, p.sha256 FROM feed f "
      "JOIN entry e ON e.id = ? AND e.kind = ? AND e.feed_id = f.feed_id "
      "LEFT JOIN payload p ON p.payload_id = e.payload_id WHERE f.partner = ? AND f.audience = ?");
  row.Bind(Blob{id16}, kind, partner, audience);
  if (row.Step()) return ToEntry(row);
  RETURN_IF_ERROR(row.status());
  return std::nullopt;
}

absl::StatusOr<std::vector<FeedKey>> FeedStore::FeedsHolding(Connection& db, int kind, absl::string_view id16) {
  std::vector<FeedKey> feeds;
  Statement row = db.Prepare(
      "SELECT f.partner, f.audience, f.generation FROM entry e JOIN feed f ON f.feed_id = e.feed_id "
      "WHERE e.id = ? AND e.kind = ? AND e.payload_id IS NOT NULL ORDER BY f.partner, f.audience");
  row.Bind(Blob{id16}, kind);
  while (row.Step()) feeds.push_back({row.String(0), row.String(1), static_cast<uint32_t>(row.Int64(2))});
  RETURN_IF_ERROR(row.status());
  return feeds;
}

absl::StatusOr<std::optional<uint64_t>> FeedStore::VisitEntries(
    Connection& db, absl::string_view partner, absl::string_view audience, uint64_t after_seq, size_t entries_max,
    const std::function<absl::Status(const EntryInfo&)>& visit) {
  Statement row = db.Prepare(
      "SELECT e.kind, e.id, e.seq, e.payload_id IS NULL, p.sha256 FROM feed f "
      "JOIN entry e ON e.feed_id = f.feed_id LEFT JOIN payload p ON p.payload_id = e.payload_id "
      "WHERE f.partner = ? AND f.audience = ? AND e.seq > ? ORDER BY e.seq LIMIT ?");
  row.Bind(partner, audience, after_seq, entries_max);
  std::optional<uint64_t> reached;
  size_t visited = 0;
  while (row.Step()) {
    const EntryInfo info{static_cast<int>(row.Int64(0)), row.String(1), static_cast<uint64_t>(row.Int64(2)),
                         row.Int64(3) != 0, row.String(4)};
    RETURN_IF_ERROR(visit(info));
    reached = info.seq;
    ++visited;
  }
  RETURN_IF_ERROR(row.status());
  return visited < entries_max ? std::nullopt : reached;
}

absl::StatusOr<FeedStore::Live> FeedStore::LiveInOtherFeeds(Connection& db, absl::string_view partner,
                                                            absl::string_view audience) {
  Statement row = db.Prepare(
      "SELECT coalesce(sum(live_count), 0), coalesce(sum(live_bytes), 0) FROM feed "
      "WHERE partner = ? AND audience <> ?");
  row.Bind(partner, audience);
  row.Step();
  RETURN_IF_ERROR(row.status());
  return Live{static_cast<uint64_t>(row.Int64(0)), static_cast<uint64_t>(row.Int64(1))};
}

absl::Status FeedStore::StoreHead(Connection& db, const AuthenticHead& head) {
  const FeedKey& feed = head.feed();
  ASSIGN_OR_RETURN(const std::optional<HeldFeed> held, Find(db, feed.partner, feed.audience));
  const std::string bytes = head.signed_head().SerializeAsString();
  if (held.has_value() && held->has_head && held->content_sha256 == head.content_sha256()) {
    if (head.as_of_unix_millis() <= held->as_of_unix_millis) return absl::OkStatus();
    store_->NoteMoved(feed);
    return db.Execute("UPDATE feed SET head = ?, as_of_unix_millis = ? WHERE feed_id = ?", Blob{bytes},
                      head.as_of_unix_millis(), held->feed_id);
  }
  if (held.has_value() && held->pending_head.has_value()) {
    ASSIGN_OR_RETURN(const ParsedHead pending, ParseStoredHead(held->pending_head->SerializeAsString()));
    if (Sha256(pending.body.content()) == head.content_sha256()) {
      if (head.as_of_unix_millis() <= pending.body.as_of_unix_millis()) return absl::OkStatus();
      return db.Execute("UPDATE staging_set SET pending_head = ? WHERE partner = ? AND audience = ? AND dropped = 0",
                        Blob{bytes}, feed.partner, feed.audience);
    }
  }
  return absl::FailedPreconditionError(absl::StrCat("head ", head.seq(), " of feed ", feed.ToString(),
                                                    " states another content than the one held; fetch its entries"));
}

absl::Status FeedStore::Freeze(Connection& db, const FeedKey& feed, const v1::ForkEvidence& evidence) {
  RETURN_IF_ERROR(
      db.Execute("INSERT INTO evidence (partner, audience, generation, fork, found_at) VALUES (?, ?, ?, ?, ?) "
                 "ON CONFLICT DO NOTHING",
                 feed.partner, feed.audience, feed.generation, Blob{evidence.SerializeAsString()},
                 absl::ToUnixMillis(store_->clock()->Now())));
  RETURN_IF_ERROR(
      db.Execute("UPDATE feed SET frozen = 1 WHERE partner = ? AND audience = ? AND generation = ? AND frozen = 0",
                 feed.partner, feed.audience, feed.generation));
  if (db.changes() > 0) store_->NoteMoved(feed);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<HeldEvidence>> FeedStore::Evidence() {
  std::vector<HeldEvidence> list;
  RETURN_IF_ERROR(store_->Read([&](Connection& db) -> absl::Status {
    Statement row = db.Prepare(
        "SELECT partner, audience, generation, fork, found_at FROM evidence ORDER BY partner, audience, generation");
    while (row.Step()) {
      HeldEvidence held{{row.String(0), row.String(1), static_cast<uint32_t>(row.Int64(2))}, {}, row.Int64(4)};
      if (!held.evidence.ParseFromString(row.String(3))) return absl::DataLossError("stored evidence cannot be parsed");
      list.push_back(std::move(held));
    }
    return row.status();
  }));
  return list;
}

absl::Status FeedStore::MarkDamaged(Connection& db, const FeedKey& feed) {
  RETURN_IF_ERROR(
      db.Execute("UPDATE feed SET damaged = 1 WHERE partner = ? AND audience = ? AND generation = ? AND applying = 0",
                 feed.partner, feed.audience, feed.generation));
  if (db.changes() == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("feed ", feed.ToString(), " is not held or is being made visible; verify it again later"));
  }
  store_->NoteMoved(feed);
  return absl::OkStatus();
}

}  // namespace cairn
