#include "server/replicate/peer_session.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/charter/charter_document.h"

namespace cairn {
namespace {
constexpr uint32_t kProtocol = 1;
}  // namespace

PeerSession::PeerSession(SessionId id, std::string node, std::string partner, bool dialled_by_us, SyncState* state)
    : id_(id),
      node_(std::move(node)),
      partner_(std::move(partner)),
      dialled_by_us_(dialled_by_us),
      since_(state->now),
      state_(state),
      heard_at_(state->now),
      self_(std::make_shared<PeerSession*>(this)) {
  for (const auto& [feed, held] : state_->feeds) to_announce_.insert(feed);
  state_->outbox.wake.insert(id_);
}

absl::Status PeerSession::Charge(const v1::SyncMessage& message) {
  heard_at_ = state_->now;
  if (message.has_page()) return absl::OkStatus();  // it was asked for, and counts against credit
  double micros = limits::message_work_micros;
  micros += limits::message_kib_work_micros * static_cast<double>(message.ByteSizeLong()) / 1024;
  const int heads = message.heads().heads_size() + message.heads().seen_size();
  micros += static_cast<double>(heads) * limits::head_work_micros;
  micros += static_cast<double>(message.charter().versions_size()) * limits::charter_work_micros;
  if (message.has_evidence()) micros += limits::evidence_work_micros;
  if (work_.Left(limits::peer_work_micros_burst, limits::peer_work_micros_per_second, state_->now) < micros) {
    return absl::ResourceExhaustedError(
        absl::StrCat("sends heads, charters and other messages faster than a peer may: they cost more than ",
                     limits::peer_work_micros_per_second / 10'000, " % of a core"));
  }
  work_.Use(micros);
  return absl::OkStatus();
}

absl::Duration PeerSession::silent_at() const {
  return greeted_ ? heard_at_ + absl::Seconds(limits::silence_seconds_max)
                  : since_ + absl::Seconds(limits::hello_seconds_max);
}

absl::Status PeerSession::OnHello(const v1::Hello& hello) {
  if (greeted_) return absl::InvalidArgumentError("a second Hello on one stream");
  if (hello.protocol() != kProtocol) {
    return absl::FailedPreconditionError(absl::StrCat("node ", node_, " speaks sync protocol ", hello.protocol(),
                                                      "; this node speaks ", kProtocol, ": update the older program"));
  }
  if (hello.consortium() != state_->consortium) {
    return absl::FailedPreconditionError(absl::StrCat("node ", node_, " belongs to consortium ",
                                                      Quoted(hello.consortium()), "; this node to ",
                                                      Quoted(state_->consortium)));
  }
  if (hello.node() != node_) {
    return absl::PermissionDeniedError(
        absl::StrCat("the peer calls itself ", Quoted(hello.node()), " but its key is pinned for ", Quoted(node_)));
  }
  const CharterView& charter = *state_->charter;
  if (hello.charter_version() == charter.version() && hello.charter_sha256() != charter.sha256()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "node ", node_, " holds another charter as version ", charter.version(), " (", ToHex(hello.charter_sha256()),
        "; here ", ToHex(charter.sha256()), "): the governors must settle which one is in force"));
  }
  greeted_ = true;
  greeted_at_ = state_->now;
  will_say_complete_ = hello.says_complete();
  NoteCharterVersion(hello.charter_version());
  state_->outbox.wake.insert(id_);
  return absl::OkStatus();
}

absl::Status PeerSession::OnPull(const v1::Pull& pull) {
  if (served_.count(pull.pull_id()) != 0)
    return absl::InvalidArgumentError(absl::StrCat("pull ", pull.pull_id(), " is already being served"));
  if (served_.size() >= limits::pulls_served_per_peer_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat("more than ", limits::pulls_served_per_peer_max, " pulls at a time"));
  }
  if (reads_ >= limits::reads_per_peer_max) {
    return absl::ResourceExhaustedError("asks for pages and cancels them faster than they can be read");
  }
  const FeedKey feed = FeedKey::FromProto(pull.feed());
  const HeldFeed* held = state_->MaySend(partner_, NameOf(feed)) ? state_->Servable(NameOf(feed)) : nullptr;
  if (held == nullptr || held->feed != feed) {
    Refuse(pull.pull_id(), "no such feed here now");
    return absl::OkStatus();
  }
  Served served;
  served.feed = feed;
  served.after_seq = pull.after_seq();
  served.credit = static_cast<int64_t>(std::min<uint64_t>(pull.credit_bytes(), limits::pull_credit_bytes));
  served_.emplace(pull.pull_id(), std::move(served));
  ReadOn(pull.pull_id());
  return absl::OkStatus();
}

