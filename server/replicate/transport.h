// The border between replication and the network: what each side asks of the other. No gRPC here, so that the simulator
// is a transport too.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cairn/v1/replication.pb.h"

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

// What the transport tells replication. Implemented by the replicator; thread-safe.
class StreamEvents {
 public:
  virtual ~StreamEvents() = default;
  // A stream is up with `node`, which the transport has authenticated by its pin. ALREADY_EXISTS: the pair has a stream
  // that wins; PERMISSION_DENIED: the charter does not name the node. Refused streams get no further calls.
  virtual absl::StatusOr<SessionId> OnConnected(const std::string& node, bool dialled_by_us,
                                                std::shared_ptr<PeerStream> stream) = 0;
  // A message came; the transport starts its next read after this returns. May block while the node cannot take more.
  virtual void OnMessage(SessionId session, v1::SyncMessage message) = 0;
  // What to write next, when a write may start: after Wake() and after each finished write. Empty: nothing now; Wake()
  // follows.
  virtual std::optional<v1::SyncMessage> NextMessage(SessionId session) = 0;
  // The stream is gone; no further calls for this session.
  virtual void OnClosed(SessionId session, const absl::Status& why) = 0;
  // An attempt of Dialler::Dial failed.
  virtual void OnDialFailed(const std::string& node, const absl::Status& why) = 0;
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
