#include "server/http/http_connection.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "server/http/problem_json.h"

namespace cairn {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr size_t read_bytes_first = 1024;  // of an idle connection; most heads fit
constexpr size_t read_bytes = 4 * 1024;
constexpr size_t slice_bytes = 64 * 1024;
constexpr absl::Duration linger_max = absl::Seconds(2);
constexpr absl::Duration linger_draining_max = absl::Milliseconds(200);
constexpr size_t linger_bytes_max = 1024 * 1024;

constexpr absl::string_view line_ends("\r\n\0", 3);

bool HasNoBody(int status) { return status == 204 || status == 304; }

}  // namespace

HttpConnection::HttpConnection(HttpHost* host, std::unique_ptr<HttpSocket> socket, std::string address)
    : host_(host), socket_(std::move(socket)), peer_{std::move(address), socket_->secure()}, timer_(*host->io) {}

void HttpConnection::Start() {
  Arm(absl::Seconds(limits::handshake_seconds_max));
  socket_->Handshake([self = shared_from_this()](const error_code& failed, size_t) {
    if (self->state_ == State::kClosed) return;
    if (failed) return self->Close();
    self->BeginHead();
  });
}

void HttpConnection::Arm(absl::Duration after) {
  const uint64_t number = ++deadline_;
  timer_.expires_after(absl::ToChronoMilliseconds(after));
  timer_.async_wait([self = shared_from_this(), number](const error_code& failed) {
    if (!failed && number == self->deadline_) self->OnDeadline();
  });
}

void HttpConnection::Disarm() {
  ++deadline_;
  timer_.cancel();
}

void HttpConnection::OnDeadline() {
  switch (state_) {
    case State::kReading:
      if (in_.empty()) return Close();
      return RefuseHead({408, "the head of the request took too long"});
    case State::kSending:
      LogDebug("http.slow_reader", {});
      return Break();
    case State::kWaiting:
      return PullNext();
    default:
      return Close();
  }
}

void HttpConnection::Close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  LeaveWaiting();
  Disarm();
  stream_.reset();
  socket_->Close();
  host_->on_closed(this);
}

void HttpConnection::Break() {
  if (state_ != State::kClosed) socket_->Break();
  Close();
}

void HttpConnection::Drain() {
  draining_ = true;
  keep_alive_ = false;
  if (state_ == State::kHandshake || state_ == State::kLingering || (state_ == State::kReading && in_.empty())) Close();
  if (state_ == State::kWaiting) OnPiece(HttpStream::Piece{"", true});
}

void HttpConnection::LeaveWaiting() {
  if (has_place_) host_->waiting.erase(place_);
  has_place_ = false;
}

// --- a head comes in

void HttpConnection::BeginHead() {
  if (draining_ && in_.empty()) return Close();
  state_ = State::kReading;
  if (in_.empty()) in_.shrink_to_fit();
  place_ = host_->waiting.insert(host_->waiting.end(), this);
  has_place_ = true;
  Arm(in_.empty() ? host_->options.idle_max : host_->options.head_max);
  TakeHead();
}

void HttpConnection::TakeHead() {
  if (in_.compare(0, 2, "\r\n") == 0) in_.erase(0, 2);  // some clients end a request with one line too many
  size_t size = 0;
  HeadError error;
  switch (FindHead(in_, &size, &error)) {
    case HeadProgress::kBad:
      return RefuseHead(error);
    case HeadProgress::kMore:
      return at_end_ ? Close() : ReadMore();
    case HeadProgress::kWhole:
      break;
  }
  absl::StatusOr<HttpHead> head = ParseHead(absl::string_view(in_).substr(0, size), &error);
  in_.erase(0, size);
  if (!head.ok()) return RefuseHead(error);
  Work(*std::move(head));
}

void HttpConnection::ReadMore() {
  if (reading_) return;
  reading_ = true;
  chunk_.resize(in_.empty() ? read_bytes_first : read_bytes);
  socket_->ReadSome(asio::buffer(chunk_.data(), chunk_.size()),
                    [self = shared_from_this()](const error_code& failed, size_t bytes) {
                      self->reading_ = false;
                      if (self->state_ != State::kClosed) self->OnRead(failed, bytes);
                    });
}

void HttpConnection::OnRead(const error_code& failed, size_t bytes) {
  const bool first = in_.empty();
  in_.append(chunk_, 0, bytes);
  if (failed) {
    at_end_ = true;
    if (state_ == State::kReading || state_ == State::kWaiting || state_ == State::kLingering) Close();
    return;
  }
  if (state_ == State::kReading) {
    if (first) Arm(host_->options.head_max);
    TakeHead();
  } else if (state_ == State::kWaiting) {
    if (in_.size() > limits::http_head_bytes_max) return Close();  // nothing may be sent so far ahead
    ReadMore();
  } else if (state_ == State::kLingering) {
    lingered_ += bytes;
    in_.clear();
    if (lingered_ > linger_bytes_max) return Close();
    ReadMore();
  }
}

void HttpConnection::RefuseHead(const HeadError& error) {
  LeaveWaiting();
  keep_alive_ = false;
  is_head_ = false;
  is_1_0_ = false;
  Respond(host_->service->Refuse(error.status, error.why, peer_));
}

