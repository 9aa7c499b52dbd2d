// token, audit, and how a node at an address is spoken to.
#include <sys/stat.h>

#include "common/base/hex.h"
#include "common/crypto/tls_identity.h"
#include "tests/client/cli/cli_fixture.h"

namespace cairn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class AccessCommandTest : public CliTest {
 protected:
  std::string TokenFile(const std::string& contents, mode_t mode = 0600) {
    WriteFile("token", contents);
    chmod(PathOf("token").c_str(), mode);
    return PathOf("token");
  }
  std::string PinOption() const { return std::string(64, 'a'); }
};

TEST_F(AccessCommandTest, ATokenIsPrintedAloneSoThatItCanGoToAFile) {
  FakeNode& node = StartNode();
  node.operations.created.set_secret("cairn_abc");
  node.operations.created.mutable_token()->set_name("import");
  node.operations.created.mutable_token()->set_role(v1::PUBLISHER);
  node.operations.created.set_listen("node.example.org:7444");
  node.operations.created.set_spki_sha256(std::string(32, '\x01'));
  ASSERT_EQ(Run({"token", "create", "--name", "import", "--role", "publisher", "--audience", "consortium", "--audience",
                 "circle:police", "--days", "30"}),
            0)
      << err_;
  EXPECT_EQ(out_, "cairn_abc\n");
  EXPECT_THAT(err_, AllOf(HasSubstr("--node node.example.org:7444 --pin 0101"), Not(HasSubstr("cairn_abc"))));
  EXPECT_EQ(node.operations.asked.role(), v1::PUBLISHER);
  EXPECT_EQ(node.operations.asked.audiences_size(), 2);
  EXPECT_EQ(node.operations.asked.days(), 30u);
}

TEST_F(AccessCommandTest, ATokenAsJsonForScripts) {
  StartNode().operations.created.set_secret("cairn_abc");
  ASSERT_EQ(Run({"--json", "token", "create", "--name", "import", "--role", "reader"}), 0) << err_;
  EXPECT_EQ(Json::parse(out_)["secret"], "cairn_abc");
}

TEST_F(AccessCommandTest, ARoleThatIsNoneIsWrongUsage) {
  StartNode();
  for (const char* role : {"admin", "", "access_role_unspecified"}) {
    EXPECT_EQ(Run({"token", "create", "--name", "x", "--role", role}), 2) << role;
    EXPECT_THAT(err_, HasSubstr("reader, editor, publisher or operator"));
  }
}

TEST_F(AccessCommandTest, TheListSaysWhatEachTokenIsGoodFor) {
  FakeNode& node = StartNode();
  const int64_t now = absl::ToUnixSeconds(clock_.Now());
  v1::AccessToken* valid = node.operations.tokens.add_tokens();
  valid->set_name("dash");
  valid->set_role(v1::READER);
  valid->add_audiences("consortium");
  valid->mutable_expires_at()->set_seconds(now + 86'400);
  valid->mutable_last_used_at()->set_seconds(now - 3600);
  v1::AccessToken* expired = node.operations.tokens.add_tokens();
  expired->set_name("old");
  expired->set_role(v1::EDITOR);
  expired->mutable_expires_at()->set_seconds(now - 1);
  ASSERT_EQ(Run({"token", "list"}), 0) << err_;
  EXPECT_THAT(out_, AllOf(HasSubstr("valid until"), HasSubstr("1 h ago"), HasSubstr("consortium"), HasSubstr("expired"),
                          HasSubstr("never")));
}

TEST_F(AccessCommandTest, RevokeNamesTheToken) {
  FakeNode& node = StartNode();
  ASSERT_EQ(Run({"token", "revoke", "dash"}), 0) << err_;
  EXPECT_EQ(node.operations.revoked, "dash");
}

TEST_F(AccessCommandTest, TheAuditShowsWhoDidWhatAndWhatWasRefused) {
  FakeNode& node = StartNode();
  v1::AuditEntry* entry = node.operations.audit.add_entries();
  entry->mutable_at()->set_seconds(1'790'000'000);
  entry->set_caller("token import");
  entry->set_role(v1::PUBLISHER);
  entry->set_method("Operations.ListTokens");
  entry->set_refused(true);
  entry->set_result("PERMISSION_DENIED");
  ASSERT_EQ(Run({"audit", "--since", "2026-09-01", "--limit", "7"}), 0) << err_;
  EXPECT_THAT(out_, AllOf(HasSubstr("2026-09-21"), HasSubstr("token import"), HasSubstr("refused")));
  EXPECT_EQ(node.operations.audit_asked.limit(), 7u);
  EXPECT_EQ(node.operations.audit_asked.since().seconds(), 1'788'220'800);
  EXPECT_EQ(Run({"audit", "--since", "yesterday"}), 2);
}

TEST_F(AccessCommandTest, ATokenIsNeverSentInClear) {
  const std::string token = TokenFile("cairn_secretsecret\n");
  EXPECT_EQ(Run({"--node", "127.0.0.1:1", "--token-file", token, "status"}), 2);
  EXPECT_THAT(err_, AllOf(HasSubstr("without encryption"), HasSubstr("--pin"), Not(HasSubstr("secretsecret"))));
  variables_["CAIRN_TOKEN_FILE"] = token;
  EXPECT_EQ(Run({"--node", "127.0.0.1:1", "status"}), 2);
}

TEST_F(AccessCommandTest, ATokenIsNotTakenFromAFileThatOthersMayRead) {
  const std::string token = TokenFile("cairn_secretsecret\n", 0644);
  EXPECT_EQ(Run({"--node", "127.0.0.1:1", "--pin", PinOption(), "--token-file", token, "status"}), 1);
  EXPECT_THAT(err_, AllOf(HasSubstr("chmod 600"), Not(HasSubstr("secretsecret"))));
}

TEST_F(AccessCommandTest, AFileWithoutATokenIsNamedAndNotShown) {
  const std::string token = TokenFile("hunter2");
  EXPECT_EQ(Run({"--node", "127.0.0.1:1", "--pin", PinOption(), "--token-file", token, "status"}), 1);
  EXPECT_THAT(err_, AllOf(HasSubstr("holds no token"), Not(HasSubstr("hunter2"))));
}

TEST_F(AccessCommandTest, OverTheSocketNoTokenIsNeeded) {
  StartNode();
  EXPECT_EQ(Run({"--token-file", TokenFile("cairn_x"), "status"}), 2);
  EXPECT_THAT(err_, HasSubstr("permissions decide"));
  variables_["CAIRN_TOKEN_FILE"] = PathOf("token");
  EXPECT_EQ(Run({"status"}), 0) << "what the environment says is for addresses: " << err_;
}

TEST_F(AccessCommandTest, APinThatIsNoneAndTwoWaysToTrustAreWrongUsage) {
  EXPECT_EQ(Run({"--node", "127.0.0.1:1", "--pin", "abc", "status"}), 2);
  EXPECT_THAT(err_, HasSubstr("64 hexadecimal digits"));
  WriteFile("ca", MakeTlsIdentity("ca", clock_.Now())->certificate_pem);
  EXPECT_EQ(Run({"--node", "127.0.0.1:1", "--pin", PinOption(), "--ca", PathOf("ca"), "status"}), 2);
  EXPECT_THAT(err_, HasSubstr("give one of them"));
}

}  // namespace
}  // namespace cairn
