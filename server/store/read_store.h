// Reading the node's file: all that the process which serves HTTP alone has of it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/store/database.h"

namespace cairn {

class Clock;
class ColumnCache;

// The file as readers see it. There is no way to a connection that writes from here: every one is SQLITE_OPEN_READONLY,
// never checkpoints, and changes no byte of the database or its write-ahead log. Thread-safe.
//
// In another process than the writer's, it needs to read the file, "-wal" and "-shm" beside it, and to pass through
// their folder; being allowed to write to none of them is enough (SQLite then takes its locks on "-shm" with read
// access). Those two are there from the node's first start on, and stay when it ends.
class ReadStore {
 public:
  struct Options {
    std::string path;
    std::string consortium;  // compared with that of the file; empty: whatever the file says
    Clock* clock = nullptr;  // must outlive the store; required
    int readers = 4;         // connections, each opened when first needed
    std::string vfs;         // SQLite VFS by name; empty: the default
  };
  using Body = std::function<absl::Status(Connection&)>;

  // Opens a file that a node keeps; makes, migrates and derives nothing, and takes no lock that keeps the node off.
  // NOT_FOUND: no such file, or it may not be read. FAILED_PRECONDITION: of another version than this program's, or of
  // another consortium. DATA_LOSS: not a Cairn database.
  static absl::StatusOr<std::unique_ptr<ReadStore>> Open(const Options& options);
  virtual ~ReadStore();
  ReadStore(const ReadStore&) = delete;
  ReadStore& operator=(const ReadStore&) = delete;

  // Runs `body` in one read transaction of a pooled read-only connection. DEADLINE_EXCEEDED when that took longer than
  // `budget`, waiting for a free connection included. Must not be nested.
  absl::Status Read(const Body& body, absl::Duration budget = absl::Seconds(2));

  // What searches keep of the file in memory; lives as long as the store.
  ColumnCache* columns() { return columns_.get(); }

  // Sizes in bytes, for status.
  struct Sizes {
    uint64_t database = 0;
    uint64_t wal = 0;
    uint64_t disk_free = 0;
  };
  Sizes sizes() const;

  const std::string& consortium() const { return reading_.consortium; }
  Clock* clock() const { return reading_.clock; }

 protected:
  ReadStore();
  // For whoever has opened the file otherwise: readers may come from now on.
  void OpenReaders(Options options, bool durable);
  // Readers must be gone.
  void CloseReaders();

 private:
  Options reading_;
  std::unique_ptr<class ReaderPool> readers_;
  std::unique_ptr<ColumnCache> columns_;
};

// Tells when another process has changed the file. Used by one thread.
class FileWatch {
 public:
  static absl::StatusOr<std::unique_ptr<FileWatch>> Open(const std::string& path);

  // True when something was committed since the last call, and at the first. Costs some microseconds. An error is for
  // good: FAILED_PRECONDITION when another file lies there now (restored from a backup), or a program of another
  // version took it over. UNAVAILABLE, ABORTED: try again.
  absl::StatusOr<bool> Changed();

 private:
  FileWatch(std::string path, std::unique_ptr<Connection> db, uint64_t inode);
  const std::string path_;
  const std::unique_ptr<Connection> db_;
  const uint64_t inode_;
  int64_t seen_ = -1;
};

// A value of the node's own notes (table node_meta); empty: none. Keys are text, chosen by whoever uses them, such as
// "fold_version".
absl::StatusOr<std::string> GetMeta(Connection& db, absl::string_view key);
// Of these notes: 32 random bytes in hex, made with the file, with which readers' page tokens are sealed.
inline constexpr char page_key_meta[] = "page_key";

}  // namespace cairn
