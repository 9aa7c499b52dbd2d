// The read-only connections.
#pragma once

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/store/database.h"
#include "server/store/store.h"

namespace cairn {

// Keeps W5 of store.h: a bounded number of connections, opened when first needed, each read within its budget.
// Thread-safe.
class ReaderPool {
 public:
  ReaderPool(Connection::Options options, int connections_max, Clock* clock);

  // See Store::Read.
  absl::Status Read(const Store::Body& body, absl::Duration budget);

 private:
  absl::StatusOr<std::unique_ptr<Connection>> Take(absl::Duration budget);
  void GiveBack(std::unique_ptr<Connection> connection);

  const Connection::Options options_;
  Clock* const clock_;
  absl::Mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_ ABSL_GUARDED_BY(mutex_);
  int unopened_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cairn
