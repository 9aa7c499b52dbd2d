// The only writer of this node's own feeds. Station on the data's way: validate → compare → stamp → sign → store.
//
// What it promises:
// - a batch is published whole or not at all (with keep_going: its valid records, whole or not at all);
// - it acknowledges only what is on disk, entries and head (R3), and gives out no sequence number twice;
// - what has not changed gets no new sequence number, so that the same file twice changes nothing;
// - its own heads pass the same check as those of others before they are stored (R1, R2);
// - memory does not grow with the batch.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "cairn/v1/publishing.pb.h"
#include "common/base/clock.h"
#include "common/record/supplement.h"
#include "common/record/validate.h"
#include "server/charter/live_charter.h"
#include "server/charter/may_read.h"
#include "server/feed/head_checker.h"
#include "server/publish/own_feed.h"
#include "server/publish/publish_part.h"
#include "server/publish/publish_sink.h"
#include "server/store/feed_store.h"
#include "server/store/publish_scratch.h"
#include "server/store/store.h"

namespace cairn {

class PublishBatch;

// Thread-safe. Everything passed in must outlive it; batches must not.
class Publisher {
 public:
  struct Options {
    std::string consortium;
    std::string partner;      // this node's partner
    std::string node;         // this node's id
    std::string scratch_dir;  // where batches wait; the data directory
    Redactor redactor;        // what goes to narrower audiences, whoever publishes
    // Called with the audience after a feed has a new head on disk, on the thread that published.
    std::function<void(const std::string& audience)> on_moved;
    // How long a change waits for a gate that is UNAVAILABLE, the peers being asked, before it is refused.
    absl::Duration gate_wait;
  };
  Publisher(Options options, Store* store, FeedStore* feeds, const LiveCharter* charter, const HeadChecker* checker,
            SigningKey key, Clock* clock);
  ~Publisher();

  // The keys that this node holds, in the place of those before. The newest that the charter names signs; heads that an
  // older one signed are signed anew with the next heartbeat. None of `keys` is forgotten while it signs.
  void SetKeys(const std::vector<SigningKey>& keys) { own_.SetKeys(keys); }
  // What to do when the charter names a newer key for the partner than this node holds; else empty.
  std::string MissingKey() const { return own_.MissingKey(); }

  // Until the node has asked its peers for its own feed, it must not write to it. `gate` is OK when it may, else says
  // why not: UNAVAILABLE while that is being found out. Initially OK; the node closes it before it starts replication.
  // Each of `go_on` is done once before anything else is written to its feed.
  void SetGate(absl::Status gate, std::vector<GoOnAbove> go_on = {});

  // OK, or FAILED_PRECONDITION (the gate, no charter, not active in it, key not in it, feed frozen or damaged) or the
  // store's write error, each in words for a person.
  absl::Status CanPublish() const;

  // Begins a batch; nothing is changed before Commit. INVALID_ARGUMENT for a header that cannot be met;
  // RESOURCE_EXHAUSTED when limits::publish_batches_max are open; else as CanPublish, but for abandoned feeds: with
  // `prune`, which says that the batch is all of the feed, the batch begins those that it writes to anew; others are
  // let be.
  // Problems name no audience that `reader` may not read; nullptr: one who may read all.
  absl::StatusOr<std::unique_ptr<PublishBatch>> Begin(const v1::PublishHeader& header, const Reader* reader = nullptr);

  // See Publishing.Withdraw and Publishing.MarkVerified. `sink` may be nullptr.
  absl::StatusOr<v1::PublishResult> Withdraw(const v1::WithdrawRequest& request, PublishSink* sink);
  absl::StatusOr<v1::PublishResult> MarkVerified(const v1::MarkVerifiedRequest& request, PublishSink* sink);
  // See Publishing.GetReceipts. As far as `reader` may know; nullptr: all.
  absl::StatusOr<v1::GetReceiptsResponse> Receipts(const std::string& id, const Reader* reader = nullptr) const;
  // See Publishing.ExplainAccess.
  absl::StatusOr<v1::ExplainAccessResponse> ExplainAccess(const std::string& id, const Reader* reader = nullptr) const;

