// Streams between nodes of one process, without a network: the fake beside the gRPC transport. Both pass the same
// contract test.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/replicate/transport.h"

namespace cairn {

class LoopbackTransport;

// Who can be reached. Outlives the transports. Thread-safe.
class LoopbackNetwork {
 public:
  void Join(const std::string& node, LoopbackTransport* transport);
  void Leave(const std::string& node);
  // Begins a stream to `node`, which does not go away before LoopbackTransport::EndOpening. nullptr: nobody listens.
  LoopbackTransport* BeginOpening(const std::string& node);

 private:
  absl::Mutex mutex_;
  std::map<std::string, LoopbackTransport*> nodes_ ABSL_GUARDED_BY(mutex_);
};

// One node's end of the network. Each stream has a thread a side, which writes what that side wants to send.
// Thread-safe.
class LoopbackTransport : public Dialler {
 public:
  LoopbackTransport(std::string node, StreamEvents* events, LoopbackNetwork* network);
  ~LoopbackTransport() override;

  void Dial(const DialTarget& target) override;
  // Ends all streams and returns when nothing calls `events` any more. Idempotent.
  void Stop();

 private:
  class Stream;
  struct Side;
  friend class LoopbackNetwork;
  void Open(const DialTarget& target);
  void OpenAt(LoopbackTransport* peer, const DialTarget& target);
  void BeginOpening();
  void EndOpening();

  const std::string node_;
  StreamEvents* const events_;
  LoopbackNetwork* const network_;
  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  int opening_ ABSL_GUARDED_BY(mutex_) = 0;  // streams that others are opening here
  std::vector<std::shared_ptr<Stream>> streams_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cairn
