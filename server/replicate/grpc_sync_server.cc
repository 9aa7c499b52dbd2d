#include "server/replicate/grpc_sync_server.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/limits.h"
#include "server/replicate/grpc_credentials.h"

namespace cairn {
namespace {

grpc::Status ToWire(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()));
}

// Deletes itself when the call is done.
class ServerCall : public grpc::ServerBidiReactor<v1::SyncMessage, v1::SyncMessage>, public SyncCall {
 public:
  explicit ServerCall(grpc::CallbackServerContext* context) : context_(context) {}

  // Before the first callback that matters: set right after construction, before the call is handed to gRPC.
  void set_stream(std::shared_ptr<SyncStream> stream) { stream_ = std::move(stream); }

  void Opened() override { StartSendInitialMetadata(); }
  void Read(v1::SyncMessage* into) override { StartRead(into); }
  void Write(const v1::SyncMessage* message) override { StartWrite(message); }
  void End(const absl::Status& why) override { Finish(ToWire(why)); }
  void Cancel() override { context_->TryCancel(); }

  void OnReadDone(bool ok) override { stream_->OnReadDone(ok); }
  void OnWriteDone(bool ok) override { stream_->OnWriteDone(ok); }
  void OnCancel() override { stream_->Abort(absl::OkStatus()); }
  void OnDone() override {
    stream_->OnDone(absl::UnavailableError("the peer ended the stream"));
    delete this;
  }

 private:
  grpc::CallbackServerContext* const context_;
  std::shared_ptr<SyncStream> stream_;
};

// Says no and goes.
class RefusedCall : public grpc::ServerBidiReactor<v1::SyncMessage, v1::SyncMessage> {
 public:
  explicit RefusedCall(const absl::Status& why) { Finish(ToWire(why)); }
  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerBidiReactor<v1::SyncMessage, v1::SyncMessage>* SyncService::Sync(grpc::CallbackServerContext* context) {
  const absl::StatusOr<std::string> spki = PeerSpkiSha256(*context->auth_context());
  if (!spki.ok()) return new RefusedCall(spki.status());
  const std::optional<std::string> node = find_node_(*spki);
  const absl::Status unpinned = absl::UnauthenticatedError("the charter in force does not pin the key of your node");
  if (!node.has_value()) return new RefusedCall(unpinned);
  if (registry_->CountOf(*node) >= limits::streams_per_node_max) {
    return new RefusedCall(absl::ResourceExhaustedError(
        absl::StrCat("node ", *node, " has ", limits::streams_per_node_max, " streams here; one is enough")));
  }
  auto* call = new ServerCall(context);
  auto stream = std::make_shared<SyncStream>(environment_, *node, /*dialled=*/false, *spki, call,
                                             [registry = registry_](SyncStream* s) { registry->Remove(s); });
  call->set_stream(stream);
  if (!registry_->Add(stream)) {
    stream->Abort(absl::UnavailableError("the node is stopping"));
  } else if (find_node_(*spki) != node) {
    // The charter changed between the look-up and the entry in the registry, which its listener went through.
    stream->Abort(unpinned);
  } else {
    stream->Start();
  }
  return call;
}

}  // namespace cairn
