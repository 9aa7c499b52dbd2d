// One peer as the sync state machine sees it: what was said, what must be said, and the pulls that it is being served.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "cairn/v1/replication.pb.h"
#include "common/base/allowance.h"
#include "server/replicate/sync_state.h"

namespace cairn {

// Bounded whatever the peer does (R8): one page of memory a pull served, one mark a feed to be announced, a bounded
// queue of small messages. What is announced is always the latest head, so a slow peer coalesces by itself. Not
// thread-safe.
class PeerSession {
 public:
  PeerSession(SessionId id, std::string node, std::string partner, bool dialled_by_us, SyncState* state);

  SessionId id() const { return id_; }
  const std::string& node() const { return node_; }
  const std::string& partner() const { return partner_; }
  bool dialled_by_us() const { return dialled_by_us_; }
  bool greeted() const { return greeted_; }
  absl::Duration since() const { return since_; }

  // A message has come: counts what handling it costs. RESOURCE_EXHAUSTED: more than a peer may cost.
  absl::Status Charge(const v1::SyncMessage& message);
  // When the peer has kept silent for too long, unless something comes before.
  absl::Duration silent_at() const;

  // The peer's first message. Refused: another protocol, consortium or node, or a charter that contradicts ours.
  absl::Status OnHello(const v1::Hello& hello);
  // The peer asks for entries. An unknown feed and one that it may not read are answered alike (R7).
  absl::Status OnPull(const v1::Pull& pull);
  absl::Status OnCredit(const v1::Credit& credit);
  void OnCancel(uint32_t pull_id) { served_.erase(pull_id); }

  // The feed's head moved: tell the peer, unless it need not know.
  void Announce(const FeedName& feed);
  // There is evidence that the peer may not know.
  void AnnounceEvidence() { state_->outbox.wake.insert(id_); }
  // Offers that the charter in force here does not allow (yet), the newest of each feed; heads only.
  std::map<FeedName, v1::FeedHead>& not_allowed() { return not_allowed_; }
  // The own charter moved: the peer gets what it lacks.
  void AnnounceCharter();
  // The own charter moved: what the peer may no longer read is no longer served, and what either side said of feeds
  // that one of them may not read is forgotten, so that it is said anew should access come back.
  void ForgetUnreadable();
  // The peer says that it has erased an own feed. INVALID_ARGUMENT for what is no audience.
  absl::Status OnDropped(const v1::Dropped& dropped);
  // Writes down erasures that the charter in force explains; others wait for a newer charter.
  void RecordErasures();
  // A feed was erased here: its owner is to know.
  void AnnounceDropped() { state_->outbox.wake.insert(id_); }
  // The peer is known to hold this charter version.
  void NoteCharterVersion(uint64_t version) { peer_charter_version_ = std::max(peer_charter_version_, version); }
  uint64_t peer_charter_version() const { return peer_charter_version_; }
  // Wakes the stream when it can be said that all is announced.
  void SayCompleteWhenDue();
  // The peer said so.
  void NoteComplete() { said_complete_ = true; }
  // Whether it has announced every head that it holds; `now` counts for programs that do not say so.
  bool HeardAll(absl::Duration now) const;
  // When a peer that does not say so counts as heard; infinite for others.
  absl::Duration settled_at() const;
  // A message to be sent soon.
  void Send(v1::SyncMessage message);

  // Asks for the round trip when it is time to.
  void PingWhenDue();
  absl::Duration ping_due() const { return ping_due_; }
  void OnPing(const v1::Ping& ping);
  // Of the last Ping; 0 before the first answer.
  absl::Duration round_trip() const { return round_trip_; }

  // The next message to write. Empty: nothing now.
  std::optional<v1::SyncMessage> Next();

  // What the peer announced, by feed: an acknowledgement, and what can be pulled from it.
  std::map<FeedName, Position>& heard() { return heard_; }
  const std::map<FeedName, Position>& heard() const { return heard_; }

 private:
  struct Served {
    FeedKey feed;
    uint64_t after_seq = 0;
    std::optional<uint64_t> floor_seq;  // when the answer began: withdrawals up to there are forgotten
    bool reset = false;                 // to be said on the next page
    int64_t credit = 0;
    bool reading = false;
    bool last = false;
    std::optional<v1::EntriesPage> ready;
  };

  std::optional<v1::SyncMessage> NextCharter();
  std::optional<v1::SyncMessage> NextEvidence();
  std::optional<v1::SyncMessage> NextDropped();
  std::optional<v1::SyncMessage> NextHeads();
  std::optional<v1::SyncMessage> NextPage();
  void AddSeen(v1::Heads* heads) const;
  bool MaySayComplete() const;
  bool NeedsToKnow(const FeedName& feed, const HeldFeed& held) const;
  bool AddInline(const FeedName& feed, const HeldFeed& held, v1::FeedHead* head, size_t* bytes) const;
  void ReadOn(uint32_t pull_id);
  void OnPageRead(uint32_t pull_id, StoreResult&& result);
  void Refuse(uint32_t pull_id, const std::string& reason);

  const SessionId id_;
  const std::string node_;
  const std::string partner_;
  const bool dialled_by_us_;
  const absl::Duration since_;
  SyncState* const state_;

  absl::Duration heard_at_;  // last message
  Allowance work_;           // microseconds that its messages may still cost
  size_t reads_ = 0;         // pages being read for it
  absl::Duration ping_due_;  // next
  absl::Duration ping_sent_;
  uint64_t ping_id_ = 0;
  absl::Duration round_trip_;

  bool hello_sent_ = false;
  bool greeted_ = false;
  absl::Duration greeted_at_;
  bool will_say_complete_ = false;  // the peer's program knows how
  bool said_complete_ = false;      // the peer
  bool complete_sent_ = false;      // this node
  uint64_t peer_charter_version_ = 0;
  std::deque<v1::SyncMessage> queue_;
  std::set<FeedName> to_announce_;
  std::map<FeedName, Position> announced_;
  std::map<FeedName, Position> heard_;
  std::map<FeedName, v1::FeedHead> not_allowed_;
  std::set<FeedKey> evidence_told_;
  std::map<FeedName, int64_t> dropped_told_;
  std::map<std::string, int64_t> erased_;  // own feeds by audience -> when the peer erased them; not written down yet
  std::map<uint32_t, Served> served_;
  // Answers of the store outlive a session that closes: they look here whether it still lives.
  std::shared_ptr<PeerSession*> self_;

 public:
  ~PeerSession() { *self_ = nullptr; }
  PeerSession(const PeerSession&) = delete;
  PeerSession& operator=(const PeerSession&) = delete;
};

}  // namespace cairn
