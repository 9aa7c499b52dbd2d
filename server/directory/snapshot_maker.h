// Snapshots: what an audience may read, as a file of plain tables.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "cairn/v1/tables.pb.h"
#include "common/base/clock.h"
#include "server/charter/may_read.h"
#include "server/directory/directory_reader.h"
#include "server/store/snapshot_file.h"
#include "server/store/store.h"

namespace cairn {

// Makes one at a time, on disk and not in memory, in one read transaction: that is the moment it shows. Asks MayRead
// for every feed, as all of the directory does, for a reader who has no more than the audience. When the charter
// changes meanwhile the work is thrown away, since it may allow less. Thread-safe.
class SnapshotMaker {
 public:
  // `store` and `clock` must outlive this. `folder`: where the file is while it is being sent.
  SnapshotMaker(Store* store, CharterSource charter, Clock* clock, std::string folder);

  // Who reads for `audience`, so that all who are in it may see what is read: "public" reads as anybody does, a circle
  // what is for the consortium too. Never more than `caller`. Errors as tables.proto says.
  absl::StatusOr<Reader> ReaderFor(const Reader& caller, const std::string& audience) const;

  // Gives `sink` progress, then the file in chunks, then `done`. Ends with the sink's status when that is not OK.
  // Errors as tables.proto says.
  using Sink = std::function<absl::Status(const v1::MakeSnapshotResponse&)>;
  absl::Status Make(const Reader& caller, const std::string& audience, const Sink& sink);

 private:
  class Collecting;
  // Fills and finishes the file with what `reader` may read, in one read transaction, within which nobody is waited
  // for.
  absl::Status Collect(const Reader& reader, const std::string& audience,
                       const std::shared_ptr<const CharterView>& charter,
                       const std::function<absl::Status(uint64_t records)>& progress, SnapshotFile* file);
  static absl::Status Send(SnapshotFile* file, v1::MakeSnapshotResponse part, const Sink& sink);

  Store* const store_;
  const CharterSource charter_;
  Clock* const clock_;
  const std::string folder_;
  absl::Mutex mutex_;  // held while one is collected
  absl::Mutex running_mutex_;
  int running_ ABSL_GUARDED_BY(running_mutex_) = 0;
};

}  // namespace cairn
