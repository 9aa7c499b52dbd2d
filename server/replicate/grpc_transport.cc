#include "server/replicate/grpc_transport.h"

#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/limits.h"

namespace cairn {
namespace {

constexpr int deliver_threads = 4;  // a peer that the store makes wait must not hold up the others
constexpr int send_threads = 2;
constexpr int drain_millis = 1000;  // at most, for calls to end in order

void SetServerLimits(grpc::ServerBuilder* builder, const KeepaliveOptions& keepalive,
                     absl::Duration handshake_timeout) {
  const int time_millis = static_cast<int>(absl::ToInt64Milliseconds(keepalive.time));
  // Two servers must not share a port by accident.
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, time_millis);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                              static_cast<int>(absl::ToInt64Milliseconds(keepalive.timeout)));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // By default gRPC cuts off clients that ping more often than every five minutes.
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, time_millis / 2);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, static_cast<int>(limits::streams_per_node_max));
  builder->AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                              static_cast<int>(absl::ToInt64Milliseconds(handshake_timeout)));
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, limits::idle_connection_seconds_max * 1000);
  builder->SetMaxReceiveMessageSize(static_cast<int>(limits::sync_message_bytes_max));
  builder->SetMaxSendMessageSize(static_cast<int>(limits::sync_message_bytes_max));
}

}  // namespace

GrpcTransport::GrpcTransport(Options options, StreamEvents* events, FindPinnedNode find_node)
    : options_(std::move(options)),
      find_node_(std::move(find_node)),
      identity_(WatchTlsIdentity(options_.tls_key, options_.tls_certificate)),
      deliver_(deliver_threads),
      send_(send_threads),
      environment_{events, &deliver_, &send_},
      service_(environment_, &registry_, find_node_),
      ticker_([this] { CountTicks(); }) {}

GrpcTransport::~GrpcTransport() { Stop(); }

absl::Status GrpcTransport::Listen(const std::string& address) {
  grpc::ServerBuilder builder;
  SetServerLimits(&builder, options_.keepalive, options_.handshake_timeout);
  const FindPinnedNode& find_node = find_node_;
  const auto credentials =
      PinnedServerCredentials(identity_, [find_node](absl::string_view spki) { return find_node(spki).has_value(); });
  builder.AddListeningPort(address, credentials, &port_);
  builder.RegisterService(&service_);
  server_ = builder.BuildAndStart();
  if (server_ != nullptr && port_ != 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("cannot listen on ", Quoted(address),
                                             ": the port is in use, or the address is not one of this machine; "
                                             "set another `listen`, or stop what uses it"));
}

void GrpcTransport::Dial(const DialTarget& target) {
  DialSync(target, identity_, options_.keepalive, environment_, &registry_, find_node_);
}

void GrpcTransport::OnCharterChanged() {
  registry_.ForEach([this](SyncStream& stream) {
    if (find_node_(stream.spki_sha256()) == stream.node()) return;
    stream.Abort(absl::PermissionDeniedError("the charter in force no longer pins the key of the node"));
  });
}

void GrpcTransport::CountTicks() {
  const int open_ticks = static_cast<int>(options_.connect_timeout / SyncStream::tick);
  const int write_ticks = static_cast<int>(options_.write_timeout / SyncStream::tick);
  for (;;) {
    {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_), SyncStream::tick)) return;
    }
    registry_.ForEach([&](SyncStream& stream) { stream.Tick(open_ticks, write_ticks); });
  }
}

void GrpcTransport::Stop() {
  registry_.Seal();
  registry_.ForEach([](SyncStream& stream) { stream.Close(absl::UnavailableError("the node is stopping")); });
  if (server_ != nullptr) {
    server_->Shutdown(gpr_time_from_millis(drain_millis, GPR_TIMESPAN));
    server_->Wait();
    server_.reset();
  }
  registry_.AwaitEmpty();
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (ticker_.joinable()) ticker_.join();
}

}  // namespace cairn
