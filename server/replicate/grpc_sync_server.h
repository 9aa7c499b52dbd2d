// The answering side of Replication.Sync.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "cairn/v1/replication.grpc.pb.h"
#include "server/replicate/grpc_stream_registry.h"
#include "server/replicate/grpc_sync_stream.h"

namespace cairn {

// The node that the charter in force pins this key (SHA-256 of its SPKI) for, if any. Thread-safe and quick.
using FindPinnedNode = std::function<std::optional<std::string>(absl::string_view spki_sha256)>;

// Thread-safe. `registry` must outlive the server that this is registered with.
class SyncService : public v1::Replication::CallbackService {
 public:
  SyncService(const StreamEnvironment& environment, StreamRegistry* registry, FindPinnedNode find_node)
      : environment_(environment), registry_(registry), find_node_(std::move(find_node)) {}

  grpc::ServerBidiReactor<v1::SyncMessage, v1::SyncMessage>* Sync(grpc::CallbackServerContext* context) override;

 private:
  const StreamEnvironment environment_;
  StreamRegistry* const registry_;
  const FindPinnedNode find_node_;
};

}  // namespace cairn
