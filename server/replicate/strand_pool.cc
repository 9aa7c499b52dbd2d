#include "server/replicate/strand_pool.h"

#include <utility>

namespace cairn {

StrandPool::StrandPool(int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

StrandPool::~StrandPool() { Stop(); }

void StrandPool::Post(const std::string& key, std::function<void()> job) {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return;
  auto [it, fresh] = queues_.try_emplace(key);
  it->second.push_back(std::move(job));
  if (fresh) ready_.push_back(key);
}

void StrandPool::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void StrandPool::Work() {
  while (true) {
    std::string key;
    std::function<void()> job;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &StrandPool::HasWork));
      if (stopping_) return;
      key = std::move(ready_.front());
      ready_.pop_front();
      job = std::move(queues_[key].front());
      queues_[key].pop_front();
    }
    job();
    absl::MutexLock lock(&mutex_);
    const auto it = queues_.find(key);
    if (it->second.empty()) {
      queues_.erase(it);
    } else {
      ready_.push_back(key);
    }
  }
}

}  // namespace cairn
