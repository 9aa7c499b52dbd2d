// A connection's bytes, plain or over TLS. Internal to the server; this and its kin alone know the socket library.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <memory>

namespace cairn {

// Used on the thread of its io_context alone. At most one read and one write at a time. Callbacks never run inside the
// call that named them.
class HttpSocket {
 public:
  using Tcp = boost::asio::ip::tcp;
  using Done = std::function<void(const boost::system::error_code&, size_t)>;

  virtual ~HttpSocket() = default;
  // To be done first.
  virtual void Handshake(Done done) = 0;
  virtual void ReadSome(boost::asio::mutable_buffer into, Done done) = 0;
  // All of it.
  virtual void Write(boost::asio::const_buffer from, Done done) = 0;
  // Says that nothing more will be sent. Over TLS, `done` is called when the peer has said the same.
  virtual void EndSending(Done done) = 0;
  virtual void Close() = 0;
  // Closes without care: whoever reads sees a broken connection, not an end.
  void Break();
  virtual bool secure() const = 0;

 protected:
  virtual Tcp::socket& tcp() = 0;
};

// `tls` nullptr: plain.
std::unique_ptr<HttpSocket> MakeHttpSocket(HttpSocket::Tcp::socket socket,
                                           std::shared_ptr<boost::asio::ssl::context> tls);

}  // namespace cairn
