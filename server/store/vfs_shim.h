// What every SQLite VFS that stands over another one has in common: https://sqlite.org/vfs.html, "shims".
#pragma once

#include <sqlite3.h>

#include <string>

namespace cairn {

// Every call on a file is handed to the real file, as it is. A shim takes these and puts its own in their place.
// Version 2: without the calls for memory-mapped files, which no connection uses. Thread-safe, as all of this is.
sqlite3_io_methods ForwardingMethods();

// The real file behind one that a shim opened, and the flags (SQLITE_OPEN_*) with which it was opened.
sqlite3_file* RealFile(sqlite3_file* file);
int OpenFlags(sqlite3_file* file);

// Registers, when first asked, a VFS over the one called `base` (empty: the default one) whose files have `methods`.
// Returns its name: `prefix`, a hyphen and the base's name; or `base` when there is none of that name: opening says so.
std::string RegisterVfsShim(const std::string& prefix, const std::string& base, const sqlite3_io_methods& methods);

}  // namespace cairn
