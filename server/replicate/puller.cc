#include "server/replicate/puller.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "server/feed/head_format.h"
#include "server/replicate/dial_plan.h"

namespace cairn {

// --- choosing and starting

bool Puller::Offers(const PeerSession& session, const FeedName& feed) const {
  const auto heard = session.heard().find(feed);
  if (!session.greeted() || heard == session.heard().end()) return false;
  const Position held = state_->HeldPosition(feed);
  if (state_->Frozen(feed, heard->second.generation)) return false;
  return held.BehindOf(heard->second) || (state_->Damaged(feed) && !heard->second.BehindOf(held));
}

// The own feed has one writer, the publisher. It is taken from others only when that one does not write: before it may
// begin, and to mend a damaged copy.
bool Puller::MayPull(const FeedName& feed) const {
  return state_->MayHold(feed) && (feed.first != state_->partner || state_->recovering || state_->Damaged(feed));
}

bool Puller::Wanted(const FeedName& feed, const Inbound& inbound) const {
  if (inbound.phase != Phase::kIdle || !MayPull(feed)) return false;
  return std::any_of(sessions_->begin(), sessions_->end(), [&](const auto& s) { return Offers(*s.second, feed); });
}

// The owner's own stream is up but has not delivered yet: give it a moment, so that each change crosses a link once.
bool Puller::OriginMayDeliver(const FeedName& feed, const Inbound& inbound) const {
  if (state_->now >= inbound.wanted_since + absl::Milliseconds(limits::origin_grace_millis)) return false;
  return std::any_of(sessions_->begin(), sessions_->end(), [&](const auto& s) {
    return s.second->partner() == feed.first && s.second->greeted() && !Offers(*s.second, feed);
  });
}

PeerSession* Puller::ChooseSource(const FeedName& feed, Inbound* inbound) {
  const auto held = state_->feeds.find(feed);
  std::vector<PeerSession*> good, able;
  for (const auto& [id, session] : *sessions_) {
    if (!Offers(*session, feed) || RunningFrom(id) >= limits::pulls_per_source_max) continue;
    able.push_back(session.get());
    const auto avoid = inbound->avoid.find(session->node());
    const bool avoided = avoid != inbound->avoid.end() && state_->now < avoid->second;
    if (!avoided && inbound->suspects.count(session->node()) == 0) good.push_back(session.get());
  }
  if (good.empty()) good = able;  // all have failed once: begin again
  if (good.empty()) return nullptr;
  // What is staged can be continued only by who is at least as new as what was read for it.
  const bool resumes = held != state_->feeds.end() && held->second.staging.active && !inbound->full_wanted;
  const auto rank = [&](PeerSession* s) {
    const Position& heard = s->heard().at(feed);
    return std::tuple(resumes && heard.seq >= held->second.staging.basis_seq, s->partner() == feed.first,
                      heard.generation, heard.seq);
  };
  std::shuffle(good.begin(), good.end(), random_);
  return *std::max_element(good.begin(), good.end(), [&](PeerSession* a, PeerSession* b) { return rank(a) < rank(b); });
}

void Puller::StartPull(const FeedName& feed, Inbound* inbound, PeerSession* source) {
  const Position& offered = source->heard().at(feed);
  const auto held = state_->feeds.find(feed);
  const bool same_generation = held != state_->feeds.end() && held->second.feed.generation == offered.generation;
  const StagingState* staging = same_generation && held->second.staging.active ? &held->second.staging : nullptr;
  const bool whole = inbound->full_wanted || state_->Damaged(feed) || state_->Disputed(feed);
  const bool resumes = staging != nullptr && offered.seq >= staging->basis_seq && (!whole || staging->full);
  inbound->phase = Phase::kPulling;
  inbound->feed = FeedKey{feed.first, feed.second, offered.generation};
  inbound->source = source->id();
  inbound->pull_id = next_pull_++;
  ++inbound->attempt;
  inbound->fresh = !resumes;
  inbound->full = resumes ? staging->full : whole || !same_generation || held->second.seq == 0;
  inbound->inlined = false;
  inbound->was_reset = false;
  inbound->through_seq = resumes ? staging->through_seq : (inbound->full ? 0 : held->second.seq);
  inbound->basis_seq = resumes ? staging->basis_seq : 0;
  inbound->base_records = resumes ? staging->entries : 0;
  inbound->base_bytes = resumes ? staging->bytes : 0;
  if (!resumes) inbound->contributors.clear();
  if (resumes && inbound->contributors.empty()) inbound->contributors.insert("");
  inbound->contributors.insert(source->node());
  inbound->credit = limits::pull_credit_bytes;
  inbound->closing.reset();
  inbound->started_at = inbound->progress_at = state_->now;
  inbound->pulled_bytes = 0;
  v1::SyncMessage message;
  v1::Pull* pull = message.mutable_pull();
  pull->set_pull_id(inbound->pull_id);
  *pull->mutable_feed() = inbound->feed.ToProto();
  pull->set_after_seq(inbound->through_seq);
  pull->set_full(inbound->full);
  pull->set_credit_bytes(limits::pull_credit_bytes);
  source->Send(std::move(message));
}

void Puller::Run() {
  size_t running = Running();
  for (auto it = active_.begin(); it != active_.end();) {
    const FeedName feed = *it;
    Inbound& inbound = inbound_[feed];
    const std::string slow = TooSlow(feed, inbound);
    if (!slow.empty()) {
      LeaveSlowSource(feed, &inbound, slow);
      --running;
    }
    if (inbound.phase != Phase::kIdle) {
      ++it;
      continue;
    }
    if (!Wanted(feed, inbound)) {
      inbound.wanted_since = absl::InfiniteDuration();
      it = active_.erase(it);
      continue;
    }
    ++it;
    if (inbound.wanted_since == absl::InfiniteDuration()) inbound.wanted_since = state_->now;
    if (inbound.staging > 0)
      continue;  // pages of an earlier source are still being stored: where to go on is known after
    if (state_->now < inbound.not_before || running >= static_cast<size_t>(limits::pulls_running_max)) continue;
    if (OriginMayDeliver(feed, inbound) || !RateAllows(feed, &inbound)) continue;
    if (PeerSession* source = ChooseSource(feed, &inbound)) {
      StartPull(feed, &inbound, source);
      ++running;
    }
  }
}

absl::Duration Puller::NextDue() const {
  absl::Duration due = absl::InfiniteDuration();
  for (const FeedName& feed : active_) {
    const auto it = inbound_.find(feed);
    if (it == inbound_.end()) continue;
    const Inbound& inbound = it->second;
    if (inbound.phase == Phase::kPulling && inbound.staging == 0 && !inbound.closing.has_value())
      due = std::min(due, inbound.progress_at + absl::Seconds(limits::pull_progress_seconds_max));
    if (inbound.phase != Phase::kIdle || inbound.wanted_since == absl::InfiniteDuration()) continue;
    const absl::Duration grace = inbound.wanted_since + absl::Milliseconds(limits::origin_grace_millis);
    if (inbound.not_before > state_->now) due = std::min(due, inbound.not_before);
    if (grace > state_->now) due = std::min(due, grace);
  }
  return due;
}

// --- pages

absl::Status Puller::OnPage(PeerSession* session, v1::EntriesPage page) {
  const FeedName feed = FeedOfPull(session->id(), page.pull_id());
  if (feed.first.empty()) return OnStrayPage(session, page);
  Inbound& inbound = inbound_[feed];
  if (page.reset()) {
    if (std::exchange(inbound.was_reset, true))
      return absl::InvalidArgumentError("one pull was answered by reset twice");
    inbound.full = true;
    inbound.fresh = true;
    inbound.through_seq = 0;
    inbound.basis_seq = 0;
    inbound.base_records = inbound.base_bytes = 0;
    inbound.contributors = {session->node()};
  }
  RETURN_IF_ERROR(CheckPage(inbound, page));
  return Stage(feed, &inbound, std::move(page));
}

// A page of a pull that was given up crossed that news on the way; no more of them than was asked for.
absl::Status Puller::OnStrayPage(PeerSession* session, const v1::EntriesPage& page) {
  const auto it = given_up_.find({session->id(), page.pull_id()});
  if (it == given_up_.end() || it->second <= 0) {
    return absl::InvalidArgumentError(absl::StrCat("entries that nobody asked for (pull ", page.pull_id(), ")"));
  }
  for (const v1::Entry& entry : page.entries()) it->second -= static_cast<int64_t>(EntryBytes(entry));
  if (page.has_closing_head()) given_up_.erase(it);
  return absl::OkStatus();
}

absl::Status Puller::CheckPage(const Inbound& inbound, const v1::EntriesPage& page) const {
  int64_t bytes = 0;
  uint64_t last = inbound.through_seq;
  for (const v1::Entry& entry : page.entries()) {
    bytes += static_cast<int64_t>(EntryBytes(entry));
    if (entry.id().size() != 16) return absl::InvalidArgumentError("an entry whose id is not 16 bytes");
    if (entry.payload().size() > limits::record_bytes_max) return absl::InvalidArgumentError("an entry over 256 KiB");
    if (entry.tombstone() != entry.payload().empty())
      return absl::InvalidArgumentError("a tombstone with content, or an entry without");
    if (entry.seq() <= last)
      return absl::InvalidArgumentError(absl::StrCat("sequence number ", entry.seq(), " after ", last));
    last = entry.seq();
  }
  if (bytes > static_cast<int64_t>(limits::page_bytes_max))
    return absl::InvalidArgumentError(absl::StrCat("a page of ", bytes, " bytes; at most ", limits::page_bytes_max));
  // The last page that credit allows may overdraw it by itself, no more.
  if (inbound.credit <= 0) return absl::InvalidArgumentError("a page beyond the credit given");
  if (page.through_seq() < last || page.state_seq() < page.through_seq())
    return absl::InvalidArgumentError("a page that contradicts itself");
  if (page.entries_size() == 0 && !page.has_closing_head())
    return absl::InvalidArgumentError("an empty page in the middle of a pull");
  return absl::OkStatus();
}

absl::Status Puller::Stage(const FeedName& feed, Inbound* inbound, v1::EntriesPage page) {
  if (page.has_closing_head()) {
    absl::StatusOr<AuthenticHead> closing = state_->checker->CheckSignature(page.closing_head());
    if (!closing.ok() &&
        !absl::IsDataLoss(closing.status())) {  // the charter or a clock has moved: no lie of this peer
      for (const auto& [id, session] : *sessions_) session->heard().erase(feed);
      Abandon(feed, std::string(closing.status().message()));
      return absl::OkStatus();
    }
    if (!closing.ok() || closing->feed() != inbound->feed || closing->seq() < page.through_seq()) {
      return absl::DataLossError(
          absl::StrCat("a closing head that does not close its pages: ", closing.status().message()));
    }
    inbound->closing = *std::move(closing);
  }
  StagePage stage{inbound->feed,      inbound->fresh,
                  inbound->full,      {},
                  page.through_seq(), std::max(inbound->basis_seq, page.state_seq())};
  int64_t bytes = 0;
  for (v1::Entry& entry : *page.mutable_entries()) {
    bytes += static_cast<int64_t>(EntryBytes(entry));
    stage.entries.push_back(std::move(entry));
  }
  inbound->fresh = false;
  inbound->through_seq = stage.through_seq;
  inbound->basis_seq = stage.basis_seq;
  inbound->base_records += stage.entries.size();
  inbound->base_bytes += static_cast<uint64_t>(bytes);
  inbound->pulled_bytes += static_cast<uint64_t>(bytes);
  inbound->credit -= bytes;
  inbound->progress_at = state_->now;
  const absl::Status quota = CheckQuota(feed, *inbound);
  if (!quota.ok()) {
    Abandon(feed, std::string(quota.message()));
    HoldBack(feed, inbound, quota);
    return absl::OkStatus();
  }
  ++inbound->staging;
  const uint32_t attempt = inbound->attempt;
  state_->Ask(std::move(stage), [this, feed, attempt, bytes](StoreResult&& result) {
    OnStaged(feed, attempt, bytes, std::move(result));
  });
  return absl::OkStatus();
}

void Puller::OnStaged(const FeedName& feed, uint32_t attempt, int64_t bytes, StoreResult&& result) {
  Inbound& inbound = inbound_[feed];
  --inbound.staging;
  if (inbound.attempt != attempt || inbound.phase != Phase::kPulling) return;
  inbound.progress_at = state_->now;
  if (!result.status.ok()) {
    LogError("sync.stage_failed", {{"feed", ToString(feed)}, {"why", result.status.message()}});
    return Abandon(feed, "the receiver cannot store");
  }
  PeerSession* source = Find(inbound.source);
  if (source != nullptr && !inbound.closing.has_value() && bytes > 0) {
    inbound.credit += bytes;
    v1::SyncMessage message;
    message.mutable_credit()->set_pull_id(inbound.pull_id);
    message.mutable_credit()->set_bytes(static_cast<uint64_t>(bytes));
    source->Send(std::move(message));
  }
  CommitIfComplete(feed);
}

void Puller::CommitIfComplete(const FeedName& feed) {
  Inbound& inbound = inbound_[feed];
  if (!inbound.closing.has_value() || inbound.staging > 0) return;
  inbound.phase = Phase::kCommitting;
  const uint32_t attempt = inbound.attempt;
  state_->Ask(CommitHead{*inbound.closing, false, 0, {}},
              [this, feed, attempt](StoreResult&& result) { OnCommitted(feed, attempt, false, std::move(result)); });
}

void Puller::OnCommitted(const FeedName& feed, uint32_t attempt, bool inlined, StoreResult&& result) {
  Inbound& inbound = inbound_[feed];
  if (inbound.attempt != attempt) return;
  inbound.phase = Phase::kIdle;
  inbound.closing.reset();
  if (result.status.ok()) return Succeed(feed, &inbound);
  if (absl::IsResourceExhausted(result.status)) return HoldBack(feed, &inbound, result.status);
  if (absl::IsDataLoss(result.status) && !inlined) return OnMismatch(feed, &inbound, result.status);
  // An inlined change that does not fit is no one's fault: another may have come first. The pull settles it.
  if (!inlined) {
    LogWarning("sync.commit_failed", {{"feed", ToString(feed)}, {"why", result.status.message()}});
    Fail(&inbound);
  }
}

void Puller::Succeed(const FeedName& feed, Inbound* inbound) {
  for (const auto& [node, whole] : inbound->suspects) {
    // A difference that did not verify may have met a damaged copy here; only the same kind of answer convicts.
    if (inbound->full && !whole) continue;
    for (const auto& [id, session] : *sessions_) {
      if (session->node() == node) {
        on_fault_(id, absl::DataLossError(
                          absl::StrCat("served feed ", ToString(feed),
                                       " with a set that does not match its head; another peer served it right")));
      }
    }
  }
  changes_[feed].Use(1);
  inbound->held_back.clear();
  inbound->suspects.clear();
  inbound->avoid.clear();
  inbound->failures = 0;
  inbound->full_wanted = false;
  inbound->not_before = absl::ZeroDuration();
  inbound->wanted_since = absl::InfiniteDuration();
}

void Puller::OnMismatch(const FeedName& feed, Inbound* inbound, const absl::Status& why) {
  LogError("feed.mismatch", {{"feed", ToString(feed)},
                             {"from", inbound->contributors.empty() ? "" : *inbound->contributors.begin()},
                             {"why", why.message()}});
  // Blame is clear only where all pages came from one node.
  if (inbound->contributors.size() == 1) inbound->suspects.emplace(*inbound->contributors.begin(), inbound->full);
  const bool only_source = !std::any_of(sessions_->begin(), sessions_->end(), [&](const auto& s) {
    return Offers(*s.second, feed) && inbound->suspects.count(s.second->node()) == 0;
  });
  if (only_source || inbound->contributors.size() != 1) inbound->full_wanted = true;
  Fail(inbound);
}

// --- ends

void Puller::Fail(Inbound* inbound) { inbound->not_before = state_->now + RetryDelay(inbound->failures++, random_); }

void Puller::Abandon(const FeedName& feed, const std::string& reason) {
  Inbound& inbound = inbound_[feed];
  if (inbound.phase != Phase::kPulling) return;
  if (PeerSession* source = Find(inbound.source)) {
    v1::SyncMessage message;
    message.mutable_cancel()->set_pull_id(inbound.pull_id);
    message.mutable_cancel()->set_reason(reason);
    source->Send(std::move(message));
    GiveUp(inbound);
  }
  inbound.phase = Phase::kIdle;
  inbound.closing.reset();
  ++inbound.attempt;
  Fail(&inbound);
}

void Puller::OnCancel(PeerSession* session, const v1::CancelPull& cancel) {
  const FeedName feed = FeedOfPull(session->id(), cancel.pull_id());
  if (feed.first.empty()) return;
  Inbound& inbound = inbound_[feed];
  if (inbound.closing.has_value()) return;
  GiveUp(inbound);
  inbound.avoid[session->node()] = state_->now + absl::Milliseconds(limits::retry_millis_max);
  inbound.phase = Phase::kIdle;
  ++inbound.attempt;
  Fail(&inbound);
}

// The last pages of a pull that has ended may be on their way. Only so many are remembered a stream.
void Puller::GiveUp(const Inbound& inbound) {
  given_up_[{inbound.source, inbound.pull_id}] = inbound.credit;
  const auto first = given_up_.lower_bound({inbound.source, 0});
  const auto end = given_up_.upper_bound({inbound.source, UINT32_MAX});
  if (static_cast<size_t>(std::distance(first, end)) > limits::given_up_pulls_max) given_up_.erase(first);
}

void Puller::OnSessionClosed(SessionId session) {
  given_up_.erase(given_up_.lower_bound({session, 0}), given_up_.upper_bound({session, UINT32_MAX}));
  for (auto& [feed, inbound] : inbound_) {
    if (inbound.phase != Phase::kPulling || inbound.source != session || inbound.closing.has_value()) continue;
    inbound.phase = Phase::kIdle;  // what is staged stays; the next source goes on at once
    ++inbound.attempt;
  }
}

void Puller::Heal(const FeedName& feed) {
  inbound_[feed].not_before = absl::ZeroDuration();
  active_.insert(feed);
}

void Puller::Forget(const FeedName& feed) {
  Abandon(feed, "no longer wanted");
  Inbound& inbound = inbound_[feed];
  // Pages on their way into the store must find their counters.
  const int staging = inbound.staging;
  const uint32_t attempt = inbound.attempt + 1;
  inbound = Inbound();
  inbound.staging = staging;
  inbound.attempt = attempt;
}

bool Puller::Pulling(const FeedName& feed) const {
  const auto it = inbound_.find(feed);
  return it != inbound_.end() && it->second.phase != Phase::kIdle;
}

bool Puller::Arriving(const std::string& partner) const {
  return std::any_of(inbound_.begin(), inbound_.end(), [&](const auto& entry) {
    const auto& [feed, inbound] = entry;
    if (feed.first != partner || inbound.phase == Phase::kIdle) return false;
    const PeerSession* source = Find(inbound.source);
    return source == nullptr || source->partner() != partner;
  });
}

size_t Puller::Running() const {
  return static_cast<size_t>(std::count_if(active_.begin(), active_.end(), [this](const FeedName& feed) {
    const auto it = inbound_.find(feed);
    if (it == inbound_.end()) return false;
    return it->second.phase == Phase::kPulling || (it->second.phase == Phase::kCommitting && !it->second.inlined);
  }));
}

size_t Puller::RunningFrom(SessionId source) const {
  return static_cast<size_t>(std::count_if(active_.begin(), active_.end(), [&](const FeedName& feed) {
    const auto it = inbound_.find(feed);
    return it != inbound_.end() && it->second.phase == Phase::kPulling && it->second.source == source;
  }));
}

size_t Puller::InlineCommits() const {
  return static_cast<size_t>(std::count_if(active_.begin(), active_.end(), [this](const FeedName& feed) {
    const auto it = inbound_.find(feed);
    return it != inbound_.end() && it->second.phase == Phase::kCommitting && it->second.inlined;
  }));
}

PeerSession* Puller::Find(SessionId session) const {
  const auto it = sessions_->find(session);
  return it == sessions_->end() ? nullptr : it->second.get();
}

FeedName Puller::FeedOfPull(SessionId session, uint32_t pull_id) const {
  for (const FeedName& feed : active_) {
    const auto it = inbound_.find(feed);
    if (it != inbound_.end() && it->second.phase == Phase::kPulling && it->second.source == session &&
        it->second.pull_id == pull_id)
      return feed;
  }
  return {};
}

}  // namespace cairn
