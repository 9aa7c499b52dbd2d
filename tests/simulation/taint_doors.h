// The doors of a simulated node: its HTTP interface and its administrators' listener, over its own parts, as its
// process would put them together.
#pragma once

#include <grpcpp/channel.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cairn/v1/operations.pb.h"
#include "common/base/clock.h"
#include "server/access/audit_log.h"
#include "server/access/authoriser.h"
#include "server/access/caller_limits.h"
#include "server/access/token_store.h"
#include "server/directory/directory_reader.h"
#include "server/directory/snapshot_maker.h"
#include "server/directory/watch_hub.h"
#include "server/http/events.h"
#include "server/http/router.h"
#include "server/metrics/node_metrics.h"
#include "server/replicate/replicator.h"
#include "server/rpc/admin_server.h"
#include "server/rpc/directory_service.h"
#include "server/rpc/operations_service.h"
#include "server/rpc/publishing_service.h"
#include "server/rpc/status_reporter.h"
#include "server/rpc/tables_service.h"
#include "tests/simulation/sim_world.h"
#include "tests/simulation/taint_oracle.h"

namespace cairn {

// Somebody at the door.
struct TaintVisitor {
  TaintReader who;
  std::string secret;  // of its token; empty: anybody, or the node's operator
};

// Open during one life of the node: made after its start, gone before its crash. Used by one thread.
class TaintDoors {
 public:
  TaintDoors(SimWorld* world, int node);
  ~TaintDoors();

  // A token of role editor for these audiences. An error when the node's partner is not in the circle.
  absl::StatusOr<TaintVisitor> GiveToken(const std::string& name, const std::set<int>& audiences);

  // What the visitor gets over HTTP, headers and body.
  std::string Get(const TaintVisitor& visitor, const std::string& target);
  const std::vector<Route>& routes() const { return router_.routes(); }
  // As MayRead knows the visitor.
  Reader ReaderOf(const TaintVisitor& visitor) const;
  const DirectoryReader& directory() const { return *directory_; }

  // To the administrators' listener, over TLS with the visitor's token.
  std::shared_ptr<grpc::Channel> Channel(const TaintVisitor& visitor);

 private:
  void MakeReporter();
  void AddRoutes();
  void OpenListener();

  SimWorld* const world_;
  const int index_;
  const std::string partner_;
  const std::string node_;
  const std::string folder_;
  SimNode* const sim_;
  ManualClock limits_clock_;  // moves with each call: floods are another test's concern
  CharterSource charter_;
  std::unique_ptr<WatchHub> hub_;
  std::unique_ptr<DirectoryReader> directory_;
  std::unique_ptr<SnapshotMaker> snapshots_;
  std::unique_ptr<AuditLog> audit_;
  std::unique_ptr<TokenStore> tokens_;
  std::unique_ptr<Authoriser> authoriser_;
  std::unique_ptr<CallerLimits> limits_;
  std::unique_ptr<Gate> gate_;
  std::unique_ptr<LiveCharter> still_charter_;  // of the replicator, which is never started
  std::unique_ptr<HeadChecker> checker_;
  std::unique_ptr<Replicator> replicator_;
  std::unique_ptr<StatusReporter> reporter_;
  std::unique_ptr<NodeMetrics> metrics_;
  std::unique_ptr<DirectoryService> directory_service_;
  std::unique_ptr<PublishingService> publishing_service_;
  std::unique_ptr<OperationsService> operations_service_;
  std::unique_ptr<TablesService> tables_service_;
  EventSlots event_slots_;
  Router router_;
  std::unique_ptr<AdminServer> admin_;
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels_;  // by token
};

}  // namespace cairn
