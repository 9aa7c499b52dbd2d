// A taint test of confinement (R7): a consortium whose circles come, go, become empty, are deleted and made again,
// while everybody publishes, withdraws, reads and syncs. Every confidential text carries a marker that says whose and
// for whom it is; every byte that leaves a node toward a peer or a reader is searched for markers, and for the names of
// circles, that its receiver must not see. Who must not is decided by the scenario's own list of members, never by
// MayRead.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cairn {

// What a run found.
struct TaintReport {
  std::vector<std::string> leaks;      // the first ones, each with its path and receiver
  uint64_t operations = 0;             // carried out
  uint64_t bytes_searched = 0;         // over all paths
  uint64_t confidential_arrivals = 0;  // markers that reached those they were for: the test sees what it looks for
  uint64_t erased_feeds = 0;           // at nodes that had left a circle
};

// Twelve partners, thirty circles, `operations` random operations from the seed.
TaintReport RunTaintScenario(uint64_t seed, uint64_t operations);

}  // namespace cairn
