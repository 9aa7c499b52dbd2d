// How long a stream's other side may take for one message.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/server_context.h>

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace cairn {

// Cancels the call unless this goes within `patience`: around a read or a write that waits for the other side, which
// then fails. Otherwise one that falls silent would hold what its stream holds for as long as its connection lives.
class MessageDeadline {
 public:
  // `context` must outlive this.
  MessageDeadline(grpc::ServerContext* context, absl::Duration patience);
  ~MessageDeadline();
  MessageDeadline(const MessageDeadline&) = delete;
  MessageDeadline& operator=(const MessageDeadline&) = delete;

 private:
  // Outlives this when the alarm goes off just then.
  struct Call {
    absl::Mutex mutex;
    grpc::ServerContext* context ABSL_GUARDED_BY(mutex) = nullptr;  // nullptr: the message came in time
  };
  const std::shared_ptr<Call> call_ = std::make_shared<Call>();
  grpc::Alarm alarm_;
};

}  // namespace cairn
