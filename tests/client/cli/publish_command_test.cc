#include "absl/strings/str_replace.h"
#include "tests/client/cli/cli_fixture.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* good =
    R"({"id":"7f0c1d9e-3c5b-4f6a-9a55-000000000001","service":{"name":"Helpline","status":"active"}})";
constexpr const char* nameless = R"({"id":"7f0c1d9e-3c5b-4f6a-9a55-000000000002","service":{"status":"active"}})";
constexpr const char* broken = R"({"id":"7f0c1d9e-3c5b-4f6a-9a55-000000000003","service":)";

class PublishCommandTest : public CliTest {
 protected:
  PublishCommandTest() { StartNode(); }
  void WriteLines(const std::vector<std::string>& lines, const std::string& name = "in.jsonl") const {
    std::string text;
    for (const std::string& line : lines) absl::StrAppend(&text, line, "\n");
    WriteFile(name, text);
  }
  int Publish(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"publish", PathOf("in.jsonl")});
    return Run(more);
  }
  FakePublishing& publishing() { return node_->publishing; }
};

TEST_F(PublishCommandTest, PublishesAFileAndSaysWhatItDid) {
  WriteLines({good});
  EXPECT_EQ(Publish(), 0) << err_;
  EXPECT_THAT(publishing().published, SizeIs(1));
  EXPECT_THAT(publishing().published[0].origin(), HasSubstr("line 1"));
  EXPECT_THAT(out_, HasSubstr("1 added"));
}

TEST_F(PublishCommandTest, ANumberThatIsNotOfItsCountryIsPublishedWithANote) {
  WriteLines(
      {R"({"service":{"name":"Helpline","status":"active","phones":[{"number":"+48225550110","country":"DE"}]}})"});
  EXPECT_EQ(Publish(), 0) << err_;
  EXPECT_THAT(err_, HasSubstr("note: "));
  EXPECT_THAT(err_, HasSubstr("line 1, service.phones[0].country: \"DE\": the number +48225550110 is one of PL"));
  EXPECT_THAT(publishing().published, SizeIs(1));
}

TEST_F(PublishCommandTest, SaysWhereTheProblemIsAndPublishesNothing) {
  WriteLines({good, nameless});
  EXPECT_EQ(Publish(), 1);
  EXPECT_THAT(err_, HasSubstr("line 2, service.name: is missing; write what people call the service"));
  EXPECT_THAT(err_, HasSubstr("Nothing was published"));
  EXPECT_THAT(publishing().published, IsEmpty());
}

