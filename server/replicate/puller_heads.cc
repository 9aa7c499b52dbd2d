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
  for (v1::FeedHead& head : *heads.mutable_heads()) OnHead(session, std::move(head));
}

void Puller::OnHead(PeerSession* session, v1::FeedHead message) {
  absl::StatusOr<AuthenticHead> head = state_->checker->CheckSignature(message.head());
  if (head.ok()) {
    Consider(session, *head, std::move(message));
  } else if (absl::IsDataLoss(head.status())) {
    on_fault_(session->id(), Annotate(head.status(), "announced head"));
  } else if (absl::IsPermissionDenied(head.status()) && not_allowed_.size() < limits::feeds_per_peer_max) {
    const absl::StatusOr<ParsedHead> parsed = ParseHead(message.head());
    message.clear_entries();  // the head is enough to pull later
    message.set_inlined(false);
    if (parsed.ok())
      not_allowed_[NameOf(FeedKey::FromProto(parsed->content.feed()))] = {session->id(), std::move(message)};
  } else {
    LogWarning("sync.head_refused", {{"peer", session->node()}, {"why", head.status().message()}});
  }
}

void Puller::OnCharterChanged() {
  auto waiting = std::move(not_allowed_);
  not_allowed_.clear();
  for (auto& [feed, offer] : waiting) {
    if (PeerSession* session = Find(offer.first)) OnHead(session, std::move(offer.second));
  }
  for (const auto& [feed, held] : state_->feeds) active_.insert(feed);
}

void Puller::Consider(PeerSession* session, const AuthenticHead& head, v1::FeedHead message) {
  const FeedName feed = NameOf(head.feed());
  if (!state_->MayHold(feed)) return;
  Position& heard = session->heard()[feed];
  if (session->heard().size() > limits::feeds_per_peer_max) {
    on_fault_(session->id(),
              absl::ResourceExhaustedError(absl::StrCat("announces more than ", limits::feeds_per_peer_max, " feeds")));
    return;
  }
  const Position offered = PositionOf(head);
  const bool advanced = heard.BehindOf(offered);
  if (advanced || (heard.SameState(offered) && heard.as_of_millis < offered.as_of_millis)) heard = offered;
  if (advanced && feed.first == state_->partner) {
    state_->Ask(RecordAcknowledgement{head.feed(), session->node(), head.seq()},
                [this](StoreResult&& result) { state_->outbox.acknowledged |= result.status.ok(); });
  }
  const auto held = state_->feeds.find(feed);
  using Order = HeadChecker::Order;
  const Order order = held == state_->feeds.end() || held->second.seq == 0
                          ? Order::kNewer
                          : HeadChecker::Compare(held->second.head, head);
  if (state_->Frozen(feed, offered.generation)) return;
  if (order == Order::kFork) return Freeze(feed, held->second.head, head.signed_head());
  if (order == Order::kNewerAsOf) return Refresh(feed, head);
  if (order == Order::kNewer && !CommitInlined(feed, head, std::move(message))) active_.insert(feed);
}

// Only one refresh of a feed is under way; a newer as_of that comes meanwhile will come again.
void Puller::Refresh(const FeedName& feed, const AuthenticHead& head) {
  Inbound& inbound = inbound_[feed];
  if (inbound.refreshing || inbound.phase == Phase::kCommitting) return;
  inbound.refreshing = true;
  state_->Ask(RefreshHead{head}, [this, feed](StoreResult&& result) {
    inbound_[feed].refreshing = false;
    if (result.status.ok() && moved_) moved_(feed);
  });
}

bool Puller::CommitInlined(const FeedName& feed, const AuthenticHead& head, v1::FeedHead message) {
  Inbound& inbound = inbound_[feed];
  const auto held = state_->feeds.find(feed);
  const uint64_t held_seq = held == state_->feeds.end() || held->second.feed != head.feed() ? 0 : held->second.seq;
  const bool staged = held != state_->feeds.end() && held->second.staging.active;
  if (!message.inlined() || inbound.phase != Phase::kIdle || staged || message.after_seq() > held_seq ||
      inbound.healing || state_->now < inbound.not_before) {
    return false;
  }
  size_t bytes = 0;
  for (const v1::Entry& entry : message.entries()) bytes += EntryBytes(entry);
  if (bytes > limits::page_bytes_max) return false;
  inbound.phase = Phase::kCommitting;
  inbound.feed = head.feed();
  inbound.full = false;
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

void Puller::Freeze(const FeedName& feed, const v1::SignedHead& held, const v1::SignedHead& offered) {
  v1::ForkEvidence evidence;
  *evidence.mutable_first() = held;
  *evidence.mutable_second() = offered;
  StoreEvidence(feed, std::move(evidence));
}

void Puller::OnEvidence(PeerSession* session, const v1::ForkEvidence& evidence) {
  const absl::StatusOr<FeedKey> feed = state_->checker->CheckEvidence(evidence);
  if (!feed.ok()) {
    LogWarning("sync.evidence_refused", {{"peer", session->node()}, {"why", feed.status().message()}});
    return;
  }
  if (state_->MayHold(NameOf(*feed)) && !state_->Frozen(NameOf(*feed), feed->generation))
    StoreEvidence(NameOf(*feed), evidence);
}

void Puller::StoreEvidence(const FeedName& feed, v1::ForkEvidence evidence) {
  const absl::StatusOr<ParsedHead> parsed = ParseHead(evidence.second());
  if (!parsed.ok()) return;
  const FeedKey key = FeedKey::FromProto(parsed->content.feed());
  Abandon(feed, "the owner contradicted itself");
  state_->Ask(FreezeFeed{key, evidence}, [this, feed, evidence](StoreResult&& result) {
    if (!result.status.ok()) return;
    LogError("feed.frozen", {{"feed", ToString(feed)}, {"why", "two heads by its owner contradict each other"}});
    if (evidence_stored_) evidence_stored_(feed, evidence);
  });
}

}  // namespace cairn
