#include "server/rpc/admin_server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/server_builder.h>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/crypto/tls_identity.h"
#include "server/replicate/grpc_tls_files.h"

namespace cairn {
namespace {

std::shared_ptr<grpc::ServerCredentials> CredentialsOf(const AdminServer::Options& options,
                                                       const TlsIdentityFiles& files, const Gate& gate) {
  AllowOnlyTls13();
  const bool certificates = !options.client_ca.empty();
  grpc::experimental::TlsServerCredentialsOptions tls(files);
  tls.watch_identity_key_cert_pairs();
  if (certificates) tls.watch_root_certs();
  // A certificate that is shown must be right; whoever shows none has a token.
  tls.set_cert_request_type(certificates ? GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY
                                         : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::experimental::TlsServerCredentials(tls);
  credentials->SetAuthMetadataProcessor(gate.MakeDoorkeeper());
  return credentials;
}

}  // namespace

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(const Options& options, const Gate* gate,
                                                                const std::vector<grpc::Service*>& services,
                                                                RpcObserver observer) {
  auto started = std::unique_ptr<AdminServer>(new AdminServer());
  ASSIGN_OR_RETURN(started->identity_, WatchTlsFiles({options.tls_key, options.tls_certificate, options.client_ca}));
  ASSIGN_OR_RETURN(started->spki_sha256_, SpkiSha256OfTlsFiles(options.tls_key, options.tls_certificate));
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  grpc::ResourceQuota quota;
  builder.SetResourceQuota(quota.SetMaxThreads(limits::admin_threads_max));
  builder.SetMaxReceiveMessageSize(limits::admin_message_bytes_max);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits::admin_streams_per_connection_max);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, limits::admin_handshake_seconds_max * 1000);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, limits::idle_connection_seconds_max * 1000);
  // Two listeners on one port would share its callers between them.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(options.listen, CredentialsOf(options, started->identity_, *gate), &started->port_);
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(gate->MakeStreamGuard());
  if (observer != nullptr) interceptors.push_back(MakeRpcWatch(std::move(observer)));
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  for (grpc::Service* service : services) builder.RegisterService(service);
  started->server_ = builder.BuildAndStart();
  if (started->server_ == nullptr || started->port_ == 0) {
    return absl::UnavailableError(absl::StrCat("cannot listen for administrators on ", Quoted(options.listen),
                                               ": is the port in use, or the address not this machine's? Do the key ",
                                               options.tls_key, " and the certificate ", options.tls_certificate,
                                               " belong together?"));
  }
  return started;
}

AdminServer::~AdminServer() { Stop(absl::ZeroDuration()); }

void AdminServer::Stop(absl::Duration drain) {
  if (server_ == nullptr) return;
  server_->GetHealthCheckService()->SetServingStatus(false);
  server_->Shutdown(gpr_time_from_millis(absl::ToInt64Milliseconds(drain), GPR_TIMESPAN));
  server_->Wait();
  server_.reset();
}

}  // namespace cairn
