#include "server/http/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "server/http/problem_json.h"
#include "tests/server/http/http_client.h"

namespace cairn {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Says nothing until it is woken; then a word; then it ends.
class WokenStream : public HttpStream {
 public:
  explicit WokenStream(std::function<void(std::function<void()>)> on_wake) : on_wake_(std::move(on_wake)) {}
  absl::StatusOr<Piece> Next() override { return calls_++ == 0 ? Piece{"", false} : Piece{"woken", true}; }
  void OnWake(std::function<void()> wake) override { on_wake_(std::move(wake)); }

 private:
  const std::function<void(std::function<void()>)> on_wake_;
  int calls_ = 0;
};

// Answers by the target alone.
class TestService : public HttpService {
 public:
  HttpResponse Answer(const HttpHead& head, const HttpPeer& peer) override {
    ++answered;
    if (head.target == "/large") return HttpResponse::Of("text/plain", std::string(3'000'000, 'x'));
    if (head.target == "/wait") release.WaitForNotification();
    if (head.target == "/inject") {
      HttpResponse response = HttpResponse::Of("text/plain", "ok");
      response.With("X-A", "b\r\nSet-Cookie: c");
      return response;
    }
    if (head.target == "/stream") return HttpResponse::Streaming("text/plain", Counted(3, false));
    if (head.target == "/broken") return HttpResponse::Streaming("text/plain", Counted(3, true));
    if (head.target == "/woken") {
      return HttpResponse::Streaming("text/plain", std::make_unique<WokenStream>([this](std::function<void()> w) {
                                       wake = std::move(w);
                                       subscribed.Notify();
                                     }));
    }
    return HttpResponse::Of("text/plain", absl::StrCat(head.method, " ", head.target, " from ", peer.address));
  }
  HttpResponse Refuse(int status, absl::string_view why, const HttpPeer&) override { return Problem(status, why); }

  static std::unique_ptr<HttpStream> Counted(int pieces, bool breaks) {
    return StreamOf([n = 0, pieces, breaks]() mutable -> absl::StatusOr<std::string> {
      if (n == pieces && breaks) return absl::DataLossError("the disk");
      return n == pieces ? std::string() : absl::StrCat("piece", n++);
    });
  }

