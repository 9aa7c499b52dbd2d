#include "server/directory/watch_hub.h"

#include <utility>

namespace cairn {

WatchHub::Subscription::~Subscription() {
  absl::MutexLock lock(&hub_->mutex_);
  hub_->wakes_.erase(id_);
}

WatchHub::WatchHub(Store* store) {
  store->OnCommit([this](absl::Span<const FeedKey>) { WakeAll(); });
}

std::unique_ptr<WatchHub::Subscription> WatchHub::Subscribe(std::function<void()> wake) {
  absl::MutexLock lock(&mutex_);
  const uint64_t id = next_id_++;
  wakes_.emplace(id, std::move(wake));
  return std::make_unique<Subscription>(this, id);
}

void WatchHub::WakeAll() {
  absl::MutexLock lock(&mutex_);
  for (const auto& [id, wake] : wakes_) wake();
}

}  // namespace cairn
