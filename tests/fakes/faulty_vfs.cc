#include "tests/fakes/faulty_vfs.h"

#include <sqlite3.h>

#include <atomic>
#include <cstring>
#include <mutex>

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

// Our part of a file, and the real file behind it.
struct File {
  sqlite3_file base;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
sqlite3_file* Real(sqlite3_file* file) { return reinterpret_cast<File*>(file)->real(); }

int Write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
  if (Fails(DiskFault::kFull)) {
    // A full disk often takes a part.
    Real(file)->pMethods->xWrite(Real(file), bytes, count / 2, at);
    return SQLITE_FULL;
  }
  if (Fails(DiskFault::kWrite)) return SQLITE_IOERR_WRITE;
  return Real(file)->pMethods->xWrite(Real(file), bytes, count, at);
}
int Sync(sqlite3_file* file, int flags) {
  if (Fails(DiskFault::kSync)) return SQLITE_IOERR_FSYNC;
  return Real(file)->pMethods->xSync(Real(file), flags);
}
int Close(sqlite3_file* f) { return Real(f)->pMethods->xClose(Real(f)); }
int Read(sqlite3_file* f, void* b, int n, sqlite3_int64 at) { return Real(f)->pMethods->xRead(Real(f), b, n, at); }
int Truncate(sqlite3_file* f, sqlite3_int64 n) { return Real(f)->pMethods->xTruncate(Real(f), n); }
int FileSize(sqlite3_file* f, sqlite3_int64* n) { return Real(f)->pMethods->xFileSize(Real(f), n); }
int Lock(sqlite3_file* f, int level) { return Real(f)->pMethods->xLock(Real(f), level); }
int Unlock(sqlite3_file* f, int level) { return Real(f)->pMethods->xUnlock(Real(f), level); }
int CheckReserved(sqlite3_file* f, int* out) { return Real(f)->pMethods->xCheckReservedLock(Real(f), out); }
int Control(sqlite3_file* f, int op, void* arg) { return Real(f)->pMethods->xFileControl(Real(f), op, arg); }
int SectorSize(sqlite3_file* f) { return Real(f)->pMethods->xSectorSize(Real(f)); }
int Traits(sqlite3_file* f) { return Real(f)->pMethods->xDeviceCharacteristics(Real(f)); }
int ShmMap(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
  return Real(f)->pMethods->xShmMap(Real(f), page, size, extend, out);
}
int ShmLock(sqlite3_file* f, int offset, int n, int flags) {
  return Real(f)->pMethods->xShmLock(Real(f), offset, n, flags);
}
void ShmBarrier(sqlite3_file* f) { Real(f)->pMethods->xShmBarrier(Real(f)); }
int ShmUnmap(sqlite3_file* f, int remove) { return Real(f)->pMethods->xShmUnmap(Real(f), remove); }

constexpr sqlite3_io_methods kMethods = {2,       Close,      Read,          Write,   Truncate,   Sync,   FileSize,
                                         Lock,    Unlock,     CheckReserved, Control, SectorSize, Traits, ShmMap,
                                         ShmLock, ShmBarrier, ShmUnmap,      nullptr, nullptr};

sqlite3_vfs* RealVfs() {
  static sqlite3_vfs* const real = sqlite3_vfs_find(nullptr);
  return real;
}

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
  const int code = RealVfs()->xOpen(RealVfs(), name, Real(file), flags, out);
  file->pMethods = code == SQLITE_OK ? &kMethods : nullptr;
  return code;
}

}  // namespace

std::string FaultyVfs::Name() {
  static sqlite3_vfs vfs;
  static std::once_flag once;
  std::call_once(once, [] {
    sqlite3_initialize();
    vfs = *RealVfs();
    vfs.szOsFile += sizeof(File);
    vfs.zName = "cairn-faulty";
    vfs.pNext = nullptr;
    vfs.xOpen = &Open;
    sqlite3_vfs_register(&vfs, 0);
  });
  return "cairn-faulty";
}

void FaultyVfs::Break(DiskFault fault, int good) {
  good_left = good;
  has_failed = false;
  broken = static_cast<int>(fault);
}

void FaultyVfs::Mend() { broken = -1; }
bool FaultyVfs::failed() { return has_failed; }

}  // namespace cairn
