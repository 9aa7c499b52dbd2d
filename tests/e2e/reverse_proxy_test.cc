// deploy/nginx.conf before a node, in a real nginx: what its readers get, and what the node hears of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/e2e/cluster.h"
#include "tests/source_directory.h"

namespace cairn {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char host[] = "directory.example.org";  // as deploy/nginx.conf and the certificate have it

class ReverseProxyTest : public testing::Test {
 protected:
  ReverseProxyTest() : cluster_(absl::StrCat(testing::TempDir(), "/reverse-proxy-", getpid()), BinDirectory()) {}
  ~ReverseProxyTest() override {
    if (nginx_ <= 0) return;
    kill(nginx_, SIGTERM);
    waitpid(nginx_, nullptr, 0);
  }

  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(StartNode());
    ASSERT_NO_FATAL_FAILURE(WriteSettings());
    nginx_ = fork();
    if (nginx_ == 0) {
      const std::string settings = directory() + "/nginx.conf";
      const std::string errors = directory() + "/error.log";
      execl("/usr/sbin/nginx", "nginx", "-p", directory().c_str(), "-e", errors.c_str(), "-c", settings.c_str(),
            nullptr);
      _exit(127);
    }
    ASSERT_TRUE(Eventually([&] { return Curl({}, "/healthz").exit_code == 0; }))
        << FileText(directory() + "/error.log");
  }

  // As the example's head says that the node's settings are.
  void StartNode() {
    ASSERT_EQ(cluster_.Found({{"pl-a", "PL", true}}), absl::OkStatus());
    ASSERT_EQ(cluster_.ChangeSettings(0, "Empty: nowhere.\nlisten = \"\"", "\nlisten = \"127.0.0.1:0\""),
              absl::OkStatus());
    ASSERT_EQ(cluster_.ChangeSettings(0, "#public_url = \"\"", absl::StrCat("public_url = \"https://", host, "\"")),
              absl::OkStatus());
    ASSERT_EQ(cluster_.ChangeSettings(0, "#proxies = []", "proxies = [\"127.0.0.1\"]"), absl::OkStatus());
    ASSERT_EQ(cluster_.Start(0), absl::OkStatus());
    node_port_ = PortIn(FileText(cluster_.log(0) + ".ready"), " http=127.0.0.1:");
    ASSERT_NE(node_port_, 0);
  }