void HttpConnection::Work(HttpHead head) {
  LeaveWaiting();
  Disarm();
  state_ = State::kWorking;
  keep_alive_ = head.keep_alive && !draining_;
  is_head_ = head.method == "HEAD";
  is_1_0_ = head.is_1_0;
  const bool posted = host_->pool->Post([self = shared_from_this(), head = std::move(head)] {
    HttpResponse response = self->host_->service->Answer(head, self->peer_);
    asio::post(*self->host_->io, [self, response = std::move(response)]() mutable {
      if (self->state_ != State::kClosed) self->Respond(std::move(response));
    });
  });
  if (!posted) Respond(host_->service->Refuse(503, "the node has too much to do; ask again a little later", peer_));
}

// --- an answer goes out

std::string HttpConnection::HeadOf(const HttpResponse& response) const {
  std::string head = absl::StrCat(
      "HTTP/1.1 ", response.status, " ", ReasonPhrase(response.status),
      "\r\nDate: ", absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", host_->clock->Now(), absl::UTCTimeZone()), "\r\n");
  for (const auto& [name, value] : response.headers) {
    // Whatever a handler puts there, it does not begin another line.
    if (absl::string_view(value).find_first_of(line_ends) == absl::string_view::npos) {
      absl::StrAppend(&head, name, ": ", value, "\r\n");
    }
  }
  if (response.stream != nullptr) {
    if (!is_1_0_) absl::StrAppend(&head, "Transfer-Encoding: chunked\r\n");
  } else if (!HasNoBody(response.status)) {
    absl::StrAppend(&head, "Content-Length: ", response.body.size(), "\r\n");
  }
  absl::StrAppend(&head, "Connection: ", keep_alive_ ? "keep-alive" : "close", "\r\n\r\n");
  return head;
}

void HttpConnection::Respond(HttpResponse response) {
  if (draining_ || (response.stream != nullptr && is_1_0_)) keep_alive_ = false;
  out_ = HeadOf(response);
  sent_ = 0;
  const bool has_body = !is_head_ && !HasNoBody(response.status);
  body_ = has_body && response.stream == nullptr ? std::move(response.body) : "";
  if (has_body && response.stream != nullptr) TakeStream(std::move(response.stream));
  SendSlice();
}

void HttpConnection::SendSlice() {
  state_ = State::kSending;
  Arm(host_->options.slice_max);
  const size_t size = std::min(slice_bytes, body_.size() - sent_);
  asio::const_buffer buffer(body_.data() + sent_, size);
  if (!out_.empty()) {
    out_.append(body_, sent_, size);
    buffer = asio::buffer(out_.data(), out_.size());
  }
  sent_ += size;
  socket_->Write(buffer, [self = shared_from_this()](const error_code& failed, size_t) {
    if (self->state_ != State::kClosed) self->OnSent(failed);
  });
}

void HttpConnection::OnSent(const error_code& failed) {
  if (failed) return Close();
  out_.clear();
  if (sent_ < body_.size()) return SendSlice();
  body_.clear();
  body_.shrink_to_fit();
  sent_ = 0;
  if (stream_ != nullptr) return PullNext();
  FinishResponse();
}

void HttpConnection::FinishResponse() {
  out_.shrink_to_fit();
  if (!keep_alive_) return Linger();
  BeginHead();
}

// What the peer has sent and nobody reads would make the system break the connection before the answer was read.
void HttpConnection::Linger() {
  state_ = State::kLingering;
  socket_->EndSending([self = shared_from_this()](const error_code&, size_t) { self->Close(); });
  if (at_end_ && !socket_->secure()) return Close();
  Arm(draining_ ? linger_draining_max : linger_max);
  in_.clear();
  if (!socket_->secure()) ReadMore();
}

// --- streams

void HttpConnection::TakeStream(std::unique_ptr<HttpStream> stream) {
  stream_ = std::move(stream);
  woken_ = std::make_shared<std::atomic<bool>>(false);
  // Holds the connection weakly and does not lock it: on a thread of the store nothing may end.
  stream_->OnWake([weak = weak_from_this(), woken = woken_, io = host_->io] {
    if (woken->exchange(true)) return;
    asio::post(*io, [weak] {
      if (const auto self = weak.lock(); self != nullptr) self->OnWake();
    });
  });
}

void HttpConnection::PullNext() {
  Disarm();
  state_ = State::kWorking;
  woken_->store(false);
  const bool posted = host_->pool->PostNext([self = shared_from_this(), stream = stream_] {
    auto piece = stream->Next();
    asio::post(*self->host_->io, [self, piece = std::move(piece)]() mutable {
      if (self->state_ != State::kClosed) self->OnPiece(std::move(piece));
    });
  });
  if (!posted) Break();
}

void HttpConnection::OnPiece(absl::StatusOr<HttpStream::Piece> piece) {
  if (!piece.ok()) {
    LogWarning("http.stream_broken", {{"why", piece.status().message()}});
    return Break();
  }
  if (piece->bytes.empty() && !piece->last && !draining_) return Wait();
  const bool last = piece->last || piece->bytes.empty();
  if (is_1_0_ || piece->bytes.empty()) {
    body_ = std::move(piece->bytes);
  } else {
    body_ = absl::StrCat(absl::Hex(piece->bytes.size()), "\r\n", piece->bytes, "\r\n");
  }
  if (last && !is_1_0_) body_ += "0\r\n\r\n";
  if (last) stream_.reset();
  if (body_.empty()) return FinishResponse();
  SendSlice();
}

void HttpConnection::Wait() {
  if (at_end_) return Close();
  state_ = State::kWaiting;
  if (woken_->load()) return PullNext();
  Arm(host_->options.stream_wait);
  ReadMore();  // to learn that the peer has gone
}

void HttpConnection::OnWake() {
  if (state_ == State::kWaiting) PullNext();
}

}  // namespace cairn
