// Replication as one part of a node: the sync state machine, its store executor and its timers on real threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cairn/v1/replication.pb.h"
#include "server/replicate/transport.h"

namespace cairn {

class Clock;
class FeedStore;
class HeadChecker;
class LiveCharter;
class Store;
struct OwnFeedGate;

// How one other node of the charter is seen, for `status`.
struct PeerView {
  std::string node;
  std::string partner;
  std::string endpoint;  // empty: it dials
  std::string state;     // connected, connecting, waiting, unreachable, faulty
  bool dialled = false;
  absl::Time connected_since;  // InfinitePast: not connected
  absl::Time last_heard;       // InfinitePast: never
  std::string last_error;
  absl::Duration round_trip;  // 0: not measured yet
};

// How one feed stands towards the peers, for `status`.
struct FeedSyncView {
  std::string partner;
  std::string audience;
  uint64_t announced_seq = 0;  // highest that any connected peer announced
  bool pulling = false;
  std::string held_back;  // why a newer state is not taken now: a quota; empty: nothing is held back
};

// Thread-safe. Owns a timer thread and an executor thread; store writes run on the store's writer thread. All callbacks
// of the transport may come from any thread. Stop() before the transport and the store go.
class Replicator : public StreamEvents {
 public:
  struct Options {
    std::string consortium;
    std::string node;         // this node's id
    std::string partner;      // this node's partner
    uint64_t seed = 1;        // for jitter
    bool standalone = false;  // publish without having heard a peer: the operator's word
    bool old_copy = false;    // the store is known to be an old copy
    bool new_boot = false;    // the machine was started anew since peers were last heard
    absl::Duration tombstone_retention = absl::Hours(24 * 180);
  };
  Replicator(Options options, Store* store, FeedStore* feeds, LiveCharter* charter, const HeadChecker* checker,
             Clock* clock);
  ~Replicator() override;

  // Reads what the store holds and begins to dial through `dialler`, which must outlive Stop().
  absl::Status Start(Dialler* dialler);
  // Closes every stream and waits until no callback runs. Idempotent.
  void Stop();

  // --- for the transport
  absl::StatusOr<SessionId> OnConnected(const std::string& node, bool dialled_by_us,
                                        std::shared_ptr<PeerStream> stream) override;
  void OnMessage(SessionId session, v1::SyncMessage message) override;
  std::optional<v1::SyncMessage> NextMessage(SessionId session) override;
  void OnClosed(SessionId session, const absl::Status& why) override;
  void OnDialFailed(const std::string& node, const absl::Status& why) override;

  // --- for the node
  // The own feed has a new head on disk (a publish or a heartbeat).
  void OnLocalFeedMoved(const std::string& audience);
  // Fetches a feed anew from peers: its local copy is damaged.
  void Heal(const std::string& partner, const std::string& audience);
  std::vector<PeerView> Peers() const;
  std::vector<FeedSyncView> Feeds() const;
  // Called with every change of whether the publisher may write, the first during Start, in order and under the
  // machine's lock: it must be quick and must not call back. Set before Start.
  void OnGate(std::function<void(const OwnFeedGate&)> callback);
  // Called after a peer announced a head of this node's own feed (an acknowledgement), on some thread.
  void OnAcknowledged(std::function<void()> callback);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cairn
