// A client that sends what it likes, byte by byte.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace cairn {

// One connection. Loopback's addresses are many: `from` "127.0.0.2" is another client than "127.0.0.1".
class RawClient {
 public:
  explicit RawClient(int port, const char* from = "127.0.0.1", int receive_buffer = 0) {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    sockaddr_in local{};
    local.sin_family = AF_INET;
    inet_pton(AF_INET, from, &local.sin_addr);
    bind(fd_, reinterpret_cast<sockaddr*>(&local), sizeof(local));
    sockaddr_in remote{};
    remote.sin_family = AF_INET;
    remote.sin_port = htons(static_cast<uint16_t>(port));
    inet_pton(AF_INET, "127.0.0.1", &remote.sin_addr);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&remote), sizeof(remote)) == 0;
  }
  ~RawClient() { close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  void Send(absl::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }
  // What comes until `end` has come, the connection ends, or `limit` has passed without a byte.
  std::string ReadUntil(absl::string_view end, absl::Duration limit = absl::Seconds(5)) {
    while (true) {
      const size_t found = end.empty() ? std::string::npos : received_.find(std::string(end));
      if (found != std::string::npos) {
        const std::string taken = received_.substr(0, found + end.size());
        received_.erase(0, taken.size());
        return taken;
      }
      pollfd ready{fd_, POLLIN, 0};
      if (poll(&ready, 1, static_cast<int>(absl::ToInt64Milliseconds(limit))) <= 0) return std::move(received_);
      char bytes[16 * 1024];
      const ssize_t size = recv(fd_, bytes, sizeof(bytes), 0);
      if (size <= 0) {
        ended_ = size == 0;
        broken_ = size < 0;
        return std::move(received_);
      }
      received_.append(bytes, static_cast<size_t>(size));
    }
  }
  std::string ReadAll(absl::Duration limit = absl::Seconds(5)) { return ReadUntil("", limit); }
  // The connection was closed in order, or broken.
  bool ended() const { return ended_; }
  bool broken() const { return broken_; }

 private:
  int fd_ = -1;
  bool connected_ = false;
  bool ended_ = false;
  bool broken_ = false;
  std::string received_;
};

// Sends one request on a connection of its own and reads to the end.
inline std::string Ask(int port, absl::string_view request) {
  RawClient client(port);
  client.Send(request);
  return client.ReadAll();
}

inline std::string Get(int port, absl::string_view target, absl::string_view headers = "") {
  return Ask(port,
             absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: x.example\r\nConnection: close\r\n", headers, "\r\n"));
}

// "404" of a response; "" of none.
inline std::string StatusOf(const std::string& response) {
  return response.size() < 12 || response.compare(0, 9, "HTTP/1.1 ") != 0 ? "" : response.substr(9, 3);
}

}  // namespace cairn
