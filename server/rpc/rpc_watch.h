// Tells how rpcs end, for metrics.
#pragma once

#include <grpcpp/support/server_interceptor.h>

#include <functional>
#include <memory>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace cairn {

// Called once for each rpc, when its status is sent or it is given up (then CANCELLED), on the thread that does so;
// must be quick. `method`: as the client wrote it, so it may be anything. `stream`: it is more than one request and one
// answer.
using RpcObserver = std::function<void(absl::string_view method, int code, bool stream, absl::Duration took)>;

// For grpc::ServerBuilder::experimental().SetInterceptorCreators.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeRpcWatch(RpcObserver observer);

}  // namespace cairn
