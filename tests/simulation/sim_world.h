// A deterministic world: virtual time, one queue of events, and a network whose links delay, break and part.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cairn/v1/replication.pb.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "tests/fakes/consortium.h"

namespace cairn {

class SimNode;

// Everything that happens is an event of this queue; the same seed gives the same run. Not thread-safe.
class SimWorld {
 public:
  SimWorld(uint64_t seed, int nodes, std::string directory);
  ~SimWorld();

  // --- time and chance
  ManualClock* clock() { return &clock_; }
  SeededRandom& random() { return random_; }
  absl::Duration now() { return clock_.Monotonic(); }
  void After(absl::Duration delay, std::function<void()> event);
  // A delay between nothing and `most`.
  absl::Duration Delay(absl::Duration most) { return most * random_.Unit(); }
  // Runs events until the queue is empty or `until`.
  void RunUntil(absl::Duration until);

  // --- the network
  // Two nodes can reach each other (the topology), each direction of dialling apart.
  void Allow(int from, int to) { dialable_.insert({from, to}); }
  // All that there are now can reach each other.
  void AllowAll();
  bool Linked(int a, int b) const { return dialable_.count({a, b}) + dialable_.count({b, a}) > 0; }
  // Cuts off or restores a link; streams over it end.
  void SetParted(int a, int b, bool parted);
  void HealAll();
  // Breaks one random stream.
  void BreakAStream();
  void Dial(int from, const std::string& node);
  void Wake(int node, uint64_t session);
  void CloseStream(int node, uint64_t session, const absl::Status& why);
  // The node is gone: its streams end without a word of its own.
  void DropStreamsOf(int node);
  // Sees every message as it leaves a node.
  using Wiretap = std::function<void(int from, int to, const v1::SyncMessage& message, const std::string& bytes)>;
  void set_wiretap(Wiretap wiretap) { wiretap_ = std::move(wiretap); }
  // What `from` sends to `to` passes through `meddler`, which returns what arrives instead, in order. What is no
  // message ends the stream, as it does with gRPC.
  using Meddler = std::function<std::vector<std::string>(std::string)>;
  void SetMeddler(int from, int to, Meddler meddler) { meddlers_[{from, to}] = std::move(meddler); }
  // Slows everything sent over the network from now on.
  void set_latency(absl::Duration most) { latency_ = most; }

  // One more node with the identity of node `i`, which can dial but is not found by others. Returns its place.
  int AddTwin(int i);

  // Starts every node that is down.
  void StartAll();
  // What goes wrong in a bad hour, a little of it, by `chance`: a stream breaks, a link of the first `nodes` nodes is
  // cut or restored, one of them crashes or comes back.
  void Trouble(SeededRandom& chance, int nodes);

  SimNode& node(int i) { return *nodes_[static_cast<size_t>(i)]; }
  int size() const { return static_cast<int>(nodes_.size()); }
  TestConsortium& consortium() { return consortium_; }
  uint64_t messages() const { return messages_; }

 private:
  struct Stream;
  void Connect(int from, int to);
  void Pump(std::shared_ptr<Stream> stream, int side);
  void Transmit(const std::shared_ptr<Stream>& stream, int side, const std::string& bytes);
  void Deliver(std::shared_ptr<Stream> stream, int side, const std::string& bytes);
  void End(const std::shared_ptr<Stream>& stream, const absl::Status& why);
  std::shared_ptr<Stream> FindStream(int node, uint64_t session);
  int IndexOf(const std::string& node) const;
  std::string NameOf(int place) const { return TestConsortium::Node(identity_[static_cast<size_t>(place)]); }

  ManualClock clock_;
  SeededRandom random_;
  TestConsortium consortium_;
  uint64_t next_event_ = 0;
  std::map<std::pair<absl::Duration, uint64_t>, std::function<void()>> events_;
  std::set<std::pair<int, int>> dialable_;
  std::set<std::pair<int, int>> parted_;
  std::map<std::pair<int, int>, Meddler> meddlers_;
  std::vector<std::shared_ptr<Stream>> streams_;
  const std::string directory_;
  std::vector<int> identity_;  // of the node at each place
  std::vector<std::unique_ptr<SimNode>> nodes_;
  absl::Duration latency_ = absl::Milliseconds(40);
  uint64_t next_session_ = 1;
  uint64_t messages_ = 0;
  Wiretap wiretap_;
};

}  // namespace cairn