TEST_F(PublishCommandTest, ADryRunSaysHowManyChangesItDoesNotList) {
  WriteLines({good, absl::StrCat(std::string(good).replace(40, 1, "9"))});
  publishing().changes.resize(1);
  publishing().changes[0].set_action(v1::RecordChange::ADDED);
  EXPECT_EQ(Publish({"--dry-run", "--changes", "1"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("... and 1 more change"));
}

TEST_F(PublishCommandTest, AFileThatCannotBeReadListsNoChanges) {
  WriteLines({good, broken});
  publishing().changes.resize(1);
  publishing().changes[0].set_name("Helpline");
  EXPECT_EQ(Publish(), 1);
  EXPECT_THAT(out_, IsEmpty());
}

TEST_F(PublishCommandTest, ListsUnreadableAndInvalidRecordsTogetherAndPublishesNothing) {
  WriteLines({good, broken, nameless});
  EXPECT_EQ(Publish(), 1);
  EXPECT_THAT(err_, HasSubstr("line 2"));
  EXPECT_THAT(err_, HasSubstr("line 3, service.name"));
  EXPECT_THAT(err_, HasSubstr("2 records are refused"));
  EXPECT_EQ(publishing().commits, 0);
}

TEST_F(PublishCommandTest, ListsProblemsInTheOrderOfTheFileWhoeverFoundThem) {
  WriteLines({nameless, good, broken, absl::StrCat(std::string(nameless).replace(40, 1, "8"))});
  EXPECT_EQ(Publish(), 1);
  const size_t first = err_.find("line 1, service.name"), second = err_.find("line 3"),
               third = err_.find("line 4, service.name");
  ASSERT_NE(third, std::string::npos) << err_;
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
}

TEST_F(PublishCommandTest, AProblemWithoutARemedyHasNoneInJson) {
  WriteLines({R"({"service":{"name":"S","status":"active","nam":1}})", nameless});
  EXPECT_EQ(Publish({"--json"}), 1);
  EXPECT_THAT(out_, Not(HasSubstr("\"remedy\": \"\"")));
  EXPECT_THAT(out_, HasSubstr("\"remedy\": \"write what people call"));
}

TEST_F(PublishCommandTest, SaysThatAFileIsNotText) {
  WriteFile("in.jsonl", std::string("\x7F"
                                    "ELF\0\0",
                                    6));
  EXPECT_EQ(Publish(), 1);
  EXPECT_THAT(err_, HasSubstr("in.jsonl is not text (byte 5 is zero); give JSON in UTF-8"));
  WriteFile("in.jsonl", std::string("PK\x03\x04\0\0", 6));
  EXPECT_EQ(Publish(), 1);
  EXPECT_THAT(err_, HasSubstr("no zip archive that can be read"));
}

TEST_F(PublishCommandTest, KeepGoingWritesTheRefusedToAFileThatCanBeCorrected) {
  WriteLines({good, broken, nameless});
  EXPECT_EQ(Publish({"--keep-going"}), 1);
  EXPECT_THAT(publishing().published, SizeIs(1));
  EXPECT_EQ(ReadFile("in.jsonl.rejected"), absl::StrCat(broken, "\n", nameless, "\n"));
  EXPECT_THAT(err_, HasSubstr("in.jsonl.rejected"));
}

TEST_F(PublishCommandTest, PublishesNothingWhenWhatIsRefusedCannotBeKept) {
  WriteLines({good, nameless});
  std::filesystem::create_directories(absl::StrCat(PathOf("in.jsonl.rejected.tmp-"), getpid()));
  EXPECT_EQ(Publish({"--keep-going"}), 1);
  EXPECT_THAT(err_, HasSubstr("nothing was published"));
  EXPECT_EQ(publishing().commits, 0);
}

TEST_F(PublishCommandTest, KeepsAFileOfRejectsThatItsOwnerIsCorrecting) {
  WriteLines({good, nameless});
  EXPECT_EQ(Publish({"--keep-going"}), 1);
  EXPECT_EQ(Publish({"--keep-going"}), 1);
  EXPECT_FALSE(Exists("in.jsonl.rejected-2")) << "it would hold the same";
  WriteFile("in.jsonl.rejected", "half corrected\n");
  EXPECT_EQ(Publish({"--keep-going"}), 1);
  EXPECT_EQ(ReadFile("in.jsonl.rejected"), "half corrected\n");
  EXPECT_EQ(ReadFile("in.jsonl.rejected-2"), absl::StrCat(nameless, "\n"));
  EXPECT_THAT(err_, HasSubstr("in.jsonl.rejected-2"));
  WriteLines({good});
  EXPECT_EQ(Publish({"--keep-going"}), 0);
  EXPECT_THAT(err_, HasSubstr("in.jsonl.rejected is of an earlier batch"));
}

TEST_F(PublishCommandTest, SeveralFilesAreOneBatchAndEachHasItsOwnRejects) {
  WriteLines({good, nameless});
  WriteLines({nameless, good}, "other.jsonl");
  EXPECT_EQ(Publish({PathOf("other.jsonl"), "--keep-going"}), 1);
  EXPECT_EQ(publishing().batches, 1);
  EXPECT_THAT(publishing().published, SizeIs(2));
  EXPECT_EQ(ReadFile("in.jsonl.rejected"), absl::StrCat(nameless, "\n"));
  EXPECT_EQ(ReadFile("other.jsonl.rejected"), absl::StrCat(nameless, "\n"));
}

TEST_F(PublishCommandTest, WritesNoFileOfRejectsWhenNothingIsRefused) {
  WriteLines({good});
  EXPECT_EQ(Publish({"--keep-going"}), 0) << err_;
  EXPECT_FALSE(Exists("in.jsonl.rejected"));
}

TEST_F(PublishCommandTest, RejectsOfAnHsdsDocumentCanBeReadAgain) {
  WriteFile("in.json", R"({"services": [
    {"id": "s1", "name": "Helpline", "status": "active"},
    {"id": "s2", "status": "active"}]})");
  EXPECT_EQ(Run({"publish", PathOf("in.json"), "--keep-going"}), 1);
  ASSERT_TRUE(Exists("in.json.rejected"));
  EXPECT_EQ(Run({"publish", PathOf("in.json.rejected"), "--keep-going"}), 1);
  EXPECT_THAT(err_, HasSubstr("service.name"));
  EXPECT_EQ(publishing().published.size(), 0u);
}

