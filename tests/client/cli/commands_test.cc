#include "tests/client/cli/cli_fixture.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* id = "7f0c1d9e-3c5b-4f6a-9a55-000000000001";

v1::DirectoryRecord Helpline() {
  v1::DirectoryRecord shown;
  shown.set_kind(v1::SERVICE);
  shown.set_partner("pl-x");
  shown.set_audience("public");
  shown.set_stale(true);
  v1::Record* record = shown.mutable_record();
  record->set_id(id);
  record->add_countries("PL");
  record->mutable_service()->set_name("Helpline\x1b[2J for children");
  record->mutable_service()->set_description("Somebody listens.");
  v1::Phone* phone = record->mutable_service()->add_phones();
  phone->set_number("116111");
  phone->set_short_code(true);
  phone->set_country("PL");
  return shown;
}

using CommandsTest = CliTest;

TEST_F(CommandsTest, WrongUsageIsExitCode2AndSaysWhereHelpIs) {
  EXPECT_EQ(Run({}), 2);
  EXPECT_EQ(Run({"frobnicate"}), 2);
  EXPECT_EQ(Run({"publish"}), 2);
  EXPECT_THAT(err_, HasSubstr("cairn publish --help"));
  EXPECT_EQ(Run({"get", "not-an-id"}), 2);
  EXPECT_THAT(err_, HasSubstr("UUID"));
  EXPECT_EQ(Run({"search", "x", "--country", "Atlantis"}), 2);
  EXPECT_EQ(Run({"search", "x", "--near", "91,0"}), 2);
  EXPECT_EQ(Run({"search", "x", "--on", "tomorrow"}), 2);
  EXPECT_EQ(Run({"export", "--format", "xml"}), 2);
  EXPECT_EQ(Run({"status", "--node", "nonsense"}), 1);
}

TEST_F(CommandsTest, AWrongValueIsNamedWithWhatWouldBeRight) {
  const auto refusal = [this](const std::vector<std::string>& arguments) {
    EXPECT_EQ(Run(arguments), 2) << err_;
    return err_;
  };
  EXPECT_THAT(refusal({"search", "--limit", "x"}), HasSubstr("--limit: \"x\": not a whole number; write 1 to 10,000"));
  EXPECT_THAT(refusal({"search", "--limit", "0"}), HasSubstr("--limit: \"0\": out of range; write 1 to 10,000"));
  EXPECT_THAT(refusal({"search", "--limit"}), HasSubstr("--limit: its value is missing"));
  EXPECT_THAT(refusal({"search", "--within", "x", "--near", "1,2"}), HasSubstr("\"x\": not a number; write 0.001 to"));
  EXPECT_THAT(refusal({"export", "--format", "xml"}), HasSubstr("--format: \"xml\": not known; write one of jsonl, "));
  EXPECT_THAT(refusal({"publish", "f", "--audience", "police"}), HasSubstr("write public, consortium or circle:NAME"));
  EXPECT_THAT(refusal({"audit", "--limit", "x"}), HasSubstr("--limit: \"x\": not a whole number"));
  EXPECT_THAT(refusal({"get", "a", "b", "c"}), HasSubstr("argument \"b\": one too many"));
  EXPECT_THAT(refusal({"search", "a", "--frob", "x"}), HasSubstr("there is no option \"--frob\" of this command"));
}

TEST_F(CommandsTest, NamesWhatItDoesNotKnow) {
  EXPECT_EQ(Run({"frobnicate"}), 2);
  EXPECT_THAT(err_, HasSubstr("there is no command \"frobnicate\""));
  EXPECT_EQ(Run({"charter", "frob"}), 2);
  EXPECT_THAT(err_, HasSubstr("there is no command \"frob\""));
  EXPECT_EQ(Run({"--frob"}), 2);
  EXPECT_THAT(err_, HasSubstr("there is no option \"--frob\""));
  EXPECT_EQ(Run({}), 2);
  EXPECT_THAT(err_, HasSubstr("a command is missing"));
}

TEST_F(CommandsTest, RefusesWordsThatNoMessageCanHold) {
  EXPECT_EQ(Run({"search", "caf\xe9"}), 2);
  EXPECT_THAT(err_, HasSubstr("not UTF-8"));
  EXPECT_EQ(Run({"list", "--limit", "-3"}), 2);
}

