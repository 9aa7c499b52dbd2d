// Tables over gRPC. Thin: unpack, one call, pack.
#pragma once

#include <string>

#include "cairn/v1/tables.grpc.pb.h"
#include "server/directory/directory_reader.h"
#include "server/directory/snapshot_maker.h"
#include "server/rpc/directory_service.h"
#include "server/rpc/gate.h"

namespace cairn {

// Thread-safe. What is passed in must outlive it.
class TablesService : public v1::Tables::Service {
 public:
  // `watches` runs what follows, within its bounds.
  TablesService(const Gate* gate, const DirectoryReader* directory, SnapshotMaker* snapshots, DirectoryService* watches)
      : gate_(gate), directory_(directory), snapshots_(snapshots), watches_(watches) {}

  grpc::Status MakeSnapshot(grpc::ServerContext* context, const v1::MakeSnapshotRequest* request,
                            grpc::ServerWriter<v1::MakeSnapshotResponse>* writer) override;
  grpc::Status FollowRecords(grpc::ServerContext* context, const v1::FollowRecordsRequest* request,
                             grpc::ServerWriter<v1::FollowRecordsResponse>* writer) override;

 private:
  absl::Status Follow(const grpc::ServerContext& context, const Admission& call,
                      const v1::FollowRecordsRequest& request, grpc::ServerWriter<v1::FollowRecordsResponse>* writer);

  const Gate* const gate_;
  const DirectoryReader* const directory_;
  SnapshotMaker* const snapshots_;
  DirectoryService* const watches_;
};

}  // namespace cairn
