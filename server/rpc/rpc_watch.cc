#include "server/rpc/rpc_watch.h"

#include <string>
#include <utility>

#include "common/base/clock.h"

namespace cairn {
namespace {

using grpc::experimental::InterceptionHookPoints;

class RpcWatch : public grpc::experimental::Interceptor {
 public:
  RpcWatch(const RpcObserver* observer, const grpc::experimental::ServerRpcInfo& info)
      : observer_(*observer),
        method_(info.method()),
        stream_(info.type() != grpc::experimental::ServerRpcInfo::Type::UNARY),
        began_(Clock::Real()->Monotonic()) {}
  ~RpcWatch() override {
    if (!told_) Tell(grpc::StatusCode::CANCELLED);
  }

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (!told_ && methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      Tell(methods->GetSendStatus().error_code());
    }
    methods->Proceed();
  }

 private:
  void Tell(int code) {
    told_ = true;
    observer_(method_, code, stream_, Clock::Real()->Monotonic() - began_);
  }

  const RpcObserver& observer_;
  const std::string method_;
  const bool stream_;
  const absl::Duration began_;
  bool told_ = false;
};

class RpcWatches : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit RpcWatches(RpcObserver observer) : observer_(std::move(observer)) {}
  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* info) override {
    return new RpcWatch(&observer_, *info);
  }

 private:
  const RpcObserver observer_;
};

}  // namespace

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeRpcWatch(RpcObserver observer) {
  return std::make_unique<RpcWatches>(std::move(observer));
}

}  // namespace cairn
