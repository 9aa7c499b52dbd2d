#include "server/rpc/local_server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"

namespace cairn {
namespace {

constexpr int message_bytes_max = 4 * 1024 * 1024;  // a charter, or a batch's message with the largest record
constexpr int threads_max = 1200;                   // the most watchers that can be configured, and room for the rest

}  // namespace

absl::StatusOr<std::unique_ptr<LocalServer>> LocalServer::Start(const std::string& socket_path,
                                                                const std::vector<grpc::Service*>& services,
                                                                RpcObserver observer) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  unlink(socket_path.c_str());
  grpc::ServerBuilder builder;
  grpc::ResourceQuota quota;
  builder.SetResourceQuota(quota.SetMaxThreads(threads_max));
  builder.SetMaxReceiveMessageSize(message_bytes_max + 64 * 1024);
  builder.AddListeningPort(absl::StrCat("unix:", socket_path), grpc::InsecureServerCredentials());
  for (grpc::Service* service : services) builder.RegisterService(service);
  if (observer != nullptr) {
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
    interceptors.push_back(MakeRpcWatch(std::move(observer)));
    builder.experimental().SetInterceptorCreators(std::move(interceptors));
  }
  // The socket must never be open to more than it will be; the mask holds while it is made.
  const mode_t mask = umask(0117);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  umask(mask);
  struct stat made;
  if (server == nullptr || stat(socket_path.c_str(), &made) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot listen on the socket ", Quoted(socket_path),
                                               ": does its directory exist, and may this user write there?"));
  }
  return std::unique_ptr<LocalServer>(new LocalServer(socket_path, std::move(server)));
}

LocalServer::LocalServer(std::string socket_path, std::unique_ptr<grpc::Server> server)
    : socket_path_(std::move(socket_path)), server_(std::move(server)) {}

LocalServer::~LocalServer() { Stop(absl::ZeroDuration()); }

void LocalServer::Stop(absl::Duration drain) {
  if (server_ == nullptr) return;
  server_->GetHealthCheckService()->SetServingStatus(false);
  server_->Shutdown(gpr_time_from_millis(absl::ToInt64Milliseconds(drain), GPR_TIMESPAN));
  server_->Wait();
  server_.reset();
  unlink(socket_path_.c_str());
}

}  // namespace cairn
