#include "server/replicate/dial_plan.h"

#include <algorithm>
#include <cmath>

#include "common/base/limits.h"

namespace cairn {

absl::Duration RetryDelay(int attempt, std::mt19937_64& random) {
  const double doubled = limits::retry_millis_min * std::pow(2.0, std::min(attempt, 20));
  const double whole = std::min<double>(limits::retry_millis_max, doubled);
  return absl::Milliseconds(whole * std::uniform_real_distribution<double>(0.5, 1.0)(random));
}

void DialPlan::SetTargets(const std::vector<DialTarget>& targets, absl::Duration now) {
  std::map<std::string, Entry, std::less<>> next;
  for (const DialTarget& target : targets) {
    const auto known = entries_.find(target.node);
    const bool same = known != entries_.end() && known->second.target.endpoint == target.endpoint &&
                      known->second.target.spki_sha256 == target.spki_sha256;
    Entry entry;
    if (same) {
      entry = known->second;
    } else {
      // Of a pair, the node with the lower id dials at once; the other only if no stream has come by then.
      entry.due = now + (own_node_ < target.node ? absl::ZeroDuration() : absl::Milliseconds(limits::dial_wait_millis));
      if (known != entries_.end()) entry.state = known->second.state;
    }
    entry.target = target;
    next.emplace(target.node, std::move(entry));
  }
  entries_ = std::move(next);
}

void DialPlan::OnConnected(absl::string_view node) {
  const auto it = entries_.find(node);
  if (it == entries_.end()) return;
  it->second.state = Entry::State::kConnected;
  it->second.trouble.clear();
}

void DialPlan::OnTrouble(absl::string_view node, const std::string& why) {
  const auto it = entries_.find(node);
  if (it != entries_.end()) it->second.trouble = why;
}

void DialPlan::OnClosed(absl::string_view node, const absl::Status& why, absl::Duration lived, bool faulty,
                        absl::Duration now) {
  const auto it = entries_.find(node);
  if (it == entries_.end()) return;
  Entry& entry = it->second;
  if (lived >= absl::Seconds(limits::stream_proven_seconds) && !faulty) {
    entry.failures = 0;
    entry.faulty = false;
  }
  entry.faulty = entry.faulty || faulty;
  entry.last_error = std::string(why.message());
  Wait(&entry, now);
  if (faulty) entry.due = entry.shunned_until = now + absl::Milliseconds(limits::retry_millis_max);
}

void DialPlan::OnFailed(absl::string_view node, const absl::Status& why, absl::Duration now) {
  const auto it = entries_.find(node);
  // A stream that the peer dialled may have come up meanwhile: then the failure of ours does not matter.
  if (it == entries_.end() || it->second.state == Entry::State::kConnected) return;
  it->second.last_error = std::string(why.message());
  Wait(&it->second, now);
}

void DialPlan::Wait(Entry* entry, absl::Duration now) {
  entry->state = Entry::State::kWaiting;
  entry->due = now + RetryDelay(entry->failures++, random_);
}

bool DialPlan::Shunned(absl::string_view node, absl::Duration now) const {
  const auto it = entries_.find(node);
  return it != entries_.end() && it->second.faulty && now < it->second.shunned_until;
}

std::vector<DialTarget> DialPlan::TakeDue(absl::Duration now) {
  std::vector<Entry*> ready;
  for (auto& [node, entry] : entries_) {
    if (entry.state == Entry::State::kWaiting && !entry.target.endpoint.empty() && entry.due <= now)
      ready.push_back(&entry);
  }
  const size_t busy = Busy();
  const size_t room = busy >= limits::peers_dialled_max ? 0 : limits::peers_dialled_max - busy;
  if (ready.size() > room) {
    std::shuffle(ready.begin(), ready.end(), random_);
    ready.resize(room);
  }
  std::vector<DialTarget> due;
  for (Entry* entry : ready) {
    entry->state = Entry::State::kDialling;
    due.push_back(entry->target);
  }
  return due;
}

absl::Duration DialPlan::NextDue() const {
  absl::Duration next = absl::InfiniteDuration();
  if (Busy() >= limits::peers_dialled_max) return next;
  for (const auto& [node, entry] : entries_) {
    if (entry.state == Entry::State::kWaiting && !entry.target.endpoint.empty()) next = std::min(next, entry.due);
  }
  return next;
}

size_t DialPlan::Busy() const {
  return static_cast<size_t>(std::count_if(entries_.begin(), entries_.end(),
                                           [](const auto& e) { return e.second.state != Entry::State::kWaiting; }));
}

}  // namespace cairn
