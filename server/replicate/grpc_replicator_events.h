// The replicator as the transport sees it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "server/replicate/grpc_sync_stream.h"
#include "server/replicate/replicator.h"

namespace cairn {

// Passes everything on. Thread-safe, as the replicator is, which must outlive it.
class ReplicatorEvents : public StreamEvents {
 public:
  explicit ReplicatorEvents(Replicator* replicator) : replicator_(replicator) {}

  absl::StatusOr<SessionId> OnConnected(const std::string& node, bool dialled_by_us,
                                        std::shared_ptr<PeerStream> stream) override {
    return replicator_->OnConnected(node, dialled_by_us, std::move(stream));
  }
  void OnMessage(SessionId session, v1::SyncMessage message) override {
    replicator_->OnMessage(session, std::move(message));
  }
  std::optional<v1::SyncMessage> NextMessage(SessionId session) override { return replicator_->NextMessage(session); }
  void OnClosed(SessionId session, const absl::Status& why) override { replicator_->OnClosed(session, why); }
  void OnDialFailed(const std::string& node, const absl::Status& why) override { replicator_->OnDialFailed(node, why); }

 private:
  Replicator* const replicator_;
};

}  // namespace cairn
