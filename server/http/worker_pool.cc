#include "server/http/worker_pool.h"

#include <limits>
#include <utility>

namespace cairn {

WorkerPool::WorkerPool(int threads, size_t queue_max) : queue_max_(queue_max) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

bool WorkerPool::Post(Task task) { return Add(std::move(task), queue_max_); }

bool WorkerPool::PostNext(Task task) { return Add(std::move(task), std::numeric_limits<size_t>::max()); }

bool WorkerPool::Add(Task task, size_t max) {
  absl::MutexLock lock(&mutex_);
  if (stopping_ || tasks_.size() >= max) return false;
  tasks_.push_back(std::move(task));
  return true;
}

void WorkerPool::Stop() {
  std::deque<Task> dropped;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    dropped.swap(tasks_);
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

size_t WorkerPool::waiting() const {
  absl::MutexLock lock(&mutex_);
  return tasks_.size();
}

void WorkerPool::Run() {
  const auto awake = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_ || !tasks_.empty(); };
  while (true) {
    Task task;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&awake));
      if (stopping_) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace cairn