absl::Status PeerSession::OnCredit(const v1::Credit& credit) {
  const auto it = served_.find(credit.pull_id());
  if (it == served_.end()) return absl::OkStatus();  // crossed the last page on the way
  it->second.credit += static_cast<int64_t>(std::min<uint64_t>(credit.bytes(), limits::pull_credit_bytes));
  it->second.credit = std::min<int64_t>(it->second.credit, limits::pull_credit_bytes);
  ReadOn(credit.pull_id());
  return absl::OkStatus();
}

void PeerSession::Refuse(uint32_t pull_id, const std::string& reason) {
  v1::SyncMessage message;
  message.mutable_cancel()->set_pull_id(pull_id);
  message.mutable_cancel()->set_reason(reason);
  message.mutable_cancel()->set_by_answerer(true);
  Send(std::move(message));
}

// Reads one page ahead of what is being written, never more: a slow peer costs a cursor.
void PeerSession::ReadOn(uint32_t pull_id) {
  Served& served = served_.at(pull_id);
  if (served.reading || served.ready.has_value() || served.last || served.credit <= 0) return;
  served.reading = true;
  ++reads_;
  state_->Ask(ReadPage{served.feed, served.after_seq}, [alive = self_, pull_id](StoreResult&& result) {
    if (*alive != nullptr) (*alive)->OnPageRead(pull_id, std::move(result));
  });
}

void PeerSession::OnPageRead(uint32_t pull_id, StoreResult&& result) {
  --reads_;
  const auto it = served_.find(pull_id);
  if (it == served_.end()) return;
  Served& served = it->second;
  served.reading = false;
  // Access may have been withdrawn while the page was read.
  if (!result.status.ok() || !result.page.has_value() || !state_->MaySend(partner_, NameOf(served.feed)) ||
      !state_->Stands(NameOf(served.feed))) {
    served_.erase(it);
    Refuse(pull_id, "no such feed here now");
    return;
  }
  FeedStore::Page& page = *result.page;
  // Withdrawals up to the floor are forgotten: who begins below it, or has it rise above where it stands, begins anew.
  const uint64_t floor_before = served.floor_seq.value_or(served.after_seq == 0 ? page.floor_seq : 0);
  served.floor_seq = page.floor_seq;
  if (page.floor_seq > floor_before && served.after_seq < page.floor_seq) {
    served.after_seq = 0;
    served.reset = true;
    ReadOn(pull_id);
    return;
  }
  v1::EntriesPage out;
  out.set_pull_id(pull_id);
  out.set_reset(served.reset);
  served.reset = false;
  out.set_through_seq(page.through_seq);
  out.set_state_seq(page.state_seq);
  for (v1::Entry& entry : page.entries) {
    served.credit -= static_cast<int64_t>(EntryBytes(entry));
    *out.add_entries() = std::move(entry);
  }
  served.after_seq = page.through_seq;
  served.last = page.last;
  if (page.last) *out.mutable_closing_head() = std::move(page.head);
  served.ready = std::move(out);
  state_->outbox.wake.insert(id_);
}

