#include "server/access/caller_limits.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/limits.h"

namespace cairn {

CallerLimits::Use& CallerLimits::UseOf(const std::string& caller) {
  const absl::Duration now = clock_->Monotonic();
  Use& use = uses_.try_emplace(caller, Use{limits::caller_requests_burst, now, 0}).first->second;
  const double earned = absl::ToDoubleSeconds(now - use.filled) * limits::caller_requests_per_second;
  use.allowance = std::min<double>(limits::caller_requests_burst, use.allowance + earned);
  use.filled = now;
  return use;
}

absl::Status CallerLimits::TakeRequest(const Caller& caller) {
  if (caller.local()) return absl::OkStatus();
  absl::MutexLock lock(&mutex_);
  Use& use = UseOf(caller.name());
  if (use.allowance < 1) {
    return WithReason(absl::ResourceExhaustedError(
                          absl::StrCat(caller.name(), " asks too often; at most ", limits::caller_requests_per_second,
                                       " requests a second are answered, so ask again a little later")),
                      "TOO_MANY_REQUESTS");
  }
  use.allowance -= 1;
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<CallerLimits::Slot>> CallerLimits::TakeStream(const Caller& caller) {
  if (caller.local()) return nullptr;
  absl::MutexLock lock(&mutex_);
  Use& use = UseOf(caller.name());
  if (use.streams >= limits::caller_streams_max) {
    return WithReason(
        absl::ResourceExhaustedError(absl::StrCat(caller.name(), " has ", use.streams,
                                                  " streams open, as many as it may; end one before another is begun")),
        "TOO_MANY_STREAMS");
  }
  ++use.streams;
  return std::make_unique<Slot>(this, caller.name());
}

void CallerLimits::EndStream(const std::string& caller) {
  absl::MutexLock lock(&mutex_);
  --UseOf(caller).streams;
}

}  // namespace cairn