  // Says anew that the heads are the newest there are, and finishes what a crash interrupted; for every 30 to 60 s.
  // The first error; others are still tried.
  absl::Status Heartbeat();

  // A peer has acknowledged something: waits look again.
  void OnAcknowledged();

  // Ends waits, refuses new batches, and lets running commits end.
  void Stop();

 private:
  friend class PublishBatch;

  // A record of the own feed, live or withdrawn.
  struct OwnEntry {
    std::string audience;
    int kind = 0;
    std::string id;  // 16 bytes
    uint64_t seq = 0;
    bool tombstone = false;
    uint64_t bytes = 0;  // of the payload
  };

  absl::Status CheckGate() const;
  // Gives a gate that is being decided its time.
  void AwaitGate() const;
  // As CanPublish, without the feed, which Settle looks at.
  absl::Status CheckReady() const;
  absl::Status CheckRate() ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mutex_);
  // Puts the own feeds above numbers that are lost, where the gate asked for it.
  absl::Status GoOn() ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mutex_);
  // The audiences of own feeds that are abandoned (OwnFeed::Abandoned): what is held of them counts as nothing.
  absl::StatusOr<std::set<std::string>> AbandonedAudiences() const;
  // The other own feeds that stand under a head, by audience, each settled.
  using HeldByAudience = std::map<std::string, HeldFeed>;
  absl::StatusOr<HeldByAudience> SettleAll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mutex_);
  // Writes the changes in one step, unless there are none, tells the node, and fills in the positions of the audiences
  // in `result`. `sink`, which may be nullptr, writes with the heads.
  absl::Status Write(const HeldByAudience& held, const std::vector<OwnFeed::FeedChange>& changes, PublishSink* sink,
                     v1::PublishResult* result) ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mutex_);
  // The entries with these ids, of whatever audience and kind, but of no abandoned feed. INVALID_ARGUMENT for what is
  // no UUID; NOT_FOUND names ids without any, and those of which `reader` may read none; nullptr: one who may read all.
  absl::StatusOr<std::vector<OwnEntry>> FindOwn(absl::Span<const std::string> ids, const Reader* reader) const;
  // The same without the entries that `reader` may not read.
  absl::StatusOr<std::vector<OwnEntry>> FindReadable(const std::string& id, const Reader* reader) const;
  absl::StatusOr<v1::Entry> Verified(const OwnEntry& entry, const std::string& verified_by) const;
  uint32_t ConfirmedPartners(const v1::PublishResult& result) const;
  void WaitForPartners(uint32_t partners, uint32_t seconds, v1::PublishResult* result, PublishSink* sink);

  const Options options_;
  Store* const store_;
  FeedStore* const feeds_;
  const LiveCharter* const charter_;
  Clock* const clock_;
  std::atomic<int> open_batches_ = 0;

  absl::Mutex commit_mutex_;  // one change of the own feeds at a time; never held while a sink is called
  OwnFeed own_;               // its const functions need no lock, the others commit_mutex_
  std::deque<absl::Duration> publish_times_ ABSL_GUARDED_BY(commit_mutex_);  // monotonic, of the last hour

  mutable absl::Mutex mutex_;
  absl::CondVar acknowledged_;
  absl::Status gate_ ABSL_GUARDED_BY(mutex_);
  std::deque<GoOnAbove> go_on_ ABSL_GUARDED_BY(mutex_);  // still to be done
  uint64_t acknowledgements_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

// Records on their way in. Used by one thread at a time; destroyed without Commit, nothing has changed.
class PublishBatch {
 public:
  ~PublishBatch();
  PublishBatch(const PublishBatch&) = delete;
  PublishBatch& operator=(const PublishBatch&) = delete;

  // Validates the records and puts them by, on disk. What is wrong with a record is no error here; Commit reports it.
  // `records` is consumed.
  absl::Status Add(v1::PublishRecords* records);

  // Compares with the feed and, unless it is a dry run or a record was refused without keep_going, publishes; then
  // reports all problems (limits::publish_problems_max at most). Once only.
  absl::StatusOr<v1::PublishResult> Commit(uint64_t record_count, PublishSink* sink);

 private:
  friend class Publisher;
  PublishBatch(Publisher* publisher, v1::PublishHeader header, const Reader* reader, std::set<std::string> abandoned);

