// One attempt of a call, and attempts until one succeeds: shared by all calls of the client library.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"

namespace cairn {

// How calls behave. The defaults suit a person who waits at a terminal.
struct CallOptions {
  // What deadlines count from. Not owned.
  Clock* clock = Clock::Real();
  // Waits between attempts; tests replace it.
  std::function<void(absl::Duration)> sleep;
  // A number in [0, 1) that spreads the waits of many clients; default: random.
  std::function<double()> jitter;
  // For a call with one answer.
  absl::Duration deadline = absl::Seconds(30);
  // For a call that streams: publishing or exporting a million records over a slow line.
  absl::Duration stream_deadline = absl::Hours(24);
  // Attempts of a call that may be repeated, the first included.
  int attempts_max = 4;
  // The first wait; each further one is twice as long, up to `backoff_max`.
  absl::Duration backoff_first = absl::Milliseconds(150);
  absl::Duration backoff_max = absl::Seconds(20);
  // A watch that hears nothing for so long, not even the sign of life of every 30 s, connects anew.
  absl::Duration watch_silence_max = absl::Seconds(90);
};

// `options` with the empty functions filled in.
CallOptions Complete(CallOptions options);

// The status with its message, and the reason that the server gave in the trailer "cairn-reason" (see ReasonOf).
absl::Status FromGrpc(const grpc::Status& status, const grpc::ClientContext& context);

// The wait before attempt number `attempt` (from 1 for the first repetition): doubled each time, between half and all
// of it by jitter.
absl::Duration BackoffBefore(const CallOptions& options, int attempt);

// Gives `context` a deadline.
void SetDeadline(grpc::ClientContext* context, const CallOptions& options, absl::Duration deadline);

// Runs `attempt` until it returns something else than UNAVAILABLE, at most `options.attempts_max` times. For calls that
// may be repeated without harm.
absl::Status WithRetries(const CallOptions& options, const std::function<absl::Status()>& attempt);

}  // namespace cairn
