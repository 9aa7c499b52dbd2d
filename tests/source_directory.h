// Where the tests find the files of the checkout that they read.
#pragma once

#include <cstdlib>
#include <filesystem>

namespace cairn {

// CAIRN_SOURCE_DIR, which ctest sets; without it the current directory: a program run by hand from the checkout's top.
inline std::filesystem::path SourceDirectory() {
  const char* given = std::getenv("CAIRN_SOURCE_DIR");
  return given != nullptr ? given : ".";
}

}  // namespace cairn
