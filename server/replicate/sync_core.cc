#include "server/replicate/sync_core.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace cairn {

SyncCore::SyncCore(Options options, const LiveCharter* charter, const HeadChecker* checker)
    : dial_plan_(options.node, options.seed),
      puller_(
          &state_, &sessions_, options.seed + 1,
          [this](SessionId session, const absl::Status& why) { Fault(session, why); },
          [this](const std::string& node, const std::string& why) { dial_plan_.OnTrouble(node, why); }),
      own_(&state_, &sessions_) {
  state_.consortium = options.consortium;
  state_.node = options.node;
  state_.partner = options.partner;
  state_.live_charter = charter;
  state_.checker = checker;
  state_.charter = charter->current();
  state_.arriving = [this](const std::string& partner) { return puller_.Arriving(partner); };
}

void SyncCore::Start(std::vector<HeldFeed> held, std::vector<HeldEvidence> evidence, absl::Duration now,
                     OwnFeedRecovery::Options own) {
  state_.now = now;
  for (HeldFeed& feed : held) state_.Note(feed);
  for (HeldEvidence& proof : evidence) state_.evidence[proof.feed] = std::move(proof.evidence);
  for (const auto& [feed, known] : state_.feeds) {
    if (state_.Damaged(feed)) puller_.Consider(feed);
  }
  FindUnreadable();
  SetDialTargets();
  own_.Start(own);
  Advance(now);
}

void SyncCore::SetDialTargets() {
  std::vector<DialTarget> targets;
  for (const v1::Partner& partner : state_.charter->charter().partners()) {
    if (partner.status() == v1::RETIRED) continue;
    for (const v1::Node& node : partner.nodes()) {
      if (node.id() != state_.node) targets.push_back({node.id(), node.endpoint(), node.spki_sha256()});
    }
  }
  dial_plan_.SetTargets(targets, state_.now);
}

void SyncCore::NoteDropped(const std::vector<DroppedFeed>& dropped) {
  for (const DroppedFeed& feed : dropped) state_.dropped[{feed.partner, feed.audience}] = feed.erased_at_unix_millis;
}

// What the charter no longer lets this node read is erased (R7).
void SyncCore::FindUnreadable() {
  to_drop_.clear();
  for (const auto& [feed, held] : state_.feeds) {
    if (!state_.charter->empty() && !state_.MayHold(feed)) to_drop_[feed] = state_.now;
  }
  std::erase_if(state_.dropped, [this](const auto& dropped) { return state_.MayHold(dropped.first); });
}

void SyncCore::DropDue() {
  for (auto it = to_drop_.begin(); it != to_drop_.end();) {
    const FeedName feed = it->first;
    if (it->second > state_.now || dropping_.count(feed) != 0) {
      ++it;
      continue;
    }
    it = to_drop_.erase(it);
    dropping_.insert(feed);
    puller_.Forget(feed);
    state_.Ask(DropFeed{{feed.first, feed.second, 0}},
               [this, feed](StoreResult&& result) { OnDropped(feed, std::move(result)); });
  }
}

void SyncCore::OnDropped(const FeedName& feed, StoreResult&& result) {
  dropping_.erase(feed);
  if (!result.status.ok()) {
    LogError("feed.drop_failed", {{"why", result.status.message()}});
    if (!state_.MayHold(feed)) to_drop_[feed] = state_.now + absl::Milliseconds(limits::retry_millis_max);
    return;
  }
  state_.feeds.erase(feed);
  std::erase_if(state_.evidence, [&](const auto& proof) { return NameOf(proof.first) == feed; });
  evidence_announced_ = std::min(evidence_announced_, state_.evidence.size());
  if (result.dropped.has_value()) {
    state_.dropped[feed] = result.dropped->erased_at_unix_millis;
    LogInfo("feed.dropped");
  }
  for (const auto& [id, session] : sessions_) session->AnnounceDropped();
  puller_.Consider(feed);  // access may have come back meanwhile
}

