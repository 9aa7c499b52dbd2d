// What a reader may see, in a few bytes: equal when nothing that it may see has changed.
#pragma once

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/charter/may_read.h"
#include "server/http/edge_parts.h"

namespace cairn {

// The state of the records as one reader may see them.
struct DirectoryState {
  std::string tag;         // of the sequence numbers of all readable feeds, the charter and the derived tables' version
  absl::Time changed;      // when this process first saw it
  bool is_moving = false;  // a large change is becoming visible: the tag may stand for several states
};

// Finds states, and remembers since when they are. What a reader may not see has no part in them, so that nobody learns
// that something changed. Thread-safe.
class DirectoryStates {
 public:
  explicit DirectoryStates(EdgeParts parts) : parts_(std::move(parts)) {}

  // One short read of the database.
  absl::StatusOr<DirectoryState> Find(const Reader& reader);

 private:
  struct Seen {
    std::string tag;
    absl::Time changed;
  };
  const EdgeParts parts_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Seen> seen_ ABSL_GUARDED_BY(mutex_);  // by the names of the readable feeds
};

}  // namespace cairn
