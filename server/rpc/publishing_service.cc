#include "server/rpc/publishing_service.h"

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "common/base/status_macros.h"
#include "server/rpc/status.h"

namespace cairn {
namespace {

using PublishStream = grpc::ServerReaderWriter<v1::PublishResponse, v1::PublishRequest>;

// Passes progress on as it comes.
class StreamSink : public PublishSink {
 public:
  StreamSink(grpc::ServerContext* context, PublishStream* stream) : context_(context), stream_(stream) {}
  void Send(v1::PublishResponse response) override { stream_->Write(response); }
  bool cancelled() const override { return context_->IsCancelled(); }

 private:
  grpc::ServerContext* const context_;
  PublishStream* const stream_;
};

// For calls that answer once: only asks whether anybody still listens.
class SilentSink : public PublishSink {
 public:
  explicit SilentSink(grpc::ServerContext* context) : context_(context) {}
  void Send(v1::PublishResponse) override {}
  bool cancelled() const override { return context_->IsCancelled(); }

 private:
  grpc::ServerContext* const context_;
};

absl::StatusOr<v1::PublishResult> Receive(Publisher* publisher, PublishStream* stream, PublishSink* sink) {
  v1::PublishRequest request;
  if (!stream->Read(&request) || !request.has_header()) {
    return absl::InvalidArgumentError("the first message of a batch must be its header");
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<PublishBatch> batch, publisher->Begin(request.header()));
  while (stream->Read(&request)) {
    if (request.has_commit()) return batch->Commit(request.commit().record_count(), sink);
    if (!request.has_records()) return absl::InvalidArgumentError("after the header come records, then the commit");
    RETURN_IF_ERROR(batch->Add(request.mutable_records()));
  }
  return absl::CancelledError("the batch ended without a commit; nothing is changed");
}

}  // namespace

grpc::Status PublishingService::Publish(grpc::ServerContext* context, PublishStream* stream) {
  StreamSink sink(context, stream);
  absl::StatusOr<v1::PublishResult> result = Receive(publisher_, stream, &sink);
  if (!result.ok()) return ToGrpcStatus(context, result.status());
  v1::PublishResponse last;
  *last.mutable_result() = *std::move(result);
  stream->Write(last);
  return grpc::Status::OK;
}

grpc::Status PublishingService::Withdraw(grpc::ServerContext* context, const v1::WithdrawRequest* request,
                                         v1::WithdrawResponse* response) {
  SilentSink sink(context);
  absl::StatusOr<v1::PublishResult> result = publisher_->Withdraw(*request, &sink);
  if (!result.ok()) return ToGrpcStatus(context, result.status());
  *response->mutable_result() = *std::move(result);
  return grpc::Status::OK;
}

grpc::Status PublishingService::MarkVerified(grpc::ServerContext* context, const v1::MarkVerifiedRequest* request,
                                             v1::MarkVerifiedResponse* response) {
  SilentSink sink(context);
  absl::StatusOr<v1::PublishResult> result = publisher_->MarkVerified(*request, &sink);
  if (!result.ok()) return ToGrpcStatus(context, result.status());
  *response->mutable_result() = *std::move(result);
  return grpc::Status::OK;
}

grpc::Status PublishingService::GetReceipts(grpc::ServerContext* context, const v1::GetReceiptsRequest* request,
                                            v1::GetReceiptsResponse* response) {
  absl::StatusOr<v1::GetReceiptsResponse> receipts = publisher_->Receipts(request->id());
  if (!receipts.ok()) return ToGrpcStatus(context, receipts.status());
  *response = *std::move(receipts);
  return grpc::Status::OK;
}

grpc::Status PublishingService::ExplainAccess(grpc::ServerContext* context, const v1::ExplainAccessRequest* request,
                                              v1::ExplainAccessResponse* response) {
  absl::StatusOr<v1::ExplainAccessResponse> receipts = publisher_->ExplainAccess(request->id());
  if (!receipts.ok()) return ToGrpcStatus(context, receipts.status());
  *response = *std::move(receipts);
  return grpc::Status::OK;
}

}  // namespace cairn