void PeerSession::Announce(const FeedName& feed) {
  to_announce_.insert(feed);
  state_->outbox.wake.insert(id_);
}

void PeerSession::AnnounceCharter() {
  if (greeted_ && peer_charter_version_ < state_->charter->version()) state_->outbox.wake.insert(id_);
}

void PeerSession::ForgetUnreadable() {
  for (auto it = served_.begin(); it != served_.end();) {
    if (state_->MaySend(partner_, NameOf(it->second.feed))) {
      ++it;
      continue;
    }
    const uint32_t refused = it->first;
    it = served_.erase(it);
    Refuse(refused, "no such feed here now");
  }
  std::erase_if(announced_, [this](const auto& told) { return !state_->MaySend(partner_, told.first); });
  std::erase_if(heard_, [this](const auto& heard) { return !state_->MayHold(heard.first); });
  std::erase_if(dropped_told_, [this](const auto& told) { return state_->MayHold(told.first); });
  std::erase_if(evidence_told_, [this](const FeedKey& told) { return !state_->MaySend(partner_, NameOf(told)); });
}

absl::Status PeerSession::OnDropped(const v1::Dropped& dropped) {
  const FeedName feed{state_->partner, dropped.audience()};
  if (!IsAudience(dropped.audience())) {
    return absl::InvalidArgumentError(
        absl::StrCat("erased the audience ", Quoted(dropped.audience()), ", which is none"));
  }
  if (state_->feeds.count(feed) != 0) erased_[dropped.audience()] = dropped.erased_at_unix_millis();
  RecordErasures();
  return absl::OkStatus();
}

void PeerSession::RecordErasures() {
  for (auto it = erased_.begin(); it != erased_.end();) {
    const FeedName feed{state_->partner, it->first};
    if (state_->MaySend(partner_, feed)) {  // the charter that took it away is on its way here
      ++it;
      continue;
    }
    state_->Ask(RecordErasure{{feed.first, feed.second, 0}, node_, it->second}, [](StoreResult&& result) {
      if (!result.status.ok()) LogWarning("sync.receipt_failed", {{"why", result.status.message()}});
    });
    it = erased_.erase(it);
  }
}

void PeerSession::PingWhenDue() {
  if (!greeted_ || state_->now < ping_due_) return;
  ping_due_ = state_->now + absl::Seconds(limits::ping_seconds);
  ping_sent_ = state_->now;
  v1::SyncMessage message;
  message.mutable_ping()->set_id(++ping_id_);
  Send(std::move(message));
}

void PeerSession::OnPing(const v1::Ping& ping) {
  if (ping.answer()) {
    if (ping.id() == ping_id_) round_trip_ = state_->now - ping_sent_;
    return;
  }
  v1::SyncMessage message;
  message.mutable_ping()->set_id(ping.id());
  message.mutable_ping()->set_answer(true);
  Send(std::move(message));
}

void PeerSession::Send(v1::SyncMessage message) {
  // The peer makes us answer faster than it reads: it ends itself.
  if (queue_.size() >= limits::sync_queue_messages_max) {
    state_->outbox.close.emplace_back(id_, absl::ResourceExhaustedError("the peer does not read what it asks for"));
    return;
  }
  queue_.push_back(std::move(message));
  state_->outbox.wake.insert(id_);
}

std::optional<v1::SyncMessage> PeerSession::Next() {
  if (!hello_sent_) {
    hello_sent_ = true;
    v1::SyncMessage message;
    v1::Hello* hello = message.mutable_hello();
    hello->set_protocol(kProtocol);
    hello->set_consortium(state_->consortium);
    hello->set_node(state_->node);
    hello->set_charter_version(state_->charter->version());
    hello->set_charter_sha256(state_->charter->sha256());
    hello->set_says_complete(true);
    return message;
  }
  if (!greeted_) return std::nullopt;
  if (peer_charter_version_ < state_->charter->version()) {
    if (std::optional<v1::SyncMessage> charter = NextCharter()) return charter;
  }
  if (!queue_.empty()) {
    v1::SyncMessage message = std::move(queue_.front());
    queue_.pop_front();
    return message;
  }
  if (std::optional<v1::SyncMessage> evidence = NextEvidence()) return evidence;
  if (std::optional<v1::SyncMessage> dropped = NextDropped()) return dropped;
  if (std::optional<v1::SyncMessage> heads = NextHeads()) return heads;
  return NextPage();
}

