// A disk that dead bytes do not reach: an SQLite VFS over the real one.
#pragma once

#include <cstddef>
#include <string>

namespace cairn {

// SQLite's secure_delete overwrites the cells that it frees. It leaves behind the copies that are made when a b-tree
// page is rebuilt around cells that moved to a neighbour: they stay between the page's cell pointers and its cells,
// where nothing reads them and nothing clears them, and some records in a thousand outlive their deletion there. This
// VFS overwrites that gap with zeros in every page on its way into the database file. Write-ahead logs and temporary
// files pass as they are: they end.

// The name of the scrubbing VFS over the VFS called `base` (empty: the default one); registers it when first asked.
std::string ScrubbingVfs(const std::string& base);

// Page numbers up to here have a first byte that no b-tree page has: how a page that begins with the number of another
// (overflow, free list) is told from a b-tree page. 128 GiB in pages of 8 KiB.
inline constexpr int scrubbed_pages_max = 0x01000000;

// The dead bytes of a page, from `begin` up to `end`; both 0 when it is no b-tree page. `first`: it is page 1, which
// begins with the file's header. For the VFS and its test.
struct PageGap {
  size_t begin = 0;
  size_t end = 0;
};
PageGap GapOf(const unsigned char* page, size_t bytes, bool first);

}  // namespace cairn