TEST_F(CommandsTest, SaysThatTheDirectoryIsMissingOrTheNodeIsNotRunning) {
  EXPECT_EQ(Run({"status", "--data", PathOf("nowhere")}), 1);
  EXPECT_THAT(err_, HasSubstr("there is no directory " + PathOf("nowhere")));
  EXPECT_EQ(Run({"status", "--data", directory_}), 1);
  EXPECT_THAT(err_, HasSubstr("cairnd --data " + directory_));
}

TEST_F(CommandsTest, RefusesToWaitForMorePartnersThanThereAre) {
  StartNode().operations.status.mutable_charter()->set_active_partners(3);
  EXPECT_EQ(Run({"withdraw", id, "--wait-for", "3"}), 2);
  EXPECT_THAT(err_, HasSubstr("2 other active partners"));
  EXPECT_TRUE(node_->publishing.withdrawn.empty());
}

TEST_F(CommandsTest, HelpIsNotAnError) {
  EXPECT_EQ(Run({"--help"}), 0);
  EXPECT_THAT(out_, HasSubstr("CAIRN_NODE"));
  EXPECT_EQ(Run({"charter", "--help"}), 0);
  EXPECT_THAT(out_, HasSubstr("Three governors"));
}

TEST_F(CommandsTest, SaysWhichSocketNobodyAnswersAt) {
  EXPECT_EQ(Run({"status", "--data", PathOf("nowhere")}), 1);
  EXPECT_THAT(err_, HasSubstr(PathOf("nowhere/cairn.sock")));
}

TEST_F(CommandsTest, OptionsWinOverTheEnvironment) {
  StartNode();
  variables_["CAIRN_DATA"] = PathOf("elsewhere");
  EXPECT_EQ(Run({"status"}), 0) << err_;
  EXPECT_EQ(Run({"status", "--data", PathOf("nowhere")}), 1);
}

TEST_F(CommandsTest, GetShowsARecordWithoutWhatWouldMoveTheCursor) {
  StartNode().directory.get = [](grpc::ServerContext*, const v1::GetRecordRequest&, v1::GetRecordResponse* r) {
    *r->mutable_record() = Helpline();
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"get", id}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("116111 (in Poland)"));
  EXPECT_THAT(out_, HasSubstr("○ never verified"));
  EXPECT_THAT(out_, Not(HasSubstr("\x1b")));
}

TEST_F(CommandsTest, GetInJsonGivesTheRecordAsTheExportDoes) {
  StartNode().directory.get = [](grpc::ServerContext*, const v1::GetRecordRequest&, v1::GetRecordResponse* r) {
    *r->mutable_record() = Helpline();
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"get", id, "--json"}), 0) << err_;
  EXPECT_EQ(Json::parse(out_)["record"]["service"]["description"], "Somebody listens.");
  EXPECT_EQ(Json::parse(out_)["kind"], "service");
}

TEST_F(CommandsTest, SearchPassesFiltersInTheirNormalForm) {
  v1::SearchRequest seen;
  StartNode().directory.search = [&](const v1::SearchRequest& q, v1::SearchResponse* r) {
    seen = q;
    *r->add_hits()->mutable_record() = Helpline();
    r->mutable_hits(0)->set_title("Helpline");
    r->mutable_hits(0)->set_snippet("Somebody \xee\x80\x80listens\xee\x80\x81.");
    r->set_total(1);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"search", "help", "me", "--country", "pl", "--kind", "services", "--language", "polski"}), 0) << err_;
  EXPECT_EQ(seen.query(), "help me");
  EXPECT_EQ(seen.filter().countries(0), "PL");
  EXPECT_EQ(seen.filter().languages(0), "pl");
  EXPECT_EQ(seen.filter().kinds(0), v1::SERVICE);
  EXPECT_THAT(out_, HasSubstr("Somebody listens."));
  EXPECT_THAT(out_, HasSubstr("1 of 1 record"));
}

