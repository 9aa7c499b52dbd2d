#include "server/store/scrubbing_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <vector>

#include "server/store/vfs_shim.h"

namespace cairn {
namespace {

constexpr size_t page_bytes_min = 512;
constexpr size_t file_header_bytes = 100;

size_t TwoBytes(const unsigned char* at) { return static_cast<size_t>(at[0]) << 8 | at[1]; }

bool IsPage(int count, sqlite3_int64 at) {
  const auto bytes = static_cast<size_t>(count);
  return bytes >= page_bytes_min && (bytes & (bytes - 1)) == 0 && at % count == 0;
}

int Write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
  sqlite3_file* const real = RealFile(file);
  const bool database = (OpenFlags(file) & SQLITE_OPEN_MAIN_DB) != 0;
  if (!database || !IsPage(count, at)) return real->pMethods->xWrite(real, bytes, count, at);
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
  sqlite3_io_methods methods = ForwardingMethods();
  methods.xWrite = &Write;
  return RegisterVfsShim("cairn-scrubbing", base, methods);
}

}  // namespace cairn
