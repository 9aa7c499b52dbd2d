// Writes changes to this node's own feeds: gives out sequence numbers, stages, signs, has the head checked like
// anybody's and makes it visible. Station: sign → store. Knows nothing of records.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "cairn/v1/feed.pb.h"
#include "common/base/clock.h"
#include "server/charter/live_charter.h"
#include "server/feed/head_checker.h"
#include "server/feed/head_signer.h"
#include "server/publish/publish_sink.h"
#include "server/store/feed_store.h"
#include "server/store/store.h"

namespace cairn {

// Not thread-safe: one change at a time, which the publisher sees to. Pointers must outlive it.
class OwnFeed {
 public:
  OwnFeed(std::string consortium, std::string partner, Store* store, FeedStore* feeds, const LiveCharter* charter,
          const HeadChecker* checker, SigningKey key, Clock* clock);

  // The keys that are held, in the place of those before. Thread-safe.
  void SetKeys(const std::vector<SigningKey>& keys);
  // In words for a person, when the charter names a newer key of the partner than is held; else empty. Thread-safe.
  std::string MissingKey() const;

  // OK when the charter lets this partner publish with one of the keys held.
  absl::Status CheckCharter() const;
  // OK when the feed may be written to: not frozen, not damaged, and the charter stands for what is held. In an earlier
  // generation than the charter's it may be frozen: what is held is carried into the new one.
  absl::Status CheckFeed(const std::optional<HeldFeed>& held) const;

  // True of a feed that was left in a generation which has ended, at a state that is not this partner's word, such as a
  // thief's: nothing of it is carried along. Only a batch that says what all of the feed is begins it anew.
  bool Abandoned(const HeldFeed& held) const;

  // The feed of the audience under its head, after finishing what a crash interrupted; nullopt: nothing was published
  // yet. Where the charter has begun a new generation, all live records are first carried into it under a head of the
  // new key, so that nobody has to publish them again. Fails as CheckFeed.
  absl::StatusOr<std::optional<HeldFeed>> Settle(const std::string& audience);

  // What is to be written.
  struct Change {
    uint64_t entries = 0;       // that `next` will give in all, at least 1
    int64_t records_delta = 0;  // what it does to the number of live records
    int64_t bytes_delta = 0;    // and to their payloads
    // The next entries without sequence numbers; never empty before all were given.
    std::function<absl::StatusOr<std::vector<v1::Entry>>()> next;
    // Called with the number of entries staged so far. May be empty.
    std::function<void(uint64_t)> progress;
  };
  // A change of one of the feeds.
  struct FeedChange {
    std::string audience;
    std::optional<HeldFeed> held;  // what Settle returned
    Change change;
  };
  // Writes the changes, each onto what is held of its feed, as one new head a feed, and returns their sequence numbers
  // once all of it is on disk (R3). Atomic over all of them: after an error nothing is visible and no sequence number
  // is used up, unless the text says that it will be completed. RESOURCE_EXHAUSTED when a quota of the charter would be
  // exceeded; ABORTED when something else moved a feed or touched what is staged of it, so that nothing foreign is ever
  // signed.
  // `committing`, which may be empty, is called for each change in the transaction that puts the heads on disk; its
  // error undoes them all.
  using Committing = std::function<absl::Status(Connection&, const CommittedChange&)>;
  absl::StatusOr<std::vector<uint64_t>> Write(const std::vector<FeedChange>& changes,
                                              const Committing& committing = nullptr);

  // Signs what is held of the feed, or that it is empty, under a head above numbers that were given out and are lost.
  // False: nothing to do, since the feed stands above them already or its generation has ended. Fails as Write.
  absl::StatusOr<bool> GoOn(const GoOnAbove& above);

  // Signs the head held anew, with the present as as_of. False: not done, since the head's as_of lies too far ahead,
  // after a clock that was; the next change mends that.
  absl::StatusOr<bool> Resign(const HeldFeed& held);

  FeedKey KeyOf(const std::string& audience) const;

 private:
  // A change on its way to the disk.
  struct Run {
    FeedKey feed;
    const std::optional<HeldFeed>& held;  // of the generation of `feed`
    uint64_t base = 0;                    // sequence number of `held`
    uint64_t entries = 0;                 // of the change
    uint64_t seq = 0;                     // of the head
    StageBatch last;                      // the rest of the change, which goes with the head
    std::optional<StagedSet> left;        // the staged set as this change left it
    ApplyProgress progress = ApplyProgress::kDone;
  };

  using Signer = std::shared_ptr<const HeadSigner>;
  // The newest key held that may sign the feed at `seq`. FAILED_PRECONDITION when there is none.
  absl::StatusOr<Signer> SignerFor(const FeedKey& feed, uint64_t seq) const;
  Signer FindSigner(absl::string_view key_id) const ABSL_LOCKS_EXCLUDED(keys_mutex_);
  std::string KeyIds() const ABSL_LOCKS_EXCLUDED(keys_mutex_);
  absl::Status Carry(const HeldFeed& old) const;
  absl::StatusOr<std::vector<uint64_t>> WriteAll(const std::vector<FeedChange>& changes,
                                                 const Committing& committing = nullptr) const;
  absl::Status CheckQuota(const std::vector<FeedChange>& changes) const;
  absl::Status CheckBase(Connection& db, const Run& run) const;
  absl::Status CheckUntouched(Connection& db, const Run& run) const;
  absl::StatusOr<StageBatch> NextBatch(const Change& change, const Run& run, uint64_t staged) const;
  absl::Status StageBatchOf(Connection& db, const StageBatch& batch, Run* run) const;
  absl::Status StageAllButLast(const Change& change, Run* run) const;
  absl::Status StageAndFinish(const std::vector<FeedChange>& changes, const Committing& committing,
                              std::vector<Run>* runs) const;
  // `seen`, which may be nullptr: what was shown of the feed after the head held, and is lost.
  absl::StatusOr<ApplyProgress> Finish(Connection& db, const Run& run, const StagedSet& staged,
                                       const GoOnAbove* seen = nullptr) const;
  void DropStaged(const Run& run) const;

  const std::string partner_;
  Store* const store_;
  FeedStore* const feeds_;
  const LiveCharter* const charter_;
  const HeadChecker* const checker_;
  const std::string consortium_;
  Clock* const clock_;
  mutable absl::Mutex keys_mutex_;
  std::vector<Signer> signers_ ABSL_GUARDED_BY(keys_mutex_);
};

}  // namespace cairn
