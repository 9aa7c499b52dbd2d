// A few threads that run jobs; jobs of one key run one after the other, in order, never two at once.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace cairn {

// Thread-safe.
class StrandPool {
 public:
  explicit StrandPool(int threads);
  // As Stop.
  ~StrandPool();

  // Queues `job` behind the others of `key`. Ignored after Stop.
  void Post(const std::string& key, std::function<void()> job);
  // Drops what has not begun and waits for what has. Idempotent; not from within a job.
  void Stop();

 private:
  void Work();
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_ || !ready_.empty(); }

  absl::Mutex mutex_;
  std::map<std::string, std::deque<std::function<void()>>> queues_
      ABSL_GUARDED_BY(mutex_);                             // of keys with work, running ones included
  std::deque<std::string> ready_ ABSL_GUARDED_BY(mutex_);  // keys with work that do not run
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace cairn
