// How the directory that everybody may read has gone on since the process started, for dashboards.
#pragma once

#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/base/limits.h"
#include "server/http/edge_parts.h"
#include "server/http/router.h"
#include "server/http/trend_series.h"

namespace cairn {

// What `directory` says of itself to somebody without a token, and to nobody else: so whoever reads the curves learns
// nothing of audiences that it may not read, not even that there are any.
//
//   entries               all of them
//   kind, freshness, country   entries by each value of that facet; every kind and freshness, also of none
//   lag                   by partner: seconds since its node last said that nothing newer exists
//   longest_lag           of the partners that are active and were ever heard
absl::StatusOr<TrendFigures> FiguresOf(const DirectoryReader& directory, absl::Time now);

// Looks every ten seconds and keeps what it saw in memory alone, so that reading it costs no look at the database, and
// what is gone from the directory is gone from here as soon. Thread-safe.
class TrendKeeper {
 public:
  explicit TrendKeeper(const EdgeParts& parts, size_t points_max = limits::trend_points_max);

  // Of one thread. Does nothing until it is time again. A directory that cannot be read makes a gap.
  void Look();
  Trends Read(size_t limit) const;

 private:
  const EdgeParts parts_;
  absl::Duration look_at_ = -absl::InfiniteDuration();  // of Look alone, as the next
  bool was_read_ = true;                                // one line in the log when reading fails, not one a look
  mutable absl::Mutex mutex_;
  TrendSeries series_ ABSL_GUARDED_BY(mutex_);
};

// Lets a keeper look, from construction to Stop, in a thread of its own. What is passed in must outlive it.
class TrendThread {
 public:
  explicit TrendThread(TrendKeeper* keeper);
  ~TrendThread();
  // Returns when nothing runs any more. Idempotent.
  void Stop();

 private:
  void Run();

  TrendKeeper* const keeper_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// /api/trends    limit    at most so many points, from 1 on; without it 120, enough for a small curve:
//   {"startedAt": when the first point was taken, "intervalSeconds": between two points, "seconds": [of each point,
//   since startedAt], "curves": [{"name": "kind", "value": "service", "values": [one a point; null: not known then]}]}
// with the names of FiguresOf. The same for every reader, with a token or without. `keeper` must outlive the router.
void AddTrendRoutes(const EdgeParts& parts, const TrendKeeper* keeper, Router* router);

}  // namespace cairn
