#include "server/http/http_server.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/errors.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "server/http/client_address.h"
#include "server/http/http_connection.h"

namespace cairn {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr absl::Duration accept_pause = absl::Milliseconds(100);  // when the system has no descriptors left

absl::StatusOr<std::shared_ptr<asio::ssl::context>> LoadTls(const HttpServer::Options& options) {
  if (options.tls_certificate.empty()) return nullptr;
  auto tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX* const native = tls->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  error_code failed;
  tls->use_certificate_chain_file(options.tls_certificate, failed);
  if (failed) {
    return absl::InvalidArgumentError(
        absl::StrCat("certificate ", Quoted(options.tls_certificate), ": ", failed.message(), "; give a PEM chain"));
  }
  tls->use_private_key_file(options.tls_key, asio::ssl::context::pem, failed);
  if (failed) {
    return absl::InvalidArgumentError(absl::StrCat("key ", Quoted(options.tls_key), ": ", failed.message(),
                                                   "; give the PEM key that belongs to the certificate"));
  }
  return tls;
}

absl::StatusOr<tcp::endpoint> ResolveListen(asio::io_context* io, const std::string& listen) {
  const size_t colon = listen.rfind(':');
  const std::string host(absl::StripSuffix(absl::StripPrefix(listen.substr(0, colon), "["), "]"));
  const std::string port = colon == std::string::npos ? "" : listen.substr(colon + 1);
  error_code failed;
  const auto found = tcp::resolver(*io).resolve(host, port, tcp::resolver::passive, failed);
  if (failed || found.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot listen at ", Quoted(listen), ": ", failed.message(), "; write host:port"));
  }
  return found.begin()->endpoint();
}

}  // namespace

// All of it on the io thread, but for what is atomic or guarded.
struct HttpServer::Parts {
  Parts(const Options& options, HttpService* service, Clock* clock)
      : pool(options.workers, limits::http_queue_max), acceptor(io), pause(io), work(asio::make_work_guard(io)) {
    host.io = &io;
    host.pool = &pool;
    host.service = service;
    host.clock = clock;
    host.options = options;
    host.on_closed = [this](HttpConnection* connection) { OnClosed(connection); };
  }

  absl::Status Listen();
  void Accept();
  void OnAccepted(tcp::socket socket);
  void MakeRoom();
  void OnClosed(HttpConnection* connection);
  void Drain();
  void CloseAll();
  std::vector<std::shared_ptr<HttpConnection>> All() const;

  asio::io_context io{1};
  WorkerPool pool;
  HttpHost host;
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  absl::flat_hash_map<HttpConnection*, std::shared_ptr<HttpConnection>> connections;
  absl::flat_hash_map<std::string, int> by_address;  // network: an IPv6 client has a whole /64
  bool draining = false;
  std::atomic<int> count = 0;
  int port = 0;
  absl::Mutex mutex;
  std::shared_ptr<asio::ssl::context> tls ABSL_GUARDED_BY(mutex);
  bool empty ABSL_GUARDED_BY(mutex) = false;  // drained
  std::thread thread;
};

absl::Status HttpServer::Parts::Listen() {
  {
    absl::MutexLock lock(&mutex);
    ASSIGN_OR_RETURN(tls, LoadTls(host.options));
  }
  ASSIGN_OR_RETURN(const tcp::endpoint endpoint, ResolveListen(&io, host.options.listen));
  error_code failed;
  acceptor.open(endpoint.protocol(), failed);
  if (!failed) acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
  if (!failed) acceptor.bind(endpoint, failed);
  if (!failed) acceptor.listen(asio::socket_base::max_listen_connections, failed);
  if (failed) {
    return absl::FailedPreconditionError(absl::StrCat("cannot listen at ", Quoted(host.options.listen), ": ",
                                                      failed.message(), "; is another program there?"));
  }
  port = acceptor.local_endpoint(failed).port();
  Accept();
  thread = std::thread([this] { io.run(); });
  return absl::OkStatus();
}

