#include "server/replicate/sync_state.h"

#include "absl/strings/str_cat.h"
#include "common/base/limits.h"
#include "server/charter/may_read.h"
#include "server/charter/may_sign.h"

namespace cairn {

std::string ToString(const FeedName& feed) { return absl::StrCat(feed.first, "/", feed.second); }

Position PositionOf(const HeldFeed& held) { return {held.feed.generation, held.seq, held.as_of_unix_millis}; }

Position PositionOf(const AuthenticHead& head) {
  return {head.feed().generation, head.seq(), head.as_of_unix_millis()};
}

size_t EntryBytes(const v1::Entry& entry) { return entry.payload().size() + limits::entry_overhead_bytes; }

void SyncState::Ask(StoreAction action, std::function<void(StoreResult&&)> then) {
  const uint64_t id = next_request_++;
  waiting_.emplace(id, std::move(then));
  outbox.requests.push_back({id, std::move(action)});
}

void SyncState::Answer(StoreResult&& result) {
  const auto it = waiting_.find(result.id);
  if (it == waiting_.end()) return;
  const auto then = std::move(it->second);
  waiting_.erase(it);
  if (result.held.has_value()) Note(*result.held);
  then(std::move(result));
}

Position SyncState::HeldPosition(const FeedName& feed) const {
  const auto it = feeds.find(feed);
  return it == feeds.end() ? Position{} : PositionOf(it->second);
}

bool SyncState::Damaged(const FeedName& feed) const {
  const auto it = feeds.find(feed);
  return it != feeds.end() && it->second.state == FeedState::kDamaged;
}

bool SyncState::Frozen(const FeedName& feed, uint32_t generation) const {
  const auto it = feeds.find(feed);
  if (it != feeds.end() && it->second.frozen && it->second.feed.generation == generation) return true;
  return evidence.count(FeedKey{feed.first, feed.second, generation}) > 0;
}

// An answer that was read before a newer one must not take the feed back (R5).
void SyncState::Note(const HeldFeed& held) {
  HeldFeed& known = feeds[NameOf(held.feed)];
  const Position before = PositionOf(known);
  const Position now = PositionOf(held);
  if (now.BehindOf(before)) return;
  const bool news = before.BehindOf(now) || before.as_of_millis < now.as_of_millis;
  known = held;
  for (SeenHead& seen : seen[NameOf(held.feed)]) seen.held |= seen.head.content_sha256() == held.content_sha256;
  if (news) moved.insert(NameOf(held.feed));
}

const AuthenticHead* SyncState::SeenAboveHeld(const FeedName& feed) const {
  const auto it = seen.find(feed);
  if (it == seen.end()) return nullptr;
  const AuthenticHead* newest = nullptr;
  for (const SeenHead& seen : it->second) {
    const Position before = newest == nullptr ? HeldPosition(feed) : PositionOf(*newest);
    if (before.BehindOf(PositionOf(seen.head))) newest = &seen.head;
  }
  return newest;
}

bool SyncState::MayHold(const FeedName& feed) const {
  return MayRead(*charter, Reader::Partner(partner), feed.first, feed.second);
}

bool SyncState::MaySend(const std::string& peer_partner, const FeedName& feed) const {
  return MayRead(*charter, Reader::Partner(peer_partner), feed.first, feed.second);
}

bool SyncState::Stands(const FeedName& feed) const {
  const auto it = feeds.find(feed);
  return it == feeds.end() || CheckStanding(*charter, it->second).ok();
}

bool SyncState::Disputed(const FeedName& feed) const {
  const auto it = feeds.find(feed);
  if (it == feeds.end() || !it->second.has_head) return false;
  const HeldFeed& held = it->second;
  return !MaySign(*charter, {held.feed, held.key_id, held.seq, held.state_digest}).ok();
}

const HeldFeed* SyncState::Servable(const FeedName& feed) const {
  const auto it = feeds.find(feed);
  if (it == feeds.end() || !it->second.has_head || !Stands(feed)) return nullptr;
  const FeedState state = it->second.state;
  return state == FeedState::kOk || state == FeedState::kFrozen ? &it->second : nullptr;
}

}  // namespace cairn