  std::atomic<int> answered = 0;
  absl::Notification release;
  absl::Notification subscribed;
  std::function<void()> wake;
};

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() {
    options_.listen = "127.0.0.1:0";
    options_.workers = 2;
    options_.connections_per_address_max = 1000;
  }
  void Start() {
    auto started = HttpServer::Start(options_, &service_, Clock::Real());
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
  }
  int port() const { return server_->port(); }
  void WaitForConnections(int count) const {
    for (int i = 0; i < 500 && server_->load().connections != count; ++i) usleep(10'000);
    EXPECT_EQ(server_->load().connections, count);
  }

  HttpServer::Options options_;
  TestService service_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersOneRequestAfterTheOtherOnOneConnection) {
  Start();
  RawClient client(port());
  client.Send("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("GET /a from 127.0.0.1"), StartsWith("HTTP/1.1 200 OK\r\nDate: "));
  EXPECT_THAT(client.ReadUntil("GET /b from 127.0.0.1"), HasSubstr("Connection: keep-alive\r\n"));
  client.Send("GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.ReadAll(), EndsWith("GET /c from 127.0.0.1"));
  EXPECT_TRUE(client.ended());
}

TEST_F(HttpServerTest, HeadHasTheLengthAndNoBody) {
  Start();
  const std::string response = Ask(port(), "HEAD /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(response, HasSubstr("Content-Length: 3000000\r\n"));
  EXPECT_THAT(response, EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, SendsLargeAnswersWhole) {
  Start();
  EXPECT_THAT(Get(port(), "/large").size(), ::testing::Gt(3'000'000u));
}

TEST_F(HttpServerTest, StreamsInChunksAndToOldClientsWithout) {
  Start();
  EXPECT_THAT(Get(port(), "/stream"), EndsWith("6\r\npiece0\r\n6\r\npiece1\r\n6\r\npiece2\r\n0\r\n\r\n"));
  EXPECT_THAT(Ask(port(), "GET /stream HTTP/1.0\r\n\r\n"), EndsWith("\r\n\r\npiece0piece1piece2"));
}

TEST_F(HttpServerTest, AStreamThatFailsIsNotTakenForTheWhole) {
  Start();
  RawClient client(port());
  client.Send("GET /broken HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.ReadAll(), Not(HasSubstr("0\r\n\r\n")));
  EXPECT_TRUE(client.broken());
}

TEST_F(HttpServerTest, AStreamThatWaitsHoldsNoWorkerAndIsWoken) {
  options_.workers = 1;
  options_.stream_wait = absl::Seconds(60);
  Start();
  RawClient client(port());
  client.Send("GET /woken HTTP/1.1\r\nHost: x\r\n\r\n");
  service_.subscribed.WaitForNotification();
  EXPECT_THAT(Get(port(), "/other"), HasSubstr("GET /other"));
  service_.wake();
  EXPECT_THAT(client.ReadUntil("0\r\n\r\n"), HasSubstr("woken"));
}

TEST_F(HttpServerTest, AStreamWhoseReaderHasGoneEnds) {
  options_.stream_wait = absl::Seconds(60);
  Start();
  {
    RawClient client(port());
    client.Send("GET /woken HTTP/1.1\r\nHost: x\r\n\r\n");
    service_.subscribed.WaitForNotification();
    client.ReadUntil("\r\n\r\n");
  }
  WaitForConnections(0);
}

// --- attacks

TEST_F(HttpServerTest, SmugglingIsRefusedAndTheConnectionEnds) {
  Start();
  const std::string second = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
  for (const std::string head :
       {"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 36\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: +0\r\n\r\n", "GET / HTTP/1.1\nHost: x\n\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA: b\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n Transfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "GET / HTTP/1.1\r\nHost: x y\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: x\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}) {
    RawClient client(port());
    client.Send(absl::StrCat(head, second));
    const std::string response = client.ReadAll();
    EXPECT_THAT(StatusOf(response), ::testing::AnyOf("400", "505")) << head << response;
    EXPECT_THAT(response, Not(HasSubstr("/smuggled"))) << head;
  }
  EXPECT_EQ(service_.answered, 0);
}

TEST_F(HttpServerTest, ABodyIsRefusedAndNotReadAsARequest) {
  Start();
  const std::string response =
      Ask(port(), "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 35\r\n\r\nGET /hidden HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(StatusOf(response), "413");
  const std::string posted =
      Ask(port(), "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 35\r\n\r\nGET /hidden HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(StatusOf(posted), "405");
  EXPECT_EQ(service_.answered, 0);
}

TEST_F(HttpServerTest, AHeaderThatAHandlerMadeBeginsNoOther) {
  Start();
  EXPECT_THAT(Get(port(), "/inject"), AllOf(HasSubstr("\r\n\r\nok"), Not(HasSubstr("Set-Cookie"))));
}

TEST_F(HttpServerTest, AQueryOf100KilobytesIsToldThatItIsTooLong) {
  Start();
  EXPECT_EQ(StatusOf(Get(port(), absl::StrCat("/search?q=", std::string(100'000, 'a')))), "414");
  EXPECT_EQ(StatusOf(Get(port(), "/", absl::StrCat("X: ", std::string(20'000, 'a'), "\r\n"))), "431");
}

TEST_F(HttpServerTest, ASlowSenderIsToldAndLeft) {
  options_.head_max = absl::Milliseconds(300);
  Start();
  RawClient client(port());
  std::thread drip([&client] {
    for (const char c : std::string("GET / HTTP/1.1\r\nHost: x\r\nA: bcdefgh")) {
      client.Send(std::string(1, c));
      usleep(20'000);
    }
  });
  drip.join();
  EXPECT_EQ(StatusOf(client.ReadAll()), "408");
  WaitForConnections(0);
}

TEST_F(HttpServerTest, ASlowReaderIsLeft) {
  options_.slice_max = absl::Milliseconds(200);
  Start();
  RawClient client(port(), "127.0.0.1", 4096);
  client.Send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  WaitForConnections(1);
  WaitForConnections(0);
}

TEST_F(HttpServerTest, AnIdleConnectionEnds) {
  options_.idle_max = absl::Milliseconds(100);
  Start();
  RawClient client(port());
  EXPECT_EQ(client.ReadAll(), "");
  EXPECT_TRUE(client.ended());
}

TEST_F(HttpServerTest, OneAddressDoesNotTakeAllPlaces) {
  options_.connections_per_address_max = 3;
  Start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(std::make_unique<RawClient>(port(), "127.0.0.2"));
  WaitForConnections(3);
  RawClient fourth(port(), "127.0.0.2");
  fourth.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(fourth.ReadAll(), "");
  EXPECT_THAT(Get(port(), "/a"), HasSubstr("GET /a"));
}

TEST_F(HttpServerTest, TheAddressOfAProxyIsManyReaders) {
  options_.connections_per_address_max = 3;
  options_.proxies = {"192.0.2.1", "127.0.0.2"};
  Start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(std::make_unique<RawClient>(port(), "127.0.0.2"));
  WaitForConnections(10);
  for (const auto& client : clients) {
    client->Send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(client->ReadUntil("GET /a"), HasSubstr("200 OK"));
  }
}

TEST_F(HttpServerTest, WhoMakesRoomMayBeOfTheNewcomersOwnAddress) {
  options_.connections_max = 1;
  Start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<RawClient>(port(), "127.0.0.2"));
    clients.back()->Send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(clients.back()->ReadUntil("GET /a"), HasSubstr("200 OK"));
  }
  clients.clear();
  WaitForConnections(0);
  EXPECT_THAT(Get(port(), "/b"), HasSubstr("GET /b"));
}

TEST_F(HttpServerTest, TenThousandIdleConnectionsShutNobodyOut) {
  options_.connections_max = 9'000;
  options_.idle_max = absl::Seconds(60);
  Start();
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 10'000; ++i) {
    const std::string from = absl::StrCat("127.1.", i / 200, ".", i % 200 + 1);
    idle.push_back(std::make_unique<RawClient>(port(), from.c_str()));
    if (!idle.back()->connected()) GTEST_SKIP() << "the system gives " << i << " descriptors to a program";
  }
  WaitForConnections(9'000);
  EXPECT_THAT(Get(port(), "/a"), HasSubstr("GET /a"));
  EXPECT_EQ(idle.front()->ReadAll(absl::Milliseconds(100)), "");
  EXPECT_TRUE(idle.front()->ended()) << "the one that waited longest has not made room";
}

// --- the end

TEST_F(HttpServerTest, StoppingLetsARunningAnswerEndAndIdleOnesGo) {
  Start();
  RawClient idle(port());
  RawClient running(port());
  running.Send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
  while (service_.answered == 0) usleep(1'000);
  std::thread stop([this] { server_->Stop(absl::Seconds(10)); });
  EXPECT_EQ(idle.ReadAll(), "");
  service_.release.Notify();
  EXPECT_THAT(running.ReadAll(), HasSubstr("GET /wait"));
  stop.join();
  EXPECT_FALSE(RawClient(port()).connected());
}

TEST_F(HttpServerTest, StoppingEndsStreamsThatWait) {
  Start();
  RawClient client(port());
  client.Send("GET /woken HTTP/1.1\r\nHost: x\r\n\r\n");
  service_.subscribed.WaitForNotification();
  server_->Stop(absl::Seconds(10));
  EXPECT_THAT(client.ReadAll(), EndsWith("0\r\n\r\n"));
}

TEST_F(HttpServerTest, APortInUseIsSaid) {
  Start();
  options_.listen = absl::StrCat("127.0.0.1:", port());
  const auto second = HttpServer::Start(options_, &service_, Clock::Real());
  EXPECT_THAT(second.status().message(), HasSubstr(options_.listen));
}

}  // namespace
}  // namespace cairn
