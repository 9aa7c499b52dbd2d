// The threads on which handlers run.
#pragma once

#include <deque>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"

namespace cairn {

// A few threads and a bounded queue before them, so that too many requests are refused and not hoarded. Thread-safe.
class WorkerPool {
 public:
  using Task = absl::AnyInvocable<void()>;

  WorkerPool(int threads, size_t queue_max);
  ~WorkerPool() { Stop(); }

  // False: the queue is full, or the pool stops; the task is gone.
  bool Post(Task task);
  // The same beyond the queue's bound, for what was begun: one task a running stream.
  bool PostNext(Task task);
  // Drops what waits and returns when nothing runs. Idempotent.
  void Stop();
  size_t waiting() const;

 private:
  bool Add(Task task, size_t max);
  void Run();

  const size_t queue_max_;
  mutable absl::Mutex mutex_;
  std::deque<Task> tasks_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace cairn
