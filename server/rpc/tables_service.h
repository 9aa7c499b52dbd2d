// Tables over gRPC. Thin: unpack, one call, pack.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "cairn/v1/tables.grpc.pb.h"
#include "common/base/limits.h"
#include "server/directory/directory_reader.h"
#include "server/directory/snapshot_maker.h"
#include "server/rpc/directory_service.h"
#include "server/rpc/gate.h"

namespace cairn {

// Thread-safe. What is passed in must outlive it.
class TablesService : public v1::Tables::Service {
 public:
  // `watches` runs what follows, within its bounds. `patience`: how long a part of a snapshot may wait to be taken.
  TablesService(const Gate* gate, const DirectoryReader* directory, SnapshotMaker* snapshots, DirectoryService* watches,
                absl::Duration patience = absl::Seconds(limits::write_seconds_max))
      : gate_(gate), directory_(directory), snapshots_(snapshots), watches_(watches), patience_(patience) {}

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
  const absl::Duration patience_;
};

}  // namespace cairn
