// All the ways in which readers get bytes from the nodes of the taint test.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/directory/watcher.h"
#include "tests/simulation/sim_node.h"
#include "tests/simulation/taint_doors.h"
#include "tests/simulation/taint_oracle.h"

namespace cairn {

// Who published what: owner and number of the record -> the audience it has now.
using TaintPublished = std::map<std::pair<int, uint64_t>, int>;

// Each call of a Read takes one way, as one of those who read at this node, and has the answer searched. Used by one
// thread.
class TaintReads {
 public:
  TaintReads(SimWorld* world, SeededRandom* random, TaintOracle* oracle, const TaintPublished* published)
      : world_(world), random_(random), oracle_(oracle), published_(published) {}

  // The directory's own ways.
  void ReadDirectory(int node);
  // The ways that cost more: HTTP, and the rpcs over the administrators' listener.
  void ReadDoors(int node);
  // Before the node's parts go.
  void Close(int node) {
    doors_.erase(node);
    watchers_.erase(node);
  }

 private:
  uint64_t VersionAt(int node) { return world_->node(node).charter().current()->version(); }
  TaintDoors& Doors(int node);
  void GiveTokens(int node, TaintDoors* doors);
  const TaintVisitor& AnyVisitor(int node);
  // With a token; nullptr: the node has given none yet.
  const TaintVisitor* AnyHolder(int node);
  std::pair<int, int> AnyTaint();
  // A record that was published for some audience, preferably of this kind (-1: any) and owner (-1: any).
  std::string AnyId(int kind, int owner);
  void Search(absl::string_view path, int node, const TaintReader& who, absl::string_view bytes) {
    oracle_->Search(path, VersionAt(node), who, bytes);
  }
  // `bytes` without what the reader itself had said.
  void SearchWithout(absl::string_view said, absl::string_view path, int node, const TaintReader& who,
                     const std::string& bytes);

  void Facets(int node, const TaintVisitor& visitor);
  void Partners(int node, const TaintVisitor& visitor);
  void Export(int node, const TaintVisitor& visitor);
  void Watch(int node, const TaintVisitor& visitor);

  void Http(int node, const TaintVisitor& visitor);
  std::string TargetOf(int node, const std::string& pattern);
  std::string HsdsId(int node, const std::string& pattern);

  void Snapshot(int node, const TaintVisitor& holder);
  void Follow(int node, const TaintVisitor& holder);
  void Status(int node, const TaintVisitor& holder);
  void Receipts(int node, const TaintVisitor& holder);
  void WhoSees(int node, const TaintVisitor& holder);
  void DryRun(int node, const TaintVisitor& holder);

  SimWorld* const world_;
  SeededRandom* const random_;
  TaintOracle* const oracle_;
  const TaintPublished* const published_;
  std::map<int, std::vector<TaintVisitor>> visitors_;  // by node; tokens outlive its lives
  std::map<int, std::unique_ptr<TaintDoors>> doors_;
  std::map<int, std::map<std::string, std::unique_ptr<Watcher>>> watchers_;  // by node and visitor
};

}  // namespace cairn
