// A file read by offset, and a cursor over its bytes. Memory: one buffer of 64 KiB a cursor.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cairn {

// An open regular file. What is none (standard input, a pipe) is copied to an unlinked file in TMPDIR first, so that
// it can be read twice without being held in memory. Thread-safe.
class InputFile {
 public:
  // "-" is standard input. NOT_FOUND, PERMISSION_DENIED, INVALID_ARGUMENT (a directory), RESOURCE_EXHAUSTED (no room
  // for the copy).
  static absl::StatusOr<std::shared_ptr<InputFile>> Open(const std::string& path);
  // An empty unlinked file in TMPDIR, to be filled by Append and then read; `name` is what messages call it.
  static absl::StatusOr<std::shared_ptr<InputFile>> Temporary(const std::string& name);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // What messages call it: the path, or "standard input".
  const std::string& name() const { return name_; }

  // Reads up to `n` bytes at `offset`; fewer only at the end of the file.
  absl::StatusOr<size_t> ReadAt(uint64_t offset, char* out, size_t n) const;

  // Writes at the end of a Temporary. Not thread-safe. RESOURCE_EXHAUSTED when TMPDIR is full.
  absl::Status Append(absl::string_view bytes);

  // A descriptor of the same file, which the caller closes.
  absl::StatusOr<int> Duplicate() const;

  // The bytes at `offset`, all of them.
  absl::StatusOr<std::string> TextAt(uint64_t offset, uint64_t bytes) const;

 private:
  InputFile(std::string name, int fd) : name_(std::move(name)), fd_(fd) {}
  const std::string name_;
  const int fd_;
};

// Which bytes.
using ByteSet = std::array<bool, 256>;

// Walks forward over a file's bytes and counts lines. Not thread-safe.
class ByteCursor {
 public:
  explicit ByteCursor(std::shared_ptr<InputFile> file, uint64_t offset = 0, uint64_t line = 1);

  // The next byte, 0-255; -1 at the end or after a read error (see status()).
  int Peek() { return at_ < filled_ || Fill() ? static_cast<unsigned char>(buffer_[at_]) : -1; }
  int Get();

  // Passes over bytes, up to `max` of them, until one of `stops`, the end, or the end of the buffer, and appends them
  // to `keep` (may be null). 0 when the next byte stops at once.
  size_t SkipUntil(const ByteSet& stops, size_t max, std::string* keep);

  // Skips JSON white space and byte order marks.
  void SkipSpace();

  enum class Line { kLine, kTooLong, kEnd };
  // The next line without its end (LF or CRLF). kTooLong: it has more than `max` bytes and was skipped; `*out` is
  // empty.
  Line ReadLine(size_t max, std::string* out);

  // Of the byte that Peek() shows: its offset from the start of the file, and its line from 1.
  uint64_t offset() const { return base_ + at_; }
  uint64_t line() const { return line_; }
  const absl::Status& status() const { return status_; }
  const InputFile& file() const { return *file_; }

 private:
  bool Fill();

  const std::shared_ptr<InputFile> file_;
  const std::unique_ptr<char[]> buffer_;
  uint64_t base_;
  size_t at_ = 0;
  size_t filled_ = 0;
  uint64_t line_;
  absl::Status status_;
};

}  // namespace cairn
