// The elements of a file that were refused, in the file's own format, to be corrected and published again.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "common/formats/record_reader.h"

namespace cairn {

// What was refused of a batch of several files. Memory: 8 bytes a refused record.
struct Refused {
  // Places in the batch, from 0, of records that the node refused. Records that cannot be read are not counted: they
  // never had a place, and reading the file again finds them again.
  absl::flat_hash_set<uint64_t> indices;
};

// What RejectedFile wrote.
struct RejectedResult {
  // "FILE.rejected" or "FILE.rejected-N"; empty when nothing of the file was refused, and no file was written.
  std::string path;
  uint64_t elements = 0;
  // Elements too long to be held; they are not in the file.
  uint64_t left_out = 0;
};

// Fails when no file can be made beside `path`: said before anything is published.
absl::Status CheckRejectedCanBeWritten(const std::string& path);

// `path`.rejected, of an earlier batch, when there is such a file; else empty.
std::string OldRejected(const std::string& path);

// Reads `path` a second time and writes to `path`.rejected (or, when that holds something else, which its owner may be
// correcting, to `path`.rejected-2 and so on) the text of every element that has an unreadable part or a
// record at one of the refused places. `first_index` is the place in the batch of the file's first record; it is
// advanced by the number of its records.
absl::StatusOr<RejectedResult> WriteRejected(const std::string& path, ImportFormat format, const ReaderContext& context,
                                             const Refused& refused, uint64_t* first_index);

}  // namespace cairn
