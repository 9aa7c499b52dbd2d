// Feeds on disk: what is visible, what is staged, and the way from one to the other.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cairn/v1/feed.pb.h"
#include "common/crypto/set_digest.h"
#include "server/store/feed_key.h"
#include "server/store/store.h"
#include "server/store/verified_head.h"

namespace cairn {

// How a feed stands. kApplying: a verified delta is being made visible in slices; kFrozen: its owner contradicted
// itself (R6); kDamaged: its entries were found to disagree with its head. A frozen feed that is also damaged says
// kDamaged.
enum class FeedState { kOk, kApplying, kFrozen, kDamaged };

// What is collected of a feed and not visible yet.
struct StagingState {
  bool active = false;
  uint32_t generation = 0;
  uint64_t base_seq = 0;     // own seq when it began
  bool full = false;         // the whole set: what is not among it is dropped
  uint64_t through_seq = 0;  // everything up to here has been staged
  uint64_t basis_seq = 0;    // highest state_seq seen: a source to go on with needs a head at least as new
  uint64_t entries = 0;
  uint64_t bytes = 0;  // of payloads staged
};

// One feed as this node holds it; there is one visible generation per (partner, audience).
struct HeldFeed {
  FeedKey feed;           // of the visible generation; of the staged one when nothing is held
  int64_t feed_id = 0;    // in the tables; 0: only staged so far
  bool has_head = false;  // false: nothing is visible under a head yet, seq is 0
  v1::SignedHead head;
  std::string content_sha256;
  std::string state_digest;
  std::string key_id;  // of the key that signed the head
  uint64_t seq = 0;
  uint64_t live_count = 0;
  uint64_t live_bytes = 0;  // of payloads
  int64_t as_of_unix_millis = 0;
  FeedState state = FeedState::kOk;
  bool frozen = false;
  bool damaged = false;
  uint64_t floor_seq =
      0;  // tombstones at or below may be gone: a Pull from 0 < after_seq < floor_seq is answered Reset
  std::optional<v1::SignedHead> pending_head;  // kApplying: the head that is being made visible
  StagingState staging;
};

// One entry ready to be stored.
struct PreparedEntry {
  int kind = 0;
  std::string id;  // 16 bytes
  uint64_t seq = 0;
  bool tombstone = false;
  std::string payload;
  std::string sha256;  // of payload, 32 bytes; empty in a tombstone
};

// Entries with everything computed that needs no database: made off the writer's thread.
struct PreparedBatch {
  FeedKey feed;
  std::vector<PreparedEntry> entries;
  SetDigest sum;  // of all that are no tombstones
};

// A step of staging.
struct StageBatch {
  bool restart = false;  // drop what was staged before
  bool full = false;     // the whole set is being collected, compared with nothing held; counts when staging begins
  PreparedBatch prepared;
  uint64_t through_seq = 0;
  uint64_t basis_seq = 0;
};

// What the set would be once made visible: what HeadChecker::CheckState compares with a head.
struct StagedSet {
  FeedKey feed;
  SetDigest digest;  // of (held ∪ staged), of staged alone when full
  uint64_t live_count = 0;
  uint64_t live_bytes = 0;
  uint64_t staged_entries = 0;
  uint64_t through_seq = 0;
};

enum class ApplyProgress { kDone, kMoreSlices };

// A slice of a pending delta with its records parsed and folded, made by a reader ahead of the writer. Moves only.
struct PreparedSlice;

// What one node said it holds of a feed: its acknowledgement.
struct PeerHead {
  std::string node;
  uint32_t generation = 0;
  uint64_t seq = 0;
  int64_t confirmed_at_unix_millis = 0;  // when it first said so
};

// A feed that this node held, may no longer read, and has erased.
struct DroppedFeed {
  std::string partner;
  std::string audience;
  int64_t erased_at_unix_millis = 0;
};

// The word of a node that may no longer read an own feed: its copy is erased.
struct DropReceipt {
  std::string node;
  int64_t erased_at_unix_millis = 0;
};

// One entry without its payload.
struct EntryInfo {
  int kind = 0;
  std::string id;  // 16 bytes
  uint64_t seq = 0;
  bool tombstone = false;
  std::string payload_sha256;
};

// A proof that an owner contradicted itself, as kept.
struct HeldEvidence {
  FeedKey feed;
  v1::ForkEvidence evidence;
  int64_t found_at_unix_millis = 0;
};

// Station: between replicate/publish and the tables. Thread-safe: holds no state of its own. Functions that take a
// Connection run within Store::Write (or, where marked, Store::Read) bodies; the others open a read of their own.
// Invariants kept here:
//   R1, R2 what is visible of a feed is the set of one VerifiedHead, whose digest is compared once more with what was
//   staged; R3 a large delta's head is on disk before its first slice, and its slices go on after a crash;  R5 no feed
//   goes back; R6 a frozen feed stays at its head until a new generation;  R8 no call reads or writes more than a
//   bounded number of entries, unless it says so.
class FeedStore {
 public:
  FeedStore(Store* store, std::string consortium);

