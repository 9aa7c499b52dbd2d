// When this node may write to its own feeds: not before its peers have said what they hold of them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/replicate/peer_session.h"
#include "server/replicate/sync_state.h"

namespace cairn {

// The store may be empty (a new disk) or an old copy (a restored backup), and looks like any other. Whoever went on
// from there would sign sequence numbers a second time: a fork, which freezes the feed everywhere. So the peers are
// asked first, and what they hold newer is pulled and verified like any feed.
//
//   asking -> open            enough was heard, and nobody holds a newer own head
//   open   -> asking          a peer shows a newer own head, and nothing was published since the start: pull, go on
//   open   -> contradicted    the same after something was published: both cannot become one history
//
// A head that a peer has seen and that nobody holds went with the disk: the feed goes on above its number. An old copy
// leaves out as many numbers more as may have been seen by nodes that cannot be asked.
//
// Enough is at least one node of another partner, and all others of the charter that can be reached or a time for them
// to come. One, since an absent partner must not silence another; more while they come, since a change may have
// reached only some. The time is short after a common restart; for everybody who is up to dial again after one of the
// whole machine, whose disk may have been set back with it; and long when there are signs of an old copy: it was
// restored; its own heads are older than any heartbeat; a peer has shown a later one.
//
// Part of SyncCore; no clock, no I/O; not thread-safe.
//   R3  no sequence number that a node heard from has seen is given out again.
class OwnFeedRecovery {
 public:
  struct Options {
    bool standalone = false;  // the operator's word: open without having heard anybody
    bool old_copy = false;    // signs of an old copy are there from the start
    bool new_boot = false;    // the machine was started anew since peers were last heard
  };

  OwnFeedRecovery(SyncState* state, const std::map<SessionId, std::unique_ptr<PeerSession>>* sessions)
      : state_(state), sessions_(sessions) {}

  // What the store holds is in the state. `state.recovering` is this machine's from now on.
  void Start(Options options);
  // The publisher has written to the feed.
  void NotePublished(const FeedName& feed) { published_.insert(feed); }
  // Looks at what is known now. A change of the gate goes into the outbox.
  void Run();
  // When Run must be called again at the latest.
  absl::Duration NextDue() const;

  // Own feeds of which a peer holds a newer state.
  std::vector<FeedName> Missing() const;

 private:
  // The other nodes that the charter names.
  struct Others {
    size_t all = 0;       // that this node could be connected to
    size_t heard = 0;     // of these
    bool enough = false;  // somebody who counts was heard
    bool nobody = true;   // the charter names no other node
  };

  Others Look();
  bool ShowsOldCopy() const;
  absl::Status Judge();
  // The own feeds that stand at or below numbers that a peer has seen, and with `skips` all own feeds.
  std::vector<GoOnAbove> GoOn(bool skips) const;
  absl::Status JudgeHeard(const Others& others);
  absl::Status NobodyHeard() const;
  absl::Status Contradiction(const FeedName& feed) const;
  absl::Duration grace() const;

  SyncState* const state_;
  const std::map<SessionId, std::unique_ptr<PeerSession>>* const sessions_;
  Options options_;
  bool started_ = false;
  bool open_ = false;
  bool heard_peers_ = false;  // open since peers were heard
  absl::Duration started_at_;
  absl::Duration heard_at_ = absl::InfiniteDuration();  // the first that counts
  std::set<std::string> heard_;                         // nodes that have announced all that they hold
  std::map<FeedName, Position> held_at_start_;
  std::set<FeedName> published_;  // by this process
  std::optional<absl::Status> told_;
  std::map<FeedName, uint64_t> told_seen_;  // heads that the publisher was told to go on above
};

// Whether `held` shows that the store is an old copy, or that the node was away for long: its newest own head is older
// than heartbeats let it be. A store without own heads shows nothing.
bool LooksOld(const std::vector<HeldFeed>& held, const std::string& partner, absl::Time now);

}  // namespace cairn
