// A batch on its way to a node.
#pragma once

#include <functional>
#include <optional>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cairn/v1/publishing.grpc.pb.h"
#include "client/cairn/call.h"

namespace cairn {

// One Publish stream: any number of Add, then Commit, once. Records are gathered into messages of about
// 256 KiB; Add blocks while the node is slower than the caller, so that memory does not grow with the batch.
//
// Used by one thread. `Events` are called on another thread, one at a time, and never after Commit returned.
// Destroying it without Commit changes nothing at the node.
class PublishCall {
 public:
  // What the node says meanwhile. Each may be empty.
  struct Events {
    std::function<void(const v1::PublishProgress&)> progress;
    std::function<void(const v1::RecordProblem&)> problem;
    std::function<void(const v1::RecordChange&)> change;
  };

  // Opens the stream and sends the header. `stub` must outlive the call.
  PublishCall(v1::Publishing::Stub* stub, const v1::PublishHeader& header, Events events, const CallOptions& options);
  ~PublishCall();
  PublishCall(const PublishCall&) = delete;
  PublishCall& operator=(const PublishCall&) = delete;

  // Sends one record. An error is the node's, and final: the call has ended.
  absl::Status Add(v1::PublishRecord record);

  // Ends the batch and waits for its result. ABORTED when the connection broke before the result came: whether the
  // batch was published is then not known; publishing it again is safe.
  absl::StatusOr<v1::PublishResult> Commit();

 private:
  absl::Status Flush();
  void ReadResponses();
  // Waits for the reader and returns the status of the call.
  absl::Status Finish();

  const Events events_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::PublishRequest, v1::PublishResponse>> stream_;
  v1::PublishRequest pending_;
  size_t pending_bytes_ = 0;
  uint64_t sent_ = 0;
  std::optional<v1::PublishResult> result_;  // written by the reader, read after it was joined
  std::optional<absl::Status> finished_;
  std::thread reader_;
};

}  // namespace cairn