  // --- reading
  // In order of partner and audience, of one partner when it is given. A feed of which there is only staging so far is
  // listed too.
  absl::StatusOr<std::vector<HeldFeed>> Feeds(absl::string_view partner = "");
  absl::StatusOr<std::optional<HeldFeed>> Find(absl::string_view partner, absl::string_view audience);
  static absl::StatusOr<std::optional<HeldFeed>> Find(Connection& db, absl::string_view partner,
                                                      absl::string_view audience);

  struct Page {
    std::vector<v1::Entry> entries;  // in order of seq
    uint64_t through_seq = 0;        // everything up to here has been read
    uint64_t state_seq = 0;          // of the head when this was read
    uint64_t floor_seq = 0;
    bool last = false;
    v1::SignedHead head;  // with `last`, of the same transaction
  };
  // Entries after `after_seq`, until their payloads reach `bytes_target` (one record more at most) or there are
  // `entries_max`. NOT_FOUND for a feed or generation that is not visible; FAILED_PRECONDITION while it is applying or
  // damaged (R2); DATA_LOSS when a payload is not what its hash says.
  absl::StatusOr<Page> ReadPage(const FeedKey& feed, uint64_t after_seq, size_t bytes_target, size_t entries_max);
  // All entries after `after_seq`, or nullopt when their payloads and ids exceed `bytes_max`. Fails as ReadPage.
  absl::StatusOr<std::optional<std::vector<v1::Entry>>> ChangesAfter(const FeedKey& feed, uint64_t after_seq,
                                                                     size_t bytes_max);
  // The visible entry, tombstones included.
  absl::StatusOr<std::optional<v1::Entry>> FindEntry(absl::string_view partner, absl::string_view audience, int kind,
                                                     absl::string_view id16);
  static absl::StatusOr<std::optional<v1::Entry>> FindEntry(Connection& db, absl::string_view partner,
                                                            absl::string_view audience, int kind,
                                                            absl::string_view id16);
  // Feeds in which (kind, id) is live: whoever publishes asks, so that no id is used by two partners.
  static absl::StatusOr<std::vector<FeedKey>> FeedsHolding(Connection& db, int kind, absl::string_view id16);
  // Calls `visit` for each visible entry of a feed after `after_seq` in order of seq, at most `entries_max`; returns
  // the seq reached, or nullopt at the end.
  static absl::StatusOr<std::optional<uint64_t>> VisitEntries(
      Connection& db, absl::string_view partner, absl::string_view audience, uint64_t after_seq, size_t entries_max,
      const std::function<absl::Status(const EntryInfo&)>& visit);

  // What is live of all feeds of a partner but the one of this audience.
  struct Live {
    uint64_t records = 0;
    uint64_t bytes = 0;
  };
  static absl::StatusOr<Live> LiveInOtherFeeds(Connection& db, absl::string_view partner, absl::string_view audience);

  // --- staging
  // Hashes and sums; needs no database. INVALID_ARGUMENT: id not of 16 bytes, seq 0, a tombstone with a payload, a
  // payload missing or over record_bytes_max.
  absl::StatusOr<PreparedBatch> Prepare(const FeedKey& feed, std::vector<v1::Entry> entries) const;
  // Adds to what is staged of the feed, beginning anew with `restart`, after another generation, or when there was
  // nothing. The highest seq of a (kind, id) wins. FAILED_PRECONDITION while a verified delta of this feed is being
  // made visible; INVALID_ARGUMENT for an entry at or below base_seq unless full.
  absl::Status Stage(Connection& db, const StageBatch& batch);
  // NOT_FOUND when nothing of this feed and generation is staged.
  absl::StatusOr<StagedSet> Staged(Connection& db, const FeedKey& feed);
  // Forgets what is staged. Nothing staged is fine. Rows of a large one go in slices with later calls of Stage and
  // CollectGarbage. FAILED_PRECONDITION while a verified delta is being made visible.
  absl::Status DropStaging(Connection& db, absl::string_view partner, absl::string_view audience);