// Every event ends here: what has become possible is begun.
void SyncCore::Advance(absl::Duration now) {
  state_.now = now;
  DropDue();
  own_.Run();
  if (state_.recovering) {
    for (const FeedName& feed : own_.Missing()) puller_.Consider(feed);
  }
  puller_.Run();
  EndSilentStreams();
  for (const auto& [id, session] : sessions_) {
    session->PingWhenDue();
    session->SayCompleteWhenDue();
  }
  for (const FeedName& feed : std::exchange(state_.moved, {})) Announce(feed);
  if (state_.evidence.size() > evidence_announced_) {
    evidence_announced_ = state_.evidence.size();
    for (const auto& [id, session] : sessions_) session->AnnounceEvidence();
  }
  for (DialTarget& target : dial_plan_.TakeDue(now)) state_.outbox.dial.push_back(std::move(target));
}

// A peer that sends a byte a second completes no message; one that hangs answers no ping.
void SyncCore::EndSilentStreams() {
  for (const auto& [id, session] : sessions_) {
    if (state_.now < session->silent_at() || faulty_.count(id) > 0 || !silent_.insert(id).second) continue;
    const int seconds = session->greeted() ? limits::silence_seconds_max : limits::hello_seconds_max;
    state_.outbox.close.emplace_back(
        id, absl::DeadlineExceededError(
                absl::StrCat("no whole message came from ", session->node(), " for ", seconds, " seconds")));
  }
}

// --- streams

absl::Status SyncCore::OnConnected(SessionId id, const std::string& node, bool dialled_by_us, absl::Duration now) {
  state_.now = now;
  const auto ref = state_.charter->FindNode(node);
  if (node == state_.node)
    return absl::PermissionDeniedError(absl::StrCat("node ", node, " is this node itself: its key is used twice"));
  if (!ref.has_value()) return absl::PermissionDeniedError(absl::StrCat("node ", node, " is not in the charter"));
  if (dial_plan_.Shunned(node, now))
    return absl::UnavailableError(absl::StrCat("node ", node, " broke the protocol; it may come back in a minute"));
  for (const auto& [other_id, other] : sessions_) {
    if (other->node() != node) continue;
    const bool we_are_lower = state_.node < node;
    if (other->dialled_by_us() != dialled_by_us && other->dialled_by_us() == we_are_lower) {
      return absl::AlreadyExistsError(absl::StrCat("a stream with ", node, " is up already"));
    }
    state_.outbox.close.emplace_back(other_id, absl::AlreadyExistsError("replaced by a newer stream of the same pair"));
  }
  sessions_.emplace(id, std::make_unique<PeerSession>(id, node, ref->partner->id(), dialled_by_us, &state_));
  dial_plan_.OnConnected(node);
  return absl::OkStatus();
}

void SyncCore::OnMessage(SessionId id, v1::SyncMessage message, absl::Duration now) {
  state_.now = now;
  const auto it = sessions_.find(id);
  if (it == sessions_.end() || faulty_.count(id) != 0) return;
  absl::Status status = it->second->Charge(message);
  if (status.ok()) status = Dispatch(it->second.get(), std::move(message));
  if (!status.ok()) Fault(id, status);
  Advance(now);
}

