#include "client/cli/charter_store.h"
#include "tests/client/cli/cli_fixture.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class CharterCommandTest : public CliTest {
 protected:
  // Keys of three governors and a draft that two of them must sign.
  void Begin() {
    std::vector<std::string> arguments = {"charter", "init",           "--consortium", "test-net",
                                          "--name",  "Test Network",   "--threshold",  "2",
                                          "--out",   PathOf("c.chain")};
    for (const std::string name : {"a", "b", "c"}) {
      ASSERT_EQ(Run({"charter", "key", "--out", PathOf(name)}), 0) << err_;
      arguments.insert(arguments.end(), {"--governor", absl::StrCat(name, "=", PathOf(name + ".pub"))});
    }
    ASSERT_EQ(Run(arguments), 0) << err_;
  }
  int Sign(const std::string& key, const std::string& file = "c.chain") {
    return Run({"charter", "sign", PathOf(file), "--key", PathOf(key)});
  }
  void MakeRequest(const std::string& partner) {
    ASSERT_EQ(Run({"node", "init", "--data", PathOf(partner), "--partner", partner, "--name", "Foundation", "--country",
                   "PL", "--dial-out-only"}),
              0)
        << err_;
  }
  std::string RequestOf(const std::string& partner) const { return PathOf(partner + "/join-request"); }
};

TEST_F(CharterCommandTest, GoesFromNothingToASignedCharterThatAdmitsAPartner) {
  Begin();
  EXPECT_THAT(out_, HasSubstr("draft"));
  MakeRequest("pl-x");
  ASSERT_EQ(Run({"charter", "admit", PathOf("c.chain"), RequestOf("pl-x")}), 0) << err_;
  ASSERT_EQ(Sign("a"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("draft"));
  EXPECT_FALSE(LoadCharter(PathOf("c.chain"))->complete());
  ASSERT_EQ(Sign("c"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("complete"));
  const auto draft = LoadCharter(PathOf("c.chain"));
  ASSERT_TRUE(draft.ok()) << draft.status();
  EXPECT_TRUE(draft->complete());
  EXPECT_EQ(draft->last.version(), 1u);
  EXPECT_EQ(draft->last.partners(0).id(), "pl-x");
}

TEST_F(CharterCommandTest, AdmitsIntoTheNextVersionOnceTheLastIsSigned) {
  Begin();
  ASSERT_EQ(Sign("a"), 0);
  ASSERT_EQ(Sign("b"), 0);
  MakeRequest("lv-y");
  ASSERT_EQ(Run({"charter", "admit", PathOf("c.chain"), RequestOf("lv-y"), "--out", PathOf("next.chain")}), 0) << err_;
  EXPECT_EQ(LoadCharter(PathOf("c.chain"))->chain.versions_size(), 1);
  const auto next = LoadCharter(PathOf("next.chain"));
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->last.version(), 2u);
  EXPECT_FALSE(next->complete());
  ASSERT_EQ(Run({"charter", "inspect", PathOf("next.chain")}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("admits partner lv-y"));
}

TEST_F(CharterCommandTest, DoesNotChangeADraftThatSomebodyHasSigned) {
  Begin();
  ASSERT_EQ(Sign("a"), 0);
  MakeRequest("pl-x");
  const std::string before = ReadFile("c.chain");
  EXPECT_EQ(Run({"charter", "admit", PathOf("c.chain"), RequestOf("pl-x")}), 1);
  EXPECT_THAT(err_, HasSubstr("worthless"));
  EXPECT_EQ(ReadFile("c.chain"), before);
}

TEST_F(CharterCommandTest, BringsSignaturesOfCopiesTogether) {
  Begin();
  std::filesystem::copy_file(PathOf("c.chain"), PathOf("copy.chain"));
  ASSERT_EQ(Sign("a"), 0);
  ASSERT_EQ(Sign("b", "copy.chain"), 0);
  ASSERT_EQ(Run({"charter", "merge", PathOf("c.chain"), PathOf("copy.chain")}), 0) << err_;
  EXPECT_TRUE(LoadCharter(PathOf("c.chain"))->complete());
}

TEST_F(CharterCommandTest, RefusesAKeyThatIsNoGovernors) {
  Begin();
  ASSERT_EQ(Run({"charter", "key", "--out", PathOf("stranger")}), 0);
  EXPECT_EQ(Sign("stranger"), 1);
  EXPECT_THAT(err_, HasSubstr("not a governor"));
}

TEST_F(CharterCommandTest, DoesNotOverwriteAKeyOrACharter) {
  Begin();
  EXPECT_EQ(Run({"charter", "key", "--out", PathOf("a")}), 1);
  EXPECT_EQ(Run({"charter", "init", "--consortium", "x", "--name", "X", "--threshold", "1", "--governor",
                 "a=" + PathOf("a.pub"), "--out", PathOf("c.chain")}),
            1);
  EXPECT_THAT(err_, HasSubstr("exists"));
}

TEST_F(CharterCommandTest, InspectSaysWhoIsMissing) {
  Begin();
  ASSERT_EQ(Run({"charter", "inspect", PathOf("c.chain")}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("Test Network"));
  EXPECT_THAT(out_, HasSubstr("of the 2"));
  ASSERT_EQ(Run({"charter", "inspect", PathOf("c.chain"), "--json"}), 0) << err_;
  EXPECT_EQ(Json::parse(out_)["complete"], false);
}

TEST_F(CharterCommandTest, SubmitsOnlyWhatIsSigned) {
  Begin();
  FakeNode& node = StartNode();
  EXPECT_EQ(Run({"charter", "submit", PathOf("c.chain")}), 1);
  EXPECT_EQ(node.operations.submitted.versions_size(), 0);
  ASSERT_EQ(Sign("a"), 0);
  ASSERT_EQ(Sign("b"), 0);
  EXPECT_EQ(Run({"charter", "submit", PathOf("c.chain")}), 0) << err_;
  EXPECT_EQ(node.operations.submitted.versions_size(), 1);
}

TEST_F(CharterCommandTest, RefusesAFileThatIsNoCharter) {
  WriteFile("c.chain", "hello");
  EXPECT_EQ(Run({"charter", "inspect", PathOf("c.chain")}), 1);
  EXPECT_THAT(err_, HasSubstr("c.chain"));
  EXPECT_EQ(Run({"charter", "inspect", PathOf("missing")}), 1);
  EXPECT_THAT(err_, HasSubstr("cannot open"));
}

}  // namespace
}  // namespace cairn
