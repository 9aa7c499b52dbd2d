#include "client/cli/new_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"

namespace cairn {

absl::StatusOr<std::unique_ptr<NewFile>> NewFile::Create(const std::string& path, bool for_everybody) {
  std::unique_ptr<NewFile> made(new NewFile(path, for_everybody));
  std::error_code error;
  for (const std::string& name : {path, made->unfinished()}) {
    if (!std::filesystem::exists(std::filesystem::symlink_status(name, error))) continue;
    return absl::AlreadyExistsError(
        absl::StrCat("file ", Quoted(name, 300), ": is there already; name one that is not"));
  }
  const mode_t before = umask(for_everybody ? 0022 : 0077);
  absl::StatusOr<std::unique_ptr<AtomicFile>> file = AtomicFile::Create(made->unfinished());
  umask(before);
  if (!file.ok()) return file.status();
  made->file_ = *std::move(file);
  return made;
}

absl::Status NewFile::Commit() {
  RETURN_IF_ERROR(file_->Commit());
  const int failed = link(unfinished().c_str(), path_.c_str()) == 0 ? 0 : errno;
  unlink(unfinished().c_str());
  return failed == 0 ? absl::OkStatus() : absl::ErrnoToStatus(failed, absl::StrCat("cannot make ", Quoted(path_, 300)));
}

}  // namespace cairn
