#include "client/follow/tables_client.h"

#include <utility>

#include "client/cairn/stream_watchdog.h"
#include "common/base/errors.h"

namespace cairn {
namespace {

// What a cut stream, a node that stops, or our own watchdog looks like.
absl::Status AsUnavailable(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return absl::UnavailableError("the node stopped");
    case absl::StatusCode::kCancelled:
      return absl::UnavailableError("the node does not answer any more");
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kInternal:
      return absl::UnavailableError(status.message());
    default:
      return status;
  }
}

}  // namespace

TablesClient::TablesClient(const std::shared_ptr<grpc::Channel>& channel, CallOptions options)
    : options_(Complete(std::move(options))), stub_(v1::Tables::NewStub(channel)) {}

absl::Status TablesClient::MakeSnapshot(const v1::MakeSnapshotRequest& request,
                                        const std::function<absl::Status(const v1::MakeSnapshotResponse&)>& sink) {
  bool begun = false;
  absl::Status result;
  const absl::Status status = WithRetries(options_, [&] {
    grpc::ClientContext context;
    SetDeadline(&context, options_, options_.stream_deadline);
    const auto reader = stub_->MakeSnapshot(&context, request);
    v1::MakeSnapshotResponse part;
    absl::Status sunk;
    while (sunk.ok() && reader->Read(&part)) {
      begun |= !part.chunk().empty();
      sunk = sink(part);
    }
    if (!sunk.ok()) context.TryCancel();
    const grpc::Status ended = reader->Finish();
    result = sunk.ok() ? FromGrpc(ended, context) : sunk;
    return begun ? absl::OkStatus() : result;
  });
  return begun ? result : status;
}

absl::Status TablesClient::Follow(const v1::FollowRecordsRequest& request,
                                  const std::function<absl::Status(const v1::FollowRecordsResponse&)>& sink) {
  grpc::ClientContext context;
  Begin(&context);
  absl::Status sunk;
  const auto reader = stub_->FollowRecords(&context, request);
  {
    StreamWatchdog watchdog(&context, options_.watch_silence_max);
    v1::FollowRecordsResponse response;
    while (sunk.ok() && reader->Read(&response)) {
      sunk = sink(response);  // which may itself take long
      watchdog.Heard();
    }
    if (!sunk.ok()) context.TryCancel();
  }
  End();
  const grpc::Status ended = reader->Finish();
  return sunk.ok() ? AsUnavailable(FromGrpc(ended, context)) : sunk;
}

void TablesClient::Stop() {
  absl::MutexLock lock(&mutex_);
  stopped_ = true;
  if (running_ != nullptr) running_->TryCancel();
}

void TablesClient::Begin(grpc::ClientContext* context) {
  absl::MutexLock lock(&mutex_);
  running_ = context;
  if (stopped_) context->TryCancel();
}

void TablesClient::End() {
  absl::MutexLock lock(&mutex_);
  running_ = nullptr;
}

}  // namespace cairn
