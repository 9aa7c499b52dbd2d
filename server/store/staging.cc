// Staging: what is collected of a feed before it is compared with a head. Part of FeedStore.
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/crypto/hash.h"
#include "server/store/erasure.h"
#include "server/store/feed_rows.h"
#include "server/store/feed_store.h"

namespace cairn {
namespace {

constexpr int64_t garbage_rows_a_step = 512;  // so that dropping never delays the batch it comes with for long
constexpr int64_t garbage_rows_a_collect = 2'000;

// What is added to or taken from the set by one batch, on its way to the staging_set row.
struct Tally {
  StagingRow staging;
  SetDigest digest;
  std::string prefix;
  int64_t held_feed_id = 0;  // 0: nothing is held to compare with
  absl::Time now;
};

Element ElementOf(const Tally& tally, int kind, absl::string_view id, uint64_t seq, absl::string_view sha256) {
  return {tally.prefix, static_cast<uint32_t>(kind), id, seq, sha256};
}

void Take(Tally* tally, const PreparedEntry& entry, uint64_t seq, absl::string_view sha256, uint64_t bytes) {
  tally->digest.Remove(ElementOf(*tally, entry.kind, entry.id, seq, sha256));
  tally->staging.live_count -= 1;
  tally->staging.live_bytes -= bytes;
}

absl::Status DeletePayload(Connection& db, int64_t payload_id) {
  return db.Execute("DELETE FROM payload WHERE payload_id = ?", payload_id);
}

// A set that is not full starts from what is visible: the version of `entry` there, if any, is replaced.
absl::Status TakeHeld(Connection& db, const PreparedEntry& entry, Tally* tally) {
  if (tally->held_feed_id == 0) return absl::OkStatus();
  Statement row = db.Prepare(
      "SELECT e.seq, p.sha256, length(p.bytes) FROM entry e JOIN payload p ON p.payload_id = e.payload_id "
      "WHERE e.id = ? AND e.kind = ? AND e.feed_id = ?");
  row.Bind(Blob{entry.id}, entry.kind, tally->held_feed_id);
  if (row.Step()) Take(tally, entry, row.Int64(0), row.Bytes(1), row.Int64(2));
  return row.status();
}

// Puts `entry` in the place of the version staged before, or drops it when that one is newer: the highest seq wins.
absl::Status StageAgain(Connection& db, const PreparedEntry& entry, int64_t payload_id, Tally* tally) {
  Statement row = db.Prepare(
      "SELECT s.seq, s.payload_id, p.sha256, length(p.bytes) FROM staging s "
      "LEFT JOIN payload p ON p.payload_id = s.payload_id WHERE s.set_id = ? AND s.id = ? AND s.kind = ?");
  row.Bind(tally->staging.set_id, Blob{entry.id}, entry.kind);
  if (!row.Step()) return row.status();
  RETURN_IF_ERROR(NoteErasure(db, tally->now));  // one of the two goes
  if (row.Int64(0) >= static_cast<int64_t>(entry.seq)) {
    if (entry.tombstone) return absl::OkStatus();
    Take(tally, entry, entry.seq, entry.sha256, entry.payload.size());
    return DeletePayload(db, payload_id);
  }
  if (!row.IsNull(1)) {
    Take(tally, entry, row.Int64(0), row.Bytes(2), row.Int64(3));
    RETURN_IF_ERROR(DeletePayload(db, row.Int64(1)));
  }
  Statement update = db.Prepare("UPDATE staging SET seq = ?, payload_id = ? WHERE set_id = ? AND id = ? AND kind = ?");
  if (entry.tombstone) {
    update.Bind(entry.seq, nullptr, tally->staging.set_id, Blob{entry.id}, entry.kind);
  } else {
    update.Bind(entry.seq, payload_id, tally->staging.set_id, Blob{entry.id}, entry.kind);
  }
  return update.Run();
}

absl::Status StageEntry(Connection& db, const PreparedEntry& entry, Tally* tally) {
  int64_t payload_id = 0;
  if (!entry.tombstone) {
    RETURN_IF_ERROR(
        db.Execute("INSERT INTO payload (sha256, bytes) VALUES (?, ?)", Blob{entry.sha256}, Blob{entry.payload}));
    payload_id = db.last_insert_rowid();
    tally->staging.live_count += 1;
    tally->staging.live_bytes += entry.payload.size();
  }
  Statement insert = db.Prepare(
      "INSERT INTO staging (set_id, id, kind, seq, payload_id) VALUES (?, ?, ?, ?, nullif(?, 0)) ON CONFLICT DO "
      "NOTHING");
  insert.Bind(tally->staging.set_id, Blob{entry.id}, entry.kind, entry.seq, payload_id);
  RETURN_IF_ERROR(insert.Run());
  if (db.changes() == 0) return StageAgain(db, entry, payload_id, tally);
  tally->staging.state.entries += 1;
  return TakeHeld(db, entry, tally);
}

absl::Status SaveTally(Connection& db, const Tally& tally) {
  const StagingRow& staging = tally.staging;
  return db.Execute(
      "UPDATE staging_set SET through_seq = ?, basis_seq = ?, entries = ?, bytes = ?, live_count = ?, live_bytes = ?, "
      "lthash = ? WHERE set_id = ?",
      staging.state.through_seq, staging.state.basis_seq, staging.state.entries, staging.state.bytes,
      staging.live_count, staging.live_bytes, Blob{tally.digest.ToBytes()}, staging.set_id);
}

// Begins a set: with what is visible, or with nothing when the whole set is collected.
absl::Status BeginSet(Connection& db, const FeedKey& feed, bool full, const std::optional<HeldFeed>& held) {
  RETURN_IF_ERROR(
      db.Execute("DELETE FROM dropped_feed WHERE partner = ? AND audience = ?", feed.partner, feed.audience));
  const bool onto_held = !full && held.has_value() && held->has_head;
  SetDigest digest;
  if (onto_held) {
    ASSIGN_OR_RETURN(digest, ReadFeedDigest(db, held->feed_id));
  }
  return db.Execute(
      "INSERT INTO staging_set (partner, audience, generation, dropped, full, base_seq, through_seq, basis_seq, "
      "entries, "
      "bytes, live_count, live_bytes, lthash, swept, sweep_seq, sweep_entry_id) "
      "VALUES (?, ?, ?, 0, ?, ?, ?, 0, 0, 0, ?, ?, ?, 0, 0, 0)",
      feed.partner, feed.audience, feed.generation, full, onto_held ? held->seq : 0, onto_held ? held->seq : 0,
      onto_held ? held->live_count : 0, onto_held ? held->live_bytes : 0, Blob{digest.ToBytes()});
}

absl::Status CheckEntry(const v1::Entry& entry) {
  const auto refuse = [&](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat("entry ", ToHex(entry.id()), " at ", entry.seq(), ": ", why));
  };
  if (entry.id().size() != 16) return refuse("an id has 16 bytes");
  if (entry.seq() == 0 || entry.seq() > static_cast<uint64_t>(INT64_MAX))
    return refuse("sequence numbers count from 1");
  if (entry.tombstone() && !entry.payload().empty()) return refuse("a withdrawal has no payload");
  if (!entry.tombstone() && entry.payload().empty()) return refuse("its payload is missing");
  if (entry.payload().size() > limits::record_bytes_max) {
    return refuse(
        absl::StrCat("its payload has ", entry.payload().size(), " bytes, at most ", limits::record_bytes_max));
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> CollectRows(Connection& db, int64_t limit) {
  struct Row {
    int64_t set_id, kind, payload_id;
    std::string id;
  };
  std::vector<Row> rows;
  Statement select = db.Prepare(
      "SELECT s.set_id, s.kind, s.payload_id, s.id FROM staging_set d JOIN staging s ON s.set_id = d.set_id "
      "WHERE d.dropped = 1 ORDER BY d.set_id LIMIT ?");
  select.Bind(limit);
  while (select.Step()) rows.push_back({select.Int64(0), select.Int64(1), select.Int64(2), select.String(3)});
  RETURN_IF_ERROR(select.status());
  for (const Row& row : rows) {
    RETURN_IF_ERROR(DeletePayload(db, row.payload_id));
    RETURN_IF_ERROR(
        db.Execute("DELETE FROM staging WHERE set_id = ? AND id = ? AND kind = ?", row.set_id, Blob{row.id}, row.kind));
  }
  RETURN_IF_ERROR(
      db.Execute("DELETE FROM staging_set WHERE dropped = 1 AND NOT EXISTS "
                 "(SELECT 1 FROM staging s WHERE s.set_id = staging_set.set_id)"));
  return rows.size();
}

absl::Status Drop(Connection& db, const StagingRow& staging, absl::Time now) {
  if (!staging.pending_head.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("feed ", staging.feed.ToString(), " is being made visible; that must end first"));
  }
  RETURN_IF_ERROR(NoteErasure(db, now));
  RETURN_IF_ERROR(db.Execute("UPDATE staging_set SET dropped = 1 WHERE set_id = ?", staging.set_id));
  return CollectRows(db, garbage_rows_a_step).status();
}

}  // namespace

absl::StatusOr<PreparedBatch> FeedStore::Prepare(const FeedKey& feed, std::vector<v1::Entry> entries) const {
  PreparedBatch batch;
  batch.feed = feed;
  batch.entries.reserve(entries.size());
  const std::string prefix = Prefix(feed);
  for (v1::Entry& entry : entries) {
    RETURN_IF_ERROR(CheckEntry(entry));
    PreparedEntry prepared{static_cast<int>(entry.kind()),
                           std::move(*entry.mutable_id()),
                           entry.seq(),
                           entry.tombstone(),
                           std::move(*entry.mutable_payload()),
                           ""};
    if (!prepared.tombstone) {
      prepared.sha256 = Sha256(prepared.payload);
      batch.sum.Add(Element{prefix, static_cast<uint32_t>(prepared.kind), prepared.id, prepared.seq, prepared.sha256});
    }
    batch.entries.push_back(std::move(prepared));
  }
  return batch;
}

absl::Status FeedStore::Stage(Connection& db, const StageBatch& batch) {
  const FeedKey& feed = batch.prepared.feed;
  ASSIGN_OR_RETURN(const std::optional<HeldFeed> held, Find(db, feed.partner, feed.audience));
  ASSIGN_OR_RETURN(std::optional<StagingRow> staging, ReadStagingRow(db, feed.partner, feed.audience));
  const bool other_generation = held.has_value() && held->has_head && held->feed.generation != feed.generation;
  if (staging.has_value() && (batch.restart || !staging->pending_head.empty() || !(staging->feed == feed))) {
    RETURN_IF_ERROR(Drop(db, *staging, store_->clock()->Now()));
    staging.reset();
  }
  if (!staging.has_value()) {
    RETURN_IF_ERROR(BeginSet(db, feed, batch.full || other_generation, held));
    ASSIGN_OR_RETURN(staging, ReadStagingRow(db, feed.partner, feed.audience));
  }
  Tally tally{*std::move(staging), {}, Prefix(feed), 0, store_->clock()->Now()};
  ASSIGN_OR_RETURN(tally.digest, SetDigest::FromBytes(tally.staging.lthash));
  tally.digest.Add(batch.prepared.sum);
  if (!tally.staging.state.full && held.has_value() && held->live_count > 0) tally.held_feed_id = held->feed_id;
  for (const PreparedEntry& entry : batch.prepared.entries) {
    if (!tally.staging.state.full && entry.seq <= tally.staging.state.base_seq) {
      return absl::InvalidArgumentError(absl::StrCat("feed ", feed.ToString(), ": entry at ", entry.seq,
                                                     " is no change after ", tally.staging.state.base_seq));
    }
    tally.staging.state.bytes += entry.payload.size();
    RETURN_IF_ERROR(StageEntry(db, entry, &tally));
  }
  tally.staging.state.through_seq = std::max(tally.staging.state.through_seq, batch.through_seq);
  tally.staging.state.basis_seq = std::max(tally.staging.state.basis_seq, batch.basis_seq);
  return SaveTally(db, tally);
}

absl::StatusOr<StagedSet> FeedStore::Staged(Connection& db, const FeedKey& feed) {
  ASSIGN_OR_RETURN(const std::optional<StagingRow> staging, ReadStagingRow(db, feed.partner, feed.audience));
  if (!staging.has_value() || !(staging->feed == feed)) {
    return absl::NotFoundError(absl::StrCat("nothing of feed ", feed.ToString(), " is staged"));
  }
  StagedSet set{feed, {}, staging->live_count, staging->live_bytes, staging->state.entries, staging->state.through_seq};
  ASSIGN_OR_RETURN(set.digest, SetDigest::FromBytes(staging->lthash));
  return set;
}

absl::Status FeedStore::DropStaging(Connection& db, absl::string_view partner, absl::string_view audience) {
  ASSIGN_OR_RETURN(const std::optional<StagingRow> staging, ReadStagingRow(db, partner, audience));
  return staging.has_value() ? Drop(db, *staging, store_->clock()->Now()) : absl::OkStatus();
}

absl::StatusOr<uint64_t> FeedStore::CollectGarbage(Connection& db) { return CollectRows(db, garbage_rows_a_collect); }

}  // namespace cairn
