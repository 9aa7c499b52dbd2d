// Threads that run what may block, so that gRPC's few callback threads never do.
#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace cairn {

// A fixed number of threads and one queue. Thread-safe. What bounds the queue is its users: each stream has at most one
// task waiting.
class GrpcWorkers {
 public:
  explicit GrpcWorkers(int threads);
  // Runs what was added, then ends.
  ~GrpcWorkers();

  void Add(std::function<void()> task);

 private:
  void Run();

  absl::Mutex mutex_;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace cairn