TEST_F(CommandsTest, SearchPassesOnTimesAndOrdersAndShowsFacetsAndCorrections) {
  v1::SearchRequest seen;
  StartNode().directory.search = [&](const v1::SearchRequest& q, v1::SearchResponse* r) {
    seen = q;
    *r->add_hits()->mutable_record() = Helpline();
    r->set_total(1);
    r->set_corrected_query("helpline");
    r->add_facets()->set_name("country");
    r->mutable_facets(0)->add_values()->set_value("PL");
    r->mutable_facets(0)->mutable_values(0)->set_count(12);
    return grpc::Status::OK;
  };
  EXPECT_EQ(
      Run({"search", "helplime", "--prefix", "--facets", "--near", "51.7,19.4", "--sort", "distance", "--open-now"}), 0)
      << err_;
  EXPECT_TRUE(seen.prefix() && seen.with_facets() && seen.filter().open_now());
  EXPECT_EQ(seen.order(), v1::SEARCH_ORDER_NEAREST);
  EXPECT_THAT(out_, HasSubstr("Nothing found as typed; shown instead: helpline"));
  EXPECT_THAT(out_, HasSubstr("by country  PL 12"));
  EXPECT_EQ(Run({"search", "--from", "2026-11-01", "--to", "2026-12-31", "--mode", "online,hybrid", "--month",
                 "2026-11", "--freshness", "overdue", "--json"}),
            0)
      << err_;
  EXPECT_EQ(seen.filter().from_date(), "2026-11-01");
  EXPECT_EQ(seen.filter().to_date(), "2026-12-31");
  EXPECT_THAT(seen.filter().modes(), ::testing::ElementsAre("online", "hybrid"));
  EXPECT_THAT(seen.filter().months(), ::testing::ElementsAre("2026-11"));
  EXPECT_THAT(seen.filter().freshness(), ::testing::ElementsAre("overdue"));
  EXPECT_THAT(out_, HasSubstr("\"corrected_query\": \"helpline\""));
  EXPECT_EQ(Run({"search", "x", "--sort", "newest"}), 2);
}

TEST_F(CommandsTest, NothingFoundSaysWhatToChange) {
  StartNode().directory.search = [&](const v1::SearchRequest&, v1::SearchResponse*) { return grpc::Status::OK; };
  Run({"search", "x"});
  EXPECT_THAT(out_, HasSubstr("Nothing found. All words must occur"));
  Run({"search", "--partner", "nobody"});
  EXPECT_THAT(out_, HasSubstr("Nothing found: no record has all that the filters ask for."));
  EXPECT_THAT(out_, HasSubstr("There is no partner \"nobody\"; the partners are lv-y, pl-x."));
  Run({"search", "x", "--partner", "pl-x"});
  EXPECT_THAT(out_, HasSubstr("in what the filters leave"));
  EXPECT_THAT(out_, Not(HasSubstr("There is no partner")));
}

TEST_F(CommandsTest, AFilterTakesOneArgumentAndLeavesTheWordsToTheSearch) {
  v1::SearchRequest seen;
  StartNode().directory.search = [&](const v1::SearchRequest& q, v1::SearchResponse*) {
    seen = q;
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"search", "--country", "PL,LV", "--country", "EE", "--partner", "pl-x", "lodz"}), 0) << err_;
  EXPECT_EQ(seen.query(), "lodz");
  EXPECT_THAT(seen.filter().countries(), ::testing::ElementsAre("PL", "LV", "EE"));
  EXPECT_THAT(seen.filter().partners(), ::testing::ElementsAre("pl-x"));
}

TEST_F(CommandsTest, ListReadsPagesUntilTheLimit) {
  int pages = 0;
  StartNode().directory.list = [&](const v1::ListRecordsRequest& q, v1::ListRecordsResponse* r) {
    ++pages;
    for (uint32_t i = 0; i < std::min(q.page_size(), 2u); ++i) *r->add_records() = Helpline();
    r->set_next_page_token("more");
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"list", "--limit", "5", "--json"}), 0) << err_;
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 5);
}

TEST_F(CommandsTest, ExportWritesAFileThatAppearsWhole) {
  StartNode().directory.exported = {Helpline()};
  EXPECT_EQ(Run({"export", "--out", PathOf("out.jsonl")}), 0) << err_;
  EXPECT_THAT(ReadFile("out.jsonl"), HasSubstr("\"Somebody listens.\""));
  EXPECT_EQ(Run({"export", "--out", PathOf("no/such/directory")}), 1);
}

