#include "client/cairn/watch_call.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cairn/stream_watchdog.h"
#include "common/base/errors.h"

namespace cairn {
namespace {

// Errors after which the same request may succeed. CANCELLED is what a cut stream, or our own watchdog, looks like.
bool MayHeal(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kOk:  // the node ended the stream, as it does when it stops
      return true;
    default:
      return false;
  }
}

}  // namespace

WatchCall::WatchCall(std::unique_ptr<v1::Directory::Stub> stub, const v1::WatchRecordsRequest& request,
                     const CallOptions& options)
    : stub_(std::move(stub)), options_(Complete(options)), request_(request) {}

absl::Status WatchCall::Run(const Sink& sink, const OnInterruption& on_interruption) {
  absl::Status sunk;
  const Sink remembering = [&](const v1::WatchRecordsResponse& response) {
    sunk = sink(response);
    return sunk;
  };
  bool ever_heard = false;
  for (int failures = 0;;) {
    bool heard = false;
    const absl::Status status = RunOnce(remembering, &heard);
    if (!sunk.ok()) return sunk;
    if (stopped()) return absl::OkStatus();
    ever_heard |= heard;
    failures = heard ? 1 : failures + 1;
    if (!MayHeal(status) || (!ever_heard && failures >= options_.attempts_max)) return status;
    const absl::Duration wait = BackoffBefore(options_, failures);
    if (on_interruption) on_interruption(status, wait);
    if (!WaitUnlessStopped(wait)) return absl::OkStatus();
  }
}

absl::Status WatchCall::RunOnce(const Sink& sink, bool* heard) {
  grpc::ClientContext context;
  SetDeadline(&context, options_, options_.stream_deadline);
  if (!BeginAttempt(&context)) return absl::CancelledError("stopped");
  v1::WatchRecordsRequest request;
  {
    absl::MutexLock lock(&mutex_);
    request = request_;
  }
  const auto reader = stub_->WatchRecords(&context, request);
  {
    StreamWatchdog watchdog(&context, options_.watch_silence_max);
    v1::WatchRecordsResponse response;
    while (reader->Read(&response)) {
      watchdog.Heard();
      *heard = true;
      if (!sink(response).ok()) {
        context.TryCancel();
        break;
      }
      absl::MutexLock lock(&mutex_);
      if (!response.resume_token().empty()) request_.set_resume_token(response.resume_token());
    }
  }
  EndAttempt();
  return FromGrpc(reader->Finish(), context);
}

bool WatchCall::BeginAttempt(grpc::ClientContext* context) {
  absl::MutexLock lock(&mutex_);
  context_ = context;
  return !stopped_;
}

void WatchCall::EndAttempt() {
  absl::MutexLock lock(&mutex_);
  context_ = nullptr;
}

void WatchCall::Stop() {
  absl::MutexLock lock(&mutex_);
  stopped_ = true;
  if (context_ != nullptr) context_->TryCancel();
}

bool WatchCall::stopped() const {
  absl::MutexLock lock(&mutex_);
  return stopped_;
}

bool WatchCall::WaitUnlessStopped(absl::Duration wait) {
  // In short pieces, so that a person who presses Ctrl-C does not sit out a back-off.
  constexpr absl::Duration piece = absl::Milliseconds(200);
  while (wait > absl::ZeroDuration() && !stopped()) {
    options_.sleep(std::min(wait, piece));
    wait -= piece;
  }
  return !stopped();
}

std::string WatchCall::resume_token() const {
  absl::MutexLock lock(&mutex_);
  return request_.resume_token();
}

}  // namespace cairn
