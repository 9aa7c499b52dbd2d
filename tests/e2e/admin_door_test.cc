// A node as processes see it whose administrators come over the network: tokens, TLS and the command line.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/data_dir.h"
#include "common/crypto/secret_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/cluster.h"

namespace cairn {
namespace {

using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

constexpr char service[] =
    R"({"id":"00000000-0000-4000-8000-000000000001","language":"en","countries":["PL"],"service":{"name":"Night line",)"
    R"("status":"active","phones":[{"number":"116 111","country":"PL"}]}})"
    "\n";

class AdminDoorTest : public testing::Test {
 protected:
  AdminDoorTest() : cluster_(absl::StrCat(testing::TempDir(), "/admin-door-", getpid()), BinDirectory()) {}

  void SetUp() override {
    ASSERT_EQ(cluster_.Found({{"pl-a", "PL", true}}), absl::OkStatus());
    ASSERT_EQ(cluster_.ChangeSettings(0, "\n#listen = \"\"", "\nlisten = \"127.0.0.1:0\""), absl::OkStatus());
    ASSERT_EQ(cluster_.Start(0), absl::OkStatus());
  }

  // Makes a token at the node and keeps it in a file; what the node said beside it is in made_.
  std::string MakeToken(const std::string& name, const std::string& role) {
    const CommandResult result = cluster_.Cairn(0, {"--json", "token", "create", "--name", name, "--role", role});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    made_ = Json::parse(result.out);
    const std::string path = absl::StrCat(cluster_.directory(), "/", name, ".token");
    EXPECT_TRUE(WriteSecretFile(path, std::string(made_["secret"])).ok());
    return path;
  }
  CommandResult Remote(const std::string& token_file, std::vector<std::string> args) {
    args.insert(args.begin(), {"--node", std::string(made_["listen"]), "--pin", std::string(made_["spki_sha256"]),
                               "--token-file", token_file});
    return cluster_.Cairn(args);
  }
  std::string ServiceFile() {
    const std::string path = cluster_.directory() + "/services.jsonl";
    std::ofstream(path, std::ios::binary) << service;
    return path;
  }

  Cluster cluster_;
  Json made_;
};

TEST_F(AdminDoorTest, ATokenPublishesFromElsewhereUntilItIsRevoked) {
  const std::string token = MakeToken("office", "publisher");
  const CommandResult published = Remote(token, {"publish", ServiceFile()});
  ASSERT_EQ(published.exit_code, 0) << published.err;
  EXPECT_EQ(RecordsOf(cluster_.client(0).get(), "pl-a"), 1);
  EXPECT_EQ(Remote(token, {"audit"}).exit_code, 1) << "that is for the operator";

  ASSERT_EQ(cluster_.Cairn(0, {"token", "revoke", "office"}).exit_code, 0);
  const CommandResult refused = Remote(token, {"withdraw", "00000000-0000-4000-8000-000000000001"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("unknown, expired or revoked"));
  EXPECT_EQ(RecordsOf(cluster_.client(0).get(), "pl-a"), 1);

  const Json audit = Json::parse(cluster_.Cairn(0, {"--json", "audit"}).out)["entries"];
  ASSERT_EQ(audit.size(), 4u) << audit;
  EXPECT_EQ(audit[2]["caller"], "token office");
  EXPECT_EQ(audit[2]["method"], "Publishing.Publish");
  EXPECT_EQ(audit[1]["refused"], true);
}

TEST_F(AdminDoorTest, TheTokenIsInNoLogAndNoFileOfTheNode) {
  const std::string token = MakeToken("office", "publisher");
  ASSERT_EQ(Remote(token, {"publish", ServiceFile()}).exit_code, 0);
  cluster_.Stop(0, SIGTERM);
  const std::string secret = FileText(token).substr(10);
  for (const char* file : {"/cairn.db", "/cairn.db-wal", "/node.toml"}) {
    EXPECT_THAT(FileText(cluster_.data(0) + file), Not(HasSubstr(secret))) << file;
  }
  EXPECT_THAT(FileText(cluster_.log(0)), Not(HasSubstr(secret)));
}

TEST_F(AdminDoorTest, TheDoorSpeaksTls13AndNothingOlder) {
  const std::string token = MakeToken("office", "reader");
  const std::string address = made_["listen"];
  const auto handshake = [&](const std::string& version) {
    return RunCommand({"/usr/bin/openssl", "s_client", "-connect", address, version, "-alpn", "h2"}).out;
  };
  EXPECT_THAT(handshake("-tls1_3"), HasSubstr("New, TLSv1.3"));
  EXPECT_THAT(handshake("-tls1_2"), HasSubstr("Cipher is (NONE)"));
}

}  // namespace
}  // namespace cairn
