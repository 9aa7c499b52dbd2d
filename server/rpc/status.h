// Errors on their way out: the one conversion.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace cairn {

// The same code and text; the reason (see WithReason), when there is one, travels as the trailer "cairn-reason".
grpc::Status ToGrpcStatus(grpc::ServerContextBase* context, const absl::Status& status);

}  // namespace cairn
