// When to dial whom: back-off with jitter for every node of the charter that can be dialled.
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/replicate/transport.h"

namespace cairn {

// Part of the sync state machine: no clock, no threads of its own; `now` is monotonic. Not thread-safe.
class DialPlan {
 public:
  // How one node stands.
  struct Entry {
    DialTarget target;
    enum class State { kWaiting, kDialling, kConnected } state = State::kWaiting;
    absl::Duration due;   // when kWaiting
    int failures = 0;     // in a row
    bool faulty = false;  // it broke the protocol or served what does not verify, and has not done better since
    absl::Duration shunned_until;  // when faulty
    std::string last_error;
    std::string trouble;  // what its present stream does too slowly; empty: nothing
  };

  DialPlan(std::string own_node, uint64_t seed) : own_node_(std::move(own_node)), random_(seed) {}

  // The nodes of the charter in force, but this one. Those without an endpoint are kept (they may dial us) and never
  // dialled. What is known of a node stays when its endpoint and pin stay.
  void SetTargets(const std::vector<DialTarget>& targets, absl::Duration now);

  // A stream with `node` lives; whoever dialled.
  void OnConnected(absl::string_view node);
  // It ended after living for `lived`. A fault of the peer (`faulty`) waits the longest.
  void OnClosed(absl::string_view node, const absl::Status& why, absl::Duration lived, bool faulty, absl::Duration now);
  // What it does on its present stream that no one can be blamed for.
  void OnTrouble(absl::string_view node, const std::string& why);
  // An attempt failed.
  void OnFailed(absl::string_view node, const absl::Status& why, absl::Duration now);

  // A faulty node whose wait is not over: its own dialling is refused as well.
  bool Shunned(absl::string_view node, absl::Duration now) const;
  // Those to be dialled now, at most so many at a time, chosen at random so that the graph has no favourites; they
  // count as being dialled from here on.
  std::vector<DialTarget> TakeDue(absl::Duration now);
  // When TakeDue may have something next. InfiniteDuration: not before something else happens.
  absl::Duration NextDue() const;

  const std::map<std::string, Entry, std::less<>>& entries() const { return entries_; }

 private:
  void Wait(Entry* entry, absl::Duration now);
  size_t Busy() const;

  const std::string own_node_;
  std::mt19937_64 random_;
  std::map<std::string, Entry, std::less<>> entries_;
};

// `attempt` 0, 1, 2 … -> 0.5 s, 1 s, 2 s … up to a minute, each between half and the whole of it ("equal jitter").
absl::Duration RetryDelay(int attempt, std::mt19937_64& random);

}  // namespace cairn
