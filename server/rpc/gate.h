// The head of every handler: who calls, may it, and how much.
#pragma once

#include <grpcpp/security/auth_metadata_processor.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_interceptor.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/access/authoriser.h"
#include "server/access/caller_limits.h"

namespace cairn {

// Streams that run, by the caller's name. Thread-safe. Must outlive its entries.
class RunningStreams {
 public:
  // One stream, for as long as this lives.
  class Entry {
   public:
    Entry(RunningStreams* streams, std::string caller, grpc::ServerContextBase* context);
    ~Entry();
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    friend class RunningStreams;
    RunningStreams* const streams_;
    const std::string caller_;
    grpc::ServerContextBase* const context_;
  };

  // Gives streams of the caller `grace` to end by themselves, which lets them say why, then cuts off those that do not:
  // one whose reader has stopped reading waits in a write and cannot look.
  void CutOff(absl::string_view caller, absl::Duration grace);

 private:
  bool AnyOf(absl::string_view caller) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  std::vector<const Entry*> entries_ ABSL_GUARDED_BY(mutex_);
};

// A call that was let in; kept by its handler while it runs.
class Admission {
 public:
  Admission(const Authoriser* authoriser, Caller caller, std::unique_ptr<CallerLimits::Slot> slot,
            std::unique_ptr<RunningStreams::Entry> stream)
      : authoriser_(authoriser), caller_(std::move(caller)), slot_(std::move(slot)), stream_(std::move(stream)) {}

  const Caller& caller() const { return caller_; }
  const Reader& reader() const { return caller_.reader(); }
  // OK while the caller may go on: what runs long asks again and again, since tokens are revoked.
  absl::Status StillValid() const { return authoriser_->StillValid(caller_); }

 private:
  const Authoriser* authoriser_;
  Caller caller_;
  std::unique_ptr<CallerLimits::Slot> slot_;
  std::unique_ptr<RunningStreams::Entry> stream_;
};

// Thread-safe. What is passed in must outlive it.
class Gate {
 public:
  Gate(const Authoriser* authoriser, CallerLimits* limits) : authoriser_(authoriser), limits_(limits) {}

  // Who calls `method`, "/package.Service/Method", and may. A call over the socket is the operator's; one over TLS must
  // show a token or a certificate; any other is refused. UNAUTHENTICATED, PERMISSION_DENIED or RESOURCE_EXHAUSTED.
  absl::StatusOr<Admission> Admit(const grpc::ServerContext& context, absl::string_view method) const;
  // The same for what streams, and so runs long.
  absl::StatusOr<Admission> AdmitStream(grpc::ServerContext* context, absl::string_view method,
                                        StreamKind kind = StreamKind::kAny) const;
  // After the token was revoked: nothing that was begun with it runs on when this returns.
  void CutOff(absl::string_view token) const;
  // The same for a caller that is no more let in, by its name.
  void CutOffCaller(absl::string_view name) const;

  // Stands before all that a TLS listener serves, what is not ours and what does not exist included, so that no handler
  // can be reached by forgetting to ask. This must outlive the server.
  std::shared_ptr<grpc::AuthMetadataProcessor> MakeDoorkeeper() const;
  // Bounds the streams of the library's own services, which have no handler of ours to ask: a stream too many is
  // cancelled, as are those of a caller that is cut off. Counts what the others send. This must outlive the server.
  std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeStreamGuard() const;

 private:
  friend class Doorkeeper;
  friend class StreamGuard;
  friend class ByteMeter;
  absl::StatusOr<Caller> Let(const grpc::ServerContext& context, absl::string_view method) const;

  const Authoriser* const authoriser_;
  CallerLimits* const limits_;
  const std::unique_ptr<RunningStreams> streams_ = std::make_unique<RunningStreams>();
};

}  // namespace cairn
