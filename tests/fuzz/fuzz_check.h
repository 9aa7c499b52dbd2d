// What every fuzz target needs: a check that ends the program, input as text, a place for scratch files.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

// Ends the program, which libFuzzer reports with the input, unless `condition` holds; `detail` is written out.
#define FUZZ_CHECK(condition, detail)                                                             \
  do {                                                                                            \
    if (!(condition)) {                                                                           \
      std::cerr << __FILE__ << ":" << __LINE__ << ": " << #condition << "\n" << (detail) << "\n"; \
      std::abort();                                                                               \
    }                                                                                             \
  } while (false)

namespace cairn {

inline absl::string_view InputText(const uint8_t* data, size_t size) {
  return absl::string_view(reinterpret_cast<const char*>(data), size);
}

// Cuts the text up to `separator` (without it), or all that is left, off the front of `*input`.
inline absl::string_view TakeField(absl::string_view* input, char separator = '\n') {
  const size_t end = std::min(input->find(separator), input->size());
  const absl::string_view field = input->substr(0, end);
  input->remove_prefix(std::min(end + 1, input->size()));
  return field;
}

// A folder of this process's own, in memory where there is /dev/shm; emptied on start.
inline std::string ScratchDirectory() {
  const std::string parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  const std::string path = absl::StrCat(parent, "/cairn-fuzz-", getpid());
  std::filesystem::remove_all(path);
  std::filesystem::create_directories(path);
  static const std::string kept = path;
  std::atexit([] { std::filesystem::remove_all(kept); });
  return path;
}

}  // namespace cairn
