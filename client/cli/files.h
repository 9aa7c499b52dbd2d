// Files as the command line writes them: whole, or not at all.
#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cairn {

// The whole file; "-" is standard input. NOT_FOUND, PERMISSION_DENIED; INVALID_ARGUMENT when it has more than
// `bytes_max`.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path, size_t bytes_max);

// A file that appears under its name only when it is complete: written beside it, synced, renamed. Destroyed without
// Commit, it leaves nothing behind and an older file of the name untouched.
class AtomicFile {
 public:
  static absl::StatusOr<std::unique_ptr<AtomicFile>> Create(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  absl::Status Write(absl::string_view bytes);
  absl::Status Commit();

 private:
  AtomicFile(std::string path, std::string temporary, std::FILE* file)
      : path_(std::move(path)), temporary_(std::move(temporary)), file_(file) {}

  const std::string path_;
  const std::string temporary_;
  std::FILE* file_;
};

// Writes or replaces the file.
absl::Status WriteWholeFile(const std::string& path, absl::string_view contents);

}  // namespace cairn
