// Publishing over gRPC. Thin: unpack, one call, pack.
#pragma once

#include "absl/time/time.h"
#include "cairn/v1/publishing.grpc.pb.h"
#include "common/base/limits.h"
#include "server/access/audit_log.h"
#include "server/publish/publisher.h"
#include "server/rpc/gate.h"

namespace cairn {

// Thread-safe. What is passed in must outlive it.
class PublishingService : public v1::Publishing::Service {
 public:
  // `patience`: how long a batch may wait for its sender's next message.
  PublishingService(Publisher* publisher, const Gate* gate, AuditLog* audit,
                    absl::Duration patience = absl::Seconds(limits::publish_message_seconds_max))
      : publisher_(publisher), gate_(gate), audit_(audit), patience_(patience) {}

  grpc::Status Publish(grpc::ServerContext* context,
                       grpc::ServerReaderWriter<v1::PublishResponse, v1::PublishRequest>* stream) override;
  grpc::Status Withdraw(grpc::ServerContext* context, const v1::WithdrawRequest* request,
                        v1::WithdrawResponse* response) override;
  grpc::Status MarkVerified(grpc::ServerContext* context, const v1::MarkVerifiedRequest* request,
                            v1::MarkVerifiedResponse* response) override;
  grpc::Status ExplainAccess(grpc::ServerContext* context, const v1::ExplainAccessRequest* request,
                             v1::ExplainAccessResponse* response) override;
  grpc::Status GetReceipts(grpc::ServerContext* context, const v1::GetReceiptsRequest* request,
                           v1::GetReceiptsResponse* response) override;

 private:
  Publisher* const publisher_;
  const Gate* const gate_;
  AuditLog* const audit_;
  const absl::Duration patience_;
};

}  // namespace cairn
