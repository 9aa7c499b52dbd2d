#include <sys/stat.h>

#include "common/base/data_dir.h"
#include "common/charter/charter_file.h"
#include "common/charter/join_request.h"
#include "common/crypto/keys.h"
#include "common/crypto/tls_identity.h"
#include "tests/client/cli/cli_fixture.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;

class NodeCommandTest : public CliTest {
 protected:
  int Init(const std::vector<std::string>& more = {"--listen", "node.example.org:7443"}) {
    std::vector<std::string> arguments = {"node", "init",   "--data",        PathOf("pl"), "--partner",
                                          "pl-x", "--name", "Fundacja Łódź", "--country",  "pl"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(arguments);
  }
  unsigned ModeOf(const std::string& name) const {
    struct stat info {};
    EXPECT_EQ(stat(PathOf(name).c_str(), &info), 0) << name;
    return info.st_mode & 0777;
  }
  std::string FileOf(absl::string_view name) const { return ReadFile(absl::StrCat("pl/", name)); }
};

TEST_F(NodeCommandTest, MakesADirectoryThatOnlyItsOwnerCanOpen) {
  ASSERT_EQ(Init(), 0) << err_;
  EXPECT_EQ(ModeOf("pl"), 0700u);
  EXPECT_EQ(ModeOf("pl/keys/publish.key"), 0600u);
  EXPECT_EQ(ModeOf("pl/keys/node.key"), 0600u);
}

TEST_F(NodeCommandTest, MakesAJoinRequestThatGovernorsCanCheck) {
  ASSERT_EQ(Init(), 0) << err_;
  const auto request = JoinRequestFromText(FileOf(data_dir::join_request));
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_TRUE(CheckJoinRequest(*request).ok());
  EXPECT_EQ(request->partner().country(), "PL");
  EXPECT_EQ(request->partner().nodes(0).id(), "pl-x-1");
  EXPECT_EQ(request->partner().nodes(0).endpoint(), "node.example.org:7443");
  EXPECT_EQ(request->partner().nodes(0).spki_sha256(), *SpkiSha256OfCertPem(FileOf(data_dir::tls_certificate)));
  EXPECT_EQ(request->partner().publishing_keys(0).public_key(),
            SigningKey::FromPemFile(PathOf("pl/keys/publish.key"))->public_key());
  EXPECT_THAT(out_, HasSubstr(JoinFingerprint(*request)));
}

TEST_F(NodeCommandTest, WritesSettings) {
  ASSERT_EQ(Init(), 0) << err_;
  EXPECT_THAT(FileOf(data_dir::config), HasSubstr("partner = \"pl-x\""));
  EXPECT_THAT(FileOf(data_dir::config), HasSubstr("listen = \"node.example.org:7443\""));
}

TEST_F(NodeCommandTest, DoesNotTouchADirectoryThatIsThere) {
  ASSERT_EQ(Init(), 0) << err_;
  const std::string key = FileOf(data_dir::publishing_key);
  EXPECT_EQ(Init(), 1);
  EXPECT_THAT(err_, HasSubstr("exists"));
  EXPECT_EQ(FileOf(data_dir::publishing_key), key);
}

TEST_F(NodeCommandTest, FillsANewFileSystemThatIsMountedThere) {
  std::filesystem::create_directories(PathOf("pl/lost+found"));
  ASSERT_EQ(Init(), 0) << err_;
  EXPECT_EQ(ModeOf("pl"), 0700u);
  EXPECT_EQ(ModeOf("pl/keys/publish.key"), 0600u);
  EXPECT_TRUE(std::filesystem::exists(PathOf("pl/lost+found")));
  EXPECT_THAT(FileOf(data_dir::config), HasSubstr("partner = \"pl-x\""));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(PathOf("pl")), {}), 4) << "and nothing of the making";
}

TEST_F(NodeCommandTest, LeavesNothingBehindWhenAnOptionIsWrong) {
  EXPECT_EQ(Init({"--listen", "node.example.org:7443", "--role", "circus"}), 2);
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_F(NodeCommandTest, AsksForAnAddressThatOthersCanDial) {
  EXPECT_EQ(Init({"--listen", "0.0.0.0:7443"}), 2);
  EXPECT_THAT(err_, HasSubstr("--endpoint"));
  EXPECT_EQ(Init({}), 2);
  EXPECT_EQ(Init({"--listen", "0.0.0.0:7443", "--endpoint", "node.example.org:7443"}), 0) << err_;
  EXPECT_THAT(FileOf(data_dir::config), HasSubstr("advertise = \"node.example.org:7443\""));
}

TEST_F(NodeCommandTest, MakesANodeThatOnlyDialsOut) {
  EXPECT_EQ(Init({"--dial-out-only", "--listen", "127.0.0.1:7443"}), 2);
  EXPECT_THAT(err_, HasSubstr("--listen and --dial-out-only contradict each other"));
  ASSERT_EQ(Init({"--dial-out-only"}), 0) << err_;
  const auto request = JoinRequestFromText(FileOf(data_dir::join_request));
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->partner().nodes(0).endpoint(), "");
}

TEST_F(NodeCommandTest, AnswersInJson) {
  ASSERT_EQ(Init({"--listen", "node.example.org:7443", "--json"}), 0) << err_;
  const Json json = Json::parse(out_);
  EXPECT_EQ(json["node"], "pl-x-1");
  EXPECT_EQ(json["join_request"], PathOf("pl/join-request"));
}

}  // namespace
}  // namespace cairn
