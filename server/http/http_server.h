// The HTTP listener: sockets, framing, deadlines. What is answered is decided elsewhere.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/limits.h"
#include "server/http/http_head.h"
#include "server/http/http_message.h"

namespace cairn {

// Who is at the other end.
struct HttpPeer {
  std::string address;  // without port
  bool secure = false;  // over TLS
};

// What answers. Thread-safe.
class HttpService {
 public:
  virtual ~HttpService() = default;
  // The answer to what came, complete but for what frames it. On a worker's thread; may read the database.
  virtual HttpResponse Answer(const HttpHead& head, const HttpPeer& peer) = 0;
  // The answer to what is no request, or cannot be taken on. On the thread that serves everybody: must be quick.
  virtual HttpResponse Refuse(int status, absl::string_view why, const HttpPeer& peer) = 0;
};

// HTTP/1.1 and 1.0. One thread moves bytes for all connections, so that an idle one costs two kilobytes and no thread;
// handlers and streams run on a few workers, which never wait for a client. Every state of a connection has a deadline:
// head, idleness, each slice of an answer. When all places are taken, the connection that has been without a request
// for longest makes room, so that holding places open shuts nobody out.
//
// Thread-safe. What is passed in must outlive it.
class HttpServer {
 public:
  struct Options {
    std::string listen;           // "host:port"; port 0: any
    std::string tls_certificate;  // PEM files; empty: plain HTTP
    std::string tls_key;
    int workers = 4;
    int connections_max = limits::http_connections_max;
    int connections_per_address_max = limits::http_connections_per_address_max;
    std::vector<std::string> proxies;  // addresses that this limit does not hold: behind each are many readers
    absl::Duration idle_max = absl::Seconds(limits::http_idle_seconds_max);
    absl::Duration head_max = absl::Seconds(limits::http_head_seconds_max);
    absl::Duration slice_max = absl::Seconds(limits::http_slice_seconds_max);
    absl::Duration stream_wait = absl::Milliseconds(limits::http_stream_wait_millis);
  };
  struct Load {
    int connections = 0;
    size_t waiting = 0;  // requests in the queue
  };

  // Listens when it returns. Errors say what to mend: an address in use, a certificate that does not fit its key.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const Options& options, HttpService* service, Clock* clock);
  ~HttpServer();

  int port() const;
  // Reads the certificate files again; for connections from now on. On an error the ones from before stay.
  absl::Status ReloadCertificate();
  Load load() const;

  // Takes no more connections, ends idle ones and streams that wait, lets running answers end for at most `grace`.
  // Blocks; idempotent.
  void Stop(absl::Duration grace);

 private:
  struct Parts;
  explicit HttpServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace cairn
