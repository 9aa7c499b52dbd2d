// The HTTP listener's TLS: which certificate it shows, and when another one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/crypto/hash.h"
#include "common/crypto/tls_identity.h"
#include "server/http/http_server.h"
#include "server/http/problem_json.h"
#include "tests/server/http/http_client.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SecureService : public HttpService {
 public:
  HttpResponse Answer(const HttpHead&, const HttpPeer& peer) override {
    return HttpResponse::Of("text/plain", peer.secure ? "by TLS" : "in the open");
  }
  HttpResponse Refuse(int status, absl::string_view why, const HttpPeer&) override { return Problem(status, why); }
};

// What a client of TLS sees.
struct Seen {
  std::string spki_sha256;  // empty: no connection came about
  std::string answer;
  int version = 0;
};

std::string SpkiOf(SSL* tls) {
  X509* const certificate = SSL_get_peer_certificate(tls);
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  std::string spki = Sha256(std::string(reinterpret_cast<char*>(der), static_cast<size_t>(size)));
  OPENSSL_free(der);
  X509_free(certificate);
  return spki;
}

// One request over TLS; `version_max` is the newest that the client speaks.
Seen GetByTls(int port, int version_max = TLS1_3_VERSION) {
  Seen seen;
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context, version_max);
  BIO* const link = BIO_new_ssl_connect(context);
  BIO_set_conn_hostname(link, absl::StrCat("127.0.0.1:", port).c_str());
  if (BIO_do_connect(link) == 1 && BIO_do_handshake(link) == 1) {
    SSL* tls = nullptr;
    BIO_get_ssl(link, &tls);
    seen.spki_sha256 = SpkiOf(tls);
    seen.version = SSL_version(tls);
    BIO_puts(link, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    char bytes[4096];
    for (int size = 0; (size = BIO_read(link, bytes, sizeof(bytes))) > 0;) {
      seen.answer.append(bytes, static_cast<size_t>(size));
    }
  }
  BIO_free_all(link);
  SSL_CTX_free(context);
  return seen;
}

class HttpTlsTest : public ::testing::Test {
 protected:
  HttpTlsTest() : folder_(absl::StrCat(::testing::TempDir(), "/http_tls_test_", getpid())) {
    std::filesystem::create_directories(folder_);
    options_.listen = "127.0.0.1:0";
    options_.tls_certificate = folder_ + "/http.crt";
    options_.tls_key = folder_ + "/http.key";
    Write(first_.certificate_pem, first_.key_pem);
  }
  ~HttpTlsTest() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Write(const std::string& certificate, const std::string& key) {
    std::ofstream(options_.tls_certificate, std::ios::binary) << certificate;
    std::ofstream(options_.tls_key, std::ios::binary) << key;
  }
  absl::Status Start() {
    auto started = HttpServer::Start(options_, &service_, Clock::Real());
    if (started.ok()) server_ = *std::move(started);
    return started.status();
  }

  const std::string folder_;
  const TlsIdentity first_ = *MakeTlsIdentity("first", absl::FromUnixSeconds(1'790'000'000));
  const TlsIdentity second_ = *MakeTlsIdentity("second", absl::FromUnixSeconds(1'790'000'000));
  SecureService service_;
  HttpServer::Options options_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpTlsTest, AnswersOverTlsWithItsCertificate) {
  ASSERT_EQ(Start(), absl::OkStatus());
  const Seen seen = GetByTls(server_->port());
  EXPECT_EQ(seen.spki_sha256, first_.spki_sha256);
  EXPECT_THAT(seen.answer, HasSubstr("by TLS"));
  EXPECT_EQ(seen.version, TLS1_3_VERSION);
}

TEST_F(HttpTlsTest, OldVersionsOfTlsAreRefused) {
  ASSERT_EQ(Start(), absl::OkStatus());
  EXPECT_EQ(GetByTls(server_->port(), TLS1_2_VERSION).version, TLS1_2_VERSION);
  EXPECT_EQ(GetByTls(server_->port(), TLS1_1_VERSION).spki_sha256, "");
}

TEST_F(HttpTlsTest, ANewPairIsShownOnceItIsReadAndNotBefore) {
  ASSERT_EQ(Start(), absl::OkStatus());
  Write(second_.certificate_pem, second_.key_pem);
  EXPECT_EQ(GetByTls(server_->port()).spki_sha256, first_.spki_sha256);
  EXPECT_EQ(server_->ReloadCertificate(), absl::OkStatus());
  EXPECT_EQ(GetByTls(server_->port()).spki_sha256, second_.spki_sha256);
}

TEST_F(HttpTlsTest, FilesThatAreNoPairLeaveTheOldOneInUse) {
  ASSERT_EQ(Start(), absl::OkStatus());
  const std::string half = second_.certificate_pem.substr(0, second_.certificate_pem.size() / 2);
  const std::pair<std::string, std::string> wrong[] = {{"", ""},
                                                       {second_.certificate_pem, ""},
                                                       {second_.certificate_pem, first_.key_pem},
                                                       {first_.certificate_pem, second_.key_pem},
                                                       {half, second_.key_pem},
                                                       {second_.key_pem, second_.certificate_pem},
                                                       {"not a certificate", "not a key"}};
  for (const auto& [certificate, key] : wrong) {
    Write(certificate, key);
    const absl::Status status = server_->ReloadCertificate();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << certificate << key;
    EXPECT_THAT(std::string(status.message()), HasSubstr(folder_));
    EXPECT_THAT(GetByTls(server_->port()).answer, HasSubstr("by TLS"));
    EXPECT_EQ(GetByTls(server_->port()).spki_sha256, first_.spki_sha256);
  }
  std::filesystem::remove(options_.tls_certificate);
  EXPECT_FALSE(server_->ReloadCertificate().ok());
  EXPECT_EQ(GetByTls(server_->port()).spki_sha256, first_.spki_sha256);
}

TEST_F(HttpTlsTest, DoesNotStartWithFilesThatAreNoPair) {
  Write(first_.certificate_pem, second_.key_pem);
  EXPECT_EQ(Start().code(), absl::StatusCode::kInvalidArgument);
  Write("", first_.key_pem);
  EXPECT_EQ(Start().code(), absl::StatusCode::kInvalidArgument);
}

// Nothing that was meant for TLS goes over the wire readable, and others are not disturbed.
TEST_F(HttpTlsTest, PlainHttpGetsNoAnswer) {
  ASSERT_EQ(Start(), absl::OkStatus());
  const std::string answer = Get(server_->port(), "/");
  EXPECT_THAT(answer, Not(HasSubstr("in the open")));
  EXPECT_EQ(StatusOf(answer), "");
  EXPECT_THAT(GetByTls(server_->port()).answer, HasSubstr("by TLS"));
}

}  // namespace
}  // namespace cairn
