// How often one address may ask, and for how much.
#pragma once

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "common/base/allowance.h"
#include "common/base/clock.h"

namespace cairn {

// Counts by LimitKey (client_address.h). Remembers at most limits::http_addresses_max of them: those that are full
// again are forgotten, and when none is, all are, since then nobody can be told from the rest. Thread-safe.
class RateLimiter {
 public:
  RateLimiter(double per_second, double burst, Clock* clock) : per_second_(per_second), burst_(burst), clock_(clock) {}

  // Takes one off the allowance. False: there is none left.
  bool Take(absl::string_view address);
  // Takes off what is known only afterwards, below nothing if need be.
  void Use(absl::string_view address, double amount);
  // True while there is something left.
  bool HasLeft(absl::string_view address);

 private:
  Allowance& Of(absl::string_view address, absl::Duration now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Forget(absl::Duration now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const double per_second_;
  const double burst_;
  Clock* const clock_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Allowance> allowances_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cairn
