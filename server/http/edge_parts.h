// What handlers work with.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "server/directory/directory_reader.h"
#include "server/directory/watch_hub.h"
#include "server/store/read_store.h"

namespace cairn {

// The reading side of a node: the same within `cairnd` and in the process that serves HTTP alone. All of it must
// outlive the server, and reads only. Each group of routes is a function `void AddXRoutes(const EdgeParts& parts,
// Router* router)`, called in edge.cc; handlers keep a copy of this.
struct EdgeParts {
  ReadStore* store = nullptr;
  CharterSource charter;  // the one in force
  Clock* clock = nullptr;
  const DirectoryReader* directory = nullptr;
  WatchHub* hub = nullptr;  // wakes after each change
  std::string partner;      // whose node this is
};

}  // namespace cairn