  // The example, with only what depends on the machine put in its place: ports, certificate, the log's file.
  void WriteSettings() {
    const CommandResult made =
        RunCommand({"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-subj", absl::StrCat("/CN=", host), "-addext", absl::StrCat("subjectAltName=DNS:", host),
                    "-keyout", directory() + "/proxy.key", "-out", directory() + "/proxy.crt"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    std::string site = FileText(SourceDirectory() / "deploy/nginx.conf");
    const std::vector<std::pair<std::string, std::string>> places = {
        {"server 127.0.0.1:8080;", absl::StrCat("server 127.0.0.1:", node_port_, ";")},
        {"listen 443 ", absl::StrCat("listen 127.0.0.1:", https_, " ")},
        {"  listen [::]:443 ssl http2;\n", ""},
        {"listen 80;", absl::StrCat("listen 127.0.0.1:", http_, ";")},
        {"  listen [::]:80;\n", ""},
        {"/etc/ssl/certs/ssl-cert-snakeoil.pem", directory() + "/proxy.crt"},
        {"/etc/ssl/private/ssl-cert-snakeoil.key", directory() + "/proxy.key"},
        {"/var/log/nginx/cairn.log", directory() + "/access.log"}};
    for (const auto& [from, to] : places) ASSERT_THAT(site, HasSubstr(from));
    std::ofstream(directory() + "/site.conf") << absl::StrReplaceAll(site, places);
    std::ofstream all(directory() + "/nginx.conf");
    all << "daemon off;\nworker_processes 1;\npid " << directory() << "/nginx.pid;\nevents {}\nhttp {\n";
    for (const char* use : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
      all << "  " << use << "_temp_path " << directory() << "/" << use << ";\n";
    }
    all << "  include " << directory() << "/site.conf;\n}\n";
  }

  std::vector<std::string> CurlCommand(const std::vector<std::string>& options, const std::string& path) const {
    std::vector<std::string> args = {"/usr/bin/curl", "-sS",
                                     "--max-time",    "30",
                                     "--cacert",      directory() + "/proxy.crt",
                                     "--resolve",     absl::StrCat(host, ":", https_, ":127.0.0.1")};
    args.insert(args.end(), options.begin(), options.end());
    args.push_back(absl::StrCat("https://", host, ":", https_, path));
    return args;
  }
  CommandResult Curl(const std::vector<std::string>& options, const std::string& path) const {
    return RunCommand(CurlCommand(options, path));
  }

  void Publish(int number, const std::string& name) {
    const std::string file = absl::StrCat(directory(), "/record.jsonl");
    std::ofstream(file) << R"({"id":"00000000-0000-4000-8000-00000000000)" << number
                        << R"(","language":"en","countries":["PL"],"service":{"name":")" << name
                        << R"(","status":"active"}})"
                        << "\n";
    const CommandResult result = cluster_.Cairn(0, {"publish", file, "--audience", "public"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }

  const std::string& directory() const { return cluster_.directory(); }

  Cluster cluster_;
  const int https_ = FreePort();
  const int http_ = FreePort();
  int node_port_ = 0;
  pid_t nginx_ = -1;
};

TEST_F(ReverseProxyTest, ReadersGetTheDirectoryOverHttp2UnderThePublicName) {
  ASSERT_NO_FATAL_FAILURE(Publish(1, "Night line"));
  const CommandResult list = Curl({"--http2", "-i"}, "/hsds/services");
  EXPECT_THAT(list.out, AllOf(StartsWith("HTTP/2 200"), HasSubstr("Night line"), HasSubstr("etag: ")));
  const nlohmann::json about = nlohmann::json::parse(Curl({}, "/hsds/").out);
  EXPECT_THAT(std::string(about["openapi_url"]), StartsWith(absl::StrCat("https://", host, "/")));
  EXPECT_THAT(Curl({"--compressed", "-i"}, "/").out, AllOf(HasSubstr("<title>"), HasSubstr("content-encoding: gzip")));
  EXPECT_THAT(Curl({"-i", "-d", "x=1"}, "/hsds/services").out, Not(HasSubstr("Night line")));
}

TEST_F(ReverseProxyTest, WhoComesWithoutTlsIsSentToIt) {
  const CommandResult plain =
      RunCommand({"/usr/bin/curl", "-sSi", "--resolve", absl::StrCat(host, ":", http_, ":127.0.0.1"),
                  absl::StrCat("http://", host, ":", http_, "/hsds/services?search=night")});
  EXPECT_THAT(plain.out, AllOf(StartsWith("HTTP/1.1 301"),
                               HasSubstr(absl::StrCat("Location: https://", host, "/hsds/services?search=night"))));
}

TEST_F(ReverseProxyTest, EventsPassAsTheyHappen) {
  std::string command;
  for (const std::string& arg : CurlCommand({"-N"}, "/events")) absl::StrAppend(&command, "'", arg, "' ");
  FILE* const events = popen(command.c_str(), "r");
  ASSERT_NE(events, nullptr);
  const auto read_until = [&](const std::string& text) {
    std::vector<char> line(64 * 1024);
    while (fgets(line.data(), static_cast<int>(line.size()), events) != nullptr) {
      if (absl::string_view(line.data()).find(text) != absl::string_view::npos) return true;
    }
    return false;
  };
  EXPECT_TRUE(read_until("event: caught_up"));
  Publish(2, "Told as it comes");
  EXPECT_TRUE(read_until("Told as it comes"));
  kill(std::exchange(nginx_, -1), SIGTERM);  // ends the stream, and so the reader
  pclose(events);
}

// A reader that asks too often is held back by its own address: not all readers as one, and not by what it says it is.
TEST_F(ReverseProxyTest, LimitsCountTheReadersAndNotTheProxy) {
  const CommandResult many =
      Curl({"--interface", "127.0.0.2", "-o", "/dev/null", "-w", "%{http_code}\n"}, "/healthz?n=[1-2000]");
  EXPECT_THAT(many.out, AllOf(HasSubstr("200\n"), HasSubstr("429\n")));
  const CommandResult other =
      Curl({"--interface", "127.0.0.3", "-o", "/dev/null", "-w", "%{http_code}\n"}, "/healthz?n=[1-200]");
  EXPECT_THAT(other.out, AllOf(HasSubstr("200\n"), Not(HasSubstr("429"))));
}

// More streams at once than one address may have connections: they are many readers, whatever address they come from.
TEST_F(ReverseProxyTest, ReadersDoNotShareTheConnectionsOfOneAddress) {
  std::vector<std::string> command;
  for (int reader = 2; reader < 17; ++reader) {
    const std::vector<std::string> one =
        CurlCommand({"--interface", absl::StrCat("127.0.0.", reader), "-N", "--http1.1", "-o", "/dev/null", "-w",
                     "%{http_code}\n", "--max-time", "10"},
                    "/events?n=[1-9]");
    if (reader == 2) command = {one[0], "-Z", "--parallel-immediate", "--parallel-max", "150"};
    if (reader > 2) command.push_back("--next");
    command.insert(command.end(), one.begin() + 1, one.end());
  }
  const std::string codes = RunCommand(command).out;
  EXPECT_EQ(codes, absl::StrReplaceAll(std::string(135, '.'), {{".", "200\n"}}));
}

TEST_F(ReverseProxyTest, NeitherLogTellsWhoAskedForWhat) {
  Curl({"-H", "X-Forwarded-For: 203.0.113.77", "-H", "Forwarded: for=203.0.113.77"}, "/api/search?q=bruises");
  ASSERT_TRUE(Eventually([&] { return FileText(cluster_.log(0)).find("route=\"/api/search\"") != std::string::npos; }));
  EXPECT_THAT(FileText(cluster_.log(0)),
              AllOf(HasSubstr("client=\"127.0.0.0/24\""), Not(HasSubstr("203.0.113")), Not(HasSubstr("bruises"))));
  ASSERT_TRUE(Eventually([&] { return !FileText(directory() + "/access.log").empty(); }));
  EXPECT_THAT(FileText(directory() + "/access.log"), AllOf(HasSubstr("127.0.0.0/24"), Not(HasSubstr("bruises"))));
}

}  // namespace
}  // namespace cairn
