// How the node is, as a person wants to know it: collected from the store, replication, the charter and the publisher.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cairn/v1/operations.pb.h"
#include "common/base/clock.h"
#include "server/access/caller_limits.h"
#include "server/charter/live_charter.h"
#include "server/charter/may_read.h"
#include "server/publish/publisher.h"
#include "server/replicate/replicator.h"
#include "server/store/feed_store.h"

namespace cairn {

// A partner whose newest head is older than this is silent: ten missed heartbeats, not one.
inline constexpr absl::Duration silent_after = absl::Minutes(10);
// Below this the disk counts as nearly full: the write-ahead log and one large change still fit.
inline constexpr uint64_t disk_free_bytes_low = 512ull * 1024 * 1024;
// An erasure that has waited for so long is held up: it takes a minute otherwise.
inline constexpr absl::Duration erasure_late = absl::Minutes(10);
// How long before its end a charter is called to mind: governors need time to sign.
inline constexpr absl::Duration charter_warning = absl::Hours(24 * 30);

// What a person must look at in `status`, worst first, in plain words; reads nothing but the status and the charter.
// `tls_pin` is the SHA-256 of the key that this node shows, or why it can show none.
std::vector<std::string> Alerts(const v1::GetStatusResponse& status, const CharterView& charter,
                                const absl::StatusOr<std::string>& tls_pin);

// Thread-safe. What is passed in must outlive it.
class StatusReporter {
 public:
  struct Options {
    std::string node;
    std::string partner;
    std::string version;  // of the program
    // Of this node's TLS key as its file is now: a running node takes up a new one.
    std::function<absl::StatusOr<std::string>()> tls_pin;
    FeedStore* feeds;
    const LiveCharter* charter;
    const Publisher* publisher;
    const Replicator* replicator;
    const CallerLimits* caller_limits;
    Clock* clock;
  };
  explicit StatusReporter(Options options);

  // As far as `reader` may know: feeds that it may not read are not there, nor is what follows from them.
  absl::StatusOr<v1::GetStatusResponse> Report(const Reader& reader) const;

 private:
  absl::Status ReportFeeds(const CharterView& charter, const Reader& reader, v1::GetStatusResponse* status) const;
  static void Confine(v1::GetStatusResponse* status);
  absl::Status ReportPeers(v1::GetStatusResponse* status) const;
  absl::Status ReportDisk(v1::DiskStatus* disk) const;
  void ReportRefusals(v1::GetStatusResponse* status) const;

  const Options options_;
  const absl::Time started_at_;
};

}  // namespace cairn
