// Puller: what announced heads and evidence lead to.
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "server/feed/head_format.h"
#include "server/replicate/puller.h"

namespace cairn {

// --- heads

void Puller::OnHeads(PeerSession* session, v1::Heads heads) {
  if (static_cast<size_t>(heads.heads_size()) > limits::heads_per_message_max) {
    return on_fault_(session->id(),
                     absl::InvalidArgumentError(absl::StrCat(heads.heads_size(), " heads in one message; at most ",
                                                             limits::heads_per_message_max)));
  }
  if (heads.seen_size() > limits::own_heads_seen_max) {
    return on_fault_(session->id(), absl::InvalidArgumentError(absl::StrCat(heads.seen_size(), " heads seen; at most ",
                                                                            limits::own_heads_seen_max)));
  }
  for (v1::FeedHead& head : *heads.mutable_heads()) OnHead(session, std::move(head));
  for (const v1::SignedHead& head : heads.seen()) OnSeen(session, head);
  if (heads.complete()) session->NoteComplete();
}

void Puller::OnHead(PeerSession* session, v1::FeedHead message) {
  const size_t bytes = message.head().ByteSizeLong();
  if (bytes > limits::head_bytes_max) {
    return on_fault_(session->id(), absl::InvalidArgumentError(
                                        absl::StrCat("a head of ", bytes, " bytes; at most ", limits::head_bytes_max)));
  }
  absl::StatusOr<AuthenticHead> head = state_->checker->CheckSignature(message.head());
  if (head.ok()) {
    OnAuthentic(session, *head, std::move(message));
  } else if (absl::IsDataLoss(head.status())) {
    on_fault_(session->id(), Annotate(head.status(), "announced head"));
  } else if (absl::IsPermissionDenied(head.status())) {
    KeepForLater(session, std::move(message));
  } else {
    LogWarning("sync.head_refused", {{"peer", session->node()}, {"why", head.status().message()}});
  }
}

// What is not authentic, or no head of ours, says nothing; a true one may prove a fork.
void Puller::OnSeen(PeerSession* session, const v1::SignedHead& message) {
  if (message.ByteSizeLong() > limits::head_bytes_max) return;
  const absl::StatusOr<AuthenticHead> head = state_->checker->CheckSignature(message);
  if (!head.ok() || head->feed().partner != state_->partner) {
    LogWarning("sync.seen_refused", {{"peer", session->node()}, {"why", head.status().message()}});
    return;
  }
  const FeedName feed = NameOf(head->feed());
  if (!state_->MayHold(feed) || state_->Frozen(feed, head->feed().generation)) return;
  const auto held = state_->feeds.find(feed);
  if (held != state_->feeds.end() && held->second.seq > 0 &&
      state_->checker->CompareNow(held->second, *head) == HeadChecker::Order::kFork) {
    return Freeze(feed, held->second.head, head->signed_head());
  }
  const auto [known, first] = state_->own_seen.emplace(feed, *head);
  if (!first && PositionOf(known->second).BehindOf(PositionOf(*head))) known->second = *head;
}

// The charter that allows it may be on its way.
void Puller::KeepForLater(PeerSession* session, v1::FeedHead message) {
  const absl::StatusOr<ParsedHead> parsed = ParseHead(message.head());
  if (!parsed.ok() || session->not_allowed().size() >= limits::offers_not_allowed_max) return;
  message.clear_entries();  // the head is enough to pull later
  message.set_inlined(false);
  session->not_allowed()[NameOf(FeedKey::FromProto(parsed->content.feed()))] = std::move(message);
}

void Puller::OnCharterChanged() {
  for (const auto& [id, session] : *sessions_) {
    auto waiting = std::exchange(session->not_allowed(), {});
    for (auto& [feed, offer] : waiting) OnHead(session.get(), std::move(offer));
  }
  for (const auto& [feed, held] : state_->feeds) active_.insert(feed);
  for (auto& [feed, inbound] : inbound_) {  // it may allow more
    if (!std::exchange(inbound.held_back, "").empty()) inbound.not_before = absl::ZeroDuration();
    active_.insert(feed);
  }
}

void Puller::OnAuthentic(PeerSession* session, const AuthenticHead& head, v1::FeedHead message) {
  const FeedName feed = NameOf(head.feed());
  if (!state_->MayHold(feed)) return KeepForLater(session, std::move(message));
  Position& heard = session->heard()[feed];
  if (session->heard().size() > limits::feeds_per_peer_max) {
    on_fault_(session->id(),
              absl::ResourceExhaustedError(absl::StrCat("announces more than ", limits::feeds_per_peer_max, " feeds")));
    return;
  }
  const Position offered = PositionOf(head);
  const bool advanced = heard.BehindOf(offered);
  if (advanced || (heard.SameState(offered) && heard.as_of_millis < offered.as_of_millis)) heard = offered;
  if (feed.first == state_->partner) NoteOwn(feed, offered);
  // Not from one who holds another content under the number: that confirms nothing of ours.
  const auto acknowledge = [&] {
    if (!advanced || feed.first != state_->partner) return;
    state_->Ask(RecordAcknowledgement{head.feed(), session->node(), head.seq()},
                [this](StoreResult&& result) { state_->outbox.acknowledged |= result.status.ok(); });
  };
  const auto held = state_->feeds.find(feed);
  using Order = HeadChecker::Order;
  const Order order = held == state_->feeds.end() || held->second.seq == 0
                          ? Order::kNewer
                          : state_->checker->CompareNow(held->second, head);
  if (state_->Frozen(feed, offered.generation)) return order == Order::kFork ? void() : acknowledge();
  if (order == Order::kFork) return Freeze(feed, held->second.head, head.signed_head());
  if (const AuthenticHead* other = FindContradicted(feed, head)) {
    return Freeze(feed, other->signed_head(), head.signed_head());
  }
  acknowledge();
  if (state_->Damaged(feed)) active_.insert(feed);
  if (feed.first == state_->partner) return;  // OwnFeedRecovery decides
  if (order == Order::kNewerAsOf) return Refresh(feed, head);
  if (order == Order::kNewer && !CommitInlined(session, feed, head, std::move(message))) active_.insert(feed);
}

void Puller::NoteOwn(const FeedName& feed, const Position& offered) {
  Position& newest = state_->own_heard[feed];
  if (newest.BehindOf(offered) || (newest.SameState(offered) && newest.as_of_millis < offered.as_of_millis)) {
    newest = offered;
  }
}

// Only one refresh of a feed is under way; a newer as_of that comes meanwhile will come again.
void Puller::Refresh(const FeedName& feed, const AuthenticHead& head) {
  Inbound& inbound = inbound_[feed];
  if (inbound.refreshing || inbound.phase == Phase::kCommitting) return;
  if (head.as_of_unix_millis() - state_->HeldPosition(feed).as_of_millis < limits::refresh_millis_min) return;
  inbound.refreshing = true;
  state_->Ask(RefreshHead{head}, [this, feed](StoreResult&& result) {
    inbound_[feed].refreshing = false;
    if (!result.status.ok())
      LogWarning("sync.refresh_failed", {{"feed", ToString(feed)}, {"why", result.status.message()}});
  });
}

bool Puller::CommitInlined(PeerSession* session, const FeedName& feed, const AuthenticHead& head,
                           v1::FeedHead message) {
  Inbound& inbound = inbound_[feed];
  const auto held = state_->feeds.find(feed);
  const uint64_t held_seq = held == state_->feeds.end() || held->second.feed != head.feed() ? 0 : held->second.seq;
  const bool staged = held != state_->feeds.end() && held->second.staging.active;
  if (!message.inlined() || inbound.phase != Phase::kIdle || staged || message.after_seq() > held_seq ||
      state_->Damaged(feed) || state_->Disputed(feed) || state_->now < inbound.not_before ||
      InlineCommits() >= static_cast<size_t>(limits::inline_commits_max) || !RateAllows(feed, &inbound)) {
    return false;
  }
  size_t bytes = 0;
  for (const v1::Entry& entry : message.entries()) bytes += EntryBytes(entry);
  if (bytes > 2 * limits::inline_entries_bytes_max) return false;  // the protocol's bound, and what entries cost beside
  inbound.phase = Phase::kCommitting;
  inbound.feed = head.feed();
  inbound.source = session->id();
  inbound.full = false;
  inbound.inlined = true;
  inbound.contributors.clear();
  const uint32_t attempt = ++inbound.attempt;
  CommitHead commit{head, true, message.after_seq(), {}};
  commit.entries.assign(std::make_move_iterator(message.mutable_entries()->begin()),
                        std::make_move_iterator(message.mutable_entries()->end()));
  active_.insert(feed);
  state_->Ask(std::move(commit),
              [this, feed, attempt](StoreResult&& result) { OnCommitted(feed, attempt, true, std::move(result)); });
  return true;
}

// --- forks (R6)

// Which of the heads seen before cannot be true beside this one; it is remembered among them. Of a head that was only
// seen no more is proof than two contents of one number: it may have gone with its owner's disk before anybody fetched
// it, and an owner who goes on above it from what the others hold contradicts nobody's copy (R3, R6).
const AuthenticHead* Puller::FindContradicted(const FeedName& feed, const AuthenticHead& head) {
  std::deque<SeenHead>& seen = state_->seen[feed];
  for (const SeenHead& other : seen) {
    if (other.head.content_sha256() == head.content_sha256()) return nullptr;
    const bool one_number = other.head.feed() == head.feed() && other.head.seq() == head.seq();
    const bool contradicts =
        one_number || (other.held && HeadChecker::Compare(other.head.signed_head(), head) == HeadChecker::Order::kFork);
    // What a key signed that has been revoked since is a thief's word, and no proof to anybody.
    if (contradicts && state_->checker->CheckSignature(other.head.signed_head()).ok()) return &other.head;
  }
  const auto held = state_->feeds.find(feed);
  seen.push_back({head, held != state_->feeds.end() && held->second.content_sha256 == head.content_sha256()});
  if (seen.size() > limits::heads_remembered_max) seen.pop_front();
  return nullptr;
}

void Puller::Freeze(const FeedName& feed, const v1::SignedHead& held, const v1::SignedHead& offered) {
  const absl::StatusOr<ParsedHead> parsed = ParseHead(offered);
  if (!parsed.ok()) return;
  v1::ForkEvidence evidence;
  *evidence.mutable_first() = held;
  *evidence.mutable_second() = offered;
  const absl::StatusOr<ParsedHead> first = ParseHead(held);
  LogError("feed.fork", {{"feed", ToString(feed)},
                         {"why", "its owner signed two heads that contradict each other"},
                         {"seq", first.ok() ? first->content.seq() : 0},
                         {"other_seq", parsed->content.seq()},
                         {"other_previous_seq", parsed->content.previous_seq()}});
  StoreEvidence(FeedKey::FromProto(parsed->content.feed()), std::move(evidence));
}

void Puller::OnEvidence(PeerSession* session, const v1::ForkEvidence& evidence) {
  const absl::StatusOr<FeedKey> feed = state_->checker->CheckEvidence(evidence);
  if (!feed.ok()) {
    LogWarning("sync.evidence_refused", {{"peer", session->node()}, {"why", feed.status().message()}});
    return;
  }
  if (state_->MayHold(NameOf(*feed))) StoreEvidence(*feed, evidence);
}

// One proof a generation, known from the moment it is seen, so that it is neither stored nor passed on twice.
void Puller::StoreEvidence(const FeedKey& feed, v1::ForkEvidence evidence) {
  if (!state_->evidence.emplace(feed, evidence).second) return;
  Abandon(NameOf(feed), "the owner contradicted itself");
  state_->Ask(FreezeFeed{feed, std::move(evidence)}, [feed](StoreResult&& result) {
    if (!result.status.ok())
      LogError("feed.freeze_failed", {{"feed", feed.ToString()}, {"why", result.status.message()}});
  });
}

}  // namespace cairn
