// The streams of a node that are not over yet, so that a charter change and the end of the node reach all of them.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/replicate/grpc_sync_stream.h"

namespace cairn {

// Thread-safe.
class StreamRegistry {
 public:
  // False after Seal: the stream must not start.
  bool Add(std::shared_ptr<SyncStream> stream) {
    absl::MutexLock lock(&mutex_);
    if (sealed_) return false;
    SyncStream* key = stream.get();
    streams_.emplace(key, std::move(stream));
    return true;
  }

  void Remove(SyncStream* stream) {
    std::shared_ptr<SyncStream> last;  // goes after the lock
    absl::MutexLock lock(&mutex_);
    const auto found = streams_.find(stream);
    if (found == streams_.end()) return;
    last = std::move(found->second);
    streams_.erase(found);
  }

  // Calls `visit` for each stream, without a lock.
  void ForEach(const std::function<void(SyncStream&)>& visit) {
    std::map<SyncStream*, std::shared_ptr<SyncStream>> streams;
    {
      absl::MutexLock lock(&mutex_);
      streams = streams_;
    }
    for (const auto& [key, stream] : streams) visit(*stream);
  }

  // Streams with the node that are not over.
  size_t CountOf(const std::string& node) {
    absl::MutexLock lock(&mutex_);
    size_t count = 0;
    for (const auto& [key, stream] : streams_) count += stream->node() == node ? 1 : 0;
    return count;
  }

  // Takes no more streams.
  void Seal() {
    absl::MutexLock lock(&mutex_);
    sealed_ = true;
  }

  // Waits until every stream is over.
  void AwaitEmpty() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](StreamRegistry* self) ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mutex_) { return self->streams_.empty(); },
        this));
  }

 private:
  absl::Mutex mutex_;
  bool sealed_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<SyncStream*, std::shared_ptr<SyncStream>> streams_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cairn
