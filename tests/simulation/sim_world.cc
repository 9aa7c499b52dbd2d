#include "tests/simulation/sim_world.h"

#include <algorithm>

#include "common/base/limits.h"
#include "gtest/gtest.h"
#include "tests/simulation/sim_node.h"

namespace cairn {

// One stream of a pair; side 0 dialled.
struct SimWorld::Stream {
  int node[2];
  uint64_t session[2];
  bool writing[2] = {false, false};
  absl::Duration arrives[2];  // of the last message sent by that side: streams keep order
  bool open = true;
};

SimWorld::SimWorld(uint64_t seed, int nodes, std::string directory)
    : random_(seed), consortium_(nodes, 7), directory_(std::move(directory)) {
  for (int i = 0; i < nodes; ++i) AddTwin(i);
}

int SimWorld::AddTwin(int i) {
  const int place = size();
  identity_.push_back(i);
  nodes_.push_back(std::make_unique<SimNode>(this, place, i, directory_ + "/" + std::to_string(place)));
  return place;
}

SimWorld::~SimWorld() = default;

void SimWorld::StartAll() {
  for (const std::unique_ptr<SimNode>& node : nodes_) {
    if (!node->up()) node->Start();
  }
}

void SimWorld::Trouble(SeededRandom& chance, int nodes) {
  const uint64_t what = chance.Below(100);
  const int i = static_cast<int>(chance.Below(static_cast<uint64_t>(nodes)));
  const int other = static_cast<int>(chance.Below(static_cast<uint64_t>(nodes)));
  if (what < 15) BreakAStream();
  if (what >= 15 && what < 50 && i != other) SetParted(i, other, what < 35);
  if (what >= 50 && what < 58 && node(i).up()) node(i).Crash();
  if (what >= 58 && what < 80 && !node(i).up()) node(i).Start();
}

void SimWorld::After(absl::Duration delay, std::function<void()> event) {
  events_[{now() + delay, next_event_++}] = std::move(event);
}

void SimWorld::RunUntil(absl::Duration until) {
  while (!events_.empty() && events_.begin()->first.first <= until) {
    const auto first = events_.begin();
    if (first->first.first > now()) clock_.Advance(first->first.first - now());
    const std::function<void()> event = std::move(first->second);
    events_.erase(first);
    event();
  }
  if (now() < until) clock_.Advance(until - now());
}

// --- the network

int SimWorld::IndexOf(const std::string& node) const {
  for (int i = 0; i < size(); ++i) {
    if (TestConsortium::Node(i) == node) return i;
  }
  return -1;
}

void SimWorld::AllowAll() {
  for (int a = 0; a < size(); ++a) {
    for (int b = 0; b < size(); ++b) {
      if (a != b) Allow(a, b);
    }
  }
}

void SimWorld::SetParted(int a, int b, bool parted) {
  const std::pair<int, int> link = std::minmax(a, b);
  if (!parted) {
    parted_.erase(link);
    return;
  }
  parted_.insert(link);
  for (const auto& stream : std::vector<std::shared_ptr<Stream>>(streams_)) {
    if (std::pair<int, int>(std::minmax(stream->node[0], stream->node[1])) == link)
      End(stream, absl::UnavailableError("the link is cut"));
  }
}

void SimWorld::HealAll() { parted_.clear(); }

void SimWorld::BreakAStream() {
  if (!streams_.empty())
    End(std::shared_ptr<Stream>(streams_[random_.Below(streams_.size())]), absl::UnavailableError("connection reset"));
}

void SimWorld::Dial(int from, const std::string& node) {
  const int to = IndexOf(node);
  const uint64_t life = nodes_[static_cast<size_t>(from)]->life();
  After(Delay(latency_ * 2), [this, from, to, life, node_id = node] {
    SimNode& dialler = *nodes_[static_cast<size_t>(from)];
    if (dialler.life() != life || !dialler.up()) return;
    const bool reachable = to >= 0 && dialable_.count({from, to}) > 0 && parted_.count(std::minmax(from, to)) == 0 &&
                           nodes_[static_cast<size_t>(to)]->up();
    if (!reachable) return dialler.OnDialFailed(node_id, absl::UnavailableError("connection refused"));
    Connect(from, to);
  });
}

void SimWorld::Connect(int from, int to) {
  auto stream = std::make_shared<Stream>();
  stream->node[0] = from;
  stream->node[1] = to;
  stream->session[0] = next_session_++;
  stream->session[1] = next_session_++;
  const absl::Status accepted = node(to).OnConnected(stream->session[1], NameOf(from), false);
  if (!accepted.ok()) return node(from).OnDialFailed(NameOf(to), accepted);
  streams_.push_back(stream);
  const absl::Status connected = node(from).OnConnected(stream->session[0], NameOf(to), true);
  if (!connected.ok()) return End(stream, connected);
  Wake(from, stream->session[0]);
  Wake(to, stream->session[1]);
}

std::shared_ptr<SimWorld::Stream> SimWorld::FindStream(int node, uint64_t session) {
  for (const auto& stream : streams_) {
    for (int side : {0, 1}) {
      if (stream->node[side] == node && stream->session[side] == session) return stream;
    }
  }
  return nullptr;
}

void SimWorld::Wake(int node, uint64_t session) {
  const std::shared_ptr<Stream> stream = FindStream(node, session);
  if (stream == nullptr) return;
  const int side = stream->session[0] == session ? 0 : 1;
  if (stream->writing[side]) return;
  stream->writing[side] = true;
  After(Delay(absl::Milliseconds(2)), [this, stream, side] { Pump(stream, side); });
}

void SimWorld::Pump(std::shared_ptr<Stream> stream, int side) {
  if (!stream->open) return;
  const auto message = node(stream->node[side]).NextMessage(stream->session[side]);
  stream->writing[side] = message.has_value();
  if (!message.has_value()) return;
  ++messages_;
  const std::string bytes = message->SerializeAsString();
  EXPECT_LE(bytes.size(), limits::sync_message_bytes_max);
  if (wiretap_) wiretap_(stream->node[side], stream->node[1 - side], *message, bytes);
  const auto meddler = meddlers_.find({stream->node[side], stream->node[1 - side]});
  if (meddler == meddlers_.end()) {
    Transmit(stream, side, bytes);
  } else {
    for (const std::string& instead : meddler->second(bytes)) Transmit(stream, side, instead);
  }
  After(Delay(absl::Milliseconds(2)), [this, stream, side] { Pump(stream, side); });
}

void SimWorld::Transmit(const std::shared_ptr<Stream>& stream, int side, const std::string& bytes) {
  stream->arrives[side] = std::max(stream->arrives[side], now() + Delay(latency_));
  After(stream->arrives[side] - now(), [this, stream, side, bytes] { Deliver(stream, 1 - side, bytes); });
}

void SimWorld::Deliver(std::shared_ptr<Stream> stream, int side, const std::string& bytes) {
  if (!stream->open) return;
  v1::SyncMessage message;
  if (!message.ParseFromString(bytes)) return End(stream, absl::InternalError("what came is no message"));
  node(stream->node[side]).OnMessage(stream->session[side], std::move(message));
}

void SimWorld::CloseStream(int node, uint64_t session, const absl::Status& why) {
  if (const std::shared_ptr<Stream> stream = FindStream(node, session)) {
    After(absl::ZeroDuration(), [this, stream, why] { End(stream, why); });
  }
}

void SimWorld::End(const std::shared_ptr<Stream>& stream, const absl::Status& why) {
  if (!stream->open) return;
  stream->open = false;
  streams_.erase(std::remove(streams_.begin(), streams_.end(), stream), streams_.end());
  for (int side : {0, 1}) {
    SimNode& end = node(stream->node[side]);
    if (end.up()) end.OnClosed(stream->session[side], why);
  }
}

void SimWorld::DropStreamsOf(int node) {
  for (const auto& stream : std::vector<std::shared_ptr<Stream>>(streams_)) {
    if (stream->node[0] == node || stream->node[1] == node) End(stream, absl::UnavailableError("the peer is gone"));
  }
}

}  // namespace cairn
