// The one connection that writes, its thread and its group commit.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "server/store/database.h"
#include "server/store/store.h"

namespace cairn {

// Keeps W1-W4 of store.h: takes what is queued, runs each body in a savepoint of one transaction, commits once,
// reports, and checkpoints in slices. Thread-safe.
class Writer {
 public:
  // Owns `db`. `inline_writes`: no thread; bodies run where they are given.
  Writer(std::unique_ptr<Connection> db, bool inline_writes);
  // Runs what is queued first.
  ~Writer();

  absl::Status Run(const Store::Body& body);
  void RunAsync(Store::Body body, Store::Done done);
  // See Store::EmptyLog.
  absl::Status EmptyLog();
  // Between two transactions instead of within one: what copies the file must not stand in the middle of a change.
  absl::Status RunBetween(const Store::Body& body);
  void OnCommit(Store::MovedCallback callback) { callbacks_.push_back(std::move(callback)); }
  void NoteMoved(const FeedKey& feed) { moved_.push_back(feed); }
  absl::Status health() const;
  size_t queued() const;

 private:
  struct Job {
    Store::Body body;
    Store::Done done;
    bool empties_log = false;  // no body
    bool between = false;      // its body runs outside of transactions

    bool alone() const { return empties_log || between; }  // in its group
  };
  void Loop();
  void Take(Job job);
  absl::Status Await(Job job);
  std::vector<Job> NextGroup() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RunGroup(std::vector<Job> jobs);
  absl::Status RunTransaction(const std::vector<Job>& jobs, std::vector<absl::Status>* results);
  absl::Status RunBody(const Job& job, bool alone);
  // `wrote`: the transaction is on disk and changed something.
  void Judge(const absl::Status& status, int disk_error, bool wrote);
  void MaybeCheckpoint();
  absl::Status Checkpoint(Connection::CheckpointMode mode);
  bool stopped() const;

  const std::unique_ptr<Connection> db_;
  std::vector<Store::MovedCallback> callbacks_;
  std::vector<FeedKey> moved_;                  // by the running transaction
  int64_t checkpoint_at_pages_;                 // of the write-ahead log
  std::atomic<std::thread::id> body_thread_{};  // that runs a body now

  absl::Mutex running_;  // inline: held while a transaction runs
  mutable absl::Mutex mutex_;
  std::deque<Job> queue_ ABSL_GUARDED_BY(mutex_);
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status health_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;  // last: starts when the rest is there
};

}  // namespace cairn
