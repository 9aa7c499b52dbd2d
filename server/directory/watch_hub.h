// Wakes those who follow the directory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "server/store/store.h"

namespace cairn {

// Wakes watchers after every commit that moved a feed. One a node; must outlive its subscriptions. Thread-safe.
class WatchHub {
 public:
  // Ends the subscription when destroyed; after that the callback is not running and is not called again.
  class Subscription {
   public:
    Subscription(WatchHub* hub, uint64_t id) : hub_(hub), id_(id) {}
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

   private:
    WatchHub* const hub_;
    const uint64_t id_;
  };

  // Wakes when WakeAll is called, and only then: for a process that is not the writer.
  WatchHub() = default;
  // Registers with `store`, which must not commit any more once this is destroyed.
  explicit WatchHub(Store* store);

  // `wake` is called on the writer's thread and must only signal: no blocking, no reading, no subscribing.
  std::unique_ptr<Subscription> Subscribe(std::function<void()> wake) ABSL_LOCKS_EXCLUDED(mutex_);

  // Calls every `wake`: after a commit, and for whoever else changed what watchers see (a new charter).
  void WakeAll() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  absl::Mutex mutex_;
  uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  absl::flat_hash_map<uint64_t, std::function<void()>> wakes_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cairn
