#include "tests/fakes/faulty_vfs.h"

#include <sqlite3.h>

#include <atomic>

#include "server/store/vfs_shim.h"

namespace cairn {
namespace {

std::atomic<int> good_left{0};
std::atomic<int> broken{-1};  // a DiskFault, or -1
std::atomic<bool> has_failed{false};

bool Fails(DiskFault fault) {
  if (broken != static_cast<int>(fault)) return false;
  if (good_left.fetch_sub(1) > 0) return false;
  has_failed = true;
  return true;
}

int Write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
  sqlite3_file* const real = RealFile(file);
  if (Fails(DiskFault::kFull)) {
    real->pMethods->xWrite(real, bytes, count / 2, at);  // a full disk often takes a part
    return SQLITE_FULL;
  }
  if (Fails(DiskFault::kWrite)) return SQLITE_IOERR_WRITE;
  return real->pMethods->xWrite(real, bytes, count, at);
}

int Sync(sqlite3_file* file, int flags) {
  if (Fails(DiskFault::kSync)) return SQLITE_IOERR_FSYNC;
  return RealFile(file)->pMethods->xSync(RealFile(file), flags);
}
}  // namespace

std::string FaultyVfs::Name() {
  sqlite3_io_methods methods = ForwardingMethods();
  methods.xWrite = &Write;
  methods.xSync = &Sync;
  return RegisterVfsShim("cairn-faulty", "", methods);
}

void FaultyVfs::Break(DiskFault fault, int good) {
  good_left = good;
  has_failed = false;
  broken = static_cast<int>(fault);
}

void FaultyVfs::Mend() { broken = -1; }
bool FaultyVfs::failed() { return has_failed; }

}  // namespace cairn
