// A node as processes see it whose port strangers knock at, and whose key files go wrong while it runs.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/base/data_dir.h"
#include "common/crypto/secret_file.h"
#include "common/crypto/tls_identity.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/cluster.h"

namespace cairn {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<std::string> Words(const std::string& text) {
  return absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty());
}
std::vector<std::string> Lines(const std::string& text) { return absl::StrSplit(text, '\n', absl::SkipEmpty()); }

class StrangersTest : public testing::Test {
 protected:
  StrangersTest() : cluster_(absl::StrCat(testing::TempDir(), "/strangers-", getpid()), BinDirectory()) {}

  void SetUp() override {
    ASSERT_EQ(cluster_.Found({{"pl-a", "PL"}}), absl::OkStatus());
    ASSERT_EQ(cluster_.ChangeSettings(0, "\n#listen = \"\"", "\nlisten = \"127.0.0.1:0\""), absl::OkStatus());
    ASSERT_EQ(cluster_.Start(0), absl::OkStatus());
    // "… ready partner=pl-a node=pl-a-1 listen=127.0.0.1:PORT socket=… admin=127.0.0.1:PORT"
    for (const std::string& word : Words(FileText(cluster_.log(0) + ".ready"))) {
      if (absl::StartsWith(word, "listen=")) address_ = word.substr(7);
      if (absl::StartsWith(word, "admin=")) admin_address_ = word.substr(6);
    }
    ASSERT_FALSE(address_.empty() || admin_address_.empty());
  }
  std::string Key() const { return cluster_.data(0) + "/keys/node.key"; }
  std::string Certificate() const { return cluster_.data(0) + "/keys/node.crt"; }
  std::string Log() const { return FileText(cluster_.log(0)); }

  // Connects, says `bytes` and hangs up.
  static void Knock(const std::string& address, const std::string& bytes) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(static_cast<uint16_t>(std::atoi(address.substr(address.rfind(':') + 1).c_str())));
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    ASSERT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
    (void)!send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    close(fd);
  }
  static CommandResult Handshake(const std::string& address, std::vector<std::string> more) {
    more.insert(more.begin(), {"/usr/bin/openssl", "s_client", "-connect", address, "-alpn", "h2"});
    return RunCommand(more);
  }
  // A hundred and twenty of them at one door.
  static void Come(const std::string& address, const std::string& stem) {
    for (int i = 0; i < 20; ++i) {
      Handshake(address, {});
      Handshake(address, {"-cert", stem + ".crt", "-key", stem + ".key"});
    }
    for (int i = 0; i < 40; ++i) {
      Knock(address, "GET / HTTP/1.1\r\n\r\n");
      Knock(address, std::string("\x16\x03\x01\x02\x00garbage in place of a greeting", 36));
    }
  }

  Cluster cluster_;
  std::string address_;
  std::string admin_address_;
};

TEST_F(StrangersTest, TwoHundredAtBothDoorsLeaveNoLinesOfTheLibraryAndFewOfOurs) {
  const TlsIdentity stranger = *MakeTlsIdentity("stranger", absl::FromUnixSeconds(1'790'000'000));
  const std::string stem = cluster_.directory() + "/stranger";
  ASSERT_TRUE(WriteSecretFile(stem + ".key", stranger.key_pem).ok());
  std::ofstream(stem + ".crt") << stranger.certificate_pem;
  const size_t before = Lines(Log()).size();
  Come(address_, stem);
  Come(admin_address_, stem);
  ASSERT_TRUE(cluster_.client(0)->GetStatus().ok());
  const std::vector<std::string> lines = Lines(Log());
  EXPECT_LT(lines.size(), before + 20) << Log();
  for (const std::string& line : lines) EXPECT_TRUE(absl::ascii_isdigit(line.front())) << "not one of ours: " << line;
}

// gRPC's own watcher ends the process when it finds an empty file.
TEST_F(StrangersTest, KeyFilesThatAreEmptiedWhileItRunsAreRefusedAndTheOldOnesStay) {
  const std::string key = FileText(Key()), certificate = FileText(Certificate());
  for (const std::string& path : {Key(), Certificate()}) std::ofstream(path, std::ios::trunc).flush();
  ASSERT_TRUE(Eventually([&] { return absl::StrContains(Log(), "tls.files_refused"); }));
  EXPECT_THAT(Log(), HasSubstr("node.key"));
  absl::SleepFor(absl::Seconds(13));  // longer than any watcher waits
  ASSERT_EQ(kill(cluster_.pid(0), 0), 0);
  ASSERT_TRUE(cluster_.client(0)->GetStatus().ok());
  EXPECT_THAT(Handshake(address_, {"-showcerts"}).out, HasSubstr(certificate.substr(certificate.size() / 2, 60)));
  size_t refusals = 0;
  for (const std::string& line : Lines(Log())) refusals += absl::StrContains(line, "tls.files_refused") ? 1 : 0;
  EXPECT_LE(refusals, 2u) << Log();
}

TEST_F(StrangersTest, AKeyAndCertificateThatBelongTogetherTakeTheirPlaceWithoutARestart) {
  const TlsIdentity next = *MakeTlsIdentity("next", absl::FromUnixSeconds(1'790'000'000));
  std::ofstream(Key(), std::ios::trunc) << next.key_pem;
  ASSERT_TRUE(Eventually([&] { return absl::StrContains(Log(), "tls.files_refused"); })) << "not a pair yet";
  std::ofstream(Certificate(), std::ios::trunc) << next.certificate_pem;
  ASSERT_TRUE(Eventually([&] { return absl::StrContains(Log(), "tls.files_renewed"); }));
  const std::string shown = next.certificate_pem.substr(next.certificate_pem.size() / 2, 60);
  EXPECT_TRUE(Eventually([&] { return absl::StrContains(Handshake(address_, {"-showcerts"}).out, shown); }));
}

}  // namespace
}  // namespace cairn
