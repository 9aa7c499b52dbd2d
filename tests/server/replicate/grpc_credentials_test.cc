// The listener as an attacker sees it: a plain OpenSSL client that speaks no gRPC.
#include "server/replicate/grpc_credentials.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/clock.h"
#include "tests/server/replicate/grpc_test_nodes.h"

namespace cairn {
namespace {

constexpr char http2_preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";

struct RawAnswer {
  bool handshake = false;
  int version = 0;
  std::string bytes;  // decrypted, after the handshake
};

// Connects with an identity (nullptr: none), sends the beginning of an HTTP/2 connection and reads until the end or
// the first bytes.
RawAnswer Probe(int port, const TestIdentity* identity, int max_version = TLS1_3_VERSION) {
  RawAnswer answer;
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_max_proto_version(context, max_version);
  if (identity != nullptr) {
    EXPECT_EQ(SSL_CTX_use_certificate_file(context, identity->certificate_path.c_str(), SSL_FILETYPE_PEM), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey_file(context, identity->key_path.c_str(), SSL_FILETYPE_PEM), 1);
  }
  const unsigned char alpn[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context, alpn, sizeof(alpn));
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const timeval limit = {.tv_sec = 5, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  answer.handshake = SSL_connect(ssl) == 1;
  if (answer.handshake) {
    answer.version = SSL_version(ssl);
    SSL_write(ssl, http2_preface, sizeof(http2_preface) - 1);
    char buffer[4096];
    const int count = SSL_read(ssl, buffer, sizeof(buffer));
    if (count > 0) answer.bytes.assign(buffer, count);
  }
  SSL_free(ssl);
  close(fd);
  SSL_CTX_free(context);
  return answer;
}

// Sends bytes without TLS and reads until the other side ends the connection, or five seconds have passed.
std::string PlainText(int port, absl::string_view bytes) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const timeval limit = {.tv_sec = 5, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t count; (count = recv(fd, buffer, sizeof(buffer), 0)) > 0;) answer.append(buffer, count);
  close(fd);
  return answer;
}

class GrpcCredentialsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { signal(SIGPIPE, SIG_IGN); }

  Pins pins_;
  TestNode node_{"lv-node", &pins_};
};

TEST_F(GrpcCredentialsTest, APinnedKeyGetsHttp2) {
  const TestIdentity pinned("pl-node", &pins_);
  const RawAnswer answer = Probe(node_.transport.port(), &pinned);
  EXPECT_TRUE(answer.handshake);
  EXPECT_EQ(answer.version, TLS1_3_VERSION);
  EXPECT_FALSE(answer.bytes.empty());
}

TEST_F(GrpcCredentialsTest, AnUnknownKeyGetsNoByteOfHttp2) {
  const TestIdentity unknown("xx-node", &pins_, /*pinned=*/false);
  EXPECT_EQ(Probe(node_.transport.port(), &unknown).bytes, "");
}

TEST_F(GrpcCredentialsTest, NoKeyGetsNoByteOfHttp2) { EXPECT_EQ(Probe(node_.transport.port(), nullptr).bytes, ""); }

TEST_F(GrpcCredentialsTest, AKeyWhosePinWentGetsNoByteOfHttp2) {
  const TestIdentity former("pl-node", &pins_);
  pins_.Remove(former.spki());
  EXPECT_EQ(Probe(node_.transport.port(), &former).bytes, "");
}

TEST_F(GrpcCredentialsTest, OlderTlsIsRefusedEvenWithAPinnedKey) {
  const TestIdentity pinned("pl-node", &pins_);
  EXPECT_FALSE(Probe(node_.transport.port(), &pinned, TLS1_2_VERSION).handshake);
}

TEST_F(GrpcCredentialsTest, AValidCertificateOfAnotherConsortiumGetsNoByteOfHttp2) {
  Pins elsewhere;
  const TestIdentity other("pl-node", &elsewhere);  // the same name, pinned there
  EXPECT_EQ(Probe(node_.transport.port(), &other).bytes, "");
}

// A date ends no trust, and lends none: a node whose certificate ran out while nobody was there goes on, and one whose
// pin the governors took away does not, whatever its certificate says.
TEST_F(GrpcCredentialsTest, PinsDecideAndNotDates) {
  const absl::Time long_ago = absl::FromUnixSeconds(-1'893'456'000);  // 1910, for a hundred years
  const TestIdentity expired("pl-node", &pins_, /*pinned=*/true, long_ago);
  EXPECT_FALSE(Probe(node_.transport.port(), &expired).bytes.empty());
  const TestIdentity expired_stranger("xx-node", &pins_, /*pinned=*/false, long_ago);
  EXPECT_EQ(Probe(node_.transport.port(), &expired_stranger).bytes, "");
}

TEST_F(GrpcCredentialsTest, PlainTextHttp2GetsNoByteOfHttp2) {
  const std::string answer =
      PlainText(node_.transport.port(), absl::string_view(http2_preface, sizeof(http2_preface) - 1));
  EXPECT_TRUE(answer.empty() || answer[0] == 21) << "at most a TLS alert";
  EXPECT_LE(answer.size(), 7u);
}

TEST_F(GrpcCredentialsTest, WhoConnectsAndSaysNothingIsCutOff) {
  TestNode hasty("hasty-node", &pins_, true, {}, absl::Seconds(120), absl::Seconds(1));
  const absl::Duration before = Clock::Real()->Monotonic();
  EXPECT_EQ(PlainText(hasty.transport.port(), ""), "");
  EXPECT_LT(Clock::Real()->Monotonic() - before, absl::Seconds(4));
}

TEST_F(GrpcCredentialsTest, StrangersFillNoLog) {
  const TestIdentity unknown("xx-node", &pins_, /*pinned=*/false);
  testing::internal::CaptureStderr();
  for (int i = 0; i < 50; ++i) {
    Probe(node_.transport.port(), &unknown);
    PlainText(node_.transport.port(), "GET / HTTP/1.1\r\n\r\n");
  }
  // gRPC's own lines, which cairnd has as debug lines, begin with a letter; ours with the year.
  const std::string log = testing::internal::GetCapturedStderr();
  std::string ours;
  for (absl::string_view line : absl::StrSplit(log, '\n')) {
    if (!line.empty() && absl::ascii_isdigit(line.front())) absl::StrAppend(&ours, line, "\n");
  }
  EXPECT_LT(ours.size(), 4'096u) << ours.substr(0, 500);
}

}  // namespace
}  // namespace cairn
