// A disk that fails on demand: an SQLite VFS over the real one.
#pragma once

#include <string>

namespace cairn {

// How the disk fails.
enum class DiskFault {
  kFull,   // a write finds no space
  kWrite,  // a write fails
  kSync,   // an fsync fails
};

// The disk under the VFS named by Name(). One for the process; thread-safe. Counts the operations that can fail in the
// way that was set, over database and write-ahead log together.
class FaultyVfs {
 public:
  // For Store::Options::vfs. Registers it when first called.
  static std::string Name();
  // From now on, the operation after `good` more good ones fails so, and all later ones until Mend().
  static void Break(DiskFault fault, int good);
  // All is well again.
  static void Mend();
  // Whether anything failed since Break().
  static bool failed();
};

}  // namespace cairn