TEST_F(PublishCommandTest, DryRunListsChangesFieldByField) {
  WriteLines({good});
  v1::RecordChange change;
  change.set_action(v1::RecordChange::CHANGED);
  change.set_kind(v1::SERVICE);
  change.set_name("Helpline");
  v1::FieldChange* field = change.add_fields();
  field->set_field("service.phones[0].number");
  field->set_before("116111");
  field->set_after("116123");
  publishing().changes = {change};
  EXPECT_EQ(Publish({"--dry-run"}), 0) << err_;
  EXPECT_TRUE(publishing().header.dry_run());
  EXPECT_THAT(out_, HasSubstr("~ service  Helpline"));
  EXPECT_THAT(out_, HasSubstr("service.phones[0].number\n      - 116111\n      + 116123\n"));
  EXPECT_THAT(out_, HasSubstr("nothing was changed"));
}

TEST_F(PublishCommandTest, FailsWhenTooFewPartnersConfirmInTime) {
  WriteLines({good});
  publishing().confirmed_partners = 1;
  EXPECT_EQ(Publish({"--wait-for", "2"}), 1);
  EXPECT_THAT(err_, HasSubstr("only 1 of 2"));
  EXPECT_EQ(Publish({"--wait-for", "1"}), 0);
  EXPECT_EQ(publishing().header.wait_for_partners(), 1u);
}

TEST_F(PublishCommandTest, RefusesToPruneWhileKeepingGoing) {
  WriteLines({good});
  EXPECT_EQ(Publish({"--prune", "--keep-going"}), 2);
  EXPECT_EQ(publishing().batches, 0);
}

TEST_F(PublishCommandTest, RefusesAFileThatIsNotThereAndPublishesNothing) {
  EXPECT_EQ(Run({"publish", PathOf("none.jsonl")}), 1);
  EXPECT_THAT(err_, HasSubstr("none.jsonl"));
  EXPECT_EQ(publishing().commits, 0);
}

TEST_F(PublishCommandTest, AnswersInOneJsonDocument) {
  WriteLines({good, nameless});
  EXPECT_EQ(Publish({"--json"}), 1);
  const Json json = Json::parse(out_);
  EXPECT_EQ(json["result"]["refused"], 1);
  EXPECT_EQ(json["problems"][0]["field"], "service.name");
  EXPECT_THAT(err_, IsEmpty());
}

TEST_F(PublishCommandTest, ASpreadsheetIsPublishedAndSaysHowItWasRead) {
  WriteFile("in.csv", "Name;Phone;Colour\nHelpline;+48225550110;blue\n");
  EXPECT_EQ(Run({"publish", PathOf("in.csv")}), 0) << err_;
  ASSERT_THAT(publishing().published, SizeIs(1));
  EXPECT_EQ(publishing().published[0].record().service().phones(0).number(), "+48225550110");
  EXPECT_THAT(err_, HasSubstr("read as UTF-8, 3 columns separated by \";\""));
  EXPECT_THAT(err_, HasSubstr("columns not used: \"Colour\" (1 filled)"));
  EXPECT_EQ(Run({"--json", "publish", PathOf("in.csv")}), 0);
  EXPECT_THAT(out_, HasSubstr("\"notes\""));
}

TEST_F(PublishCommandTest, AProposedMappingIsPublishedWith) {
  WriteFile("in.csv", "Name,Tel. no\nHelpline,+48225550110\n");
  EXPECT_EQ(Run({"publish", "--propose-mapping", PathOf("in.csv")}), 0) << err_;
  EXPECT_THAT(publishing().published, IsEmpty());
  WriteFile("map.toml", absl::StrReplaceAll(out_, {{"\"Tel. no\" = \"\"", "\"Tel. no\" = \"service.phones.number\""}}));
  EXPECT_EQ(Run({"publish", PathOf("in.csv"), "--mapping", PathOf("map.toml")}), 0) << err_;
  ASSERT_THAT(publishing().published, SizeIs(1));
  EXPECT_THAT(publishing().published[0].record().service().phones(), SizeIs(1));
  EXPECT_EQ(Run({"publish", PathOf("in.csv"), "--mapping", PathOf("map.toml"), "--format", "jsonl"}), 2);
}

TEST_F(PublishCommandTest, RejectedRowsKeepTheirHeaderAndCanBeReadAgain) {
  WriteFile("in.csv", "id,name,phone\n1,Helpline,+48225550110\n2,,\n");
  EXPECT_EQ(Run({"publish", PathOf("in.csv"), "--keep-going"}), 1);
  EXPECT_THAT(publishing().published, SizeIs(1));
  EXPECT_EQ(ReadFile("in.csv.rejected"), "id,name,phone\n2,,\n");
}

}  // namespace
}  // namespace cairn
