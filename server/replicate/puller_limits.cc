// Puller: what a partner may place on this disk, how often, and how slowly a peer may deliver.
#include "absl/strings/str_cat.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "server/replicate/puller.h"

namespace cairn {

// Before anything is stored, over all feeds of the partner. Twice the quota: each record may be there once as it was
// and once as it became while it was read.
absl::Status Puller::CheckQuota(const FeedName& feed, const Inbound& inbound) const {
  const v1::Quota quota = state_->charter->QuotaOf(feed.first);
  uint64_t records = inbound.base_records;
  uint64_t bytes = inbound.base_bytes;
  for (const auto& [other, held] : state_->feeds) {
    if (other.first != feed.first || other == feed) continue;
    records += held.staging.entries;
    bytes += held.staging.bytes;
  }
  if (records <= 2 * quota.records_max() && bytes <= 2 * quota.bytes_max()) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("feed ", ToString(feed), " exceeds its quota of ",
                                                   quota.records_max(), " records, ", quota.bytes_max(), " bytes"));
}

// The owner's fault, most likely, not that of whoever passes it on. What is too much now is too much in a second; a new
// charter may allow more at once.
void Puller::HoldBack(const FeedName& feed, Inbound* inbound, const absl::Status& why) {
  LogError("feed.over_quota", {{"feed", ToString(feed)}, {"why", why.message()}});
  inbound->held_back = std::string(why.message());
  inbound->full_wanted = true;
  state_->Ask(DropStaged{inbound->feed}, [](StoreResult&&) {});
  inbound->not_before = state_->now + absl::Minutes(limits::over_quota_wait_minutes);
}

// A partner that publishes more often than its quota says is not refused: its newest head is taken as often as the
// quota allows, what it published in between is skipped. So a burst, and whatever gathered during an absence, costs one
// change and is here in the end (R4).
bool Puller::RateAllows(const FeedName& feed, Inbound* inbound) {
  const double most = state_->charter->QuotaOf(feed.first).publishes_per_hour_max();
  const double per_second = most / absl::ToDoubleSeconds(absl::Hours(1));
  const double left = changes_[feed].Left(most, per_second, state_->now);
  if (left >= 1 || feed.first == state_->partner) return true;
  inbound->not_before = state_->now + absl::Seconds((1 - left) / per_second) + absl::Milliseconds(1);
  inbound->held_back = absl::StrCat(
      "published more than ", most, " times an hour, its partner's quota; the next change ", "is taken in ",
      absl::FormatDuration(absl::Ceil(inbound->not_before - state_->now, absl::Seconds(1))));
  return false;
}

std::string Puller::HeldBack(const FeedName& feed) const {
  const auto it = inbound_.find(feed);
  return it == inbound_.end() ? "" : it->second.held_back;
}

// Why the pull under way should go on elsewhere; empty: it need not.
std::string Puller::TooSlow(const FeedName& feed, const Inbound& inbound) const {
  if (inbound.phase != Phase::kPulling || inbound.staging > 0 || inbound.closing.has_value()) return "";
  const absl::Duration allowed = absl::Seconds(limits::pull_progress_seconds_max);
  if (state_->now - inbound.progress_at >= allowed) {
    return absl::StrCat("announced feed ", ToString(feed), " and delivered nothing for ",
                        limits::pull_progress_seconds_max, " seconds");
  }
  const double seconds = absl::ToDoubleSeconds(state_->now - inbound.started_at);
  const double bytes = static_cast<double>(inbound.pulled_bytes);
  if (state_->now - inbound.started_at < allowed || bytes >= seconds * limits::pull_bytes_per_second_min) return "";
  for (const auto& [id, session] : *sessions_) {  // slow is better than nothing
    const auto avoid = inbound.avoid.find(session->node());
    const bool avoided = avoid != inbound.avoid.end() && state_->now < avoid->second;
    if (id != inbound.source && !avoided && Offers(*session, feed)) {
      return absl::StrCat("delivers feed ", ToString(feed), " with ", static_cast<int64_t>(bytes / seconds),
                          " bytes a second, at least ", limits::pull_bytes_per_second_min, " are asked of it");
    }
  }
  return "";
}

void Puller::LeaveSlowSource(const FeedName& feed, Inbound* inbound, const std::string& why) {
  if (PeerSession* source = Find(inbound->source)) {
    inbound->avoid[source->node()] = state_->now + absl::Milliseconds(limits::retry_millis_max);
    on_trouble_(source->node(), why);
  }
  Abandon(feed, why);
}

}  // namespace cairn
