#include "server/rpc/tables_service.h"

#include "common/base/status_macros.h"
#include "server/rpc/message_deadline.h"
#include "server/rpc/status.h"

namespace cairn {

grpc::Status TablesService::MakeSnapshot(grpc::ServerContext* context, const v1::MakeSnapshotRequest* request,
                                         grpc::ServerWriter<v1::MakeSnapshotResponse>* writer) {
  const absl::StatusOr<Admission> call =
      gate_->AdmitStream(context, "/cairn.v1.Tables/MakeSnapshot", StreamKind::kSnapshot);
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  const absl::Status given = call->caller().RequireAudience(request->audience());
  if (!given.ok()) return ToGrpcStatus(context, given);
  const auto sink = [&](const v1::MakeSnapshotResponse& part) -> absl::Status {
    RETURN_IF_ERROR(call->StillValid());
    const MessageDeadline deadline(context, patience_);
    return writer->Write(part) ? absl::OkStatus() : absl::CancelledError("the client has gone");
  };
  return ToGrpcStatus(context, snapshots_->Make(call->reader(), request->audience(), sink));
}

grpc::Status TablesService::FollowRecords(grpc::ServerContext* context, const v1::FollowRecordsRequest* request,
                                          grpc::ServerWriter<v1::FollowRecordsResponse>* writer) {
  const absl::StatusOr<Admission> call = gate_->AdmitStream(context, "/cairn.v1.Tables/FollowRecords");
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  return ToGrpcStatus(context, Follow(*context, *call, *request, writer));
}

absl::Status TablesService::Follow(const grpc::ServerContext& context, const Admission& call,
                                   const v1::FollowRecordsRequest& request,
                                   grpc::ServerWriter<v1::FollowRecordsResponse>* writer) {
  RETURN_IF_ERROR(call.caller().RequireAudience(request.audience()));
  ASSIGN_OR_RETURN(const Reader reader, snapshots_->ReaderFor(call.reader(), request.audience()));
  v1::WatchRecordsRequest watch;
  watch.set_resume_token(request.resume_token());
  absl::Status partners_unknown;
  const absl::Status status =
      watches_->Watch(context, call, reader, watch, [&](const v1::WatchRecordsResponse& change) {
        v1::FollowRecordsResponse response;
        *response.mutable_change() = change;
        if (change.has_caught_up()) {
          absl::StatusOr<v1::ListPartnersResponse> listed = directory_->ListPartners(reader);
          partners_unknown = listed.status();
          if (!listed.ok()) return false;
          response.mutable_partners()->Swap(listed->mutable_partners());
        }
        return writer->Write(response);
      });
  return partners_unknown.ok() ? status : partners_unknown;
}

}  // namespace cairn
