// One SQLite connection, with errors as values and statements prepared once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/node_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/store/statement.h"

struct sqlite3;
struct sqlite3_stmt;

namespace cairn {

class Clock;

// SQLite's extended result `code` as a status, with the connection's message when there is one and `what` was being
// done.
//   disk full RESOURCE_EXHAUSTED · I/O error UNAVAILABLE · fsync error, corrupt, not a database DATA_LOSS · locked
//   ABORTED · interrupted DEADLINE_EXCEEDED constraint FAILED_PRECONDITION · read-only PERMISSION_DENIED · cannot open
//   NOT_FOUND · other INTERNAL
absl::Status SqliteStatus(int code, sqlite3* db, absl::string_view what);

// A connection. Used by one thread at a time. All statements must be gone before it is.
class Connection {
 public:
  struct Options {
    std::string path;
    bool read_only = false;
    bool durable = true;       // synchronous=FULL; OFF otherwise
    int cache_kib = 8 * 1024;  // page cache
    std::string vfs;           // empty: the default; tests name one that fails on demand
  };
  // Opens the file (creating it unless read-only) with the settings that every connection of a node has: WAL, foreign
  // keys off (the code keeps references, in bounded slices), secure_delete, no mmap, no checkpoints by itself, none on
  // close.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const Options& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // The statement of `sql`, from the cache when it was used before. A mistake in the text shows in the statement's
  // status().
  Statement Prepare(absl::string_view sql);
  // Prepare, Bind and Run in one.
  template <typename... Args>
  absl::Status Execute(absl::string_view sql, const Args&... args) {
    Statement statement = Prepare(sql);
    statement.Bind(args...);
    return statement.Run();
  }
  // Runs a text of several statements without parameters: schemas.
  absl::Status ExecuteScript(absl::string_view sql);

  // Of the last statement that inserted.
  int64_t last_insert_rowid() const;
  // Rows that the last INSERT, UPDATE or DELETE touched.
  int64_t changes() const;
  // Rows that all of them touched since the connection was opened.
  int64_t total_changes() const;
  // False between BEGIN and its COMMIT or ROLLBACK, which SQLite does by itself after some errors.
  bool autocommit() const;
  // Pages in the write-ahead log after the last commit of this connection.
  int64_t wal_pages() const { return wal_pages_; }
  // Copies the write-ahead log into the file, as far as readers allow; with `restart`, waits for them (bounded) so that
  // the log begins anew. Returns SQLite's code. Only the writer calls this.
  int Checkpoint(bool restart);

  // SQLite's code of the first disk full, I/O or corruption error since the last call; 0: none. A body may have wrapped
  // or swallowed the status.
  int TakeDiskError();

  // Statements that still run at `deadline` of the clock's monotonic time end with DEADLINE_EXCEEDED. InfiniteDuration:
  // none. `clock` must live on.
  void SetDeadline(Clock* clock, absl::Duration deadline);

  // For registering functions.
  sqlite3* handle() const { return db_; }

 private:
  friend class Statement;
  struct Cached {
    sqlite3_stmt* stmt;
    bool in_use;
  };
  explicit Connection(sqlite3* db);
  static int OnProgress(void* self);
  static int OnWal(void* self, sqlite3* db, const char* name, int pages);
  void Note(int code);

  sqlite3* db_;
  absl::node_hash_map<std::string, Cached> cache_;  // its elements stay where they are
  int disk_error_ = 0;
  int64_t wal_pages_ = 0;
  Clock* clock_ = nullptr;
  absl::Duration deadline_ = absl::InfiniteDuration();
};

}  // namespace cairn