TEST_F(CommandsTest, ShowsThatThePartnerOfARecordIsRetired) {
  v1::DirectoryRecord left = Helpline();
  left.set_partner_status("retired");
  StartNode().directory.get = [&](grpc::ServerContext*, const v1::GetRecordRequest&, v1::GetRecordResponse* r) {
    *r->mutable_record() = left;
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"get", id}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("⊘ partner retired, never verified"));
  EXPECT_THAT(out_, HasSubstr("retired: this stands as it left it"));
  EXPECT_EQ(Run({"get", id, "--json"}), 0) << err_;
  EXPECT_EQ(Json::parse(out_)["partner_status"], "retired") << out_;
}

TEST_F(CommandsTest, ExportSaysBesideTheFileWhoseRecordsNobodyUpdates) {
  v1::DirectoryRecord left = Helpline();
  left.set_partner_status("suspended");
  StartNode().directory.exported = {left, left};
  EXPECT_EQ(Run({"export", "--out", PathOf("out.jsonl")}), 0) << err_;
  EXPECT_THAT(err_, HasSubstr("pl-x is suspended: nobody updates its 2 records"));
  EXPECT_EQ(Run({"export", "--out", PathOf("out.jsonl"), "--json"}), 0) << err_;
  EXPECT_EQ(Json::parse(out_)["of_inactive_partners"][0]["records"], 2) << out_;
}

TEST_F(CommandsTest, ExportWritesHsds) {
  StartNode().directory.exported = {Helpline()};
  EXPECT_EQ(Run({"export", "--format", "hsds-json"}), 0) << err_;
  EXPECT_EQ(Json::parse(out_)["services"][0]["description"], "Somebody listens.");
}

TEST_F(CommandsTest, ExportWritesCsvThatIsPublishedAgainUnchanged) {
  StartNode().directory.exported = {Helpline()};
  EXPECT_EQ(Run({"export", "--format", "csv", "--out", PathOf("out.csv")}), 0) << err_;
  EXPECT_EQ(Run({"publish", PathOf("out.csv")}), 0) << err_;
  ASSERT_EQ(node_->publishing.published.size(), 1u);
  EXPECT_EQ(node_->publishing.published[0].record().DebugString(), Helpline().record().DebugString());
}

TEST_F(CommandsTest, ExportWritesADataPackageThatIsPublishedAgainUnchanged) {
  StartNode().directory.exported = {Helpline()};
  EXPECT_EQ(Run({"export", "--format", "hsds-datapackage", "--kind", "service", "--out", PathOf("out.zip")}), 0)
      << err_;
  EXPECT_EQ(Run({"publish", PathOf("out.zip")}), 0) << err_;
  ASSERT_EQ(node_->publishing.published.size(), 1u);
  EXPECT_EQ(node_->publishing.published[0].record().service().description(), "Somebody listens.");
}

