// What may be used up at once and comes back with time.
#pragma once

#include <algorithm>

#include "absl/time/time.h"

namespace cairn {

// Holds up to `most`, is full at first and gains `per_second`. Time (monotonic) is passed in. Not thread-safe.
class Allowance {
 public:
  // What is there at `now`; both bounds may change between calls.
  double Left(double most, double per_second, absl::Duration now) {
    const double gained = full_ ? most : std::max(absl::ToDoubleSeconds(now - at_), 0.0) * per_second;
    left_ = full_ ? most : std::min(most, left_ + gained);
    full_ = false;
    at_ = now;
    return left_;
  }
  // Takes `amount` off what Left has just said, below nothing if need be.
  void Use(double amount) { left_ -= amount; }

 private:
  bool full_ = true;
  double left_ = 0;
  absl::Duration at_;
};

}  // namespace cairn
