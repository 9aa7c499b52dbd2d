#include "server/rpc/operations_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
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

absl::Status Heard(bool written) { return written ? absl::OkStatus() : absl::CancelledError("the client has gone"); }

}  // namespace

grpc::Status OperationsService::GetStatus(grpc::ServerContext* context, const v1::GetStatusRequest*,
                                          v1::GetStatusResponse* response) {
  absl::StatusOr<v1::GetStatusResponse> status = reporter_->Report();
  if (!status.ok()) return ToGrpcStatus(context, status.status());
  *response = *std::move(status);
  return grpc::Status::OK;
}

// Whoever may open the socket owns the node, so a first charter is taken on trust.
grpc::Status OperationsService::SubmitCharter(grpc::ServerContext* context, const v1::SubmitCharterRequest* request,
                                              v1::SubmitCharterResponse* response) {
  const absl::StatusOr<LiveCharter::Submission> submission = charter_->SubmitTrusted(request->chain());
  if (!submission.ok()) return ToGrpcStatus(context, submission.status());
  LogInfo("charter.submitted", {{"version", submission->version}, {"accepted", submission->accepted}});
  response->set_version(submission->version);
  response->set_accepted(submission->accepted);
  return grpc::Status::OK;
}

grpc::Status OperationsService::GetCharter(grpc::ServerContext*, const v1::GetCharterRequest*,
                                           v1::GetCharterResponse* response) {
  *response->mutable_chain() = charter_->ChainAfter(0);
  return grpc::Status::OK;
}

grpc::Status OperationsService::Verify(grpc::ServerContext* context, const v1::VerifyRequest* request,
                                       grpc::ServerWriter<v1::VerifyResponse>* writer) {
  return ToGrpcStatus(
      context, VerifyAndHeal(*request, [&](const v1::VerifyResponse& progress) { return writer->Write(progress); }));
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
  absl::MutexLock lock(&rebuild_mutex_);
  return ToGrpcStatus(context, cairn::Rebuild(feeds_->store(), [&](const RebuildProgress& at) {
                        v1::RebuildResponse progress;
                        progress.set_done(at.done);
                        progress.set_total(at.total);
                        writer->Write(progress);
                        return absl::OkStatus();
                      }));
}

grpc::Status OperationsService::Backup(grpc::ServerContext* context, const v1::BackupRequest* request,
                                       grpc::ServerWriter<v1::BackupResponse>* writer) {
  return ToGrpcStatus(context, WriteBackup(request->path(), [&](const v1::BackupResponse& progress) {
                        return writer->Write(progress);
                      }));
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