absl::Status SyncCore::Dispatch(PeerSession* session, v1::SyncMessage message) {
  if (message.has_hello()) return session->OnHello(message.hello());
  if (!session->greeted()) return absl::InvalidArgumentError("the first message is not a Hello");
  switch (message.message_case()) {
    case v1::SyncMessage::kHeads:
      puller_.OnHeads(session, std::move(*message.mutable_heads()));
      break;
    case v1::SyncMessage::kPull:
      return session->OnPull(message.pull());
    case v1::SyncMessage::kCredit:
      return session->OnCredit(message.credit());
    case v1::SyncMessage::kPage:
      return puller_.OnPage(session, std::move(*message.mutable_page()));
    case v1::SyncMessage::kCancel:
      if (message.cancel().by_answerer()) {
        puller_.OnCancel(session, message.cancel());
      } else {
        session->OnCancel(message.cancel().pull_id());
      }
      break;
    case v1::SyncMessage::kCharter:
      OnCharterOffered(session, std::move(*message.mutable_charter()));
      break;
    case v1::SyncMessage::kPing:
      session->OnPing(message.ping());
      break;
    case v1::SyncMessage::kDropped:
      return session->OnDropped(message.dropped());
    case v1::SyncMessage::kEvidence:
      puller_.OnEvidence(session, message.evidence());
      break;
    default:
      break;  // of a later protocol version, or Goodbye: the stream's end says the rest
  }
  return absl::OkStatus();
}

std::optional<v1::SyncMessage> SyncCore::NextMessage(SessionId id, absl::Duration now) {
  state_.now = now;
  const auto it = sessions_.find(id);
  if (it == sessions_.end() || faulty_.count(id) != 0) return std::nullopt;
  return it->second->Next();
}

void SyncCore::OnClosed(SessionId id, const absl::Status& why, absl::Duration now) {
  state_.now = now;
  const auto it = sessions_.find(id);
  if (it == sessions_.end()) return;
  const std::string node = it->second->node();
  const absl::Duration lived = now - it->second->since();
  const bool faulty = faulty_.erase(id) > 0;
  silent_.erase(id);
  waiting_charters_.erase(id);
  checking_charters_.erase(id);
  sessions_.erase(it);
  puller_.OnSessionClosed(id);
  const bool replaced =
      std::any_of(sessions_.begin(), sessions_.end(), [&](const auto& s) { return s.second->node() == node; });
  if (!replaced) dial_plan_.OnClosed(node, why, lived, faulty, now);
  Advance(now);
}

void SyncCore::OnDialFailed(const std::string& node, const absl::Status& why, absl::Duration now) {
  dial_plan_.OnFailed(node, why, now);
  Advance(now);
}

void SyncCore::Fault(SessionId id, const absl::Status& why) {
  const auto it = sessions_.find(id);
  if (it == sessions_.end() || !faulty_.insert(id).second) return;
  LogWarning("sync.peer_faulty", {{"peer", it->second->node()}, {"why", why.message()}});
  state_.outbox.close.emplace_back(id, why);
}

// --- the node

void SyncCore::OnStoreResult(StoreResult result, absl::Duration now) {
  state_.now = now;
  state_.Answer(std::move(result));
  Advance(now);
}

void SyncCore::OnLocalFeedMoved(HeldFeed held, absl::Duration now) {
  state_.now = now;
  const FeedName feed = NameOf(held.feed);
  const auto before = state_.feeds.find(feed);
  const uint64_t after_seq = before == state_.feeds.end() || before->second.feed != held.feed ? 0 : before->second.seq;
  state_.Note(held);
  if (held.seq <= after_seq) return Advance(now);
  own_.NotePublished(feed);
  // Peers that stand right before the change get it with the head; the announcement waits for it to be read.
  state_.inline_changes[feed] = std::nullopt;
  const uint64_t ticket = ++inline_ticket_;
  inline_tickets_[feed] = ticket;
  state_.Ask(ReadInline{held.feed, after_seq}, [this, feed, held, after_seq, ticket](StoreResult&& result) {
    if (inline_tickets_[feed] == ticket) OnInlineRead(feed, held, after_seq, std::move(result));
  });
  Advance(now);
}

