#include "common/formats/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"

namespace cairn {
namespace {

constexpr size_t buffer_bytes = 64 * 1024;

absl::Status SystemError(absl::string_view doing) { return absl::ErrnoToStatus(errno, doing); }

absl::Status WriteAll(int to, const char* bytes, size_t n, const std::string& name) {
  for (size_t done = 0; done < n;) {
    const ssize_t put = write(to, bytes + done, n - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return SystemError(absl::StrCat("copying ", name, " to TMPDIR"));
    done += static_cast<size_t>(put);
  }
  return absl::OkStatus();
}

absl::Status CopyAll(int from, int to, const std::string& name) {
  const auto buffer = std::make_unique<char[]>(buffer_bytes);
  for (;;) {
    const ssize_t got = read(from, buffer.get(), buffer_bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError(absl::StrCat("reading ", name));
    if (got == 0) return absl::OkStatus();
    RETURN_IF_ERROR(WriteAll(to, buffer.get(), static_cast<size_t>(got), name));
  }
}

// The descriptor of an unlinked temporary file.
absl::StatusOr<int> MakeTemporary() {
  const char* dir = std::getenv("TMPDIR");
  std::string path = absl::StrCat(dir != nullptr && *dir != '\0' ? dir : "/tmp", "/cairn-import-XXXXXX");
  const int fd = mkostemp(path.data(), O_CLOEXEC);
  if (fd < 0) return SystemError(absl::StrCat("making a temporary file ", path));
  unlink(path.c_str());
  return fd;
}

// The descriptor of an unlinked temporary file with all that `fd` gives.
absl::StatusOr<int> Spool(int fd, const std::string& name) {
  ASSIGN_OR_RETURN(const int copy, MakeTemporary());
  const absl::Status copied = CopyAll(fd, copy, name);
  if (!copied.ok()) {
    close(copy);
    return copied;
  }
  return copy;
}

absl::StatusOr<int> OpenSeekable(int fd, const std::string& name) {
  struct stat info;
  if (fstat(fd, &info) != 0) return SystemError(absl::StrCat("looking at ", name));
  if (S_ISREG(info.st_mode)) return dup(fd);
  if (S_ISDIR(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(Quoted(name), " is a directory; name the files in it"));
  }
  return Spool(fd, name);
}

}  // namespace

absl::StatusOr<std::shared_ptr<InputFile>> InputFile::Open(const std::string& path) {
  const bool standard = path == "-";
  const std::string name = standard ? "standard input" : path;
  const int fd = standard ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return SystemError(absl::StrCat("opening ", Quoted(path)));
  absl::StatusOr<int> seekable = OpenSeekable(fd, name);
  if (!standard) close(fd);
  RETURN_IF_ERROR(seekable.status());
  if (*seekable < 0) return SystemError(absl::StrCat("opening ", name));
  return std::shared_ptr<InputFile>(new InputFile(name, *seekable));
}

absl::StatusOr<std::shared_ptr<InputFile>> InputFile::Temporary(const std::string& name) {
  ASSIGN_OR_RETURN(const int fd, MakeTemporary());
  return std::shared_ptr<InputFile>(new InputFile(name, fd));
}

InputFile::~InputFile() { close(fd_); }

absl::Status InputFile::Append(absl::string_view bytes) { return WriteAll(fd_, bytes.data(), bytes.size(), name_); }

absl::StatusOr<int> InputFile::Duplicate() const {
  const int fd = fcntl(fd_, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return SystemError(absl::StrCat("opening ", name_));
  return fd;
}

absl::StatusOr<std::string> InputFile::TextAt(uint64_t offset, uint64_t bytes) const {
  std::string text(bytes, '\0');
  ASSIGN_OR_RETURN(const size_t got, ReadAt(offset, text.data(), text.size()));
  if (got == text.size()) return text;
  return absl::DataLossError(absl::StrCat(name_, " became shorter while it was read; publish it again"));
}

absl::StatusOr<size_t> InputFile::ReadAt(uint64_t offset, char* out, size_t n) const {
  size_t done = 0;
  while (done < n) {
    const ssize_t got = pread(fd_, out + done, n - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError(absl::StrCat("reading ", name_, " at byte ", offset + done));
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return done;
}

ByteCursor::ByteCursor(std::shared_ptr<InputFile> file, uint64_t offset, uint64_t line)
    : file_(std::move(file)), buffer_(new char[buffer_bytes]), base_(offset), line_(line) {}

bool ByteCursor::Fill() {
  base_ += filled_;
  at_ = filled_ = 0;
  if (!status_.ok()) return false;
  const absl::StatusOr<size_t> got = file_->ReadAt(base_, buffer_.get(), buffer_bytes);
  if (!got.ok()) {
    status_ = got.status();
    return false;
  }
  filled_ = *got;
  return filled_ > 0;
}

int ByteCursor::Get() {
  const int byte = Peek();
  if (byte < 0) return byte;
  ++at_;
  if (byte == '\n') ++line_;
  return byte;
}

size_t ByteCursor::SkipUntil(const ByteSet& stops, size_t max, std::string* keep) {
  if (Peek() < 0) return 0;
  const size_t begin = at_;
  const size_t end = std::min(filled_, at_ + max);
  while (at_ < end && !stops[static_cast<unsigned char>(buffer_[at_])]) {
    line_ += buffer_[at_] == '\n' ? 1 : 0;
    ++at_;
  }
  if (keep != nullptr) keep->append(buffer_.get() + begin, at_ - begin);
  return at_ - begin;
}

void ByteCursor::SkipSpace() {
  for (;;) {
    const int byte = Peek();
    // The bytes of a byte order mark: valid nowhere else between JSON values.
    const bool mark = byte == 0xEF || byte == 0xBB || byte == 0xBF;
    if (byte != ' ' && byte != '\n' && byte != '\r' && byte != '\t' && !mark) return;
    Get();
  }
}

ByteCursor::Line ByteCursor::ReadLine(size_t max, std::string* out) {
  out->clear();
  if (Peek() < 0) return Line::kEnd;
  bool too_long = false;
  while (at_ < filled_ || Fill()) {
    const char* begin = buffer_.get() + at_;
    const auto* end = static_cast<const char*>(std::memchr(begin, '\n', filled_ - at_));
    const size_t bytes = end != nullptr ? static_cast<size_t>(end - begin) : filled_ - at_;
    too_long = too_long || out->size() + bytes > max;
    if (!too_long) out->append(begin, bytes);
    at_ += bytes;
    if (end == nullptr) continue;
    ++at_;
    ++line_;
    break;
  }
  if (too_long) {
    out->clear();
    out->shrink_to_fit();
    return Line::kTooLong;
  }
  if (!out->empty() && out->back() == '\r') out->pop_back();
  return Line::kLine;
}

}  // namespace cairn
