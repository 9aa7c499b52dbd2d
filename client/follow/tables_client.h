// The node's service Tables as functions.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "cairn/v1/tables.grpc.pb.h"
#include "client/cairn/call.h"

namespace cairn {

// Thread-safe.
class TablesClient {
 public:
  explicit TablesClient(const std::shared_ptr<grpc::Channel>& channel, CallOptions options = {});

  // Calls `sink` with progress, then with the file's bytes. An error of `sink` ends the call and is returned. Repeated
  // while the node is UNAVAILABLE, until the first bytes have come.
  absl::Status MakeSnapshot(const v1::MakeSnapshotRequest& request,
                            const std::function<absl::Status(const v1::MakeSnapshotResponse&)>& sink);

  // One stream, until it breaks, Stop, or an error of `sink`, which is returned. UNAVAILABLE: the node is gone, or was
  // silent for CallOptions::watch_silence_max; the stream may go on after the last token.
  absl::Status Follow(const v1::FollowRecordsRequest& request,
                      const std::function<absl::Status(const v1::FollowRecordsResponse&)>& sink);
  // Ends the running Follow, and every later one at once.
  void Stop();

 private:
  void Begin(grpc::ClientContext* context);
  void End();

  const CallOptions options_;
  const std::unique_ptr<v1::Tables::Stub> stub_;
  absl::Mutex mutex_;
  grpc::ClientContext* running_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace cairn
