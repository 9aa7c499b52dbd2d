// Operations over gRPC. Thin: unpack, one call, pack.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "cairn/v1/operations.grpc.pb.h"
#include "server/access/audit_log.h"
#include "server/access/token_store.h"
#include "server/charter/live_charter.h"
#include "server/replicate/replicator.h"
#include "server/rpc/gate.h"
#include "server/rpc/status_reporter.h"
#include "server/store/feed_store.h"

namespace cairn {

// Thread-safe. What is passed in must outlive it.
class OperationsService : public v1::Operations::Service {
 public:
  // Who may call, and where it is written down.
  struct Access {
    const Gate* gate;
    TokenStore* tokens;
    const AuditLog* audit;
    // Where tokens are good for, once that is known; both empty: nowhere.
    std::function<std::pair<std::string, std::string>()> listen_and_pin;
  };
  OperationsService(StatusReporter* reporter, LiveCharter* charter, FeedStore* feeds, Replicator* replicator,
                    Access access)
      : reporter_(reporter), charter_(charter), feeds_(feeds), replicator_(replicator), access_(std::move(access)) {}

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
  grpc::Status CreateToken(grpc::ServerContext* context, const v1::CreateTokenRequest* request,
                           v1::CreateTokenResponse* response) override;
  grpc::Status ListTokens(grpc::ServerContext* context, const v1::ListTokensRequest* request,
                          v1::ListTokensResponse* response) override;
  grpc::Status RevokeToken(grpc::ServerContext* context, const v1::RevokeTokenRequest* request,
                           v1::RevokeTokenResponse* response) override;
  grpc::Status ListAudit(grpc::ServerContext* context, const v1::ListAuditRequest* request,
                         v1::ListAuditResponse* response) override;
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
  const Access access_;
  absl::Mutex rebuild_mutex_;  // one rebuild at a time
  absl::Mutex backup_mutex_;   // one backup at a time
};

}  // namespace cairn
