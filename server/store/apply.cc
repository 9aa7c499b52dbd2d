#include "server/store/apply.h"

#include <deque>
#include <memory>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/status_macros.h"
#include "server/store/prepared_slice.h"
#include "server/store/rebuild.h"

namespace cairn {
namespace {

// Slices made ahead by a thread of their own; at most two wait, since each holds some ten megabytes.
class SliceQueue {
 public:
  // Begins with `first`.
  SliceQueue(FeedStore* feeds, const FeedKey& feed, std::shared_ptr<const PreparedSlice> first)
      : slices_{first}, ended_(first->last), thread_([this, feeds, feed, first] { Fill(feeds, feed, first); }) {}
  ~SliceQueue() {
    {
      absl::MutexLock lock(&mutex_);
      stopped_ = true;
    }
    thread_.join();
  }

  // The next slice; null: there are no more, or the helper failed. Then the writer reads for itself.
  std::shared_ptr<const PreparedSlice> Next() {
    absl::MutexLock lock(&mutex_);
    const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return ended_ || !slices_.empty(); };
    mutex_.Await(absl::Condition(&ready));
    if (slices_.empty()) return nullptr;
    std::shared_ptr<const PreparedSlice> slice = std::move(slices_.front());
    slices_.pop_front();
    return slice;
  }

 private:
  void Fill(FeedStore* feeds, const FeedKey& feed, std::shared_ptr<const PreparedSlice> previous) {
    while (!previous->last) {
      absl::StatusOr<std::shared_ptr<const PreparedSlice>> slice = feeds->PrepareSlice(feed, previous.get());
      absl::MutexLock lock(&mutex_);
      const auto room = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopped_ || slices_.size() < 2; };
      mutex_.Await(absl::Condition(&room));
      ended_ = stopped_ || !slice.ok() || *slice == nullptr;
      if (ended_) return;
      previous = *slice;
      slices_.push_back(*std::move(slice));
      ended_ = previous->last;
    }
  }

  absl::Mutex mutex_;
  std::deque<std::shared_ptr<const PreparedSlice>> slices_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

absl::StatusOr<ApplyProgress> WriteSlice(FeedStore* feeds, const FeedKey& feed, const PreparedSlice* slice) {
  ApplyProgress progress = ApplyProgress::kDone;
  RETURN_IF_ERROR(feeds->store()->Write([&](Connection& db) -> absl::Status {
    ASSIGN_OR_RETURN(progress, feeds->ApplySlice(db, feed, slice));
    return absl::OkStatus();
  }));
  return progress;
}

}  // namespace

absl::Status ApplyAll(FeedStore* feeds, const FeedKey& feed) {
  std::unique_ptr<SliceQueue> queue;
  for (ApplyProgress progress = ApplyProgress::kMoreSlices; progress != ApplyProgress::kDone;) {
    if (queue == nullptr && !feeds->store()->inline_writes()) {
      // None yet while a full set's sweep goes on.
      ASSIGN_OR_RETURN(const std::shared_ptr<const PreparedSlice> first, feeds->PrepareSlice(feed, nullptr));
      if (first != nullptr) queue = std::make_unique<SliceQueue>(feeds, feed, first);
    }
    const std::shared_ptr<const PreparedSlice> slice = queue == nullptr ? nullptr : queue->Next();
    ASSIGN_OR_RETURN(progress, WriteSlice(feeds, feed, slice.get()));
  }
  // A damaged feed's mending leaves the derived tables to be made anew.
  return ContinueRebuild(feeds->store(), nullptr);
}

}  // namespace cairn
