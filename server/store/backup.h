// A copy of the node's file to begin again from, made while the node runs, and the mark that tells a copy from the
// original.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/store/store.h"

namespace cairn {

// How far a copy is.
struct BackupProgress {
  uint64_t done_bytes = 0;
  uint64_t total_bytes = 0;
};

// Copies the whole file to `path`, consistent as of the moment when this returns, while the node goes on: in steps
// between the writer's transactions, whose changes of what is copied already go into the copy as well. The copy is one
// file of mode 0600, marked with `mark`. Nothing is at `path` before the copy is complete and on disk. ALREADY_EXISTS
// when something is there; RESOURCE_EXHAUSTED and the like name the path. `progress` may return an error to stop.
absl::Status BackUp(Store* store, const std::string& path, absl::string_view mark,
                    const std::function<absl::Status(const BackupProgress&)>& progress);

// Makes a copy at `path` that was opened with Store one file again, all of it on disk. `mark`, unless empty, replaces
// its mark.
absl::Status SettleCopy(const std::string& path, absl::string_view mark);

// What SQLite finds wrong with the pages and indexes of the file; empty: nothing. Reads all of it.
absl::StatusOr<std::string> CheckPages(Store* store);

// What the file is a copy of, in words for people; empty: the original. A marked file may lack what was published after
// it was copied, so a node that runs on it asks its peers before it publishes.
absl::StatusOr<std::string> ReadRestoredMark(Store* store);

// Within a write body. `what` is not empty.
absl::Status SetRestoredMark(Connection& db, absl::string_view what);

// True: the file was found to be old, by its own heads or by what a peer showed, and not all that it lacks may have
// come yet. Kept on disk, since half of a recovery looks like no loss at all.
absl::StatusOr<bool> ReadOldMark(Store* store);
absl::Status SetOldMark(Connection& db);

// Sets the mark of an old file when this file is a copy of the one that was opened before, such as one that somebody
// copied back by hand: then others may have seen what it lacks, however young it looks. Notes which file this is: where
// a file system tells, by number and moment of creation. Before the mark is read. Blocks.
absl::Status MarkWhenCopied(Store* store, const std::string& path);

// Whether the machine was started anew since ClearCopyMarks. A disk that was set back as a whole looks like this:
// virtual machines go back to a snapshot with a start. False when that was never noted or the system does not tell.
absl::StatusOr<bool> MachineStartedAnew(Store* store);

// Removes both marks and notes this start of the machine: peers were heard, and the file is as good as any other.
absl::Status ClearCopyMarks(Connection& db);

}  // namespace cairn
