#include "client/cli/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"

namespace cairn {
namespace {

absl::Status FileError(int error, absl::string_view doing, const std::string& path) {
  return absl::ErrnoToStatus(error, absl::StrCat(doing, " ", Quoted(path, 300)));
}

}  // namespace

absl::StatusOr<std::string> ReadWholeFile(const std::string& path, size_t bytes_max) {
  std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "rbe");
  if (file == nullptr) return FileError(errno, "cannot open", path);
  std::string contents;
  char buffer[64 * 1024];
  size_t got = 0;
  while (contents.size() <= bytes_max && (got = std::fread(buffer, 1, sizeof(buffer), file)) > 0) {
    contents.append(buffer, got);
  }
  const int error = std::ferror(file) != 0 ? errno : 0;
  if (file != stdin) std::fclose(file);
  if (error != 0) return FileError(error, "cannot read", path);
  if (contents.size() > bytes_max) {
    return absl::InvalidArgumentError(
        absl::StrCat("file ", Quoted(path, 300), ": larger than ", bytes_max, " bytes; is it the right file?"));
  }
  return contents;
}

absl::StatusOr<std::unique_ptr<AtomicFile>> AtomicFile::Create(const std::string& path) {
  std::string temporary = absl::StrCat(path, ".tmp-", getpid());
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) return FileError(errno, "cannot write", path);
  return std::unique_ptr<AtomicFile>(new AtomicFile(path, std::move(temporary), fdopen(fd, "wb")));
}

AtomicFile::~AtomicFile() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  unlink(temporary_.c_str());
}

absl::Status AtomicFile::Write(absl::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size()) return absl::OkStatus();
  return FileError(errno, "cannot write", path_);
}

absl::Status AtomicFile::Commit() {
  if (std::fflush(file_) != 0 || fsync(fileno(file_)) != 0) return FileError(errno, "cannot write", path_);
  if (rename(temporary_.c_str(), path_.c_str()) != 0) return FileError(errno, "cannot replace", path_);
  std::fclose(file_);
  file_ = nullptr;
  // The name must survive a power cut as the bytes do.
  const std::string directory = std::filesystem::path(path_).parent_path().string();
  const int fd = open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) {
    fsync(fd);
    close(fd);
  }
  return absl::OkStatus();
}

absl::Status WriteWholeFile(const std::string& path, absl::string_view contents) {
  ASSIGN_OR_RETURN(const std::unique_ptr<AtomicFile> file, AtomicFile::Create(path));
  RETURN_IF_ERROR(file->Write(contents));
  return file->Commit();
}

}  // namespace cairn