// As many versions as one message holds; the rest follows with the next call.
std::optional<v1::SyncMessage> PeerSession::NextCharter() {
  v1::SyncMessage message;
  size_t bytes = 0;
  v1::CharterChain chain = state_->live_charter->ChainAfter(peer_charter_version_);
  for (v1::SignedCharter& version : *chain.mutable_versions()) {
    bytes += version.ByteSizeLong();
    if (message.charter().versions_size() > 0 && bytes > limits::page_bytes_max) break;
    *message.mutable_charter()->add_versions() = std::move(version);
    ++peer_charter_version_;
  }
  if (message.charter().versions_size() > 0) return message;
  peer_charter_version_ =
      state_->charter->version();  // the chain held begins later: the peer must be given one by hand
  return std::nullopt;
}

bool PeerSession::NeedsToKnow(const FeedName& feed, const HeldFeed& held) const {
  const Position position = PositionOf(held);
  const auto told = announced_.find(feed);
  if (told == announced_.end()) return true;
  if (told->second.BehindOf(position)) return true;
  if (!told->second.SameState(position) || told->second.as_of_millis >= position.as_of_millis) return false;
  // Same state, newer as_of: no need to echo it to whoever has it.
  const auto heard = heard_.find(feed);
  return heard == heard_.end() || !heard->second.SameState(position) ||
         heard->second.as_of_millis < position.as_of_millis;
}

// A small change of our own travels with its head when the peer stands right before it.
bool PeerSession::AddInline(const FeedName& feed, const HeldFeed& held, v1::FeedHead* head, size_t* bytes) const {
  const auto it = state_->inline_changes.find(feed);
  if (it == state_->inline_changes.end() || !it->second.has_value()) return false;
  const InlineChange& change = *it->second;
  Position peer;
  for (const auto* known : {&announced_, &heard_}) {
    const auto at = known->find(feed);
    if (at != known->end() && peer.BehindOf(at->second)) peer = at->second;
  }
  const bool fits = change.head.SameState(PositionOf(held)) && peer.generation == held.feed.generation &&
                    peer.seq >= change.after_seq && peer.seq < held.seq &&
                    *bytes + change.bytes <= limits::page_bytes_target;
  if (!fits) return false;
  head->set_inlined(true);
  head->set_after_seq(change.after_seq);
  for (const v1::Entry& entry : change.entries) *head->add_entries() = entry;
  *bytes += change.bytes;
  return true;
}

// Every proof once a stream, also to peers that come later (R6).
std::optional<v1::SyncMessage> PeerSession::NextEvidence() {
  for (const auto& [feed, evidence] : state_->evidence) {
    if (!state_->MaySend(partner_, NameOf(feed)) || !evidence_told_.insert(feed).second) continue;
    v1::SyncMessage message;
    *message.mutable_evidence() = evidence;
    return message;
  }
  return std::nullopt;
}

// To the owner's nodes only: nobody else may learn that the feed exists (R7).
std::optional<v1::SyncMessage> PeerSession::NextDropped() {
  for (const auto& [feed, erased_at] : state_->dropped) {
    if (feed.first != partner_ || state_->MayHold(feed)) continue;
    if (!dropped_told_.emplace(feed, erased_at).second) continue;
    v1::SyncMessage message;
    message.mutable_dropped()->set_audience(feed.second);
    message.mutable_dropped()->set_erased_at_unix_millis(erased_at);
    return message;
  }
  return std::nullopt;
}

