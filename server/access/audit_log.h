// Who changed what at this node.
#pragma once

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/clock.h"
#include "server/access/caller.h"
#include "server/store/store.h"

namespace cairn {

// Writes and reads the audit. Thread-safe. What is passed in must outlive it.
//
// A change of the own feeds and of tokens is written in its own transaction, so that nothing is on disk without its
// row; other changes directly after. What was refused is written in the background, so many an hour of each caller.
class AuditLog {
 public:
  AuditLog(Store* store, Clock* clock) : store_(store), clock_(clock) {}

  // Within a write body: the row is on disk with what else the body writes. `method` is as gRPC calls it; `description`
  // says what, in ids and counts, never contents.
  absl::Status Append(Connection& db, const Caller& caller, absl::string_view method,
                      absl::string_view description) const;
  // After something was done or tried: how it ended. Failing to write is logged, since the deed is done.
  void Done(const Caller& caller, absl::string_view method, absl::string_view description,
            const absl::Status& result) const;
  // Somebody known was refused. Beyond limits::audit_refusals_per_hour_max of a caller nothing is written.
  void Refused(const Caller& caller, absl::string_view method, const absl::Status& why);

  // See Operations.ListAudit.
  absl::StatusOr<v1::ListAuditResponse> List(const v1::ListAuditRequest& request) const;
  // Forgets what is older or more than the limits allow.
  absl::Status Purge() const;

 private:
  struct Hour {
    absl::Duration began;
    int refusals = 0;
  };
  bool CountRefusal(const std::string& caller);

  Store* const store_;
  Clock* const clock_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Hour> hours_ ABSL_GUARDED_BY(mutex_);  // by caller; as many as tokens and clients
};

// "3 ids: a, b, c"; the first limits::audit_ids_max are named.
std::string DescribeIds(absl::Span<const std::string> ids);

}  // namespace cairn
