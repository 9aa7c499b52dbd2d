// A taint test of confinement (R7): a consortium whose circles come, go, become empty, are deleted and made again,
// while everybody publishes, withdraws, reads and syncs. Every confidential text carries a marker that says whose and
// for whom it is; every byte that leaves a node toward a peer or a reader is searched for markers, and for the names of
// circles, that its receiver must not see. Who must not is decided by the scenario's own list of members, never by
// MayRead. Readers are anybody, the node's operator, and holders of tokens for what is public, for the consortium, and
// for it and one circle.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cairn {

// What went over one path: "sync", "snapshot", "/hsds/services?full=true".
struct TaintPath {
  uint64_t answers = 0;   // errors included
  uint64_t bytes = 0;     // searched
  uint64_t arrivals = 0;  // markers that reached those they were for: the test sees what it looks for
  uint64_t leaks = 0;
};

// What a run found.
struct TaintReport {
  std::vector<std::string> leaks;  // the first ones, each with its path and receiver
  uint64_t operations = 0;         // carried out
  std::map<std::string, TaintPath> paths;
  uint64_t erased_feeds = 0;  // at nodes that had left a circle

  void Add(const TaintReport& other);
};

// Twelve partners, thirty circles, `operations` random operations from the seed. Six of a hundred operations, with
// `dense` half of them, take one of the costlier paths.
TaintReport RunTaintScenario(uint64_t seed, uint64_t operations, bool dense = false);

// Paths that show nothing of any record, so that there is nothing to be kept from anybody: with the reason.
const std::map<std::string, std::string>& TaintPathsWithoutRecords();

}  // namespace cairn