void HttpServer::Parts::Accept() {
  acceptor.async_accept([this](const error_code& failed, tcp::socket socket) {
    if (draining || failed == asio::error::operation_aborted) return;
    if (!failed) {
      OnAccepted(std::move(socket));
      return Accept();
    }
    // Most likely no descriptors are left: room is made, and the rest waits in the system's queue.
    LogWarning("http.accept_failed", {{"why", failed.message()}});
    MakeRoom();
    pause.expires_after(absl::ToChronoMilliseconds(accept_pause));
    pause.async_wait([this](const error_code& aborted) {
      if (!aborted) Accept();
    });
  });
}

void HttpServer::Parts::OnAccepted(tcp::socket socket) {
  error_code failed;
  const tcp::endpoint remote = socket.remote_endpoint(failed);
  if (failed) return;
  socket.set_option(tcp::no_delay(true), failed);
  const std::string address = PlainAddress(remote.address().to_string());
  const std::string key = LimitKey(address);
  const bool proxy = absl::c_linear_search(host.options.proxies, address);
  const auto known = by_address.find(key);
  const int open = known == by_address.end() ? 0 : known->second;
  if (!proxy && open >= host.options.connections_per_address_max) return;  // it closes
  if (count >= host.options.connections_max) MakeRoom();
  if (count >= host.options.connections_max) return;
  ++by_address[key];  // looked up again: who made room may have been the last of this very address
  ++count;
  std::shared_ptr<asio::ssl::context> context;
  {
    absl::MutexLock lock(&mutex);
    context = tls;
  }
  auto connection = std::make_shared<HttpConnection>(&host, MakeHttpSocket(std::move(socket), context), address);
  connections[connection.get()] = connection;
  connection->Start();
}

void HttpServer::Parts::MakeRoom() {
  if (!host.waiting.empty()) connections.at(host.waiting.front())->Close();
}

void HttpServer::Parts::OnClosed(HttpConnection* connection) {
  const auto of_address = by_address.find(LimitKey(connection->address()));
  if (--of_address->second == 0) by_address.erase(of_address);
  // Goes when what called this has returned: its callers hold it.
  connections.erase(connection);
  --count;
  if (!draining || !connections.empty()) return;
  absl::MutexLock lock(&mutex);
  empty = true;
}

std::vector<std::shared_ptr<HttpConnection>> HttpServer::Parts::All() const {
  std::vector<std::shared_ptr<HttpConnection>> all;
  for (const auto& [raw, connection] : connections) all.push_back(connection);
  return all;
}

void HttpServer::Parts::Drain() {
  draining = true;
  error_code ignored;
  acceptor.close(ignored);
  pause.cancel();
  for (const std::shared_ptr<HttpConnection>& connection : All()) connection->Drain();
  absl::MutexLock lock(&mutex);
  empty = connections.empty();
}

void HttpServer::Parts::CloseAll() {
  for (const std::shared_ptr<HttpConnection>& connection : All()) connection->Close();
}

HttpServer::HttpServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const Options& options, HttpService* service,
                                                              Clock* clock) {
  std::unique_ptr<HttpServer> server(new HttpServer(std::make_unique<Parts>(options, service, clock)));
  RETURN_IF_ERROR(server->parts_->Listen());
  return server;
}

HttpServer::~HttpServer() { Stop(absl::ZeroDuration()); }

int HttpServer::port() const { return parts_->port; }

absl::Status HttpServer::ReloadCertificate() {
  ASSIGN_OR_RETURN(std::shared_ptr<asio::ssl::context> fresh, LoadTls(parts_->host.options));
  absl::MutexLock lock(&parts_->mutex);
  parts_->tls = std::move(fresh);
  return absl::OkStatus();
}

HttpServer::Load HttpServer::load() const { return {parts_->count, parts_->pool.waiting()}; }

void HttpServer::Stop(absl::Duration grace) {
  Parts& p = *parts_;
  if (p.thread.joinable()) {
    asio::post(p.io, [&p] { p.Drain(); });
    {
      absl::MutexLock lock(&p.mutex);
      p.mutex.AwaitWithTimeout(absl::Condition(&p.empty), grace);
    }
    asio::post(p.io, [&p] { p.CloseAll(); });
    p.pool.Stop();
    asio::post(p.io, [&p] { p.io.stop(); });
    p.thread.join();
  }
  p.pool.Stop();
}

}  // namespace cairn