  // --- making visible
  // Makes what is staged visible under `head`. A small delta is done when this returns kDone. For a large one the head
  // is recorded as pending and kMoreSlices returned: call ApplyAll (apply.h), or ApplySlice in further writes.
  // DATA_LOSS when head and staging disagree; FAILED_PRECONDITION for a head older than the one held (R5), and for a
  // higher seq of a frozen generation (R6).
  absl::StatusOr<ApplyProgress> MakeVisible(Connection& db, const VerifiedHead& head);
  // The next slice of the pending delta. kDone when none is pending. `slice`, when it fits, saves the writer the
  // parsing and folding.
  absl::StatusOr<ApplyProgress> ApplySlice(Connection& db, const FeedKey& feed, const PreparedSlice* slice = nullptr);
  // The slice after `previous` (null: the next one), read and prepared off the writer's thread; null when there are no
  // more.
  absl::StatusOr<std::shared_ptr<const PreparedSlice>> PrepareSlice(const FeedKey& feed, const PreparedSlice* previous);

  // --- heads and marks
  // Stores a newer `as_of` of the content held (or pending). An older one changes nothing. FAILED_PRECONDITION for
  // another content.
  absl::Status StoreHead(Connection& db, const AuthenticHead& head);
  // Keeps the evidence and freezes the feed at its head, also when that comes only later. The first evidence of a
  // generation is kept; more changes nothing (R6, R8).
  absl::Status Freeze(Connection& db, const FeedKey& feed, const v1::ForkEvidence& evidence);
  absl::StatusOr<std::vector<HeldEvidence>> Evidence();
  // The feed's entries disagree with its head: it is not served until a full set has been made visible.
  // FAILED_PRECONDITION when this generation is not held or a delta of it is being made visible.
  absl::Status MarkDamaged(Connection& db, const FeedKey& feed);

  // --- upkeep
  // Forgets up to 1,000 tombstones that became visible here before `before` and raises floor_seq. Returns how many;
  // call again while not 0.
  absl::StatusOr<uint64_t> PurgeTombstones(Connection& db, absl::Time before);
  // How many tombstones each feed has. Looks at each of them: a second for a million.
  absl::StatusOr<std::vector<std::pair<FeedKey, uint64_t>>> CountTombstones();
  // Forgets the `count` tombstones of the feed that became visible here first, up to 1,000, and raises floor_seq.
  // Returns how many.
  absl::StatusOr<uint64_t> PurgeOldest(Connection& db, const FeedKey& feed, uint64_t count);
  // Deletes up to 2,000 rows of dropped staging. Returns how many; call again while not 0.
  absl::StatusOr<uint64_t> CollectGarbage(Connection& db);

  // --- leaving an audience
  // Erases a slice of what is held or staged of a feed that this node may no longer read, whatever its generation, and
  // of what is derived from it. kMoreSlices: call again, with the same feed; it is damaged meanwhile, so that nothing
  // of it is served. kDone: nothing of it is left but a note that it was erased, if anything had been held.
  absl::StatusOr<ApplyProgress> DropSlice(Connection& db, absl::string_view partner, absl::string_view audience);
  // In order of partner and audience. The note goes when the feed is staged again.
  absl::StatusOr<std::vector<DroppedFeed>> DroppedFeeds();
  // Keeps what `node` said of an own feed; its acknowledgements of it no longer count.
  absl::Status RecordDrop(Connection& db, absl::string_view node, absl::string_view own_partner,
                          absl::string_view audience, int64_t erased_at_unix_millis);
  // In order of node. Those of nodes that hold the feed again are gone.
  absl::StatusOr<std::vector<DropReceipt>> DropReceipts(absl::string_view audience);

  // --- acknowledgements
  // What `node` announced. Only ever moves forward; `now` is kept when it does.
  absl::Status RecordPeerHead(Connection& db, absl::string_view node, const FeedKey& feed, uint64_t seq,
                              absl::Time now);
  // When nodes first announced a head that covers the withdrawal at `seq`, ms since 1970, by node; those that have not
  // are not in it.
  absl::StatusOr<std::map<std::string, int64_t>> ConfirmedSince(const FeedKey& feed, uint64_t seq);
  // In order of node.
  absl::StatusOr<std::vector<PeerHead>> PeerHeads(absl::string_view partner, absl::string_view audience);

  Store* store() const { return store_; }
  const std::string& consortium() const { return consortium_; }

 private:
  std::string Prefix(const FeedKey& feed) const;

  Store* const store_;
  const std::string consortium_;
};

}  // namespace cairn
