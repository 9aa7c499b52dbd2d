#include "common/base/clock.h"

#include <chrono>

namespace cairn {
namespace {

class RealClock : public Clock {
 public:
  absl::Time Now() override { return absl::Now(); }
  absl::Duration Monotonic() override { return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch()); }
};

}  // namespace

Clock* Clock::Real() {
  static RealClock clock;
  return &clock;
}

absl::Time ManualClock::Now() {
  absl::MutexLock lock(&mutex_);
  return now_;
}

absl::Duration ManualClock::Monotonic() {
  absl::MutexLock lock(&mutex_);
  return now_ - start_;
}

void ManualClock::Advance(absl::Duration by) {
  absl::MutexLock lock(&mutex_);
  now_ += by;
}

}  // namespace cairn
