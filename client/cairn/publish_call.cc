#include "client/cairn/publish_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"

namespace cairn {

PublishCall::PublishCall(v1::Publishing::Stub* stub, const v1::PublishHeader& header, Events events,
                         const CallOptions& options)
    : events_(std::move(events)) {
  SetDeadline(&context_, options, options.stream_deadline);
  stream_ = stub->Publish(&context_);
  v1::PublishRequest request;
  *request.mutable_header() = header;
  stream_->Write(request);  // a failure shows in the next write and in the status
  reader_ = std::thread([this] { ReadResponses(); });
}

PublishCall::~PublishCall() {
  if (finished_) return;
  context_.TryCancel();
  Finish().IgnoreError();
}

absl::Status PublishCall::Add(v1::PublishRecord record) {
  if (finished_) return *finished_;
  const size_t bytes = record.ByteSizeLong() + 8;  // and its tag and length
  if (pending_bytes_ > 0 && pending_bytes_ + bytes > limits::page_bytes_target) RETURN_IF_ERROR(Flush());
  *pending_.mutable_records()->add_records() = std::move(record);
  pending_bytes_ += bytes;
  return absl::OkStatus();
}

absl::Status PublishCall::Flush() {
  if (pending_bytes_ == 0) return absl::OkStatus();
  const uint64_t count = pending_.records().records_size();
  if (!stream_->Write(pending_)) {
    const absl::Status status = Finish();
    // A node that has heard enough ends the call with its result.
    return status.ok() ? absl::AbortedError("the node ended the batch before all of it was sent") : status;
  }
  sent_ += count;
  pending_.Clear();
  pending_bytes_ = 0;
  return absl::OkStatus();
}

absl::StatusOr<v1::PublishResult> PublishCall::Commit() {
  if (!finished_) {
    const absl::Status flushed = Flush();
    if (!flushed.ok() && !result_) return flushed;
  }
  if (!finished_) {
    v1::PublishRequest request;
    request.mutable_commit()->set_record_count(sent_);
    stream_->Write(request);
    stream_->WritesDone();
  }
  const absl::Status status = Finish();
  if (result_ && status.ok()) return *result_;
  if (absl::IsUnavailable(status) && sent_ > 0) {
    return absl::AbortedError(absl::StrCat("the connection to the node broke before it answered (", status.message(),
                                           "): whether the batch was published is not known; publish it again, which "
                                           "changes nothing that is already there"));
  }
  RETURN_IF_ERROR(status);
  return absl::InternalError("the node ended the batch without a result");
}

void PublishCall::ReadResponses() {
  v1::PublishResponse response;
  while (stream_->Read(&response)) {
    if (response.has_progress() && events_.progress) events_.progress(response.progress());
    if (response.has_problem() && events_.problem) events_.problem(response.problem());
    if (response.has_change() && events_.change) events_.change(response.change());
    if (response.has_result()) result_ = response.result();
  }
}

absl::Status PublishCall::Finish() {
  if (finished_) return *finished_;
  reader_.join();
  finished_ = FromGrpc(stream_->Finish(), context_);
  return *finished_;
}

}  // namespace cairn
