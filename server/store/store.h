// The node's one SQLite file: one door for writes, a pool for reads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/store/database.h"
#include "server/store/feed_key.h"
#include "server/store/read_store.h"

namespace cairn {

class Clock;
class ColumnCache;

// Station: between everything that decides and the disk. Thread-safe.
// Promises:
//   W1 Exactly one connection, on one thread, ever writes or checkpoints (the packaged SQLite can corrupt a WAL that
//   two connections reset); a second
//      process on the same file is refused.
//   W2 A write is reported done only after its commit is on disk (`synchronous=FULL`); many queued writes share one
//   commit (R3). W3 A write whose body fails leaves nothing behind and does not disturb those committed with it. W4
//   After an I/O or fsync error nothing is written any more until the process starts again; an fsync that failed is
//   never retried. Reads go on.
//      A full disk rolls back cleanly, so the next write tries again.
//   W5 A read ends within its budget, so that one reader can neither hold the pool nor keep the write-ahead log
//   growing.
class Store : public ReadStore {
 public:
  struct Options {
    std::string path;        // the file; "-wal", "-shm" and "-lock" stand beside it
    std::string consortium;  // kept in a new file and compared with that of an old one; empty: whatever the file says
    Clock* clock = nullptr;  // must outlive the store; required
    int readers = 4;         // connections, each opened when first needed
    bool inline_writes =
        false;            // simulator and tests: bodies and callbacks run on the calling thread; no thread is made
    bool durable = true;  // synchronous=FULL; false only where power cuts are simulated by other means
    std::string vfs;      // SQLite VFS by name; empty: the default. For tests of failing disks
  };
  using Done = std::function<void(absl::Status)>;
  using MovedCallback = std::function<void(absl::Span<const FeedKey>)>;

  // Opens or creates the file and migrates it forward. FAILED_PRECONDITION: of a newer version, of another consortium,
  // or in use by another process. DATA_LOSS: not a Cairn database, or a damaged one.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const Options& options);
  // Runs what is queued, then closes. Readers must be gone.
  ~Store() override;

  // Runs `body` on the writer's connection and blocks until it is on disk. Returns what the body returned, or why the
  // commit failed. Not from within a body or, unless writes are inline, a callback of the store (FAILED_PRECONDITION).
  absl::Status Write(const Body& body);
  // The same without blocking. `done` runs after the commit on the writer's thread (inline: before this returns) and
  // must be quick.
  void WriteAsync(Body body, Done done);
  // Runs `body` on the writer's connection, between two transactions, and blocks until it has run. For backups, which
  // must be quick each time: nothing is written meanwhile.
  absl::Status BetweenWrites(const Body& body);
  // `callback` runs after each commit that moved feeds to another head, before the `done`s of that commit, on the
  // writer's thread; it must be quick. Call before the first write; callbacks stay as long as the store.
  void OnCommit(MovedCallback callback);
  // For feed_store.cc, within a write body: its commit moves `feed`.
  void NoteMoved(const FeedKey& feed);

  // Copies the whole write-ahead log into the file and empties it, so that no page of before is left in it. Blocks.
  // ABORTED: a reader still needs it; try again.
  absl::Status EmptyLog();

  // OK, or why writing fails now: RESOURCE_EXHAUSTED (disk full; tried again with each write), UNAVAILABLE or DATA_LOSS
  // (stopped until a restart).
  absl::Status write_health() const;

  // How many writes wait for the writer.
  size_t queued_writes() const;

  bool inline_writes() const { return options_.inline_writes; }

 private:
  explicit Store(Options options);
  class FileLock;
  Options options_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<class Writer> writer_;
};

// Sets a value of the node's own notes (see GetMeta); an empty value removes it.
absl::Status SetMeta(Connection& db, absl::string_view key, absl::string_view value);

}  // namespace cairn