std::optional<v1::SyncMessage> PeerSession::NextHeads() {
  v1::SyncMessage message;
  size_t bytes = 0;
  for (auto it = to_announce_.begin(); it != to_announce_.end();) {
    const FeedName feed = *it;
    const auto change = state_->inline_changes.find(feed);
    if (change != state_->inline_changes.end() &&
        !change->second.has_value()) {  // being read; marked again when it is there
      ++it;
      continue;
    }
    if (static_cast<size_t>(message.heads().heads_size()) >= limits::heads_per_message_max ||
        bytes >= limits::page_bytes_target)
      break;
    it = to_announce_.erase(it);
    const HeldFeed* held = state_->Servable(feed);
    if (held == nullptr || !state_->MaySend(partner_, feed) || !NeedsToKnow(feed, *held)) continue;
    v1::FeedHead* head = message.mutable_heads()->add_heads();
    *head->mutable_head() = held->head;
    bytes += held->head.ByteSizeLong();
    AddInline(feed, *held, head, &bytes);
    announced_[feed] = PositionOf(*held);
  }
  if (MaySayComplete()) {
    complete_sent_ = true;
    message.mutable_heads()->set_complete(true);
    AddSeen(message.mutable_heads());
  }
  if (message.heads().heads_size() == 0 && !message.heads().complete()) return std::nullopt;
  return message;
}

// What nobody holds any more was perhaps fetched by nobody, and yet must not be contradicted (R3).
void PeerSession::AddSeen(v1::Heads* heads) const {
  for (const auto& [feed, all] : state_->seen) {
    if (feed.first != partner_ || !state_->MaySend(partner_, feed)) continue;
    if (heads->seen_size() >= limits::own_heads_seen_max) break;
    if (const AuthenticHead* head = state_->SeenAboveHeld(feed)) *heads->add_seen() = head->signed_head();
  }
}

// The peer may write to its own feed once it has heard this: nothing of it may be on its way in and come to light
// later.
bool PeerSession::MaySayComplete() const {
  if (complete_sent_ || !greeted_ || !to_announce_.empty() || state_->arriving(partner_)) return false;
  return std::none_of(state_->feeds.begin(), state_->feeds.end(), [this](const auto& feed) {
    // What a revoked key left does not come to light any more.
    return feed.first.first == partner_ && feed.second.has_head && state_->Stands(feed.first) &&
           state_->Servable(feed.first) == nullptr;
  });
}

void PeerSession::SayCompleteWhenDue() {
  if (MaySayComplete()) state_->outbox.wake.insert(id_);
}

absl::Duration PeerSession::settled_at() const {
  if (!greeted_ || will_say_complete_) return absl::InfiniteDuration();
  return greeted_at_ + absl::Seconds(limits::own_feed_settle_seconds);
}

bool PeerSession::HeardAll(absl::Duration now) const {
  // Its newer charter may be what makes its heads count.
  if (!greeted_ || peer_charter_version_ > state_->charter->version()) return false;
  return said_complete_ || now >= settled_at();
}

std::optional<v1::SyncMessage> PeerSession::NextPage() {
  for (auto it = served_.begin(); it != served_.end(); ++it) {
    Served& served = it->second;
    if (!served.ready.has_value()) continue;
    // Access was withdrawn, or the key revoked, after the page was read (R7, R1).
    if (!state_->MaySend(partner_, NameOf(served.feed)) || !state_->Stands(NameOf(served.feed))) {
      const uint32_t refused = it->first;
      served_.erase(it);
      Refuse(refused, "no such feed here now");
      return Next();
    }
    v1::SyncMessage message;
    *message.mutable_page() = std::move(*served.ready);
    served.ready.reset();
    const uint32_t pull_id = it->first;
    if (served.last) {
      served_.erase(it);
    } else {
      ReadOn(pull_id);
    }
    return message;
  }
  return std::nullopt;
}

}  // namespace cairn
