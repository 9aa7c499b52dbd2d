#include "server/rpc/status.h"

#include <string>

#include "common/base/errors.h"

namespace cairn {

grpc::Status ToGrpcStatus(grpc::ServerContextBase* context, const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const std::string reason = ReasonOf(status);
  if (!reason.empty()) context->AddTrailingMetadata("cairn-reason", reason);
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()));
}

}  // namespace cairn
