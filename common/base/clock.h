// Time, passed in so that tests own it. Nothing else in the project reads the time (tests/tidy_test.cc holds that).
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace cairn {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Time of day, for what people and signatures see. May jump.
  virtual absl::Time Now() = 0;
  // For durations and deadlines: since an arbitrary start; never goes back.
  virtual absl::Duration Monotonic() = 0;

  // The machine's clock.
  static Clock* Real();
};

// A clock that moves only when told.
class ManualClock : public Clock {
 public:
  explicit ManualClock(absl::Time start = absl::FromUnixSeconds(1'800'000'000)) : start_(start), now_(start) {}
  absl::Time Now() override;
  absl::Duration Monotonic() override;
  void Advance(absl::Duration by);

 private:
  absl::Mutex mutex_;
  const absl::Time start_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cairn
