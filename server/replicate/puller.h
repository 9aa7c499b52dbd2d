// The receiving half of sync: from announced heads to verified, visible feeds.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/replication.pb.h"
#include "common/base/allowance.h"
#include "server/replicate/peer_session.h"
#include "server/replicate/sync_state.h"

namespace cairn {

using SessionMap = std::map<SessionId, std::unique_ptr<PeerSession>>;

// For every feed that a peer holds newer: chooses a source, pulls with credit, has the pages staged, has the result
// checked against the closing head and made visible, and tries elsewhere what fails. Each feed has at most one source
// at a time; what is staged survives a source, a stream and a crash.
//
//   idle -> pulling -> committing -> idle            (failure: -> idle with a time before which nothing is tried)
//
// An inlined change skips pulling. Not thread-safe; part of SyncCore.
class Puller {
 public:
  // `on_fault(session, why)`: the peer broke the protocol, or served what does not verify while another served what
  // does. `on_trouble(node, why)`: it does what no one can be blamed for, such as delivering too slowly.
  Puller(SyncState* state, const SessionMap* sessions, uint64_t seed,
         std::function<void(SessionId, const absl::Status&)> on_fault,
         std::function<void(const std::string&, const std::string&)> on_trouble)
      : state_(state),
        sessions_(sessions),
        random_(seed),
        on_fault_(std::move(on_fault)),
        on_trouble_(std::move(on_trouble)) {}

  void OnHeads(PeerSession* session, v1::Heads heads);
  // Errors end the stream: the page is not what was asked for.
  absl::Status OnPage(PeerSession* session, v1::EntriesPage page);
  void OnCancel(PeerSession* session, const v1::CancelPull& cancel);
  void OnEvidence(PeerSession* session, const v1::ForkEvidence& evidence);
  void OnSessionClosed(SessionId session);
  // Heads that the charter did not allow before may be allowed now.
  void OnCharterChanged();

  // The local copy of the feed is damaged: fetch the whole set anew.
  // Ends what is under way of a feed that may no longer be held.
  void Forget(const FeedName& feed);
  void Heal(const FeedName& feed);

  // Starts what can be started and gives up what makes no progress.
  void Run();
  // When Run must be called again at the latest.
  absl::Duration NextDue() const;

  bool Pulling(const FeedName& feed) const;
  // Why a newer state of the feed is not taken now: a quota. Empty: nothing is held back.
  std::string HeldBack(const FeedName& feed) const;
  // Something signed by the partner is being received or committed, and not straight from a live stream with its node.
  bool Arriving(const std::string& partner) const;
  // The feed may be wanted: Run looks at it.
  void Consider(const FeedName& feed) { active_.insert(feed); }

 private:
  enum class Phase { kIdle, kPulling, kCommitting };
  struct Inbound {
    Phase phase = Phase::kIdle;
    FeedKey feed;  // generation being received
    SessionId source = 0;
    uint32_t pull_id = 0;
    uint32_t attempt = 0;  // counts pulls, so that late answers of the store are told apart
    bool full = false;
    bool fresh = true;         // the next page begins the staging
    uint64_t through_seq = 0;  // received in order up to here
    uint64_t basis_seq = 0;
    uint64_t base_records = 0;  // received in this staging, against the quota
    uint64_t base_bytes = 0;
    int64_t credit = 0;  // bytes that the source may still send
    int staging = 0;     // pages on their way into the store
    std::optional<AuthenticHead> closing;
    absl::Duration started_at;
    uint64_t pulled_bytes = 0;  // since then
    absl::Duration progress_at;
    std::string held_back;  // see HeldBack
    absl::Duration wanted_since = absl::InfiniteDuration();
    absl::Duration not_before;
    int failures = 0;
    bool full_wanted = false;  // the next pull fetches everything
    bool inlined = false;      // what is being committed came with its announcement
    bool was_reset = false;    // once a pull is enough
    std::map<std::string, absl::Duration>
        avoid;                             // nodes that refused or were too slow -> until when others are preferred
    std::set<std::string> contributors;    // nodes whose pages are staged; "" for those from before a restart
    std::map<std::string, bool> suspects;  // nodes that served what did not verify -> whether that was the whole set
    bool refreshing = false;
  };