void SyncCore::OnInlineRead(const FeedName& feed, const HeldFeed& held, uint64_t after_seq, StoreResult&& result) {
  state_.inline_changes.erase(feed);
  if (result.status.ok() && result.inlined.has_value()) {
    InlineChange change{after_seq, PositionOf(held), std::move(*result.inlined), 0};
    bool of_this_head = true;  // a later publish may have been read along: its own announcement follows
    for (const v1::Entry& entry : change.entries) {
      change.bytes += EntryBytes(entry);
      of_this_head = of_this_head && entry.seq() <= held.seq;
    }
    if (of_this_head) state_.inline_changes[feed] = std::move(change);
  }
  Announce(feed);
}

void SyncCore::Announce(const FeedName& feed) {
  for (const auto& [id, session] : sessions_) session->Announce(feed);
}

// One chain of each peer at a time is being checked; what comes meanwhile joins what follows.
void SyncCore::OnCharterOffered(PeerSession* session, v1::CharterChain chain) {
  if (chain.versions_size() == 0) return;
  v1::CharterChain& waiting = waiting_charters_[session->id()];
  for (v1::SignedCharter& version : *chain.mutable_versions()) *waiting.add_versions() = std::move(version);
  if (waiting.ByteSizeLong() > limits::sync_queue_charter_bytes_max) {
    Fault(session->id(), absl::ResourceExhaustedError("sends charters faster than they can be checked"));
  }
  CheckWaitingCharter(session->id());
}

void SyncCore::CheckWaitingCharter(SessionId id) {
  const auto waiting = waiting_charters_.find(id);
  if (waiting == waiting_charters_.end() || waiting->second.versions_size() == 0 ||
      !checking_charters_.insert(id).second)
    return;
  v1::Charter last;
  last.ParseFromString(waiting->second.versions(waiting->second.versions_size() - 1).body());
  state_.Ask(AcceptCharter{std::exchange(waiting->second, {})},
             [this, id, version = last.version()](StoreResult&& result) {
               checking_charters_.erase(id);
               const auto session = sessions_.find(id);
               if (session == sessions_.end()) return;
               if (result.status.ok()) {  // OnCharterChanged follows from whoever holds the charter
                 session->second->NoteCharterVersion(version);
               } else {
                 LogWarning("charter.refused", {{"peer", session->second->node()}, {"why", result.status.message()}});
                 if (absl::IsInvalidArgument(result.status)) Fault(id, result.status);
               }
               CheckWaitingCharter(id);
             });
}

void SyncCore::OnCharterChanged(absl::Duration now) {
  state_.now = now;
  state_.charter = state_.live_charter->current();
  for (const auto& [id, session] : sessions_) {
    const auto ref = state_.charter->FindNode(session->node());
    if (!ref.has_value() || ref->partner->id() != session->partner()) {
      state_.outbox.close.emplace_back(id, absl::PermissionDeniedError("the charter in force does not name this node"));
    } else {
      session->ForgetUnreadable();
      session->RecordErasures();
      session->AnnounceCharter();
      for (const auto& [feed, held] : state_.feeds) session->Announce(feed);
    }
  }
  SetDialTargets();
  FindUnreadable();
  puller_.OnCharterChanged();
  Advance(now);
}

void SyncCore::Heal(const FeedName& feed, absl::Duration now) {
  puller_.Heal(feed);
  Advance(now);
}

void SyncCore::OnTimer(absl::Duration now) { Advance(now); }

absl::Duration SyncCore::NextTimer() const {
  absl::Duration due = std::min({puller_.NextDue(), dial_plan_.NextDue(), own_.NextDue()});
  for (const auto& [feed, at] : to_drop_) due = std::min(due, at);
  for (const auto& [id, session] : sessions_) {
    if (session->greeted()) due = std::min(due, session->ping_due());
    if (silent_.count(id) == 0 && faulty_.count(id) == 0) due = std::min(due, session->silent_at());
  }
  return due;
}

SyncOutbox SyncCore::TakeOutbox() {
  SyncOutbox taken = std::move(state_.outbox);
  state_.outbox = SyncOutbox{};
  return taken;
}

}  // namespace cairn
