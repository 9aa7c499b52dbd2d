// Following changes of a directory.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "cairn/v1/directory.grpc.pb.h"
#include "client/cairn/call.h"

namespace cairn {

// A watch that goes on where it was after a broken connection, a restart of the node, or a silence longer than
// CallOptions::watch_silence_max. Every change is seen at least once, in order within each feed. Run is called once;
// Stop may be called by any thread.
class WatchCall {
 public:
  // Called with every change; an error ends the watch and is returned.
  using Sink = std::function<absl::Status(const v1::WatchRecordsResponse&)>;
  // Called when the connection was lost, with the reason and the wait before the next attempt.
  using OnInterruption = std::function<void(const absl::Status&, absl::Duration)>;

  WatchCall(std::unique_ptr<v1::Directory::Stub> stub, const v1::WatchRecordsRequest& request,
            const CallOptions& options);

  // Until Stop (then OK), an error of `sink`, or one that repeating does not heal: ABORTED with reason
  // WATCH_TOKEN_TOO_OLD says that the token's changes are no longer known and that the watch must begin anew without
  // one. UNAVAILABLE only when the node never answered, after CallOptions::attempts_max attempts.
  absl::Status Run(const Sink& sink, const OnInterruption& on_interruption = nullptr);
  // Ends Run soon.
  void Stop();
  // Continues after the last change that the sink took. Empty before the first.
  std::string resume_token() const;

 private:
  // One stream, to its end. Sets `heard` when a message came.
  absl::Status RunOnce(const Sink& sink, bool* heard);
  bool BeginAttempt(grpc::ClientContext* context);
  void EndAttempt();
  bool stopped() const;
  bool WaitUnlessStopped(absl::Duration wait);

  const std::unique_ptr<v1::Directory::Stub> stub_;
  const CallOptions options_;
  mutable absl::Mutex mutex_;
  v1::WatchRecordsRequest request_ ABSL_GUARDED_BY(mutex_);
  grpc::ClientContext* context_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace cairn
