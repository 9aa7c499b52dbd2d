// Making visible: from staging to entries, in slices that a crash may come between. Part of FeedStore.
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/crypto/hash.h"
#include "common/record/supplement.h"
#include "server/store/change_order.h"
#include "server/store/erase_entry.h"
#include "server/store/erasure.h"
#include "server/store/feed_rows.h"
#include "server/store/prepared_slice.h"
#include "server/store/rebuild.h"
#include "server/store/supplement_rows.h"

namespace cairn {
namespace {

constexpr absl::Duration slice_read_budget =
    absl::Seconds(30);  // some 100 milliseconds are usual; a busy disk may take its time

// One feed's delta on its way, within one transaction.
struct Move {
  Connection& db;
  StagingRow staging;
  HeldFeed held;
  int64_t now_millis;
  int64_t derived_through;  // entries above wait for a rebuild and are left to it
  bool groups;              // the partner publishes to several audiences: supplements may depend on what changes
  ChangeNumbers* numbers = nullptr;  // while slices are applied
};

absl::Status DeletePayload(const Move& move, int64_t payload_id) {
  if (payload_id == 0) return absl::OkStatus();
  RETURN_IF_ERROR(NoteErasure(move.db, absl::FromUnixMillis(move.now_millis)));
  return move.db.Execute("DELETE FROM payload WHERE payload_id = ?", payload_id);
}

absl::Status DeriveGroup(const Move& move, int kind, absl::string_view id) {
  if (!move.groups) return absl::OkStatus();
  return DeriveSupplements(move.db, {move.staging.feed.partner, kind, std::string(id)}, move.derived_through);
}

absl::Status InsertEntry(const Move& move, const PreparedChange& change) {
  const bool live = change.payload_id != 0;
  RETURN_IF_ERROR(move.db.Execute(
      "INSERT INTO entry (feed_id, kind, id, seq, payload_id, visible_at, withdrawn_at, change_no, is_public) "
      "VALUES (?, ?, ?, ?, nullif(?, 0), ?, nullif(?, 0), ?, ?)",
      move.held.feed_id, change.kind, Blob{change.id}, change.seq, change.payload_id, move.now_millis,
      live ? 0 : move.now_millis, move.numbers->Take(), move.numbers->is_public()));
  const int64_t entry_id = move.db.last_insert_rowid();
  if (!live || entry_id > move.derived_through) return absl::OkStatus();
  return Derived::Upsert(move.db, move.held.feed_id, entry_id, change.now, nullptr);
}

// Makes the derived rows of an entry that was there what they are now.
absl::Status DeriveReplaced(const Move& move, const PreparedChange& change) {
  const bool was_live = change.replaced_payload_id != 0;
  std::string organization;
  if (was_live && change.kind == v1::SERVICE) {
    ASSIGN_OR_RETURN(organization, OrganizationOf(move.db, change.entry_id));
  }
  if (change.payload_id != 0) {
    RETURN_IF_ERROR(
        Derived::Upsert(move.db, move.held.feed_id, change.entry_id, change.now, was_live ? &change.before : nullptr));
  } else if (was_live) {
    RETURN_IF_ERROR(Derived::Remove(move.db, change.entry_id, change.before));
  }
  if (organization.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string named_now, OrganizationOf(move.db, change.entry_id));
  if (named_now == organization) return absl::OkStatus();
  return NoteServiceLeft(move.db, move.numbers, move.held.feed_id, organization);
}

absl::Status ReplaceEntry(const Move& move, const PreparedChange& change) {
  const bool live = change.payload_id != 0;
  // The same bytes under a new number; a damaged feed's stored hash proves nothing.
  if (change.same_payload && !move.held.damaged) {
    RETURN_IF_ERROR(DeletePayload(move, change.payload_id));
    return move.db.Execute("UPDATE entry SET seq = ?, visible_at = ?, change_no = ? WHERE entry_id = ?", change.seq,
                           move.now_millis, move.numbers->Take(), change.entry_id);
  }
  RETURN_IF_ERROR(move.db.Execute(
      "UPDATE entry SET seq = ?, payload_id = nullif(?, 0), visible_at = ?, withdrawn_at = nullif(?, 0), change_no = ? "
      "WHERE entry_id = ?",
      change.seq, change.payload_id, move.now_millis, live ? 0 : move.now_millis, move.numbers->Take(),
      change.entry_id));
  RETURN_IF_ERROR(DeletePayload(move, change.replaced_payload_id));
  return change.entry_id > move.derived_through ? absl::OkStatus() : DeriveReplaced(move, change);
}

absl::Status ApplyChange(const Move& move, const PreparedChange& change) {
  // In a full set a withdrawal only stands for absence, which the sweep has seen to.
  if (move.staging.state.full && change.payload_id == 0) return absl::OkStatus();
  RETURN_IF_ERROR(change.entry_id == 0 ? InsertEntry(move, change) : ReplaceEntry(move, change));
  return DeriveGroup(move, change.kind, change.id);
}

// Looks at a slice of the visible entries and removes those that the full set has not.
absl::Status Sweep(Move* move) {
  struct Row {
    int64_t entry_id, seq, kind, payload_id;
    std::string id;
    bool kept;
  };
  std::vector<Row> rows;
  Statement row = move->db.Prepare(
      "SELECT e.entry_id, e.seq, e.kind, e.payload_id, e.id, EXISTS (SELECT 1 FROM staging s WHERE s.set_id = ? AND "
      "s.id = e.id AND s.kind = e.kind AND s.payload_id IS NOT NULL) FROM entry e "
      "WHERE e.feed_id = ? AND (e.seq, e.entry_id) > (?, ?) ORDER BY e.seq, e.entry_id LIMIT ?");
  StagingRow& staging = move->staging;
  row.Bind(staging.set_id, move->held.feed_id, staging.sweep_seq, staging.sweep_entry_id, limits::apply_slice_entries);
  while (row.Step()) {
    rows.push_back({row.Int64(0), row.Int64(1), row.Int64(2), row.Int64(3), row.String(4), row.Int64(5) != 0});
  }
  RETURN_IF_ERROR(row.status());
  for (const Row& entry : rows) {
    staging.sweep_seq = entry.seq;
    staging.sweep_entry_id = entry.entry_id;
    if (entry.kept) continue;
    const GroupKey group{staging.feed.partner, static_cast<int>(entry.kind), entry.id};
    RETURN_IF_ERROR(NoteErasure(move->db, absl::FromUnixMillis(move->now_millis)));
    RETURN_IF_ERROR(NoteGone(move->db, move->numbers, group.kind, group.id16));
    ASSIGN_OR_RETURN(const std::string organization, OrganizationOf(move->db, entry.entry_id));
    RETURN_IF_ERROR(NoteServiceLeft(move->db, move->numbers, move->held.feed_id, organization));
    RETURN_IF_ERROR(EraseEntry(move->db, group, {entry.entry_id, entry.payload_id}, move->derived_through));
  }
  staging.swept = rows.size() < limits::apply_slice_entries;
  return move->db.Execute("UPDATE staging_set SET swept = ?, sweep_seq = ?, sweep_entry_id = ? WHERE set_id = ?",
                          staging.swept, staging.sweep_seq, staging.sweep_entry_id, staging.set_id);
}

// True when `slice` begins where staging does now.
absl::StatusOr<bool> Fits(const Move& move, const PreparedSlice* slice) {
  if (slice == nullptr || slice->set_id != move.staging.set_id || slice->changes.empty()) return false;
  Statement row = move.db.Prepare("SELECT id, kind FROM staging WHERE set_id = ? ORDER BY id, kind LIMIT 1");
  row.Bind(move.staging.set_id);
  const bool fits =
      row.Step() && row.Bytes(0) == slice->changes.front().id && row.Int64(1) == slice->changes.front().kind;
  RETURN_IF_ERROR(row.status());
  return fits;
}

// Moves a slice. Returns whether it was the last.
absl::StatusOr<bool> MoveSlice(const Move& move, const PreparedSlice* prepared) {
  ASSIGN_OR_RETURN(const bool fits, Fits(move, prepared));
  PreparedSlice read;
  if (!fits) {
    ASSIGN_OR_RETURN(read, ReadSlice(move.db, move.staging, move.held.feed_id, nullptr));
  }
  const PreparedSlice& slice = fits ? *prepared : read;
  for (const PreparedChange& change : slice.changes) RETURN_IF_ERROR(ApplyChange(move, change));
  if (slice.changes.empty()) return true;
  RETURN_IF_ERROR(move.db.Execute("DELETE FROM staging WHERE set_id = ? AND (id, kind) <= (?, ?)", move.staging.set_id,
                                  Blob{slice.changes.back().id}, slice.changes.back().kind));
  return slice.last;
}

// R2: the head comes last; from here on the feed stands at it.
absl::Status Finish(const Move& move) {
  ASSIGN_OR_RETURN(const ParsedHead head, ParseStoredHead(move.staging.pending_head));
  const v1::HeadContent& content = head.content;
  const bool same_generation = move.held.has_head && move.held.feed.generation == content.feed().generation();
  const bool knows_withdrawals = same_generation && !move.staging.state.full;
  RETURN_IF_ERROR(move.db.Execute(
      "UPDATE feed SET generation = ?, head = ?, content_sha256 = ?, seq = ?, live_count = ?, live_bytes = ?, "
      "as_of_unix_millis = ?, floor_seq = ?, applying = 0, damaged = 0, frozen = EXISTS (SELECT 1 FROM evidence v "
      "WHERE v.partner = feed.partner AND v.audience = feed.audience AND v.generation = ?) WHERE feed_id = ?",
      content.feed().generation(), Blob{move.staging.pending_head}, Blob{Sha256(head.body.content())}, content.seq(),
      move.staging.live_count, move.staging.live_bytes, head.body.as_of_unix_millis(),
      knows_withdrawals ? move.held.floor_seq : content.seq(), content.feed().generation(), move.held.feed_id));
  RETURN_IF_ERROR(
      move.db.Execute("INSERT INTO feed_digest (feed_id, lthash) VALUES (?, ?) "
                      "ON CONFLICT (feed_id) DO UPDATE SET lthash = excluded.lthash",
                      move.held.feed_id, Blob{move.staging.lthash}));
  return move.db.Execute("DELETE FROM staging_set WHERE set_id = ?", move.staging.set_id);
}

// What is wrong with making `staging` visible under `head`, if anything.
absl::Status CheckMakeVisible(const VerifiedHead& head, const StagingRow& staging,
                              const std::optional<HeldFeed>& held) {
  const auto refuse = [&](absl::string_view why) {
    return absl::FailedPreconditionError(
        absl::StrCat("feed ", head.feed().ToString(), ", head ", head.seq(), ": ", why));
  };
  ASSIGN_OR_RETURN(const SetDigest digest, SetDigest::FromBytes(staging.lthash));
  if (digest.Digest() != head.content().state_digest() || staging.live_count != head.content().live_count()) {
    return absl::DataLossError(absl::StrCat("feed ", head.feed().ToString(), " at ", head.seq(),
                                            ": what is staged is not the set that the head states"));
  }
  if (!staging.pending_head.empty()) return refuse("an earlier head is still being made visible");
  if (!held.has_value() || !held->has_head) return absl::OkStatus();
  const bool same_generation = held->feed.generation == head.feed().generation;
  if (head.feed().generation < held->feed.generation || (same_generation && head.seq() < held->seq)) {
    return refuse(absl::StrCat("older than generation ", held->feed.generation, " at ", held->seq, ", which is held"));
  }
  if (!same_generation) return absl::OkStatus();
  if (held->frozen && head.seq() > held->seq) return refuse("frozen, since its owner contradicted itself");
  if (head.seq() == held->seq && head.content_sha256() != held->content_sha256) {
    return refuse("states another content than the head held at the same number");
  }
  if (held->damaged && !staging.state.full) return refuse("damaged; only a full set mends it");
  if (!staging.state.full && staging.state.base_seq != held->seq) return refuse("staged onto another head");
  return absl::OkStatus();
}

absl::StatusOr<int64_t> EnsureFeedRow(Connection& db, const FeedKey& feed) {
  RETURN_IF_ERROR(db.Execute(
      "INSERT INTO feed (partner, audience, generation, head, content_sha256, seq, live_count, live_bytes, "
      "as_of_unix_millis, floor_seq, applying, frozen, damaged) VALUES (?, ?, ?, NULL, NULL, 0, 0, 0, 0, 0, 1, 0, 0) "
      "ON CONFLICT (partner, audience) DO UPDATE SET applying = 1",
      feed.partner, feed.audience, feed.generation));
  Statement row = db.Prepare("SELECT feed_id FROM feed WHERE partner = ? AND audience = ?");
  row.Bind(feed.partner, feed.audience);
  row.Step();
  RETURN_IF_ERROR(row.status());
  return row.Int64(0);
}

// The pending delta of a feed; nullopt: none.
absl::StatusOr<std::optional<Move>> FindMove(Connection& db, const FeedKey& feed, absl::Time now) {
  ASSIGN_OR_RETURN(std::optional<StagingRow> staging, ReadStagingRow(db, feed.partner, feed.audience));
  if (!staging.has_value() || staging->pending_head.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(std::optional<HeldFeed> held, FeedStore::Find(db, feed.partner, feed.audience));
  if (!held.has_value())
    return absl::DataLossError(absl::StrCat("feed ", feed.ToString(), " is pending without a row"));
  ASSIGN_OR_RETURN(const int64_t derived_through, DerivedThrough(db));
  ASSIGN_OR_RETURN(const bool groups, HasGroups(db, feed.partner));
  return std::optional<Move>(
      Move{db, *std::move(staging), *std::move(held), absl::ToUnixMillis(now), derived_through, groups});
}

}  // namespace

absl::StatusOr<ApplyProgress> FeedStore::MakeVisible(Connection& db, const VerifiedHead& head) {
  const FeedKey& feed = head.feed();
  ASSIGN_OR_RETURN(const std::optional<StagingRow> staging, ReadStagingRow(db, feed.partner, feed.audience));
  if (!staging.has_value() || !(staging->feed == feed)) {
    return absl::NotFoundError(absl::StrCat("nothing of feed ", feed.ToString(), " is staged"));
  }
  ASSIGN_OR_RETURN(const std::optional<HeldFeed> held, Find(db, feed.partner, feed.audience));
  RETURN_IF_ERROR(CheckMakeVisible(head, *staging, held));
  RETURN_IF_ERROR(EnsureFeedRow(db, feed).status());
  const bool damaged = held.has_value() && held->damaged;
  // The text index forgets a text only when told the right one, which a damaged payload is not.
  if (damaged) RETURN_IF_ERROR(BeginRebuild(db));
  const bool sweep = staging->state.full && held.has_value() && held->feed_id != 0;
  RETURN_IF_ERROR(db.Execute("UPDATE staging_set SET pending_head = ?, swept = ? WHERE set_id = ?",
                             Blob{head.signed_head().SerializeAsString()}, !sweep, staging->set_id));
  const uint64_t work = staging->state.entries + (sweep ? held->live_count : 0);
  if (damaged || work > limits::small_delta_entries_max) return ApplyProgress::kMoreSlices;
  while (true) {
    ASSIGN_OR_RETURN(const ApplyProgress progress, ApplySlice(db, feed));
    if (progress == ApplyProgress::kDone) return progress;
  }
}

absl::StatusOr<ApplyProgress> FeedStore::ApplySlice(Connection& db, const FeedKey& feed, const PreparedSlice* slice) {
  ASSIGN_OR_RETURN(std::optional<Move> move, FindMove(db, feed, store_->clock()->Now()));
  if (!move.has_value()) return ApplyProgress::kDone;
  ASSIGN_OR_RETURN(ChangeNumbers numbers,
                   ChangeNumbers::Begin(db, feed.audience == audience_public, store_->clock()->Now()));
  move->numbers = &numbers;
  const bool sweep = !move->staging.swept;
  if (sweep) RETURN_IF_ERROR(Sweep(&*move));
  ASSIGN_OR_RETURN(const bool last, sweep ? absl::StatusOr<bool>(false) : MoveSlice(*move, slice));
  RETURN_IF_ERROR(numbers.Save(db));
  if (!last) return ApplyProgress::kMoreSlices;
  RETURN_IF_ERROR(Finish(*move));
  store_->NoteMoved(move->staging.feed);
  return ApplyProgress::kDone;
}

absl::StatusOr<std::shared_ptr<const PreparedSlice>> FeedStore::PrepareSlice(const FeedKey& feed,
                                                                             const PreparedSlice* previous) {
  std::shared_ptr<const PreparedSlice> slice;
  RETURN_IF_ERROR(store_->Read(
      [&](Connection& db) -> absl::Status {
        ASSIGN_OR_RETURN(const std::optional<Move> move, FindMove(db, feed, store_->clock()->Now()));
        const bool ready = move.has_value() && move->staging.swept;
        if (!ready || (previous != nullptr && previous->set_id != move->staging.set_id)) return absl::OkStatus();
        ASSIGN_OR_RETURN(PreparedSlice read, ReadSlice(db, move->staging, move->held.feed_id, previous));
        if (!read.changes.empty()) slice = std::make_shared<const PreparedSlice>(std::move(read));
        return absl::OkStatus();
      },
      slice_read_budget));
  return slice;
}

}  // namespace cairn
