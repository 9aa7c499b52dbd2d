// Operations over gRPC. Thin: unpack, one call, pack.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "cairn/v1/operations.grpc.pb.h"
#include "server/charter/live_charter.h"
#include "server/replicate/replicator.h"
#include "server/rpc/status_reporter.h"
#include "server/store/feed_store.h"

namespace cairn {

// Thread-safe. What is passed in must outlive it.
class OperationsService : public v1::Operations::Service {
 public:
  OperationsService(StatusReporter* reporter, LiveCharter* charter, FeedStore* feeds, Replicator* replicator)
      : reporter_(reporter), charter_(charter), feeds_(feeds), replicator_(replicator) {}

  grpc::Status GetStatus(grpc::ServerContext* context, const v1::GetStatusRequest* request,
                         v1::GetStatusResponse* response) override;
  grpc::Status SubmitCharter(grpc::ServerContext* context, const v1::SubmitCharterRequest* request,
                             v1::SubmitCharterResponse* response) override;
  grpc::Status GetCharter(grpc::ServerContext* context, const v1::GetCharterRequest* request,
                          v1::GetCharterResponse* response) override;
  grpc::Status Verify(grpc::ServerContext* context, const v1::VerifyRequest* request,
                      grpc::ServerWriter<v1::VerifyResponse>* writer) override;
  grpc::Status Rebuild(grpc::ServerContext* context, const v1::RebuildRequest* request,
                       grpc::ServerWriter<v1::RebuildResponse>* writer) override;
  grpc::Status Backup(grpc::ServerContext* context, const v1::BackupRequest* request,
                      grpc::ServerWriter<v1::BackupResponse>* writer) override;

 private:
  // False: the one who listens has gone.
  using VerifySink = std::function<bool(const v1::VerifyResponse&)>;
  absl::Status WriteBackup(const std::string& path, const std::function<bool(const v1::BackupResponse&)>& sink);
  absl::Status VerifyAndHeal(const v1::VerifyRequest& request, const VerifySink& sink);

  StatusReporter* const reporter_;
  LiveCharter* const charter_;
  FeedStore* const feeds_;
  Replicator* const replicator_;
  absl::Mutex rebuild_mutex_;  // one rebuild at a time
  absl::Mutex backup_mutex_;   // one backup at a time
};

}  // namespace cairn
