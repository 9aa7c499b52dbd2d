// Zip archives: reading those that strangers made, and writing.
//
// Nothing of an archive decides where a file goes: entries are unpacked into unlinked files in TMPDIR. Refused by name:
// names that leave the archive (absolute, "..", backslashes, drives, control characters), two entries of one name,
// encrypted entries, packing methods other than stored and deflated, more than limits::package_entries_max entries, and
// what unpacks to more than limits::package_bytes_max in all or package_ratio_max times its size: counted as it
// unpacks, whatever the archive says of itself.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/formats/input_file.h"

struct zip;

namespace cairn {

// Not thread-safe.
class ZipReader {
 public:
  // INVALID_ARGUMENT: no zip archive, or one of the refusals above.
  static absl::StatusOr<std::unique_ptr<ZipReader>> Open(const InputFile& file);
  ~ZipReader();

  // The names of all entries that are files.
  std::vector<std::string> Names() const;

  // The entry's content. NOT_FOUND; INVALID_ARGUMENT when it is too large or broken.
  absl::StatusOr<std::shared_ptr<InputFile>> Unpack(const std::string& name);

 private:
  struct Entry {
    uint64_t index;
    uint64_t packed;
  };
  ZipReader(std::string archive, struct zip* zip) : archive_(std::move(archive)), zip_(zip) {}
  absl::Status ReadDirectory();
  absl::Status AddEntry(uint64_t index);

  const std::string archive_;
  struct zip* const zip_;
  std::map<std::string, Entry> entries_;
  uint64_t unpacked_ = 0;
};

// Packs `files`, in that order, and hands the archive to `sink` piece by piece. The archive stands in a directory of
// its own in TMPDIR meanwhile.
struct ZipContent {
  std::string name;
  std::shared_ptr<InputFile> file;
};
absl::Status WriteZip(const std::vector<ZipContent>& files, const std::function<absl::Status(absl::string_view)>& sink);

}  // namespace cairn
