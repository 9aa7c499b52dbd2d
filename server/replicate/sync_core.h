// Replication as a plain state machine: messages, timers and store results in; messages, timers and store requests out.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cairn/v1/replication.pb.h"
#include "server/replicate/dial_plan.h"
#include "server/replicate/own_feed_recovery.h"
#include "server/replicate/peer_session.h"
#include "server/replicate/puller.h"
#include "server/replicate/sync_state.h"

namespace cairn {

// Station: replicate. No thread, socket, clock or disk of its own: `now` (monotonic) comes with every event, and after
// each event the caller takes the outbox and does what it says. The same code runs under gRPC (Replicator) and in the
// simulator. Not thread-safe.
//
// Invariants kept here, with the store and the feed checker:
//   R1, R2  nothing is committed but under a head whose signature was checked, and the store compares the set;
//   R3      the publisher's gate opens when peers have said what they hold of the own feeds (own_feed_recovery.h);
//   R4      whatever is announced newer is pulled, from whoever has it, until it is held;
//   R5, R6  heads are compared before anything else; a contradiction is evidence, and freezes;
//   R7      every announcement, page and evidence asks MayRead for the peer's partner;
//   R8      a peer costs one page a pull it is served, a credit of bytes a pull it serves, and bounded queues.
class SyncCore {
 public:
  struct Options {
    std::string consortium;
    std::string node;
    std::string partner;
    uint64_t seed = 1;
  };

  // Both must outlive the machine; only their memory is used.
  SyncCore(Options options, const LiveCharter* charter, const HeadChecker* checker);

  // What the store holds, before anything else. The first gate is in the outbox then: until one says OK, nothing may be
  // published.
  void Start(std::vector<HeldFeed> held, std::vector<HeldEvidence> evidence, absl::Duration now,
             OwnFeedRecovery::Options own = {});

  // --- streams
  // A stream with an authenticated node. PERMISSION_DENIED: not a node of the charter; ALREADY_EXISTS: another stream
  // of the pair wins (of two, the one dialled by the node with the lower id, so that both sides decide alike).
  absl::Status OnConnected(SessionId session, const std::string& node, bool dialled_by_us, absl::Duration now);
  void OnMessage(SessionId session, v1::SyncMessage message, absl::Duration now);
  std::optional<v1::SyncMessage> NextMessage(SessionId session, absl::Duration now);
  void OnClosed(SessionId session, const absl::Status& why, absl::Duration now);
  void OnDialFailed(const std::string& node, const absl::Status& why, absl::Duration now);

  // Feeds that were erased earlier, so that their owners hear of it. Before Start.
  void NoteDropped(const std::vector<DroppedFeed>& dropped);

  // --- the node
  void OnStoreResult(StoreResult result, absl::Duration now);
  // The own feed stands at a new head (a publish or a heartbeat).
  void OnLocalFeedMoved(HeldFeed held, absl::Duration now);
  void OnCharterChanged(absl::Duration now);
  // The feed changed in the store by other hands (it was marked damaged).
  void NoteHeld(const HeldFeed& held) { state_.Note(held); }
  void Heal(const FeedName& feed, absl::Duration now);
  void OnTimer(absl::Duration now);

  // When OnTimer must be called at the latest. InfiniteDuration: not needed.
  absl::Duration NextTimer() const;
  // What is to be done now; empties it. Requests of one feed in the order given.
  SyncOutbox TakeOutbox();

  // --- for status
  const SessionMap& sessions() const { return sessions_; }
  const DialPlan& dial_plan() const { return dial_plan_; }
  const std::map<FeedName, HeldFeed>& feeds() const { return state_.feeds; }
  bool Pulling(const FeedName& feed) const { return puller_.Pulling(feed); }
  std::string HeldBack(const FeedName& feed) const { return puller_.HeldBack(feed); }

 private:
  void Advance(absl::Duration now);
  absl::Status Dispatch(PeerSession* session, v1::SyncMessage message);
  void OnCharterOffered(PeerSession* session, v1::CharterChain chain);
  void OnInlineRead(const FeedName& feed, const HeldFeed& held, uint64_t after_seq, StoreResult&& result);
  void Announce(const FeedName& feed);
  void CheckWaitingCharter(SessionId id);
  void Fault(SessionId session, const absl::Status& why);
  void SetDialTargets();
  void FindUnreadable();
  void DropDue();
  void OnDropped(const FeedName& feed, StoreResult&& result);
  void EndSilentStreams();

  SyncState state_;
  SessionMap sessions_;
  DialPlan dial_plan_;
  Puller puller_;
  OwnFeedRecovery own_;
  std::map<FeedName, uint64_t> inline_tickets_;  // the latest read of each own change: older answers do not count
  uint64_t inline_ticket_ = 0;
  size_t evidence_announced_ = 0;
  std::map<FeedName, absl::Duration> to_drop_;  // held, and no longer to be read -> when to (try to) erase them
  std::set<FeedName> dropping_;
  std::set<SessionId> faulty_;  // being closed for a fault of the peer
  std::set<SessionId> silent_;  // being closed since nothing comes
  std::map<SessionId, v1::CharterChain> waiting_charters_;
  std::set<SessionId> checking_charters_;
};

}  // namespace cairn
