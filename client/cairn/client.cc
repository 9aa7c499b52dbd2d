#include "client/cairn/client.h"

#include <utility>

#include "common/base/status_macros.h"

namespace cairn {
namespace {

// Reads a stream to its end, message by message.
template <typename Response>
absl::Status ReadAll(grpc::ClientContext* context, grpc::ClientReader<Response>* reader,
                     const std::function<absl::Status(const Response&)>& sink) {
  Response response;
  absl::Status sunk;
  while (sunk.ok() && reader->Read(&response)) sunk = sink(response);
  if (!sunk.ok()) context->TryCancel();
  const grpc::Status status = reader->Finish();
  return sunk.ok() ? FromGrpc(status, *context) : sunk;
}

}  // namespace

// Without security nothing can be wrong with it.
Client::Client(const NodeTarget& target, CallOptions options)
    : Client(*OpenChannel(target, ChannelSecurity()), std::move(options)) {}

Client::Client(std::shared_ptr<grpc::Channel> channel, CallOptions options)
    : options_(Complete(std::move(options))),
      channel_(std::move(channel)),
      directory_(v1::Directory::NewStub(channel_)),
      publishing_(v1::Publishing::NewStub(channel_)),
      operations_(v1::Operations::NewStub(channel_)) {}

template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Client::Call(Stub* stub,
                                      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                      const Request& request, absl::Duration extra) {
  Response response;
  RETURN_IF_ERROR(WithRetries(options_, [&] {
    grpc::ClientContext context;
    SetDeadline(&context, options_, options_.deadline + extra);
    return FromGrpc((stub->*method)(&context, request, &response), context);
  }));
  return response;
}

absl::StatusOr<v1::GetRecordResponse> Client::GetRecord(const v1::GetRecordRequest& request) {
  return Call(directory_.get(), &v1::Directory::Stub::GetRecord, request);
}

absl::StatusOr<v1::ListRecordsResponse> Client::ListRecords(const v1::ListRecordsRequest& request) {
  return Call(directory_.get(), &v1::Directory::Stub::ListRecords, request);
}

absl::StatusOr<v1::SearchResponse> Client::Search(const v1::SearchRequest& request) {
  return Call(directory_.get(), &v1::Directory::Stub::Search, request);
}

absl::StatusOr<v1::GetFacetsResponse> Client::GetFacets(const v1::GetFacetsRequest& request) {
  return Call(directory_.get(), &v1::Directory::Stub::GetFacets, request);
}

absl::StatusOr<v1::ListPartnersResponse> Client::ListPartners() {
  return Call(directory_.get(), &v1::Directory::Stub::ListPartners, v1::ListPartnersRequest());
}

absl::Status Client::ExportRecords(const v1::ExportRecordsRequest& request,
                                   const std::function<absl::Status(const v1::ExportRecordsResponse&)>& sink) {
  bool begun = false;
  absl::Status result;
  const absl::Status status = WithRetries(options_, [&] {
    grpc::ClientContext context;
    SetDeadline(&context, options_, options_.stream_deadline);
    const auto reader = directory_->ExportRecords(&context, request);
    result = ReadAll<v1::ExportRecordsResponse>(&context, reader.get(), [&](const v1::ExportRecordsResponse& response) {
      begun = true;
      return sink(response);
    });
    // What was given to the sink cannot be taken back, so nothing is repeated from there on.
    return begun ? absl::OkStatus() : result;
  });
  return begun ? result : status;
}

std::unique_ptr<WatchCall> Client::Watch(const v1::WatchRecordsRequest& request) {
  return std::make_unique<WatchCall>(v1::Directory::NewStub(channel_), request, options_);
}

std::unique_ptr<PublishCall> Client::Publish(const v1::PublishHeader& header, PublishCall::Events events) {
  return std::make_unique<PublishCall>(publishing_.get(), header, std::move(events), options_);
}

absl::StatusOr<v1::WithdrawResponse> Client::Withdraw(const v1::WithdrawRequest& request) {
  return Call(publishing_.get(), &v1::Publishing::Stub::Withdraw, request, absl::Seconds(request.wait_seconds()));
}

absl::StatusOr<v1::MarkVerifiedResponse> Client::MarkVerified(const v1::MarkVerifiedRequest& request) {
  grpc::ClientContext context;
  SetDeadline(&context, options_, options_.deadline);
  v1::MarkVerifiedResponse response;
  RETURN_IF_ERROR(FromGrpc(publishing_->MarkVerified(&context, request, &response), context));
  return response;
}

absl::StatusOr<v1::GetReceiptsResponse> Client::GetReceipts(const v1::GetReceiptsRequest& request) {
  return Call(publishing_.get(), &v1::Publishing::Stub::GetReceipts, request);
}

absl::StatusOr<v1::ExplainAccessResponse> Client::ExplainAccess(const v1::ExplainAccessRequest& request) {
  return Call(publishing_.get(), &v1::Publishing::Stub::ExplainAccess, request);
}

absl::StatusOr<v1::GetStatusResponse> Client::GetStatus() {
  return Call(operations_.get(), &v1::Operations::Stub::GetStatus, v1::GetStatusRequest());
}

absl::StatusOr<v1::SubmitCharterResponse> Client::SubmitCharter(const v1::SubmitCharterRequest& request) {
  return Call(operations_.get(), &v1::Operations::Stub::SubmitCharter, request);
}

absl::StatusOr<v1::GetCharterResponse> Client::GetCharter() {
  return Call(operations_.get(), &v1::Operations::Stub::GetCharter, v1::GetCharterRequest());
}

absl::StatusOr<v1::CreateTokenResponse> Client::CreateToken(const v1::CreateTokenRequest& request) {
  grpc::ClientContext context;
  SetDeadline(&context, options_, options_.deadline);
  v1::CreateTokenResponse response;
  RETURN_IF_ERROR(FromGrpc(operations_->CreateToken(&context, request, &response), context));
  return response;
}

absl::StatusOr<v1::ListTokensResponse> Client::ListTokens() {
  return Call(operations_.get(), &v1::Operations::Stub::ListTokens, v1::ListTokensRequest());
}

absl::StatusOr<v1::RevokeTokenResponse> Client::RevokeToken(const v1::RevokeTokenRequest& request) {
  return Call(operations_.get(), &v1::Operations::Stub::RevokeToken, request);
}

absl::StatusOr<v1::ListAuditResponse> Client::ListAudit(const v1::ListAuditRequest& request) {
  return Call(operations_.get(), &v1::Operations::Stub::ListAudit, request);
}

absl::Status Client::Verify(const v1::VerifyRequest& request,
                            const std::function<void(const v1::VerifyResponse&)>& progress) {
  grpc::ClientContext context;
  SetDeadline(&context, options_, options_.stream_deadline);
  const auto reader = operations_->Verify(&context, request);
  return ReadAll<v1::VerifyResponse>(&context, reader.get(), [&](const v1::VerifyResponse& response) {
    progress(response);
    return absl::OkStatus();
  });
}

absl::Status Client::Rebuild(const std::function<void(const v1::RebuildResponse&)>& progress) {
  grpc::ClientContext context;
  SetDeadline(&context, options_, options_.stream_deadline);
  const auto reader = operations_->Rebuild(&context, v1::RebuildRequest());
  return ReadAll<v1::RebuildResponse>(&context, reader.get(), [&](const v1::RebuildResponse& response) {
    progress(response);
    return absl::OkStatus();
  });
}

absl::Status Client::Backup(const v1::BackupRequest& request,
                            const std::function<void(const v1::BackupResponse&)>& progress) {
  grpc::ClientContext context;
  SetDeadline(&context, options_, options_.stream_deadline);
  const auto reader = operations_->Backup(&context, request);
  return ReadAll<v1::BackupResponse>(&context, reader.get(), [&](const v1::BackupResponse& response) {
    progress(response);
    return absl::OkStatus();
  });
}

}  // namespace cairn
