// The client library: a node's services as functions that return StatusOr.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cairn/v1/directory.grpc.pb.h"
#include "cairn/v1/operations.grpc.pb.h"
#include "cairn/v1/publishing.grpc.pb.h"
#include "client/cairn/call.h"
#include "client/cairn/channel.h"
#include "client/cairn/publish_call.h"
#include "client/cairn/target.h"
#include "client/cairn/watch_call.h"

namespace cairn {

// One node, seen by an administrator, a publisher or a reader. It connects on the first call.
//
// Every call has a deadline. Calls that change nothing, or that change nothing when repeated, are repeated with
// back-off while the node is UNAVAILABLE. A reason that the node gave is found with ReasonOf(status). Thread-safe.
class Client {
 public:
  // Speaks to the node at `target`, without encryption. For TLS: OpenChannel.
  explicit Client(const NodeTarget& target, CallOptions options = {});
  // Speaks over a channel made elsewhere.
  explicit Client(std::shared_ptr<grpc::Channel> channel, CallOptions options = {});

  // --- Directory
  absl::StatusOr<v1::GetRecordResponse> GetRecord(const v1::GetRecordRequest& request);
  absl::StatusOr<v1::ListRecordsResponse> ListRecords(const v1::ListRecordsRequest& request);
  absl::StatusOr<v1::SearchResponse> Search(const v1::SearchRequest& request);
  absl::StatusOr<v1::GetFacetsResponse> GetFacets(const v1::GetFacetsRequest& request);
  absl::StatusOr<v1::ListPartnersResponse> ListPartners();
  // Calls `sink` with all records in order. An error of `sink` ends the call and is returned. Repeated only until the
  // first records have come.
  absl::Status ExportRecords(const v1::ExportRecordsRequest& request,
                             const std::function<absl::Status(const v1::ExportRecordsResponse&)>& sink);
  // Follows changes, over broken connections and restarts of the node; see WatchCall.
  std::unique_ptr<WatchCall> Watch(const v1::WatchRecordsRequest& request);

  // --- Publishing
  // Opens a batch; see PublishCall. Never repeated by itself.
  std::unique_ptr<PublishCall> Publish(const v1::PublishHeader& header, PublishCall::Events events);
  absl::StatusOr<v1::WithdrawResponse> Withdraw(const v1::WithdrawRequest& request);
  // Not repeated: each call stamps another time.
  absl::StatusOr<v1::MarkVerifiedResponse> MarkVerified(const v1::MarkVerifiedRequest& request);
  absl::StatusOr<v1::GetReceiptsResponse> GetReceipts(const v1::GetReceiptsRequest& request);
  absl::StatusOr<v1::ExplainAccessResponse> ExplainAccess(const v1::ExplainAccessRequest& request);

  // --- Operations
  absl::StatusOr<v1::GetStatusResponse> GetStatus();
  absl::StatusOr<v1::SubmitCharterResponse> SubmitCharter(const v1::SubmitCharterRequest& request);
  absl::StatusOr<v1::GetCharterResponse> GetCharter();
  // Not repeated: the token is in the first answer alone.
  absl::StatusOr<v1::CreateTokenResponse> CreateToken(const v1::CreateTokenRequest& request);
  absl::StatusOr<v1::ListTokensResponse> ListTokens();
  absl::StatusOr<v1::RevokeTokenResponse> RevokeToken(const v1::RevokeTokenRequest& request);
  absl::StatusOr<v1::ListAuditResponse> ListAudit(const v1::ListAuditRequest& request);
  // Calls `progress` with every message; the last has `done`.
  absl::Status Verify(const v1::VerifyRequest& request, const std::function<void(const v1::VerifyResponse&)>& progress);
  absl::Status Rebuild(const std::function<void(const v1::RebuildResponse&)>& progress);
  // Not repeated: a second attempt would meet the file of the first.
  absl::Status Backup(const v1::BackupRequest& request, const std::function<void(const v1::BackupResponse&)>& progress);

 private:
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(Stub* stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                const Request& request, absl::Duration extra = absl::ZeroDuration());

  CallOptions options_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Directory::Stub> directory_;
  std::unique_ptr<v1::Publishing::Stub> publishing_;
  std::unique_ptr<v1::Operations::Stub> operations_;
};

}  // namespace cairn
