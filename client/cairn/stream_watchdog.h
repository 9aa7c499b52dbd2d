// Ends streams over connections that have died without a word.
#pragma once

#include <grpcpp/client_context.h>

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace cairn {

// Cancels a stream that has been silent for too long: a connection may die without either side being told. Thread-safe.
class StreamWatchdog {
 public:
  // `context` must outlive this.
  StreamWatchdog(grpc::ClientContext* context, absl::Duration silence_max);
  ~StreamWatchdog();
  // Something came.
  void Heard();

 private:
  void Guard();

  grpc::ClientContext* const context_;
  const absl::Duration silence_max_;
  absl::Mutex mutex_;
  bool heard_ ABSL_GUARDED_BY(mutex_) = false;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: starts when the rest is there
};

}  // namespace cairn
