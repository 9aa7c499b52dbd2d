#include "server/rpc/message_deadline.h"

#include <grpc/support/time.h>

namespace cairn {

MessageDeadline::MessageDeadline(grpc::ServerContext* context, absl::Duration patience) {
  {
    absl::MutexLock lock(&call_->mutex);
    call_->context = context;
  }
  const gpr_timespec at = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                       gpr_time_from_millis(absl::ToInt64Milliseconds(patience), GPR_TIMESPAN));
  alarm_.Set(at, [call = call_](bool expired) {
    absl::MutexLock lock(&call->mutex);
    if (expired && call->context != nullptr) call->context->TryCancel();
  });
}

MessageDeadline::~MessageDeadline() {
  absl::MutexLock lock(&call_->mutex);
  call_->context = nullptr;
}

}  // namespace cairn
