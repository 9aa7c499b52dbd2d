// How much one caller may ask for at a time, so that it cannot hold the node for itself.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/allowance.h"
#include "common/base/clock.h"
#include "server/access/caller.h"

namespace cairn {

// What a stream holds besides its thread, of which the whole node has few.
enum class StreamKind { kAny, kBatch, kSnapshot };

// Counts requests and streams by caller, and what was refused; the local operator is not counted. Thread-safe. Must
// outlive its slots.
class CallerLimits {
 public:
  // What somebody was refused for asking for too much.
  struct Refusal {
    std::string reader;  // a caller's name, or what NoteRefused was told
    std::string reason;  // "TOO_MANY_REQUESTS"
    uint64_t times = 0;  // since the node's start
    absl::Time last;
  };

  explicit CallerLimits(Clock* clock) : clock_(clock) {}

  // A running stream; what it took is given back when this goes.
  class Slot {
   public:
    Slot(CallerLimits* limits, std::string caller, StreamKind kind)
        : limits_(limits), caller_(std::move(caller)), kind_(kind) {}
    ~Slot() { limits_->EndStream(caller_, kind_); }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

   private:
    CallerLimits* const limits_;
    const std::string caller_;
    const StreamKind kind_;
  };

  // Counts one request. RESOURCE_EXHAUSTED, reason TOO_MANY_REQUESTS, beyond limits::caller_requests_per_second after a
  // burst of limits::caller_requests_burst.
  // RESOURCE_EXHAUSTED, reason TOO_MANY_BYTES, when what the caller was sent is more than
  // limits::reader_bytes_per_second after a burst of limits::reader_bytes_burst.
  absl::Status TakeRequest(const Caller& caller);
  // Counts what a caller was sent, by its name.
  void UseBytes(const std::string& caller, size_t bytes);
  // Counts a stream for as long as the slot lives; nullptr for the local operator. RESOURCE_EXHAUSTED, reason
  // TOO_MANY_STREAMS, beyond limits::caller_streams_max, of which limits::publish_batches_per_caller_max may be batches
  // and limits::caller_snapshots_max snapshots.
  absl::StatusOr<std::unique_ptr<Slot>> TakeStream(const Caller& caller, StreamKind kind = StreamKind::kAny);

  // Somebody who has no name here, such as an address, was refused elsewhere.
  void NoteRefused(absl::string_view reader, absl::string_view reason);
  // The latest first.
  std::vector<Refusal> Refusals() const;

 private:
  struct Use {
    Allowance requests;
    Allowance bytes;
    int streams = 0;  // of all kinds
    int batches = 0;
    int snapshots = 0;
    int& Of(StreamKind kind);
  };
  void EndStream(const std::string& caller, StreamKind kind);
  // The error with this reason, counted.
  absl::Status Refuse(absl::string_view reader, absl::string_view text, absl::string_view reason)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Clock* const clock_;
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Use> uses_ ABSL_GUARDED_BY(mutex_);  // by name; as many as tokens and clients
  std::map<std::pair<std::string, std::string>, Refusal> refusals_ ABSL_GUARDED_BY(mutex_);  // by reader and reason
};

}  // namespace cairn
