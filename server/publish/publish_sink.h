// Where a batch tells how it goes, and how it does so without waiting for whoever listens.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "cairn/v1/publishing.pb.h"

namespace cairn {

class Connection;
class Reader;

// What is about to be on disk.
struct CommittedChange {
  std::string audience;
  uint64_t seq = 0;      // of the new head
  uint64_t entries = 0;  // that changed
};

// Implemented by whoever calls Commit or Withdraw. Called by one thread at a time, progress also by another than the
// caller's; never while the publisher holds a lock, so that it may block.
class PublishSink {
 public:
  virtual ~PublishSink() = default;
  // A progress, problem or change message; never a result.
  virtual void Send(v1::PublishResponse response) = 0;
  // True: nobody listens any more. Ends a wait; what is being committed goes on.
  virtual bool cancelled() const { return false; }
  // Who asked, and may learn only of what it may read; nullptr: one who may read all.
  virtual const Reader* reader() const { return nullptr; }
  // Called in the transaction that puts a change's head on disk, on the store's thread: what is written here is on disk
  // with the head, or neither is. An error undoes the change. Must be quick and send nothing.
  virtual absl::Status Committing(Connection&, const CommittedChange&) { return absl::OkStatus(); }

  // Sends a progress message.
  void Progress(absl::string_view stage, uint64_t done, uint64_t total);
};

// Passes progress on from a thread of its own: a listener who stalls must not hold up who publishes. Of what waits only
// the newest is kept. Report may be called by one thread at a time.
class ProgressRelay {
 public:
  // `sink` may be nullptr: then nobody listens.
  explicit ProgressRelay(PublishSink* sink) : sink_(sink) {}
  // Sends what still waits; blocks as long as the sink does. Afterwards the sink is the caller's alone again.
  ~ProgressRelay();
  ProgressRelay(const ProgressRelay&) = delete;
  ProgressRelay& operator=(const ProgressRelay&) = delete;

  // Never blocks. The first call starts the thread.
  void Report(absl::string_view stage, uint64_t done, uint64_t total);

 private:
  struct Progress {
    std::string stage;
    uint64_t done = 0;
    uint64_t total = 0;
  };
  void Run();

  PublishSink* const sink_;
  absl::Mutex mutex_;
  std::optional<Progress> waiting_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace cairn
