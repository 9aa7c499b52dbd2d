// The border between replication and the network: what each side asks of the other. No gRPC here, so that the simulator
// is a transport too.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace cairn {

// Names one live stream; never reused within a process.
using SessionId = uint64_t;

// One live stream to an authenticated peer, as replication sees it. Implemented by the transport; thread-safe; neither
// call runs back into the replicator on the same stack.
class PeerStream {
 public:
  virtual ~PeerStream() = default;
  // There may be something to send: take it with Replicator::NextMessage as soon as a write may start. Calls may
  // coalesce.
  virtual void Wake() = 0;
  // Ends the stream; the peer sees `why` as far as the transport can tell it. Idempotent. Replicator::OnClosed follows.
  virtual void Close(const absl::Status& why) = 0;
};

// A node to be dialled.
struct DialTarget {
  std::string node;         // node id of the charter
  std::string endpoint;     // "host:port"
  std::string spki_sha256;  // the pin that the answering side must have, 32 bytes
};

// Opens streams. Implemented by the transport; thread-safe.
class Dialler {
 public:
  virtual ~Dialler() = default;
  // Starts one attempt and returns. Ends in Replicator::OnConnected, or OnDialFailed with the reason.
  virtual void Dial(const DialTarget& target) = 0;
};

}  // namespace cairn
