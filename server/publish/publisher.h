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
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "cairn/v1/publishing.pb.h"
#include "common/base/clock.h"
#include "server/charter/live_charter.h"
#include "server/feed/head_checker.h"
#include "server/feed/head_signer.h"
#include "server/store/feed_store.h"
#include "server/store/publish_scratch.h"
#include "server/store/store.h"

namespace cairn {

// Where a batch tells how it goes. Called on the thread that calls Commit, Withdraw or MarkVerified.
class PublishSink {
 public:
  virtual ~PublishSink() = default;
  // A progress, problem or change message; never a result.
  virtual void Send(v1::PublishResponse response) = 0;
  // True: nobody listens any more. Ends a wait; what is being committed goes on.
  virtual bool cancelled() const { return false; }
};

class PublishBatch;

// Thread-safe. Everything passed in must outlive it; batches must not.
class Publisher {
 public:
  struct Options {
    std::string consortium;
    std::string partner;      // this node's partner
    std::string node;         // this node's id
    std::string scratch_dir;  // where batches wait; the data directory
    // Called with the audience after a feed has a new head on disk, on the thread that published.
    std::function<void(const std::string& audience)> on_moved;
  };
  Publisher(Options options, Store* store, FeedStore* feeds, const LiveCharter* charter, const HeadChecker* checker,
            SigningKey key, Clock* clock);
  ~Publisher();

  // Until the node has asked its peers for its own feed, it must not write to it. `gate` is OK when it may, else says
  // why not. Initially OK; the node closes it before it starts replication.
  void SetGate(absl::Status gate);

  // OK, or FAILED_PRECONDITION (the gate, no charter, not active in it, key not in it, feed frozen or damaged) or the
  // store's write error, each in words for a person.
  absl::Status CanPublish() const;

  // Begins a batch; nothing is changed before Commit. INVALID_ARGUMENT for a header that cannot be met;
  // RESOURCE_EXHAUSTED when limits::publish_batches_max are open; else as CanPublish.
  absl::StatusOr<std::unique_ptr<PublishBatch>> Begin(const v1::PublishHeader& header);

  // See Publishing.Withdraw and Publishing.MarkVerified. `sink` may be nullptr.
  absl::StatusOr<v1::PublishResult> Withdraw(const v1::WithdrawRequest& request, PublishSink* sink);
  absl::StatusOr<v1::PublishResult> MarkVerified(const v1::MarkVerifiedRequest& request, PublishSink* sink);
  // See Publishing.GetReceipts.
  absl::StatusOr<v1::GetReceiptsResponse> Receipts(const std::string& id) const;

  // Says anew that the heads are the newest there are, and finishes what a crash interrupted; for every 30 to 60 s.
  // The first error; others are still tried.
  absl::Status Heartbeat();

  // A peer has acknowledged something: waits look again.
  void OnAcknowledged();

  // Ends waits, refuses new batches, and lets running commits end.
  void Stop();

 private:
  friend class PublishBatch;
  class Commit;

  FeedKey OwnFeed(const std::string& audience) const;
  absl::StatusOr<uint32_t> OwnGeneration() const;
  absl::Status CheckFeedWritable(const std::optional<HeldFeed>& held) const;
  absl::Status CheckPublishRate() ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mutex_);
  absl::StatusOr<std::optional<HeldFeed>> SettledFeed(const std::string& audience)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mutex_);
  absl::Status HeartbeatFeed(const HeldFeed& held) ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mutex_);
  absl::StatusOr<std::vector<v1::Entry>> EntriesOf(const std::string& id) const;
  uint32_t ConfirmedPartners(const FeedKey& feed, uint64_t seq) const;
  void WaitForPartners(uint32_t partners, uint32_t seconds, v1::PublishResult* result, PublishSink* sink);

  const Options options_;
  Store* const store_;
  FeedStore* const feeds_;
  const LiveCharter* const charter_;
  const HeadChecker* const checker_;
  const HeadSigner signer_;
  Clock* const clock_;
  std::atomic<int> open_batches_ = 0;

  absl::Mutex commit_mutex_;                                             // one change of the own feeds at a time
  std::deque<absl::Time> publish_times_ ABSL_GUARDED_BY(commit_mutex_);  // of the last hour

  mutable absl::Mutex mutex_;
  absl::CondVar acknowledged_;
  absl::Status gate_ ABSL_GUARDED_BY(mutex_);
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

  // Reports all problems (limits::publish_problems_max at most), then compares with the feed and, unless it is a dry
  // run or a record was refused without keep_going, publishes. Once only.
  absl::StatusOr<v1::PublishResult> Commit(uint64_t record_count, PublishSink* sink);

 private:
  friend class Publisher;
  PublishBatch(Publisher* publisher, v1::PublishHeader header, std::unique_ptr<PublishScratch> scratch);

  absl::Status AddRecord(v1::PublishRecord* record);
  void Refuse(const v1::PublishRecord& record, std::vector<v1::RecordProblem> problems);

  Publisher* const publisher_;
  const v1::PublishHeader header_;
  const std::unique_ptr<PublishScratch> scratch_;
  uint64_t count_ = 0;    // records that came
  uint64_t refused_ = 0;  // of these, refused so far
  std::vector<v1::RecordProblem> problems_;
};

}  // namespace cairn
