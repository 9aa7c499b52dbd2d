#include "server/rpc/operations_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/clock.h"
#include "common/base/errors.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "server/rpc/status.h"
#include "server/store/backup.h"
#include "server/store/rebuild.h"
#include "server/store/verify.h"

namespace cairn {
namespace {

constexpr char submit_charter[] = "/cairn.v1.Operations/SubmitCharter";
constexpr char verify[] = "/cairn.v1.Operations/Verify";
constexpr char rebuild[] = "/cairn.v1.Operations/Rebuild";
constexpr char backup[] = "/cairn.v1.Operations/Backup";

absl::Status Heard(bool written) { return written ? absl::OkStatus() : absl::CancelledError("the client has gone"); }

}  // namespace

grpc::Status OperationsService::GetStatus(grpc::ServerContext* context, const v1::GetStatusRequest*,
                                          v1::GetStatusResponse* response) {
  const absl::StatusOr<Admission> call = access_.gate->Admit(*context, "/cairn.v1.Operations/GetStatus");
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  absl::StatusOr<v1::GetStatusResponse> status = reporter_->Report(call->reader());
  if (!status.ok()) return ToGrpcStatus(context, status.status());
  *response = *std::move(status);
  return grpc::Status::OK;
}

// An operator speaks for the node, so a first charter is taken on trust.
grpc::Status OperationsService::SubmitCharter(grpc::ServerContext* context, const v1::SubmitCharterRequest* request,
                                              v1::SubmitCharterResponse* response) {
  const absl::StatusOr<Admission> call = access_.gate->Admit(*context, submit_charter);
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  const absl::StatusOr<LiveCharter::Submission> submission = charter_->SubmitTrusted(request->chain());
  if (!submission.ok()) return ToGrpcStatus(context, submission.status());
  LogInfo("charter.submitted", {{"version", submission->version}, {"accepted", submission->accepted}});
  access_.audit->Done(call->caller(), submit_charter,
                      absl::StrCat("version ", submission->version, ", ", submission->accepted, " new"),
                      absl::OkStatus());
  response->set_version(submission->version);
  response->set_accepted(submission->accepted);
  return grpc::Status::OK;
}

grpc::Status OperationsService::GetCharter(grpc::ServerContext* context, const v1::GetCharterRequest*,
                                           v1::GetCharterResponse* response) {
  const absl::StatusOr<Admission> call = access_.gate->Admit(*context, "/cairn.v1.Operations/GetCharter");
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  *response->mutable_chain() = charter_->ChainAfter(0);
  return grpc::Status::OK;
}

grpc::Status OperationsService::Verify(grpc::ServerContext* context, const v1::VerifyRequest* request,
                                       grpc::ServerWriter<v1::VerifyResponse>* writer) {
  const absl::StatusOr<Admission> call = access_.gate->AdmitStream(context, verify);
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  v1::VerifyResponse last;
  const absl::Status status = VerifyAndHeal(*request, [&](const v1::VerifyResponse& progress) {
    last = progress;
    return call->StillValid().ok() && writer->Write(progress);
  });
  if (request->heal()) {
    access_.audit->Done(call->caller(), verify,
                        absl::StrCat("heal, ", last.findings_size(), " findings, ", last.healing_size(),
                                     " feeds fetched anew: ", absl::StrJoin(last.healing(), " ")),
                        status);
  }
  return ToGrpcStatus(context, status);
}

absl::Status OperationsService::VerifyAndHeal(const v1::VerifyRequest& request, const VerifySink& sink) {
  v1::VerifyResponse last;
  const auto progress = [&](const VerifyProgress& at) {
    last.set_checked(at.checked);
    last.set_total(at.total);
    return Heard(sink(last));
  };
  ASSIGN_OR_RETURN(const VerifyReport report, VerifyFeeds(feeds_, request.deep(), progress));
  last.set_checked(report.checked);
  last.set_total(report.checked);
  for (const std::string& finding : report.findings) last.add_findings(finding);
  for (const FeedKey& feed : report.damaged) {
    if (!request.heal()) break;
    RETURN_IF_ERROR(feeds_->store()->Write([&](Connection& db) { return feeds_->MarkDamaged(db, feed); }));
    replicator_->Heal(feed.partner, feed.audience);
    LogWarning("feed.damaged", {{"feed", feed.ToString()}});
    last.add_healing(feed.ToString());
  }
  if (request.heal() && report.derived_differs) {
    absl::MutexLock lock(&rebuild_mutex_);
    RETURN_IF_ERROR(cairn::Rebuild(feeds_->store(), [](const RebuildProgress&) { return absl::OkStatus(); }));
  }
  last.set_done(true);
  return Heard(sink(last));
}

// Goes on without the one who asked: half-derived tables help nobody.
grpc::Status OperationsService::Rebuild(grpc::ServerContext* context, const v1::RebuildRequest*,
                                        grpc::ServerWriter<v1::RebuildResponse>* writer) {
  const absl::StatusOr<Admission> call = access_.gate->AdmitStream(context, rebuild);
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  absl::MutexLock lock(&rebuild_mutex_);
  v1::RebuildResponse progress;
  const absl::Status status = cairn::Rebuild(feeds_->store(), [&](const RebuildProgress& at) {
    progress.set_done(at.done);
    progress.set_total(at.total);
    if (call->StillValid().ok()) writer->Write(progress);
    return absl::OkStatus();
  });
  access_.audit->Done(call->caller(), rebuild, absl::StrCat(progress.done(), " records"), status);
  return ToGrpcStatus(context, status);
}

grpc::Status OperationsService::Backup(grpc::ServerContext* context, const v1::BackupRequest* request,
                                       grpc::ServerWriter<v1::BackupResponse>* writer) {
  const absl::StatusOr<Admission> call = access_.gate->AdmitStream(context, backup);
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  const absl::Status status = WriteBackup(request->path(), [&](const v1::BackupResponse& progress) {
    return call->StillValid().ok() && writer->Write(progress);
  });
  access_.audit->Done(call->caller(), backup, request->path(), status);
  return ToGrpcStatus(context, status);
}

absl::Status OperationsService::WriteBackup(const std::string& path,
                                            const std::function<bool(const v1::BackupResponse&)>& sink) {
  if (path.empty() || path.front() != '/') {
    return absl::InvalidArgumentError(absl::StrCat("path ", Quoted(path), ": write an absolute path"));
  }
  absl::MutexLock lock(&backup_mutex_);
  Store* const store = feeds_->store();
  const std::string mark =
      absl::StrCat("backup of ", absl::FormatTime("%Y-%m-%d %H:%M UTC", store->clock()->Now(), absl::UTCTimeZone()));
  v1::BackupResponse last;
  RETURN_IF_ERROR(BackUp(store, path, mark, [&](const BackupProgress& at) {
    last.set_done_bytes(at.done_bytes);
    last.set_total_bytes(at.total_bytes);
    return Heard(sink(last));
  }));
  LogInfo("backup.done", {{"path", path}, {"bytes", last.total_bytes()}});
  last.set_done(true);
  return Heard(sink(last));
}

}  // namespace cairn
