#include "server/http/rate_limiter.h"

#include "common/base/limits.h"
#include "server/http/client_address.h"

namespace cairn {

Allowance& RateLimiter::Of(absl::string_view address, absl::Duration now) {
  if (allowances_.size() >= limits::http_addresses_max) Forget(now);
  return allowances_[LimitKey(address)];
}

bool RateLimiter::Take(absl::string_view address) {
  const absl::Duration now = clock_->Monotonic();
  absl::MutexLock lock(&mutex_);
  Allowance& allowance = Of(address, now);
  if (allowance.Left(burst_, per_second_, now) < 1) return false;
  allowance.Use(1);
  return true;
}

void RateLimiter::Use(absl::string_view address, double amount) {
  const absl::Duration now = clock_->Monotonic();
  absl::MutexLock lock(&mutex_);
  Allowance& allowance = Of(address, now);
  allowance.Left(burst_, per_second_, now);
  allowance.Use(amount);
}

bool RateLimiter::HasLeft(absl::string_view address) {
  const absl::Duration now = clock_->Monotonic();
  absl::MutexLock lock(&mutex_);
  return Of(address, now).Left(burst_, per_second_, now) > 0;
}

void RateLimiter::Forget(absl::Duration now) {
  absl::erase_if(allowances_, [&](auto& pair) { return pair.second.Left(burst_, per_second_, now) >= burst_; });
  if (allowances_.size() >= limits::http_addresses_max) allowances_.clear();
}

}  // namespace cairn