  void OnHead(PeerSession* session, v1::FeedHead head);
  void OnSeen(PeerSession* session, const v1::SignedHead& message);
  void OnAuthentic(PeerSession* session, const AuthenticHead& head, v1::FeedHead message);
  void KeepForLater(PeerSession* session, v1::FeedHead message);
  void NoteOwn(const FeedName& feed, const Position& offered);
  void Refresh(const FeedName& feed, const AuthenticHead& head);
  const AuthenticHead* FindContradicted(const FeedName& feed, const AuthenticHead& head);
  void Freeze(const FeedName& feed, const v1::SignedHead& held, const v1::SignedHead& offered);
  void StoreEvidence(const FeedKey& feed, v1::ForkEvidence evidence);
  bool CommitInlined(PeerSession* session, const FeedName& feed, const AuthenticHead& head, v1::FeedHead message);

  bool Wanted(const FeedName& feed, const Inbound& inbound) const;
  PeerSession* ChooseSource(const FeedName& feed, Inbound* inbound);
  bool Offers(const PeerSession& session, const FeedName& feed) const;
  bool OriginMayDeliver(const FeedName& feed, const Inbound& inbound) const;
  void StartPull(const FeedName& feed, Inbound* inbound, PeerSession* source);
  absl::Status CheckPage(const Inbound& inbound, const v1::EntriesPage& page) const;
  absl::Status CheckQuota(const FeedName& feed, const Inbound& inbound) const;
  void HoldBack(const FeedName& feed, Inbound* inbound, const absl::Status& why);
  bool RateAllows(const FeedName& feed, Inbound* inbound);
  std::string TooSlow(const FeedName& feed, const Inbound& inbound) const;
  void LeaveSlowSource(const FeedName& feed, Inbound* inbound, const std::string& why);
  absl::Status Stage(const FeedName& feed, Inbound* inbound, v1::EntriesPage page);
  void OnStaged(const FeedName& feed, uint32_t attempt, int64_t bytes, StoreResult&& result);
  void CommitIfComplete(const FeedName& feed);
  void OnCommitted(const FeedName& feed, uint32_t attempt, bool inlined, StoreResult&& result);
  void OnMismatch(const FeedName& feed, Inbound* inbound, const absl::Status& why);
  void Abandon(const FeedName& feed, const std::string& reason);
  absl::Status OnStrayPage(PeerSession* session, const v1::EntriesPage& page);
  void GiveUp(const Inbound& inbound);
  void Fail(Inbound* inbound);
  void Succeed(const FeedName& feed, Inbound* inbound);
  // Pulls and large commits under way, and of these the pulls from one source.
  size_t Running() const;
  size_t RunningFrom(SessionId source) const;
  size_t InlineCommits() const;
  bool MayPull(const FeedName& feed) const;
  PeerSession* Find(SessionId session) const;
  FeedName FeedOfPull(SessionId session, uint32_t pull_id) const;

  SyncState* const state_;
  const SessionMap* const sessions_;
  std::mt19937_64 random_;
  const std::function<void(SessionId, const absl::Status&)> on_fault_;
  const std::function<void(const std::string&, const std::string&)> on_trouble_;
  std::map<FeedName, Inbound> inbound_;
  std::map<FeedName, Allowance> changes_;  // changes that it may still make now; one publish may move several feeds
  std::set<FeedName> active_;              // not idle, or perhaps wanted: what Run looks at
  // Pulls given up -> bytes that may still be on the way. Other pages were never asked for.
  std::map<std::pair<SessionId, uint32_t>, int64_t> given_up_;
  uint32_t next_pull_ = 1;
};

}  // namespace cairn
