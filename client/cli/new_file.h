// A file that is made anew, whole or not at all.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/cli/files.h"

namespace cairn {

// As AtomicFile, but never in the place of another file, and readable for its owner alone unless it is `for_everybody`.
class NewFile {
 public:
  // ALREADY_EXISTS when something is there.
  static absl::StatusOr<std::unique_ptr<NewFile>> Create(const std::string& path, bool for_everybody);
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  absl::Status Write(absl::string_view bytes) { return file_->Write(bytes); }
  // ALREADY_EXISTS when something has come there meanwhile.
  absl::Status Commit();

 private:
  NewFile(std::string path, bool for_everybody) : path_(std::move(path)), for_everybody_(for_everybody) {}
  // Beside the file, so that it can be given its name.
  std::string unfinished() const { return path_ + ".part"; }

  const std::string path_;
  const bool for_everybody_;
  std::unique_ptr<AtomicFile> file_;
};

}  // namespace cairn
