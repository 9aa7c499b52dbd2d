#include "server/store/vfs_shim.h"

#include <map>
#include <memory>
#include <mutex>

#include "absl/strings/str_cat.h"

namespace cairn {
namespace {

struct Shim {
  std::string name;
  sqlite3_io_methods methods;
  sqlite3_vfs vfs;
  sqlite3_vfs* base;
};

// Our part of a file, and the real file behind it.
struct File {
  sqlite3_file ours;
  int flags;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
File* Ours(sqlite3_file* file) { return reinterpret_cast<File*>(file); }

sqlite3_file* Real(sqlite3_file* file) { return RealFile(file); }
int Close(sqlite3_file* f) { return Real(f)->pMethods->xClose(Real(f)); }
int Read(sqlite3_file* f, void* b, int n, sqlite3_int64 at) { return Real(f)->pMethods->xRead(Real(f), b, n, at); }
int Write(sqlite3_file* f, const void* b, int n, sqlite3_int64 at) {
  return Real(f)->pMethods->xWrite(Real(f), b, n, at);
}
int Truncate(sqlite3_file* f, sqlite3_int64 n) { return Real(f)->pMethods->xTruncate(Real(f), n); }
int Sync(sqlite3_file* f, int flags) { return Real(f)->pMethods->xSync(Real(f), flags); }
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

int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
  const Shim& shim = *static_cast<Shim*>(vfs->pAppData);
  Real(file)->pMethods = nullptr;
  const int code = shim.base->xOpen(shim.base, name, Real(file), flags, out);
  file->pMethods = Real(file)->pMethods == nullptr ? nullptr : &shim.methods;  // SQLite closes what has methods
  Ours(file)->flags = flags;
  return code;
}

}  // namespace

sqlite3_io_methods ForwardingMethods() {
  return {2,       Close,      Read,   Write,  Truncate, Sync,       FileSize, Lock,    Unlock, CheckReserved,
          Control, SectorSize, Traits, ShmMap, ShmLock,  ShmBarrier, ShmUnmap, nullptr, nullptr};
}

sqlite3_file* RealFile(sqlite3_file* file) { return Ours(file)->real(); }
int OpenFlags(sqlite3_file* file) { return Ours(file)->flags; }

std::string RegisterVfsShim(const std::string& prefix, const std::string& base, const sqlite3_io_methods& methods) {
  static std::mutex mutex;
  static auto* const registered = new std::map<std::string, std::unique_ptr<Shim>>;  // SQLite keeps them for good
  std::lock_guard<std::mutex> lock(mutex);
  std::unique_ptr<Shim>& made = (*registered)[absl::StrCat(prefix, "-", base)];
  if (made != nullptr) return made->name;
  sqlite3_initialize();
  sqlite3_vfs* const found = sqlite3_vfs_find(base.empty() ? nullptr : base.c_str());
  if (found == nullptr) return base;
  made = std::make_unique<Shim>(Shim{absl::StrCat(prefix, "-", found->zName), methods, *found, found});
  made->vfs.szOsFile += static_cast<int>(sizeof(File));
  made->vfs.zName = made->name.c_str();
  made->vfs.pNext = nullptr;
  made->vfs.pAppData = made.get();
  made->vfs.xOpen = &Open;
  sqlite3_vfs_register(&made->vfs, 0);
  return made->name;
}

}  // namespace cairn
