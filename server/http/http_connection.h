// One connection of the HTTP server, from its handshake to its end. Internal to the server.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <memory>
#include <string>

#include "server/http/http_head.h"
#include "server/http/http_server.h"
#include "server/http/http_socket.h"
#include "server/http/worker_pool.h"

namespace cairn {

class HttpConnection;

// What connections have in common, and whom they tell. On the thread of `io`.
struct HttpHost {
  boost::asio::io_context* io = nullptr;
  WorkerPool* pool = nullptr;
  HttpService* service = nullptr;
  Clock* clock = nullptr;
  HttpServer::Options options;
  // Those without a whole request, the longest waiting first.
  std::list<HttpConnection*> waiting;
  std::function<void(HttpConnection*)> on_closed;
};

// A state machine. On the thread of `io` alone, but for what it posts to the workers. Kept alive by what it waits for.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(HttpHost* host, std::unique_ptr<HttpSocket> socket, std::string address);

  void Start();
  void Close();
  // Ends when nothing is being answered; no further request is taken.
  void Drain();
  const std::string& address() const { return peer_.address; }

 private:
  enum class State {
    kHandshake,
    kReading,    // a head: nothing of it yet, or a part
    kWorking,    // a worker has it: the handler, or the stream's next piece
    kSending,    // a slice is on its way
    kWaiting,    // for a stream that has nothing now
    kLingering,  // everything was sent; the peer may still be sending what nobody will read
    kClosed,
  };

  void Arm(absl::Duration after);
  void Disarm();
  void OnDeadline();

  void BeginHead();
  void TakeHead();
  void ReadMore();
  void OnRead(const boost::system::error_code& failed, size_t bytes);
  void RefuseHead(const HeadError& error);
  void Work(HttpHead head);
  void LeaveWaiting();

  void Respond(HttpResponse response);
  std::string HeadOf(const HttpResponse& response) const;
  void SendSlice();
  void OnSent(const boost::system::error_code& failed);
  void FinishResponse();
  void Linger();
  void Break();

  void TakeStream(std::unique_ptr<HttpStream> stream);
  void PullNext();
  void OnPiece(absl::StatusOr<HttpStream::Piece> piece);
  void Wait();
  void OnWake();

  HttpHost* const host_;
  const std::unique_ptr<HttpSocket> socket_;
  HttpPeer peer_;
  State state_ = State::kHandshake;
  boost::asio::steady_timer timer_;
  uint64_t deadline_ = 0;  // number of the deadline that is armed: one that was replaced may be on its way

  std::string in_;     // received, not yet taken
  std::string chunk_;  // being received
  bool reading_ = false;
  bool at_end_ = false;  // the peer sends nothing more
  size_t lingered_ = 0;  // bytes that nobody read
  std::list<HttpConnection*>::iterator place_;
  bool has_place_ = false;  // in host_->waiting

  bool keep_alive_ = false;
  bool is_head_ = false;
  bool is_1_0_ = false;
  bool draining_ = false;
  std::string out_;   // being sent before the body
  std::string body_;  // of the answer
  size_t sent_ = 0;   // of the body
  std::shared_ptr<HttpStream> stream_;
  std::shared_ptr<std::atomic<bool>> woken_;
};

}  // namespace cairn
