// The dialling side of Replication.Sync.
#pragma once

#include <memory>

#include "absl/time/time.h"
#include "server/replicate/grpc_credentials.h"
#include "server/replicate/grpc_stream_registry.h"
#include "server/replicate/grpc_sync_server.h"
#include "server/replicate/grpc_sync_stream.h"

namespace cairn {

// How calls are kept alive through quiet nights, and how soon a dead connection is noticed.
struct KeepaliveOptions {
  absl::Duration time = absl::Seconds(25);     // routers forget silent connections after 30 s and more
  absl::Duration timeout = absl::Seconds(15);  // no answer to a ping for so long: the connection is dead
};

// Dials `target` on a channel of its own and runs the stream. Returns at once; ends in OnConnected or OnDialFailed,
// whose text says in plain words what is wrong. Does nothing when the registry is sealed.
void DialSync(const DialTarget& target, const TlsIdentityFiles& identity, const KeepaliveOptions& keepalive,
              const StreamEnvironment& environment, StreamRegistry* registry, const FindPinnedNode& find_node);

}  // namespace cairn
