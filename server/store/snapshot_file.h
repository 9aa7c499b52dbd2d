// A copy of a part of the directory in plain tables, for other people's tools: one SQLite file without a log.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/tables/record_rows.h"
#include "server/store/database.h"

namespace cairn {

// In the header of snapshots, so that `file` and programs can tell them from a node's own file: "CarS".
inline constexpr int64_t snapshot_application_id = 0x43617253;

// What the table `snapshot` says.
struct SnapshotAbout {
  std::string consortium;
  std::string consortium_name;
  std::string audience;  // who may read the file
  uint64_t charter_version = 0;
  absl::Time made_at;
};

// The file in the making, then its bytes. It has no name that another process could meet but while it is compacted, and
// is gone with this object. Nothing is ever deleted from it, so it holds no byte but of the rows that were added.
// Used by one thread.
class SnapshotFile {
 public:
  // `folder`: where there is room for it, twice.
  static absl::StatusOr<std::unique_ptr<SnapshotFile>> Create(const std::string& folder);
  ~SnapshotFile();
  SnapshotFile(const SnapshotFile&) = delete;
  SnapshotFile& operator=(const SnapshotFile&) = delete;

  // Rows whose keys were not added before. Quickest in the order of the keys.
  absl::Status Add(absl::Span<const TableRow> rows);
  // No rows after this: makes indexes and compacts the file. RESOURCE_EXHAUSTED: the disk is full.
  absl::Status Finish(const SnapshotAbout& about);

  // After Finish.
  uint64_t bytes() const { return bytes_; }
  // The next at most `bytes_max` bytes; empty at the end.
  absl::StatusOr<std::string> Read(size_t bytes_max);

  // Removes what a process that was killed in the midst of Finish left in `folder`.
  static void RemoveLeftovers(const std::string& folder);

 private:
  explicit SnapshotFile(std::string compact_path) : compact_path_(std::move(compact_path)) {}
  absl::Status Compact();

  const std::string compact_path_;
  std::unique_ptr<Connection> db_;
  int fd_ = -1;
  uint64_t bytes_ = 0;
  uint64_t read_ = 0;
};

}  // namespace cairn
