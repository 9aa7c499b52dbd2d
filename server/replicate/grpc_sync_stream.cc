#include "server/replicate/grpc_sync_stream.h"

#include <utility>

namespace cairn {
namespace {

constexpr int ending_ticks_max = 2;  // half a second: a pin that went must be cut off within one

}  // namespace

SyncStream::SyncStream(const StreamEnvironment& environment, std::string node, bool dialled, std::string spki_sha256,
                       SyncCall* call, std::function<void(SyncStream*)> retired)
    : environment_(environment),
      node_(std::move(node)),
      dialled_(dialled),
      spki_sha256_(std::move(spki_sha256)),
      retired_(std::move(retired)),
      call_(call) {}

void SyncStream::Start() {
  absl::MutexLock lock(&mutex_);
  if (state_ != State::kOpening) return;
  started_ = true;
  delivering_ = true;
  environment_.deliver->Add([self = shared_from_this()] { self->Accept(); });
}

void SyncStream::Accept() {
  const absl::StatusOr<SessionId> session = environment_.events->OnConnected(node_, dialled_, shared_from_this());
  absl::MutexLock lock(&mutex_);
  delivering_ = false;
  if (session.ok()) session_ = *session;
  if (!session.ok()) {
    BeginClose(session.status(), /*flush=*/false);
  } else if (state_ == State::kOpening) {
    state_ = State::kOpen;
    ticks_ = 0;
    call_->Opened();
    call_->Read(&incoming_);
    StartAsking();
  }
  Settle();
}

void SyncStream::Abort(const absl::Status& why) {
  absl::MutexLock lock(&mutex_);
  flush_ = false;
  BeginClose(why, /*flush=*/false);
  Settle();
}

void SyncStream::Close(const absl::Status& why) {
  absl::MutexLock lock(&mutex_);
  BeginClose(why, /*flush=*/state_ == State::kOpen);
  Settle();
}

void SyncStream::Tick(int open_ticks, int write_ticks) {
  absl::MutexLock lock(&mutex_);
  if (state_ == State::kOpen && writing_ == Writing::kWriting && ++write_ticks_ >= write_ticks) {
    BeginClose(absl::DeadlineExceededError("the peer does not take what is sent to it"), /*flush=*/false);
    return call_->Cancel();
  }
  if (state_ == State::kOpen || state_ == State::kDone) return;
  ++ticks_;
  if (state_ == State::kOpening) {
    if (ticks_ < open_ticks || started_) return;
    BeginClose(absl::DeadlineExceededError("no answer in time"), /*flush=*/false);
    call_->Cancel();
    Settle();
  } else if (ticks_ >= ending_ticks_max) {
    call_->Cancel();
  }
}

void SyncStream::Wake() {
  absl::MutexLock lock(&mutex_);
  StartAsking();
}

// Messages are taken one by one when the one before is written, so that a slow peer costs a cursor, not a buffer (R8).
void SyncStream::StartAsking() {
  woken_ = true;
  const bool may_write = state_ == State::kOpen || (state_ == State::kClosing && flush_);
  if (!may_write || writing_ != Writing::kIdle || !session_.has_value()) return;
  writing_ = Writing::kAsking;
  environment_.send->Add([self = shared_from_this()] { self->Ask(); });
}

void SyncStream::Ask() {
  SessionId session;
  {
    absl::MutexLock lock(&mutex_);
    session = *session_;
    woken_ = false;
  }
  std::optional<v1::SyncMessage> message = environment_.events->NextMessage(session);
  absl::MutexLock lock(&mutex_);
  writing_ = Writing::kIdle;
  const bool may_write = state_ == State::kOpen || (state_ == State::kClosing && flush_);
  if (message.has_value() && may_write) {
    writing_ = Writing::kWriting;
    write_ticks_ = 0;
    outgoing_ = *std::move(message);
    call_->Write(&outgoing_);
  } else if (may_write && woken_) {
    StartAsking();
  } else {
    flush_ = false;
  }
  Settle();
}

void SyncStream::OnWriteDone(bool ok) {
  absl::MutexLock lock(&mutex_);
  writing_ = Writing::kIdle;
  if (ok) {
    StartAsking();
  } else {
    flush_ = false;
    BeginClose(absl::OkStatus(), /*flush=*/false);
  }
  Settle();
}

void SyncStream::OnReadDone(bool ok) {
  absl::MutexLock lock(&mutex_);
  if (!ok) {
    flush_ = false;
    BeginClose(absl::OkStatus(), /*flush=*/false);
  } else if (state_ == State::kOpen) {
    delivering_ = true;
    environment_.deliver->Add(
        [self = shared_from_this(), message = std::move(incoming_)]() mutable { self->Deliver(std::move(message)); });
  }
  Settle();
}

void SyncStream::Deliver(v1::SyncMessage message) {
  SessionId session;
  {
    absl::MutexLock lock(&mutex_);
    session = *session_;
  }
  environment_.events->OnMessage(session, std::move(message));
  absl::MutexLock lock(&mutex_);
  delivering_ = false;
  if (state_ == State::kOpen) {
    incoming_.Clear();
    call_->Read(&incoming_);
  }
  Settle();
}

void SyncStream::OnDone(const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  state_ = State::kDone;
  call_ = nullptr;
  flush_ = false;
  if (why_.ok()) why_ = status;
  Settle();
}

void SyncStream::BeginClose(const absl::Status& why, bool flush) {
  if (state_ != State::kOpening && state_ != State::kOpen) return;
  state_ = State::kClosing;
  ticks_ = 0;
  why_ = why;
  if (flush) {
    flush_ = true;
    StartAsking();
  }
}

// Takes the steps that the present state allows: ends the call when no write is outstanding, reports when it is gone.
void SyncStream::Settle() {
  if (state_ == State::kClosing && writing_ == Writing::kIdle) {
    state_ = State::kEnded;
    call_->End(why_);
  }
  if (state_ != State::kDone || writing_ != Writing::kIdle || delivering_ || reported_) return;
  reported_ = true;
  environment_.send->Add([self = shared_from_this()] { self->Report(); });
}

void SyncStream::Report() {
  std::optional<SessionId> session;
  absl::Status why;
  bool started;
  {
    absl::MutexLock lock(&mutex_);
    session = session_;
    started = started_;
    why = why_.ok() ? absl::UnavailableError("the peer ended the stream") : why_;
  }
  if (session.has_value()) {
    environment_.events->OnClosed(*session, why);
  } else if (dialled_ && !started) {
    environment_.events->OnDialFailed(node_, why);
  }
  retired_(this);
}

}  // namespace cairn
