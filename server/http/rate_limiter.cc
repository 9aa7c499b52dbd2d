#include "server/http/rate_limiter.h"

#include "common/base/limits.h"
#include "server/http/client_address.h"

namespace cairn {

bool RateLimiter::Take(absl::string_view address) {
  const absl::Duration now = clock_->Monotonic();
  absl::MutexLock lock(&mutex_);
  if (allowances_.size() >= limits::http_addresses_max) Forget(now);
  Allowance& allowance = allowances_[LimitKey(address)];
  if (allowance.Left(burst_, per_second_, now) < 1) return false;
  allowance.Use(1);
  return true;
}

void RateLimiter::Forget(absl::Duration now) {
  absl::erase_if(allowances_, [&](auto& pair) { return pair.second.Left(burst_, per_second_, now) >= burst_; });
  if (allowances_.size() >= limits::http_addresses_max) allowances_.clear();
}

}  // namespace cairn
