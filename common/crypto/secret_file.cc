#include "common/crypto/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace cairn {

namespace {

constexpr size_t secret_file_bytes_max = 64 * 1024;  // keys have a few hundred bytes

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

absl::Status Failed(absl::string_view action, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot ", action, " ", path));
}

absl::Status CheckMode(const struct stat& info, const std::string& path) {
  if (!S_ISREG(info.st_mode)) return absl::FailedPreconditionError(absl::StrCat(path, ": not a regular file"));
  if (info.st_uid != geteuid()) {
    return absl::PermissionDeniedError(absl::StrCat(path, ": belongs to user ", info.st_uid,
                                                    ", and this program runs as ", geteuid(), "; run: chown ",
                                                    geteuid(), " ", path));
  }
  if ((info.st_mode & 077) != 0) {
    return absl::PermissionDeniedError(absl::StrCat(path, ": mode 0", absl::Hex((info.st_mode >> 6) & 7),
                                                    absl::Hex((info.st_mode >> 3) & 7), absl::Hex(info.st_mode & 7),
                                                    " lets others read or write this secret; run: chmod 600 ", path));
  }
  return absl::OkStatus();
}

absl::Status WriteAll(int fd, absl::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t wrote = write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno != EINTR) return Failed("write", path);
    if (wrote > 0) bytes.remove_prefix(static_cast<size_t>(wrote));
  }
  return fsync(fd) == 0 ? absl::OkStatus() : Failed("sync", path);
}

absl::Status SyncFolderOf(const std::string& path) {
  const std::string folder = std::filesystem::absolute(path).parent_path().string();
  const Descriptor fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd.get() >= 0 && fsync(fd.get()) == 0 ? absl::OkStatus() : Failed("sync", folder);
}

}  // namespace

absl::StatusOr<std::string> ReadSecretFile(const std::string& path) {
  // Not blocking, so that a pipe put in the file's place is found to be one.
  const Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) return Failed("open", path);
  struct stat info = {};
  if (fstat(fd.get(), &info) != 0) return Failed("look at", path);
  RETURN_IF_ERROR(CheckMode(info, path));
  std::string contents(secret_file_bytes_max + 1, '\0');
  size_t size = 0;
  while (size < contents.size()) {
    const ssize_t got = read(fd.get(), contents.data() + size, contents.size() - size);
    if (got < 0 && errno != EINTR) return Failed("read", path);
    if (got == 0) break;
    if (got > 0) size += static_cast<size_t>(got);
  }
  if (size > secret_file_bytes_max) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": larger than 64 KiB, so not a key or a token"));
  }
  contents.resize(size);
  return contents;
}

absl::Status WriteSecretFile(const std::string& path, absl::string_view contents) {
  const Descriptor fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (fd.get() < 0) return Failed("create", path);
  absl::Status written = WriteAll(fd.get(), contents, path);
  if (written.ok()) written = SyncFolderOf(path);
  if (!written.ok()) unlink(path.c_str());
  return written;
}

}  // namespace cairn
