// A consortium that is founded changes: circles, quotas, governors, keys; and what its signers are told.
#include "client/cli/charter_store.h"
#include "common/charter/charter_document.h"
#include "common/charter/charter_file.h"
#include "common/crypto/hash.h"
#include "common/crypto/keys.h"
#include "tests/client/cli/cli_fixture.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class CharterGovernTest : public CliTest {
 protected:
  // A charter in force with two partners; two of three governors sign.
  void SetUp() override {
    std::vector<std::string> arguments = {"charter",     "init", "--consortium", "test-net", "--name", "Net",
                                          "--threshold", "2",    "--out",        Chain()};
    for (const std::string name : {"a", "b", "c", "d"}) {
      ASSERT_EQ(Run({"charter", "key", "--out", PathOf(name)}), 0) << err_;
      if (name != "d")
        arguments.insert(arguments.end(), {"--governor", absl::StrCat(name, "=", PathOf(name + ".pub"))});
    }
    ASSERT_EQ(Run(arguments), 0) << err_;
    for (const std::string partner : {"pl-x", "lv-y"}) {
      MakeNode(partner, partner);
      ASSERT_EQ(Run({"charter", "admit", Chain(), PathOf(partner + "/join-request")}), 0) << err_;
    }
    SignAll();
  }
  std::string Chain() const { return PathOf("c.chain"); }
  void MakeNode(const std::string& directory, const std::string& partner) {
    ASSERT_EQ(Run({"node", "init", "--data", PathOf(directory), "--partner", partner, "--name", "Foundation",
                   "--country", "PL", "--dial-out-only"}),
              0)
        << err_;
  }
  void SignAll(const std::vector<std::string>& keys = {"a", "b"}) {
    for (const std::string& key : keys) {
      ASSERT_EQ(Run({"charter", "sign", Chain(), "--key", PathOf(key)}), 0) << err_;
    }
    ASSERT_TRUE(LoadCharter(Chain())->complete());
  }
  // `cairn charter COMMAND CHARTER ...`
  int Charter(const std::string& command, const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"charter", command, Chain()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(arguments);
  }
  v1::Charter Last() const { return LoadCharter(Chain())->last; }
  std::string Inspected() {
    EXPECT_EQ(Charter("inspect", {}), 0) << err_;
    return out_;
  }
  std::string KeyIdIn(const std::string& file) const {
    return KeyId(SigningKey::FromPemFile(PathOf(file))->public_key());
  }
  std::string NewKey(const std::string& node) {
    EXPECT_EQ(Run({"node", "new-key", "--data", PathOf(node)}), 0) << err_;
    return PathOf(node + "/new-key-request");
  }
  const std::string last_good_ = "public=8:" + std::string(64, 'a');
};

TEST_F(CharterGovernTest, CirclesAreSetChangedAndRemoved) {
  ASSERT_EQ(Charter("circle", {"police", "pl-x"}), 0) << err_;
  SignAll();
  ASSERT_EQ(Charter("circle", {"police", "--add", "lv-y"}), 0) << err_;
  EXPECT_EQ(Last().circles(0).partners_size(), 2);
  EXPECT_THAT(Inspected(), HasSubstr("LOOK TWICE"));
  EXPECT_THAT(out_, HasSubstr("lv-y receives all that was ever published to circle police"));
  ASSERT_EQ(Charter("circle", {"police", "--remove", "pl-x"}), 0) << err_;
  EXPECT_EQ(Last().circles(0).partners_size(), 1);
  EXPECT_EQ(Charter("circle", {"police", "pl-x", "--add", "lv-y"}), 2) << "one or the other";
  EXPECT_EQ(Charter("circle", {"police", "nobody"}), 1);
  ASSERT_EQ(Charter("circle", {"police"}), 0) << err_;
  EXPECT_EQ(Last().circles_size(), 0);
}

TEST_F(CharterGovernTest, QuotasAreSet) {
  ASSERT_EQ(Charter("quota", {"pl-x", "--records", "7", "--publishes-per-hour", "60"}), 0) << err_;
  EXPECT_EQ(Last().partners(0).quota().records_max(), 7u);
  EXPECT_EQ(Last().partners(0).quota().publishes_per_hour_max(), 60u);
  EXPECT_THAT(Inspected(), HasSubstr("may publish 7 records, the usual bytes, 60 publishes an hour"));
  EXPECT_EQ(Charter("quota", {"nobody", "--records", "7"}), 1);
}

