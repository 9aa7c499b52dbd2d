#include "server/http/http_socket.h"

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace cairn {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

class PlainSocket : public HttpSocket {
 public:
  explicit PlainSocket(Tcp::socket socket) : socket_(std::move(socket)) {}

  void Handshake(Done done) override {
    asio::post(socket_.get_executor(), [done = std::move(done)] { done(error_code(), 0); });
  }
  void ReadSome(asio::mutable_buffer into, Done done) override { socket_.async_read_some(into, std::move(done)); }
  void Write(asio::const_buffer from, Done done) override { asio::async_write(socket_, from, std::move(done)); }
  void EndSending(Done) override {
    error_code ignored;
    socket_.shutdown(Tcp::socket::shutdown_send, ignored);
  }
  void Close() override {
    error_code ignored;
    socket_.close(ignored);
  }
  bool secure() const override { return false; }

 protected:
  Tcp::socket& tcp() override { return socket_; }

 private:
  Tcp::socket socket_;
};

class TlsSocket : public HttpSocket {
 public:
  TlsSocket(Tcp::socket socket, std::shared_ptr<asio::ssl::context> tls)
      : tls_(std::move(tls)), stream_(std::move(socket), *tls_) {}

  void Handshake(Done done) override {
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [done = std::move(done)](const error_code& failed) { done(failed, 0); });
  }
  void ReadSome(asio::mutable_buffer into, Done done) override { stream_.async_read_some(into, std::move(done)); }
  void Write(asio::const_buffer from, Done done) override { asio::async_write(stream_, from, std::move(done)); }
  void EndSending(Done done) override {
    stream_.async_shutdown([done = std::move(done)](const error_code& failed) { done(failed, 0); });
  }
  void Close() override {
    error_code ignored;
    tcp().close(ignored);
  }
  bool secure() const override { return true; }

 protected:
  Tcp::socket& tcp() override { return stream_.next_layer(); }

 private:
  const std::shared_ptr<asio::ssl::context> tls_;
  asio::ssl::stream<Tcp::socket> stream_;
};

}  // namespace

void HttpSocket::Break() {
  error_code ignored;
  tcp().set_option(asio::socket_base::linger(true, 0), ignored);
  Close();
}

std::unique_ptr<HttpSocket> MakeHttpSocket(HttpSocket::Tcp::socket socket, std::shared_ptr<asio::ssl::context> tls) {
  if (tls == nullptr) return std::make_unique<PlainSocket>(std::move(socket));
  return std::make_unique<TlsSocket>(std::move(socket), std::move(tls));
}

}  // namespace cairn
