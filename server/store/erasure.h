// Erasure: what was withdrawn, replaced or dropped leaves no byte in the node's files.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/store/feed_store.h"

namespace cairn {

// Deleting a row clears its bytes in the pages of the database (secure_delete, scrubbing_vfs.h). What stays for a while
// are copies: rows of dropped staging, words in older segments of the text index, places in nodes of the map, pages in
// the write-ahead log. An erasure removes them all:
//
//   Note, in the transaction that deletes ─▶ staging's leftovers ─▶ map nodes ─▶ text segments merged ─▶ log emptied
//
// Each step is a bounded transaction of some ten milliseconds, so that publishing goes on meanwhile; the mark of Note
// is on disk, so that a crash forgets no erasure. What lies outside the files (backups, snapshots and unused blocks of
// the file system, spare cells of a flash disk) is out of reach.

// How it stands. Whatever is deleted while an erasure runs is pending for the next.
struct ErasureState {
  absl::Time pending_since = absl::InfiniteFuture();  // the oldest deletion that may have left a trace; none: infinite
  absl::Time completed_at = absl::InfinitePast();     // of the last erasure; none yet: infinite
  bool pending() const { return pending_since != absl::InfiniteFuture(); }
};

// Within Store::Write: this transaction deletes content (a payload, a derived row, a whole feed). For whoever deletes;
// costs one look-up.
absl::Status NoteErasure(Connection& db, absl::Time now);

// What `status` shows.
absl::StatusOr<ErasureState> ReadErasure(Store* store);

// Runs one erasure, if there is something to erase; returns when the files hold nothing more of what was deleted before
// it began. ABORTED: a reader kept the log from being emptied, call again; CANCELLED: `stop` returned true. Either way
// and after a crash it stays pending, and the next call goes on where this one was. Blocks for a second at 100,000
// records; holds the writer for no longer than a usual write, and some 100 milliseconds at its end.
absl::Status Erase(FeedStore* feeds, const std::function<bool()>& stop);

// Merges the text index into one segment, in bounded transactions: it is searched quicker, and no word of a withdrawn
// record is left. CANCELLED as above.
absl::Status MergeText(Store* store, const std::function<bool()>& stop);

}  // namespace cairn
