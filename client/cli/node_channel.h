// The way to the node that a command speaks to, for services that Client does not know.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>

#include "absl/status/statusor.h"
#include "client/cli/context.h"

namespace cairn {

// As the global options and the environment say. UNAVAILABLE when there is no node.
absl::StatusOr<std::shared_ptr<grpc::Channel>> NodeChannel(const Context& context);

}  // namespace cairn