TEST_F(CharterGovernTest, GovernorsRotateAndBothThresholdsCount) {
  ASSERT_EQ(Charter("governors",
                    {"--governor", "a=" + PathOf("a.pub"), "--governor", "d=" + PathOf("d.pub"), "--threshold", "2"}),
            0)
      << err_;
  EXPECT_THAT(out_, HasSubstr("2 of the 3 governors go"));
  for (const std::string key : {"a", "d"}) ASSERT_EQ(Charter("sign", {"--key", PathOf(key)}), 0) << err_;
  EXPECT_FALSE(LoadCharter(Chain())->complete()) << "of those before, only one has signed";
  SignAll({"b"});
}

TEST_F(CharterGovernTest, ALowerThresholdIsCalledToMind) {
  ASSERT_EQ(Charter("governors", {"--governor", "a=" + PathOf("a.pub"), "--governor", "b=" + PathOf("b.pub"),
                                  "--governor", "c=" + PathOf("c.pub"), "--threshold", "1", "--json"}),
            0)
      << err_;
  EXPECT_THAT(Json::parse(out_)["dangers"].dump(), HasSubstr("threshold falls from 2 to 1"));
}

TEST_F(CharterGovernTest, APinComesFromACertificateOrAJoinRequest) {
  MakeNode("again", "pl-x");
  ASSERT_EQ(Charter("set-pin", {"pl-x-1", PathOf("again/keys/node.crt")}), 0) << err_;
  const std::string pin = Last().partners(0).nodes(0).spki_sha256();
  EXPECT_EQ(Charter("set-pin", {"pl-x-1", PathOf("again/join-request")}), 1) << "it is that pin already";
  MakeNode("third", "pl-x");
  ASSERT_EQ(Charter("set-pin", {"pl-x-1", PathOf("third/join-request")}), 0) << err_;
  EXPECT_NE(Last().partners(0).nodes(0).spki_sha256(), pin);
  EXPECT_EQ(Charter("set-pin", {"lv-y-1", PathOf("third/join-request")}), 1) << "of another node";
}

