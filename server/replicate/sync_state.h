// What the parts of the sync state machine share: the feeds as this node holds them, and what the machine wants done.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "cairn/v1/feed.pb.h"
#include "server/charter/live_charter.h"
#include "server/feed/head_checker.h"
#include "server/feed/head_signer.h"
#include "server/replicate/store_request.h"
#include "server/replicate/transport.h"

namespace cairn {

// A feed whatever its generation: (partner, audience).
using FeedName = std::pair<std::string, std::string>;

inline FeedName NameOf(const FeedKey& feed) { return {feed.partner, feed.audience}; }
// "pl-x/public", for messages and logs.
std::string ToString(const FeedName& feed);

// How far a feed is. Ordered by (generation, seq); as_of only says how fresh that is.
struct Position {
  uint32_t generation = 0;
  uint64_t seq = 0;
  int64_t as_of_millis = 0;

  bool SameState(const Position& o) const { return generation == o.generation && seq == o.seq; }
  bool BehindOf(const Position& o) const { return std::pair(generation, seq) < std::pair(o.generation, o.seq); }
};

Position PositionOf(const HeldFeed& held);
Position PositionOf(const AuthenticHead& head);

// What a received or sent entry counts against credit.
size_t EntryBytes(const v1::Entry& entry);

// Whether this node may write to its own feeds.
struct OwnFeedGate {
  // OK; UNAVAILABLE: not yet, the peers are being asked; FAILED_PRECONDITION: a person must decide. In words for
  // people.
  absl::Status status;
  bool heard_peers = false;      // OK because peers were heard, not because the operator said so
  std::vector<GoOnAbove> go_on;  // to be done before anything else is written
  bool old_copy = false;         // the store is an old copy; to be kept on disk before anything is fetched for it
};

// What the machine wants done; taken by whoever runs it.
struct SyncOutbox {
  std::vector<StoreRequest> requests;
  std::set<SessionId> wake;  // NextMessage may have something
  std::vector<std::pair<SessionId, absl::Status>> close;
  std::vector<DialTarget> dial;
  bool acknowledged = false;        // an own feed was confirmed by a peer
  std::optional<OwnFeedGate> gate;  // whether the publisher may write has changed
};

// A change of an own feed that is small enough to travel with its announcement.
struct InlineChange {
  uint64_t after_seq = 0;
  Position head;
  std::vector<v1::Entry> entries;
  size_t bytes = 0;
};

// A head that was offered, whether it was taken or not.
struct SeenHead {
  AuthenticHead head;
  bool held = false;  // this node has stood at it
};

// Shared by the parts; owned by SyncCore. Not thread-safe.
struct SyncState {
  std::string consortium;
  std::string node;
  std::string partner;
  const HeadChecker* checker = nullptr;
  const LiveCharter* live_charter = nullptr;
  std::shared_ptr<const CharterView> charter;  // the version that decides; moved on by SyncCore only
  absl::Duration now;                          // monotonic, of the event being handled
  std::map<FeedName, HeldFeed> feeds;
  std::map<FeedName, std::optional<InlineChange>> inline_changes;  // empty optional: being read
  std::map<FeedKey, v1::ForkEvidence> evidence;                    // one a generation: it is frozen (R6)
  std::map<FeedName, int64_t> dropped;                             // erased since they may no longer be read -> when
  // The last heads seen of each feed, one a state, oldest first: one that is no longer held may prove a fork (R6).
  std::map<FeedName, std::deque<SeenHead>> seen;
  std::set<FeedName> moved;  // stand at a newer head since the last event
  SyncOutbox outbox;
  // Heads signed by this partner are on their way into the store from other nodes than its own.
  std::function<bool(const std::string& partner)> arriving;
  // The newest own heads that any peer has shown since the start, streams that have ended included.
  std::map<FeedName, Position> own_heard;
  // The newest own heads that peers have seen and do not hold, since the start.
  std::map<FeedName, AuthenticHead> own_seen;
  // The own feeds may be taken from peers: their publisher is not writing.
  bool recovering = false;

  // Asks the store; `then` runs with the answer. The key of the answer is the machine's own affair.
  void Ask(StoreAction action, std::function<void(StoreResult&&)> then);
  // Runs what waits for this result.
  void Answer(StoreResult&& result);
  // The feed stands so in the store. Older news is ignored.
  void Note(const HeldFeed& held);

  // Where the feed stands here; all 0 when nothing is held.
  Position HeldPosition(const FeedName& feed) const;
  // Its entries were found to disagree with its head: only a whole set mends it.
  bool Damaged(const FeedName& feed) const;
  // The generation is frozen at its last good head (R6).
  bool Frozen(const FeedName& feed, uint32_t generation) const;
  // The newest head of the feed that was seen here and is above what is held; nullptr: none.
  const AuthenticHead* SeenAboveHeld(const FeedName& feed) const;
  // This node may hold the feed.
  bool MayHold(const FeedName& feed) const;
  // `peer_partner` may receive the feed. The same choke point that readers pass.
  bool MaySend(const std::string& peer_partner, const FeedName& feed) const;
  // The charter in force stands for what is held of the feed: no key that signed it was revoked since. Nothing held is
  // fine. What it does not stand for is passed on to nobody (R1).
  bool Stands(const FeedName& feed) const;
  // The head held would not be accepted any more, since its key was revoked: what follows it may not follow from it.
  bool Disputed(const FeedName& feed) const;
  // The feed stands at one verified head that the charter stands for, and may be shown to peers (R1, R2).
  const HeldFeed* Servable(const FeedName& feed) const;

 private:
  uint64_t next_request_ = 1;
  std::map<uint64_t, std::function<void(StoreResult&&)>> waiting_;
};

}  // namespace cairn
