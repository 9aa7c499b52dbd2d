#include "server/replicate/own_feed_recovery.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "server/charter/may_sign.h"

namespace cairn {
namespace {

std::string Text(const Position& position) {
  return absl::StrCat("generation ", position.generation, " at ", position.seq);
}

// Whether what was heard could still be taken. A thief's head, once its key is revoked, or one of a generation that has
// ended could not, and whoever waited for it would wait forever.
bool MayBeTaken(const SyncState& state, const FeedName& feed, const Position& heard) {
  const auto seen = state.seen.find(feed);
  if (seen == state.seen.end()) return true;
  for (const SeenHead& each : seen->second) {
    if (!PositionOf(each.head).SameState(heard)) continue;
    const HeadClaim claim{each.head.feed(), each.head.key_id(), each.head.seq(), each.head.content().state_digest()};
    return MaySign(*state.charter, claim).ok();
  }
  return true;
}

}  // namespace

bool LooksOld(const std::vector<HeldFeed>& held, const std::string& partner, absl::Time now) {
  int64_t newest = 0;
  for (const HeldFeed& feed : held) {
    if (feed.feed.partner == partner && feed.has_head) newest = std::max(newest, feed.as_of_unix_millis);
  }
  return newest != 0 && now - absl::FromUnixMillis(newest) > absl::Seconds(limits::own_feed_recent_seconds);
}

void OwnFeedRecovery::Start(Options options) {
  options_ = options;
  started_ = true;
  started_at_ = state_->now;
  for (const auto& [feed, held] : state_->feeds) {
    if (feed.first == state_->partner) held_at_start_[feed] = PositionOf(held);
  }
}

std::vector<FeedName> OwnFeedRecovery::Missing() const {
  std::vector<FeedName> missing;
  for (const auto& [feed, heard] : state_->own_heard) {
    const bool behind = state_->HeldPosition(feed).BehindOf(heard) && !state_->Frozen(feed, heard.generation);
    if (behind && MayBeTaken(*state_, feed, heard)) missing.push_back(feed);
  }
  return missing;
}

// Heads are on disk here before anybody sees them, so a later one elsewhere is of another copy's time.
bool OwnFeedRecovery::ShowsOldCopy() const {
  return std::any_of(state_->own_heard.begin(), state_->own_heard.end(), [this](const auto& entry) {
    const auto at = held_at_start_.find(entry.first);
    const Position before = at == held_at_start_.end() ? Position{} : at->second;
    return before.BehindOf(entry.second) ||
           (before.SameState(entry.second) && before.as_of_millis < entry.second.as_of_millis);
  });
}

OwnFeedRecovery::Others OwnFeedRecovery::Look() {
  for (const auto& [id, session] : *sessions_) {
    if (session->HeardAll(state_->now)) heard_.insert(session->node());
  }
  const auto self = state_->charter->FindNode(state_->node);
  const bool dials_only = self.has_value() && self->node->endpoint().empty();
  Others others;
  bool foreign = false, foreign_heard = false, own_heard = false;
  for (const v1::Partner& partner : state_->charter->charter().partners()) {
    if (partner.status() == v1::RETIRED) continue;
    for (const v1::Node& node : partner.nodes()) {
      if (node.id() == state_->node) continue;
      others.nobody = false;
      const bool is_own = partner.id() == state_->partner;
      const bool heard = heard_.count(node.id()) > 0;
      foreign |= !is_own;
      foreign_heard |= !is_own && heard;
      own_heard |= is_own && heard;
      if (dials_only && node.endpoint().empty()) continue;  // the two can never meet
      ++others.all;
      others.heard += heard;
    }
  }
  others.enough = foreign ? foreign_heard : own_heard;
  return others;
}

absl::Duration OwnFeedRecovery::grace() const {
  if (options_.old_copy) return absl::Seconds(limits::own_feed_old_grace_seconds);
  if (options_.new_boot) return absl::Seconds(limits::own_feed_new_boot_grace_seconds);
  return absl::Milliseconds(limits::own_feed_grace_millis);
}

absl::Status OwnFeedRecovery::NobodyHeard() const {
  if (state_->now < started_at_ + absl::Seconds(limits::own_feed_hear_seconds_max)) {
    return absl::UnavailableError(
        "the other nodes are being asked what they hold of this partner's feeds; none has answered yet");
  }
  return absl::FailedPreconditionError(
      absl::StrCat("no other node could be asked what it holds of this partner's feeds. If this data directory is new "
                   "or an old copy, publishing now would contradict what they hold and freeze the feeds. Wait: the "
                   "nodes are dialled again and again, and the first that answers opens publishing; or start `cairnd "
                   "--standalone` when you are sure that this is the newest copy",
                   options_.old_copy ? " (a restored one asks for a stronger word, see `cairnd --help`)" : "",
                   "; or ask the governors to begin a new generation"));
}

absl::Status OwnFeedRecovery::Contradiction(const FeedName& feed) const {
  const auto heard = state_->own_heard.find(feed);
  return absl::FailedPreconditionError(absl::StrCat(
      "feed ", ToString(feed), " is published from two copies: this node holds ", Text(state_->HeldPosition(feed)),
      ", and a peer holds ", Text(heard->second),
      ", signed with this partner's key and not by this process. Find out whether a second node runs with this key and "
      "end it. To take over what the peers hold, start this node again, then publish anew what was published here; if "
      "it is not true, ask the governors to begin a new generation"));
}

absl::Status OwnFeedRecovery::JudgeHeard(const Others& others) {
  if (others.nobody || options_.standalone) return absl::OkStatus();
  if (!others.enough) return NobodyHeard();
  heard_at_ = std::min(heard_at_, state_->now);
  options_.old_copy = options_.old_copy || ShowsOldCopy();
  if (others.heard >= others.all || state_->now >= heard_at_ + grace()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(
      others.heard, " of ", others.all, " other nodes have said what they hold of this partner's feeds; ",
      options_.old_copy   ? "this data directory is an old copy or was long away, so the others are waited for up to "
      : options_.new_boot ? "the machine was started anew, so the others are waited for up to "
                          : "the others are waited for up to ",
      absl::FormatDuration(grace()), options_.old_copy ? ", or until `cairnd --standalone`" : ""));
}

absl::Status OwnFeedRecovery::Judge() {
  const std::vector<FeedName> missing = Missing();
  for (const FeedName& feed : missing) {
    if (published_.count(feed) > 0) return Contradiction(feed);
  }
  if (!missing.empty()) {
    const FeedName& feed = missing.front();
    options_.old_copy = true;
    return absl::UnavailableError(absl::StrCat("peers hold a newer state of feed ", ToString(feed), " (",
                                               Text(state_->own_heard[feed]), ") than this node (",
                                               Text(state_->HeldPosition(feed)), "), and it is being fetched"));
  }
  if (open_) return absl::OkStatus();
  const Others others = Look();
  const absl::Status status = JudgeHeard(others);
  heard_peers_ = status.ok() && (others.enough || others.nobody);
  return status;
}

std::vector<GoOnAbove> OwnFeedRecovery::GoOn(bool skips) const {
  std::map<FeedName, GoOnAbove> all;
  for (const auto& [feed, head] : state_->own_seen) {
    const auto told = told_seen_.find(feed);
    if (told != told_seen_.end() && told->second >= head.seq()) continue;
    if (!state_->HeldPosition(feed).BehindOf(PositionOf(head))) continue;
    if (!state_->Frozen(feed, head.feed().generation)) all[feed] = {head.feed(), head.seq(), head.content_sha256()};
  }
  for (const auto& [feed, held] : state_->feeds) {
    if (!skips || feed.first != state_->partner || !held.has_head) continue;
    all[feed].feed = held.feed;
    all[feed].skip = limits::own_feed_skip;
  }
  std::vector<GoOnAbove> go_on;
  for (auto& [feed, above] : all) go_on.push_back(std::move(above));
  return go_on;
}

void OwnFeedRecovery::Run() {
  if (!started_) return;
  const bool was_open = open_;
  const absl::Status status = Judge();
  open_ = status.ok();
  std::vector<GoOnAbove> go_on;
  if (open_) go_on = GoOn(/*skips=*/!was_open && options_.old_copy);
  state_->recovering = absl::IsUnavailable(status) || (!open_ && published_.empty());
  if (told_.has_value() && *told_ == status && go_on.empty()) return;
  if (open_) {
    LogInfo("own_feed.open", {{"heard", heard_.size()}, {"standalone", options_.standalone && !heard_peers_}});
  } else if (absl::IsFailedPrecondition(status)) {
    LogWarning("own_feed.closed", {{"why", status.message()}});
  } else {
    LogInfo("own_feed.asking", {{"why", status.message()}});
  }
  told_ = status;
  for (const GoOnAbove& above : go_on) told_seen_[NameOf(above.feed)] = above.seen_seq;
  state_->outbox.gate = OwnFeedGate{status, heard_peers_, std::move(go_on), options_.old_copy};
}

absl::Duration OwnFeedRecovery::NextDue() const {
  if (!started_ || open_) return absl::InfiniteDuration();
  const absl::Duration limit = started_at_ + absl::Seconds(limits::own_feed_hear_seconds_max);
  absl::Duration due = absl::InfiniteDuration();
  if (heard_at_ == absl::InfiniteDuration() && state_->now < limit) due = limit;
  if (heard_at_ != absl::InfiniteDuration() && state_->now < heard_at_ + grace()) due = heard_at_ + grace();
  for (const auto& [id, session] : *sessions_) {
    if (session->settled_at() > state_->now) due = std::min(due, session->settled_at());
  }
  return due;
}

}  // namespace cairn
