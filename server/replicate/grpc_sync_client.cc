#include "server/replicate/grpc_sync_client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "cairn/v1/replication.grpc.pb.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/limits.h"

namespace cairn {
namespace {

// The key that answered instead of the pinned one; set by the verifier, which lives as long as its channel.
class WrongKey {
 public:
  void Set(absl::string_view spki) {
    absl::MutexLock lock(&mutex_);
    spki_ = std::string(spki);
  }
  std::optional<std::string> Get() {
    absl::MutexLock lock(&mutex_);
    return spki_;
  }

 private:
  absl::Mutex mutex_;
  std::optional<std::string> spki_ ABSL_GUARDED_BY(mutex_);
};

// gRPC's texts name file descriptors and sub-channels; these name what a person can mend.
absl::Status Explain(const grpc::Status& status, const DialTarget& target, WrongKey* wrong_key) {
  if (status.ok()) return absl::UnavailableError("the peer ended the stream");
  const std::string& text = status.error_message();
  if (const std::optional<std::string> spki = wrong_key->Get()) {
    return absl::PermissionDeniedError(absl::StrCat("the key of the node that answers at ", target.endpoint,
                                                    " is not the one pinned for ", target.node, ": it is ",
                                                    ToHex(*spki), ", the charter has ", ToHex(target.spki_sha256)));
  }
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  if (code != absl::StatusCode::kUnavailable) return absl::Status(code, text);
  if (absl::StrContains(text, "Connection refused")) {
    return absl::UnavailableError(absl::StrCat(target.endpoint, ": connection refused; nothing listens there"));
  }
  if (absl::StrContains(text, "DNS") || absl::StrContains(text, "resolution")) {
    return absl::UnavailableError(absl::StrCat(target.endpoint, ": the host name is not known"));
  }
  if (absl::StrContains(text, "Socket closed") || absl::StrContains(text, "Connection reset") ||
      absl::StrContains(text, "Broken pipe") || absl::StrContains(text, "Handshake")) {
    return absl::UnavailableError(absl::StrCat(target.endpoint, ": ", target.node,
                                               " closed the connection; its charter may not pin this node's key"));
  }
  return absl::UnavailableError(absl::StrCat(target.endpoint, ": ", Quoted(text, 300)));
}

// Deletes itself when the call is done.
class ClientCall : public grpc::ClientBidiReactor<v1::SyncMessage, v1::SyncMessage>, public SyncCall {
 public:
  ClientCall(DialTarget target, std::shared_ptr<WrongKey> wrong_key, std::shared_ptr<grpc::Channel> channel,
             FindPinnedNode find_node)
      : target_(std::move(target)),
        wrong_key_(std::move(wrong_key)),
        stub_(v1::Replication::NewStub(channel)),
        find_node_(std::move(find_node)) {}

  void Run(std::shared_ptr<SyncStream> stream) {
    stream_ = std::move(stream);
    stub_->async()->Sync(&context_, this);
    AddHold();  // reads and writes are started from other threads than gRPC's; End removes it
    StartCall();
  }

  void Opened() override {}
  void Read(v1::SyncMessage* into) override { StartRead(into); }
  void Write(const v1::SyncMessage* message) override { StartWrite(message); }
  void End(const absl::Status&) override {
    StartWritesDone();
    RemoveHold();
  }
  void Cancel() override { context_.TryCancel(); }

  void OnReadInitialMetadataDone(bool ok) override {
    if (!ok) return stream_->Abort(absl::OkStatus());
    const absl::StatusOr<std::string> spki = PeerSpkiSha256(*context_.auth_context());
    if (!spki.ok() || *spki != target_.spki_sha256 || find_node_(*spki) != target_.node) {
      return stream_->Abort(
          absl::PermissionDeniedError(absl::StrCat("the charter in force no longer pins the key of ", target_.node)));
    }
    stream_->Start();
  }
  void OnReadDone(bool ok) override { stream_->OnReadDone(ok); }
  void OnWriteDone(bool ok) override { stream_->OnWriteDone(ok); }
  void OnDone(const grpc::Status& status) override {
    stream_->OnDone(Explain(status, target_, wrong_key_.get()));
    delete this;
  }

 private:
  const DialTarget target_;
  const std::shared_ptr<WrongKey> wrong_key_;
  const std::unique_ptr<v1::Replication::Stub> stub_;
  const FindPinnedNode find_node_;
  grpc::ClientContext context_;
  std::shared_ptr<SyncStream> stream_;
};

grpc::ChannelArguments Arguments(const KeepaliveOptions& keepalive) {
  grpc::ChannelArguments arguments;
  // Connections are never shared: each belongs to one pin.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(absl::ToInt64Milliseconds(keepalive.time)));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, static_cast<int>(absl::ToInt64Milliseconds(keepalive.timeout)));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetMaxReceiveMessageSize(static_cast<int>(limits::sync_message_bytes_max));
  arguments.SetMaxSendMessageSize(static_cast<int>(limits::sync_message_bytes_max));
  return arguments;
}

// gRPC 1.51 ends its callback threads with the last channel or server that uses them. The channel of a call that is
// done goes on one of those very threads, which cannot wait for itself: the process aborts. A channel to nowhere that
// is never given up keeps the threads.
struct Keeper : grpc::ClientBidiReactor<v1::SyncMessage, v1::SyncMessage> {
  Keeper()
      : stub(v1::Replication::NewStub(grpc::CreateChannel("unix:/nonexistent", grpc::InsecureChannelCredentials()))) {
    stub->async()->Sync(&context, this);
    StartCall();
    context.TryCancel();
  }
  void OnDone(const grpc::Status&) override {}

  const std::unique_ptr<v1::Replication::Stub> stub;
  grpc::ClientContext context;
};

void KeepCallbackThreads() {
  [[gnu::used]] static const Keeper* const keeper = new Keeper;  // kept in memory, so that it is no leak
}

}  // namespace

void DialSync(const DialTarget& target, const TlsIdentityFiles& identity, const KeepaliveOptions& keepalive,
              const StreamEnvironment& environment, StreamRegistry* registry, const FindPinnedNode& find_node) {
  auto wrong_key = std::make_shared<WrongKey>();
  const auto credentials = PinnedChannelCredentials(identity, target.spki_sha256,
                                                    [wrong_key](absl::string_view spki) { wrong_key->Set(spki); });
  KeepCallbackThreads();
  const auto channel = grpc::CreateCustomChannel(target.endpoint, credentials, Arguments(keepalive));
  auto* call = new ClientCall(target, wrong_key, channel, find_node);
  auto stream = std::make_shared<SyncStream>(environment, target.node, /*dialled=*/true, target.spki_sha256, call,
                                             [registry](SyncStream* s) { registry->Remove(s); });
  if (registry->Add(stream)) {
    call->Run(std::move(stream));
  } else {
    delete call;
  }
}

}  // namespace cairn