TEST_F(CharterGovernTest, ARetiredPartnersEntriesGoOrStay) {
  ASSERT_EQ(Charter("retire", {"pl-x"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("withdrawn everywhere"));
  EXPECT_EQ(Charter("retire", {"lv-y", "--last-good", last_good_}), 2) << "without --keep";
  ASSERT_EQ(Charter("retire", {"lv-y", "--keep", "--last-good", last_good_}), 0) << err_;
  EXPECT_TRUE(Last().partners(1).entries_kept());
  EXPECT_EQ(Last().partners(1).publishing_keys(0).ranges(0).until_seq(), 8u);
  EXPECT_THAT(Inspected(), HasSubstr("retired, its entries stay as they are"));
}

TEST_F(CharterGovernTest, AKeyIsRotatedByMailAndTheOldOneDroppedLater) {
  const std::string request = NewKey("pl-x");
  EXPECT_THAT(out_, HasSubstr("publish.key.next"));
  ASSERT_EQ(Charter("rotate-key", {request}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("telephone"));
  SignAll();
  EXPECT_EQ(Last().partners(0).publishing_keys_size(), 2);
  ASSERT_EQ(Charter("drop-key", {"pl-x", KeyIdIn("pl-x/keys/publish.key")}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("is taken away"));
  EXPECT_EQ(Charter("rotate-key", {PathOf("pl-x/join-request")}), 1);
  EXPECT_THAT(err_, HasSubstr("another kind of file"));
}

TEST_F(CharterGovernTest, AStolenKeyIsRevoked) {
  const std::string stolen = KeyIdIn("pl-x/keys/publish.key");
  ASSERT_EQ(Charter("revoke-key",
                    {"pl-x", stolen, "--new-key", NewKey("pl-x"), "--last-good", last_good_, "--new-generation"}),
            0)
      << err_;
  EXPECT_THAT(Inspected(), HasSubstr(absl::StrCat("key ", stolen, " of pl-x is revoked")));
  EXPECT_THAT(out_, HasSubstr("pl-x begins generation 2"));
  EXPECT_THAT(out_, HasSubstr("public good up to 8:aaaaaaaaaaaaaaaa"));
  EXPECT_EQ(Last().partners(0).generation(), 2u);
}

TEST_F(CharterGovernTest, ALastGoodStateMustBeWhole) {
  const std::string request = NewKey("pl-x");
  const std::vector<std::string> texts = {"public", "public=8", "public=0:" + std::string(64, 'a'), "public=8:abc",
                                          "friends=8:" + std::string(64, 'a')};
  for (const std::string& text : texts) {
    EXPECT_EQ(Charter("new-generation", {"pl-x", "--key", request, "--last-good", text}), 2) << text;
    EXPECT_THAT(err_, HasSubstr("AUDIENCE=SEQ:DIGEST"));
  }
  EXPECT_EQ(Charter("new-generation", {"pl-x", "--key", request, "--last-good", last_good_, "--last-good", last_good_}),
            2);
}

TEST_F(CharterGovernTest, ALostKeyBeginsANewGenerationByAJoinRequest) {
  MakeNode("again", "pl-x");
  EXPECT_EQ(Charter("new-generation", {"lv-y", "--key", PathOf("again/join-request")}), 1) << "of another partner";
  ASSERT_EQ(Charter("new-generation", {"pl-x", "--key", PathOf("again/join-request"), "--last-good", last_good_}), 0)
      << err_;
  SignAll();
  EXPECT_EQ(Last().partners(0).generation(), 2u);
  EXPECT_EQ(Last().partners(0).nodes_size(), 1);
}

TEST_F(CharterGovernTest, SigningTwiceSaysSo) {
  ASSERT_EQ(Charter("suspend", {"pl-x"}), 0) << err_;
  ASSERT_EQ(Charter("sign", {"--key", PathOf("a")}), 0) << err_;
  EXPECT_THAT(out_, Not(HasSubstr("already")));
  ASSERT_EQ(Charter("sign", {"--key", PathOf("a")}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("has the signature of this key"));
  EXPECT_FALSE(LoadCharter(Chain())->complete());
}

TEST_F(CharterGovernTest, ANewCommandsDraftIsSignedOnSeveralMachines) {
  ASSERT_EQ(Charter("circle", {"police", "pl-x", "lv-y"}), 0) << err_;
  std::filesystem::copy_file(Chain(), PathOf("mailed.chain"));
  ASSERT_EQ(Charter("sign", {"--key", PathOf("a")}), 0) << err_;
  ASSERT_EQ(Run({"charter", "sign", PathOf("mailed.chain"), "--key", PathOf("c")}), 0) << err_;
  ASSERT_EQ(Charter("merge", {PathOf("mailed.chain")}), 0) << err_;
  EXPECT_TRUE(LoadCharter(Chain())->complete());
}

TEST_F(CharterGovernTest, ALongChainIsSubmittedWhole) {
  FakeNode& node = StartNode();
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(Charter("renew", {}), 0) << err_;
    SignAll();
  }
  ASSERT_EQ(Charter("submit", {}), 0) << err_;
  EXPECT_EQ(node.operations.submitted.versions_size(), 4);
}

TEST_F(CharterGovernTest, ANewKeyNeverTakesTheOldOnesPlace) {
  const std::string old_key = ReadFile("pl-x/keys/publish.key");
  const std::string first_request = NewKey("pl-x");
  const std::string next_key = ReadFile("pl-x/keys/publish.key.next");
  NewKey("pl-x");
  EXPECT_THAT(out_, HasSubstr("there already"));
  EXPECT_EQ(ReadFile("pl-x/keys/publish.key"), old_key);
  EXPECT_EQ(ReadFile("pl-x/keys/publish.key.next"), next_key);
  EXPECT_FALSE(Exists("pl-x/keys/publish.key.next-2"));
  ASSERT_EQ(Run({"node", "new-key", "--data", PathOf("pl-x"), "--another", "--json"}), 0) << err_;
  EXPECT_EQ(Json::parse(out_)["key"], PathOf("pl-x/keys/publish.key.next-2"));
  const auto request = NewKeyRequestFromText(ReadFile("pl-x/new-key-request"));
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->by_old_keys_size(), 2);
}

}  // namespace
}  // namespace cairn
