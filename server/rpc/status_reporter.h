// How the node is, as a person wants to know it: collected from the store, replication, the charter and the publisher.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cairn/v1/operations.pb.h"
#include "common/base/clock.h"
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
// How long before its end a charter is called to mind: governors need time to sign.
inline constexpr absl::Duration charter_warning = absl::Hours(24 * 30);

// What a person must look at in `status`, worst first, in plain words; reads nothing but the status and the charter.
// `spki_sha256` is the key that this node shows.
std::vector<std::string> Alerts(const v1::GetStatusResponse& status, const CharterView& charter,
                                const std::string& spki_sha256);

// Thread-safe. What is passed in must outlive it.
class StatusReporter {
 public:
  struct Options {
    std::string node;
    std::string partner;
    std::string version;      // of the program
    std::string spki_sha256;  // of this node's TLS key
    FeedStore* feeds;
    const LiveCharter* charter;
    const Publisher* publisher;
    const Replicator* replicator;
    Clock* clock;
  };
  explicit StatusReporter(Options options);

  // As far as `reader` may know: feeds that it may not read are not there, nor is what follows from them.
  absl::StatusOr<v1::GetStatusResponse> Report(const Reader& reader) const;

 private:
  absl::Status ReportFeeds(const CharterView& charter, const Reader& reader, v1::GetStatusResponse* status) const;
  absl::Status ReportPeers(v1::GetStatusResponse* status) const;
  void ReportDisk(v1::DiskStatus* disk) const;

  const Options options_;
  const absl::Time started_at_;
};

}  // namespace cairn
