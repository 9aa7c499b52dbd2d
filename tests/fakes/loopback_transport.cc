#include "tests/fakes/loopback_transport.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace cairn {

void LoopbackNetwork::Join(const std::string& node, LoopbackTransport* transport) {
  absl::MutexLock lock(&mutex_);
  nodes_[node] = transport;
}

void LoopbackNetwork::Leave(const std::string& node) {
  absl::MutexLock lock(&mutex_);
  nodes_.erase(node);
}

LoopbackTransport* LoopbackNetwork::BeginOpening(const std::string& node) {
  absl::MutexLock lock(&mutex_);
  const auto it = nodes_.find(node);
  if (it == nodes_.end()) return nullptr;
  it->second->BeginOpening();
  return it->second;
}

// What both ends of a stream share.
struct LoopbackTransport::Side {
  absl::Mutex mutex;
  bool awake[2] ABSL_GUARDED_BY(mutex) = {true, true};
  bool ended ABSL_GUARDED_BY(mutex) = false;
  absl::Status why ABSL_GUARDED_BY(mutex);
  int pumping ABSL_GUARDED_BY(mutex) = 2;  // sides whose thread may still call the other's events
};

// One end. `Pump` runs on a thread of its own until the stream ends.
class LoopbackTransport::Stream : public PeerStream {
 public:
  Stream(std::shared_ptr<Side> shared, int side, StreamEvents* events)
      : shared_(std::move(shared)), side_(side), events_(events) {}

  void Wake() override {
    absl::MutexLock lock(&shared_->mutex);
    shared_->awake[side_] = true;
  }
  void Close(const absl::Status& why) override {
    absl::MutexLock lock(&shared_->mutex);
    if (!shared_->ended) shared_->why = why;
    shared_->ended = true;
  }

  void set_session(SessionId session) { session_ = session; }

  // Like gRPC's End: what waits to be sent goes out before the close.
  void Pump(Stream* other) {
    while (true) {
      bool ended = false;
      {
        absl::MutexLock lock(&shared_->mutex);
        const auto due = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return shared_->awake[side_] || shared_->ended; };
        shared_->mutex.Await(absl::Condition(&due));
        ended = shared_->ended;
        shared_->awake[side_] = false;
      }
      while (auto message = events_->NextMessage(session_))
        other->events_->OnMessage(other->session_, *std::move(message));
      if (ended) break;
    }
    // OnClosed is the last call of a session: wait until the other side has stopped delivering.
    absl::Status why;
    {
      absl::MutexLock lock(&shared_->mutex);
      --shared_->pumping;
      const auto quiet = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return shared_->pumping == 0; };
      shared_->mutex.Await(absl::Condition(&quiet));
      why = shared_->why;
    }
    events_->OnClosed(session_, why);
  }

 private:
  const std::shared_ptr<Side> shared_;
  const int side_;
  StreamEvents* const events_;
  SessionId session_ = 0;
};

LoopbackTransport::LoopbackTransport(std::string node, StreamEvents* events, LoopbackNetwork* network)
    : node_(std::move(node)), events_(events), network_(network) {
  network_->Join(node_, this);
}

LoopbackTransport::~LoopbackTransport() { Stop(); }

void LoopbackTransport::Dial(const DialTarget& target) {
  absl::MutexLock lock(&mutex_);
  if (!stopped_) threads_.emplace_back([this, target] { Open(target); });
}

void LoopbackTransport::BeginOpening() {
  absl::MutexLock lock(&mutex_);
  ++opening_;
}

void LoopbackTransport::EndOpening() {
  absl::MutexLock lock(&mutex_);
  --opening_;
}

void LoopbackTransport::Open(const DialTarget& target) {
  LoopbackTransport* peer = network_->BeginOpening(target.node);
  if (peer == nullptr) return events_->OnDialFailed(target.node, absl::UnavailableError("connection refused"));
  OpenAt(peer, target);
}

// Each side's events are called by a thread of its own transport, which its Stop awaits.
void LoopbackTransport::OpenAt(LoopbackTransport* peer, const DialTarget& target) {
  auto shared = std::make_shared<Side>();
  auto ours = std::make_shared<Stream>(shared, 0, events_);
  auto theirs = std::make_shared<Stream>(shared, 1, peer->events_);
  const auto accepted = peer->events_->OnConnected(node_, false, theirs);
  if (!accepted.ok()) {
    peer->EndOpening();
    return events_->OnDialFailed(target.node, accepted.status());
  }
  theirs->set_session(*accepted);
  const auto connected = events_->OnConnected(target.node, true, ours);
  if (!connected.ok()) {
    peer->events_->OnClosed(*accepted, connected.status());
    return peer->EndOpening();
  }
  ours->set_session(*connected);
  {
    absl::MutexLock lock(&mutex_);
    streams_.push_back(ours);
    if (stopped_) ours->Close(absl::CancelledError("stopping"));
  }
  {
    absl::MutexLock lock(&peer->mutex_);
    peer->streams_.push_back(theirs);
    peer->threads_.emplace_back([ours, theirs] { theirs->Pump(ours.get()); });
    if (peer->stopped_) theirs->Close(absl::CancelledError("stopping"));
    --peer->opening_;
  }
  ours->Pump(theirs.get());
}

void LoopbackTransport::Stop() {
  network_->Leave(node_);
  std::vector<std::thread> threads;
  {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
    for (const auto& stream : streams_) stream->Close(absl::CancelledError("the other node is stopping"));
    const auto opened = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return opening_ == 0; };
    mutex_.Await(absl::Condition(&opened));
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace cairn
