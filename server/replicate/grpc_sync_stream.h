// One stream between two nodes, whichever side dialled: turns gRPC's callbacks into calls of the replicator and back.
//
// A reactor (grpc_sync_server.cc, grpc_sync_client.cc) owns the call and forwards its callbacks here. Promises:
//   - one read and one write outstanding; the next read starts when the replicator has taken the message before;
//   - the replicator is never called with the mutex held, and never twice at once for reading or for writing;
//   - after OnClosed nothing is called any more for the session.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "cairn/v1/replication.pb.h"
#include "server/replicate/grpc_workers.h"
#include "server/replicate/transport.h"

namespace cairn {

// What a stream asks of its call. Called with the stream's mutex held; must not call back inline.
class SyncCall {
 public:
  virtual ~SyncCall() = default;
  // The replicator accepted the peer: lets the other side know. Once.
  virtual void Opened() = 0;
  virtual void Read(v1::SyncMessage* into) = 0;
  virtual void Write(const v1::SyncMessage* message) = 0;
  // Ends the call in order, once and last; no write is outstanding. The call's OnDone follows.
  virtual void End(const absl::Status& why) = 0;
  // Ends it at once; outstanding operations fail. Any number of times.
  virtual void Cancel() = 0;
};

// What all streams of a node share. The workers run what may block.
struct StreamEnvironment {
  StreamEvents* events;
  GrpcWorkers* deliver;  // OnConnected, OnMessage: may block
  GrpcWorkers* send;     // NextMessage, OnClosed: do not wait for the store
};

// Thread-safe. Lives until its call is done and the replicator was told.
class SyncStream : public PeerStream, public std::enable_shared_from_this<SyncStream> {
 public:
  // How often Tick comes.
  static constexpr absl::Duration tick = absl::Milliseconds(250);

  // `retired` is called last, on a worker: nobody will call the stream any more.
  SyncStream(const StreamEnvironment& environment, std::string node, bool dialled, std::string spki_sha256,
             SyncCall* call, std::function<void(SyncStream*)> retired);

  const std::string& node() const { return node_; }
  // The pin that the other side was let in by.
  const std::string& spki_sha256() const { return spki_sha256_; }

  // The other side is authenticated and there: offers it to the replicator.
  void Start();
  // The peer may not go on: ends the stream without sending what waits.
  void Abort(const absl::Status& why);
  // Counts time: a stream that does not open within `open_ticks`, does not take a message within `write_ticks`, or does
  // not end within a moment, is cancelled.
  void Tick(int open_ticks, int write_ticks);

  // PeerStream
  void Wake() override;
  void Close(const absl::Status& why) override;

  // --- from the reactor
  void OnReadDone(bool ok);
  void OnWriteDone(bool ok);
  // The call is over with `status`; the reactor is about to go.
  void OnDone(const absl::Status& status);

 private:
  enum class State {
    kOpening,  // not accepted by the replicator yet
    kOpen,
    kClosing,  // ends as soon as no write is outstanding
    kEnded,    // End was called
    kDone,     // the call is gone
  };
  enum class Writing { kIdle, kAsking, kWriting };  // kAsking: a worker asks the replicator for a message

  void Accept() ABSL_LOCKS_EXCLUDED(mutex_);
  void Deliver(v1::SyncMessage message) ABSL_LOCKS_EXCLUDED(mutex_);
  void Ask() ABSL_LOCKS_EXCLUDED(mutex_);
  void Report() ABSL_LOCKS_EXCLUDED(mutex_);
  void StartAsking() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void BeginClose(const absl::Status& why, bool flush) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Settle() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const StreamEnvironment environment_;
  const std::string node_;
  const bool dialled_;
  const std::string spki_sha256_;
  const std::function<void(SyncStream*)> retired_;

  absl::Mutex mutex_;
  SyncCall* call_ ABSL_GUARDED_BY(mutex_);  // null once done
  State state_ ABSL_GUARDED_BY(mutex_) = State::kOpening;
  Writing writing_ ABSL_GUARDED_BY(mutex_) = Writing::kIdle;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;       // Wake came while it could not be followed
  bool delivering_ ABSL_GUARDED_BY(mutex_) = false;  // Accept or Deliver is queued or runs
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool flush_ ABSL_GUARDED_BY(mutex_) = false;     // closing by the replicator's wish: what waits is sent first
  bool reported_ ABSL_GUARDED_BY(mutex_) = false;  // Report is queued
  int ticks_ ABSL_GUARDED_BY(mutex_) = 0;          // in the present state
  int write_ticks_ ABSL_GUARDED_BY(mutex_) = 0;    // of the write that is outstanding
  std::optional<SessionId> session_ ABSL_GUARDED_BY(mutex_);
  absl::Status why_ ABSL_GUARDED_BY(mutex_);  // why this side ends it; OK: the other side did
  v1::SyncMessage incoming_;                  // gRPC's between Read and OnReadDone
  v1::SyncMessage outgoing_;                  // gRPC's between Write and OnWriteDone
};

}  // namespace cairn
