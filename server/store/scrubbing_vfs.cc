#include "server/store/scrubbing_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/strings/str_cat.h"

namespace cairn {
namespace {

constexpr size_t page_bytes_min = 512;
constexpr size_t file_header_bytes = 100;

struct BaseVfs {
  std::string name;
  sqlite3_vfs vfs;
  sqlite3_vfs* base;
};

// Our part of a file, and the real file behind it.
struct File {
  sqlite3_file ours;
  bool database;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
File* Ours(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
sqlite3_file* Real(sqlite3_file* file) { return Ours(file)->real(); }

size_t TwoBytes(const unsigned char* at) { return static_cast<size_t>(at[0]) << 8 | at[1]; }

bool IsPage(int count, sqlite3_int64 at) {
  const auto bytes = static_cast<size_t>(count);
  return bytes >= page_bytes_min && (bytes & (bytes - 1)) == 0 && at % count == 0;
}

int Write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
  sqlite3_file* const real = Real(file);
  if (!Ours(file)->database || !IsPage(count, at)) return real->pMethods->xWrite(real, bytes, count, at);
  const auto* page = static_cast<const unsigned char*>(bytes);
  const PageGap gap = GapOf(page, static_cast<size_t>(count), at == 0);
  if (std::all_of(page + gap.begin, page + gap.end, [](unsigned char byte) { return byte == 0; })) {
    return real->pMethods->xWrite(real, bytes, count, at);
  }
  // The page is SQLite's, and perhaps being read from its cache: a copy is scrubbed.
  std::vector<unsigned char> scrubbed(page, page + count);
  std::fill(scrubbed.begin() + static_cast<ptrdiff_t>(gap.begin), scrubbed.begin() + static_cast<ptrdiff_t>(gap.end),
            static_cast<unsigned char>(0));
  return real->pMethods->xWrite(real, scrubbed.data(), count, at);
}

int Close(sqlite3_file* f) { return Real(f)->pMethods->xClose(Real(f)); }
int Read(sqlite3_file* f, void* b, int n, sqlite3_int64 at) { return Real(f)->pMethods->xRead(Real(f), b, n, at); }
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

// Version 2: without the calls for memory-mapped files, which no connection uses.
constexpr sqlite3_io_methods kMethods = {2,       Close,      Read,          Write,   Truncate,   Sync,   FileSize,
                                         Lock,    Unlock,     CheckReserved, Control, SectorSize, Traits, ShmMap,
                                         ShmLock, ShmBarrier, ShmUnmap,      nullptr, nullptr};

int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
  sqlite3_vfs* const base = static_cast<BaseVfs*>(vfs->pAppData)->base;
  const int code = base->xOpen(base, name, Real(file), flags, out);
  file->pMethods = Real(file)->pMethods == nullptr ? nullptr : &kMethods;  // SQLite closes what has methods
  Ours(file)->database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
  return code;
}

}  // namespace

PageGap GapOf(const unsigned char* page, size_t bytes, bool first) {
  const size_t header = first ? file_header_bytes : 0;
  const unsigned char kind = page[header];
  const bool leaf = kind == 10 || kind == 13;
  if (!leaf && kind != 2 && kind != 5) return {};
  const size_t begin = header + (leaf ? 8 : 12) + 2 * TwoBytes(page + header + 3);
  const size_t end = TwoBytes(page + header + 5) == 0 ? 65536 : TwoBytes(page + header + 5);
  return begin <= end && end <= bytes ? PageGap{begin, end} : PageGap{};
}

std::string ScrubbingVfs(const std::string& base) {
  static std::mutex mutex;
  static auto* const registered = new std::map<std::string, std::unique_ptr<BaseVfs>>;  // SQLite keeps them for good
  std::lock_guard<std::mutex> lock(mutex);
  std::unique_ptr<BaseVfs>& made = (*registered)[base];
  if (made != nullptr) return made->name;
  sqlite3_initialize();
  sqlite3_vfs* const found = sqlite3_vfs_find(base.empty() ? nullptr : base.c_str());
  if (found == nullptr) return base;  // opening says so
  made = std::make_unique<BaseVfs>(BaseVfs{absl::StrCat("cairn-scrubbing-", found->zName), *found, found});
  made->vfs.szOsFile += static_cast<int>(sizeof(File));
  made->vfs.zName = made->name.c_str();
  made->vfs.pNext = nullptr;
  made->vfs.pAppData = made.get();
  made->vfs.xOpen = &Open;
  sqlite3_vfs_register(&made->vfs, 0);
  return made->name;
}

}  // namespace cairn
