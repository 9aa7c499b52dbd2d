#include "client/cairn/stream_watchdog.h"

namespace cairn {

StreamWatchdog::StreamWatchdog(grpc::ClientContext* context, absl::Duration silence_max)
    : context_(context), silence_max_(silence_max), thread_([this] { Guard(); }) {}

StreamWatchdog::~StreamWatchdog() {
  {
    absl::MutexLock lock(&mutex_);
    done_ = true;
  }
  thread_.join();
}

void StreamWatchdog::Heard() {
  absl::MutexLock lock(&mutex_);
  heard_ = true;
}

void StreamWatchdog::Guard() {
  absl::MutexLock lock(&mutex_);
  const auto news = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return done_ || heard_; };
  while (mutex_.AwaitWithTimeout(absl::Condition(&news), silence_max_)) {
    if (done_) return;
    heard_ = false;
  }
  context_->TryCancel();
}

}  // namespace cairn
