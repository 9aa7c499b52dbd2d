// Does what the sync state machine asks of the store. Here verification meets the disk: a head is compared with what is
// staged, and only then visible.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "server/charter/live_charter.h"
#include "server/feed/head_checker.h"
#include "server/replicate/store_request.h"
#include "server/store/feed_store.h"
#include "server/store/store.h"

namespace cairn {

// Thread-safe; its pointers must outlive it. Requests of one feed must be executed one after the other, in order.
class StoreExecutor {
 public:
  StoreExecutor(Store* store, FeedStore* feeds, LiveCharter* charter, const HeadChecker* checker)
      : store_(store), feeds_(feeds), charter_(charter), checker_(checker) {}

  // Blocks until the request is done and, for writes, on disk.
  StoreResult Execute(StoreRequest request);

  // How the feed (whatever its generation) stands; empty also when it could not be read.
  std::optional<HeldFeed> HeldNow(const FeedKey& feed);

  // Goes on with what a crash interrupted: verified deltas that were being made visible.
  absl::Status Recover();

  // The feed that the action is about, for ordering; empty partner: none.
  static FeedKey FeedOf(const StoreAction& action);
  // True for actions that only read.
  static bool ReadsOnly(const StoreAction& action);

 private:
  void Do(ReadPage& action, StoreResult* result);
  void Do(ReadInline& action, StoreResult* result);
  void Do(StagePage& action, StoreResult* result);
  void Do(CommitHead& action, StoreResult* result);
  void Do(RefreshHead& action, StoreResult* result);
  void Do(DropStaged& action, StoreResult* result);
  void Do(FreezeFeed& action, StoreResult* result);
  void Do(RecordAcknowledgement& action, StoreResult* result);
  void Do(DropFeed& action, StoreResult* result);
  void Do(RecordErasure& action, StoreResult* result);
  void Do(AcceptCharter& action, StoreResult* result);
  absl::Status FinishPending(const FeedKey& feed);
  absl::Status CheckQuota(Connection& db, const StagedSet& staged) const;
  absl::Status Commit(Connection& db, const CommitHead& action, const StageBatch* inlined, ApplyProgress* progress);

  Store* const store_;
  FeedStore* const feeds_;
  LiveCharter* const charter_;
  const HeadChecker* const checker_;
};

}  // namespace cairn