  PublishPart& main() { return *parts_.front(); }
  // The part of another audience; made when first asked for.
  PublishPart& PartOf(const std::string& audience);

  absl::Status AddRecord(Connection* db, v1::PublishRecord* record, const ValidationContext& context);
  absl::StatusOr<std::vector<Problem>> Validate(Connection* db, v1::Record* record, const ValidationContext& context);
  // The visible entry of an own feed; nullopt in an abandoned one.
  absl::StatusOr<std::optional<v1::Entry>> FindHeld(Connection& db, absl::string_view audience, int kind,
                                                    absl::string_view id16) const;
  // FAILED_PRECONDITION when the batch writes to an abandoned feed and does not say that it is all of it.
  absl::Status CheckAbandoned() const;
  // Looks at the own feeds as they are now, in the moment of the comparison.
  absl::Status Settle() ABSL_EXCLUSIVE_LOCKS_REQUIRED(publisher_->commit_mutex_);
  absl::StatusOr<std::optional<v1::Record>> WiderRecord(Connection& db, int kind, absl::string_view id16) const;
  absl::Status PutSupplements(const ScratchItem& item, const std::map<std::string, v1::Record>& supplements);
  // Says why the record is refused; the first limits::publish_problems_max are kept.
  void Refuse(v1::RecordProblem problem);
  // Calls `step` now and then with the number of records compared, outside of any read.
  absl::Status Compare(const std::function<void(uint64_t)>& step);
  absl::Status ComparePart(PublishPart* part, const std::function<void(uint64_t)>& step);
  absl::Status CompareChunk(PublishPart* part, const std::vector<ScratchItem>& items);
  absl::Status CompareItem(Connection& db, PublishPart* part, const ScratchItem& item);
  absl::StatusOr<std::optional<Problem>> CheckHolders(Connection& db, const ScratchItem& item) const;
  absl::Status CompareWithHeld(PublishPart* part, const ScratchItem& item, const std::optional<v1::Entry>& held);
  absl::Status CompareSupplement(PublishPart* part, const ScratchItem& item, const std::optional<v1::Entry>& held);
  absl::Status TakeFromOthers(Connection& db, const ScratchItem& item);
  absl::Status RefuseItem(const ScratchItem& item, v1::RecordProblem problem);
  absl::Status FindWithdrawals(const std::function<void(uint64_t)>& step);
  absl::Status PruneEntry(const EntryInfo& info);
  absl::Status PruneSupplements(const EntryInfo& info);
  absl::Status WithdrawFrom(PublishPart* part, int kind, const std::string& id16, const v1::Entry& held);
  // A dry run changes nothing, so it holds up nobody and may wait for its reader.
  absl::Status TryOut(PublishSink* sink);
  absl::Status Publish(PublishSink* sink);
  absl::Status PublishLocked(PublishSink* sink, ProgressRelay* relay)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(publisher_->commit_mutex_);
  void FillResult();
  bool lists() const { return header_.dry_run() && listed_ < header_.changes_max(); }
  void List(v1::RecordChange change, const PublishPart& part);
  void SendChanges(PublishSink* sink);
  void SendProblems(PublishSink* sink);

  Publisher* const publisher_;
  const v1::PublishHeader header_;
  const std::optional<Reader> reader_;               // whom problems are told; nullopt: one who may read all
  std::vector<std::unique_ptr<PublishPart>> parts_;  // that of the audience published to first
  std::set<std::string> abandoned_;                  // audiences, as AbandonedAudiences
  Publisher::HeldByAudience held_;                   // the own feeds when the comparison began
  absl::Status failed_;                              // why the batch is of no use any more
  bool done_ = false;                                // Commit was called
  uint64_t count_ = 0;                               // records that came
  uint64_t nameless_ = 0;                            // refused ones whose id is not known
  absl::flat_hash_set<uint64_t> refused_;            // positions of those refused while comparing
  uint64_t listed_ = 0;                              // changes told or in `changes_`
  std::vector<v1::RecordChange> changes_;            // to be told after the read at hand; of a dry run
  std::vector<v1::RecordProblem> problems_;
  v1::PublishResult result_;
};

}  // namespace cairn