TEST_F(CommandsTest, ExportWritesACalendarAndJsonLd) {
  StartNode().directory.exported = {Helpline()};
  EXPECT_EQ(Run({"export", "--format", "ics"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"));
  EXPECT_EQ(Run({"export", "--format", "jsonld", "--kind", "service"}), 0) << err_;
  EXPECT_EQ(Json::parse(out_)["@graph"][0]["@type"], "Service");
}

TEST_F(CommandsTest, WatchExplainsATokenThatIsTooOld) {
  StartNode().directory.watch = [](grpc::ServerContext* c, const v1::WatchRecordsRequest&,
                                   grpc::ServerWriter<v1::WatchRecordsResponse>*) {
    return FailWith(c, grpc::StatusCode::ABORTED, "too old", "WATCH_TOKEN_TOO_OLD");
  };
  EXPECT_EQ(Run({"watch", "--since", "abc"}), 1);
  EXPECT_THAT(err_, HasSubstr("start over without --since"));
}

TEST_F(CommandsTest, WatchPrintsChangesAndTheTokenToContinueFrom) {
  StartNode().directory.watch = [](grpc::ServerContext*, const v1::WatchRecordsRequest&,
                                   grpc::ServerWriter<v1::WatchRecordsResponse>* w) {
    v1::WatchRecordsResponse response;
    *response.mutable_upsert() = Helpline();
    response.set_resume_token("t1");
    w->Write(response);
    response.mutable_caught_up();
    w->Write(response);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"watch", "--until-caught-up"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr(id));
  EXPECT_THAT(err_, HasSubstr("cairn watch --since t1\n"));
  EXPECT_THAT(err_, Not(HasSubstr("waiting")));
  const std::string socket = PathOf("n.sock");
  EXPECT_EQ(Run({"--node", socket, "watch", "--until-caught-up", "--country", "PL,LV", "--term", "a b"}), 0) << err_;
  EXPECT_THAT(err_, HasSubstr("cairn --node " + socket + " watch --country PL,LV --term 'a b' --since t1\n"));
}

TEST_F(CommandsTest, WatchSpeaksOfItsOptionWhenATokenIsRefused) {
  StartNode().directory.watch = [](grpc::ServerContext* c, const v1::WatchRecordsRequest&,
                                   grpc::ServerWriter<v1::WatchRecordsResponse>*) {
    return FailWith(c, grpc::StatusCode::INVALID_ARGUMENT, "resume_token \"abc\" is not a token of this request");
  };
  EXPECT_EQ(Run({"watch", "--since", "abc"}), 2);
  EXPECT_THAT(err_, HasSubstr("--since \"abc\": not a token of a watch with these filters"));
  EXPECT_THAT(err_, Not(HasSubstr("resume_token")));
}

TEST_F(CommandsTest, StatusSaysNothingOfAFeedThatIsNotThere) {
  v1::GetStatusResponse& status = StartNode().operations.status;
  status.add_peers()->set_node("lv-y-1");
  EXPECT_EQ(Run({"status"}), 0) << err_;
  EXPECT_THAT(out_, Not(HasSubstr("all of it")));
  status.add_feeds()->set_own(true);
  status.mutable_feeds(0)->set_seq(3);
  EXPECT_EQ(Run({"status"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("all of it"));
}

TEST_F(CommandsTest, StatusShowsAlertsBeforeEverythingElse) {
  v1::GetStatusResponse& status = StartNode().operations.status;
  status.set_node("pl-x-1");
  status.add_alerts("feed lv-y/public is frozen");
  v1::PeerStatus* peer = status.add_peers();
  peer->set_node("lv-y-1");
  peer->set_state("connected");
  EXPECT_EQ(Run({"status"}), 0) << err_;
  EXPECT_LT(out_.find("frozen"), out_.find("Peers"));
  EXPECT_THAT(out_, HasSubstr("1 of 1 connected"));
  EXPECT_EQ(Run({"status", "--check"}), 1);
  EXPECT_EQ(Run({"status", "--json"}), 0);
  EXPECT_EQ(Json::parse(out_)["peers"][0]["node"], "lv-y-1");
}

TEST_F(CommandsTest, StatusSaysWhoWasRefusedForAskingTooMuch) {
  v1::GetStatusResponse& status = StartNode().operations.status;
  EXPECT_EQ(Run({"status"}), 0) << err_;
  EXPECT_THAT(out_, Not(HasSubstr("asked for too much")));
  v1::RefusedReader* reader = status.add_refused_readers();
  reader->set_reader("token dashboard");
  reader->set_reason("TOO_MANY_BYTES");
  reader->set_times(12345);
  EXPECT_EQ(Run({"status"}), 0) << err_;
  EXPECT_THAT(out_, testing::AllOf(HasSubstr("asked for too much"), HasSubstr("token dashboard"),
                                   HasSubstr("TOO_MANY_BYTES"), HasSubstr("12,345")));
}

TEST_F(CommandsTest, VerifyFailsWhenSomethingIsFound) {
  StartNode();
  EXPECT_EQ(Run({"verify"}), 1);
  EXPECT_THAT(out_, HasSubstr("digest does not match"));
}

TEST_F(CommandsTest, WithdrawSendsIdsAndRefusesWhatIsNone) {
  FakeNode& node = StartNode();
  EXPECT_EQ(Run({"withdraw", id}), 0) << err_;
  EXPECT_THAT(node.publishing.withdrawn, ::testing::ElementsAre(id));
  EXPECT_EQ(Run({"withdraw", "x"}), 2);
}

TEST_F(CommandsTest, AWithdrawalThatFewConfirmInTimeIsNotCalledAPublication) {
  StartNode();
  EXPECT_EQ(Run({"withdraw", id, "--wait-for", "1"}), 1);
  EXPECT_THAT(err_, HasSubstr("It is withdrawn, but only 0 of 1 partners confirmed it"));
}

}  // namespace
}  // namespace cairn
