// `cairnd --role=edge` beside a node: two processes on one file.
#include "tests/e2e/edge_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/data_dir.h"
#include "tests/e2e/cluster.h"
#include "tests/server/http/http_client.h"

namespace cairn {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr absl::Duration a_moment = absl::Seconds(1);  // within which readers see what the node changed
constexpr uid_t nobody = 65534;
constexpr char marker[] = "Zyxmarker";
constexpr char first_id[] = "00000000-0000-4000-8000-000000000001";
constexpr char second_id[] = "00000000-0000-4000-8000-000000000002";

std::string Service(absl::string_view id, absl::string_view name) {
  return absl::StrCat(R"({"id":")", id, R"(","language":"en","countries":["PL"],"service":{"name":")", name,
                      R"(","status":"active"}})", "\n");
}

class EdgeProcessTest : public testing::Test {
 protected:
  EdgeProcessTest() : cluster_(absl::StrCat(testing::TempDir(), "/edge-process-", getpid()), BinDirectory()) {}

  void SetUp() override {
    ASSERT_EQ(cluster_.Found({{"pl-a", "PL"}, {"lv-b", "LV"}}), absl::OkStatus());
    ASSERT_EQ(cluster_.ChangeCharter("circle", {"police", "pl-a", "lv-b"}), absl::OkStatus());
    ASSERT_EQ(cluster_.HandOverCharter(0), absl::OkStatus());
    ASSERT_EQ(cluster_.ChangeSettings(0, "Empty: nowhere.\nlisten = \"\"", "\nlisten = \"127.0.0.1:0\""),
              absl::OkStatus());
    ASSERT_EQ(cluster_.ChangeSettings(0, "#metrics_listen = \"\"", "metrics_listen = \"127.0.0.1:0\""),
              absl::OkStatus());
    ASSERT_EQ(cluster_.Start(0, {"--role=node", "--standalone"}), absl::OkStatus());
    ASSERT_EQ(edge_.Start(cluster_.data(0)), absl::OkStatus());
  }

  void Publish(const std::string& record, const std::vector<std::string>& more = {}) {
    const std::string file = absl::StrCat(cluster_.directory(), "/record.jsonl");
    std::ofstream(file, std::ios::binary) << record;
    std::vector<std::string> args = {"publish", file};
    args.insert(args.end(), more.begin(), more.end());
    const CommandResult result = cluster_.Cairn(0, args);
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }
  std::string Ask(absl::string_view target, absl::string_view headers = "") {
    return Get(edge_.port(), target, headers);
  }
  bool Shows(absl::string_view target, absl::string_view text) {
    return Ask(target).find(std::string(text)) != std::string::npos;
  }
  std::string TokenFor(int node, const std::string& audience) {
    std::vector<std::string> args = {"--json", "token", "create", "--name", "page", "--role", "reader"};
    args.insert(args.end(), {"--audience", "consortium", "--audience", audience});
    const CommandResult made = cluster_.Cairn(node, args);
    EXPECT_EQ(made.exit_code, 0) << made.err;
    const auto answer = nlohmann::json::parse(made.out, nullptr, false);
    return absl::StrCat("Authorization: Bearer ", answer.value("secret", ""), "\r\n");
  }

  Cluster cluster_;
  EdgeProcess edge_{BinDirectory()};
};

TEST_F(EdgeProcessTest, ShowsWithinASecondWhatIsPublishedWithdrawnAndMovedAway) {
  Publish(Service(first_id, "Night line"));
  EXPECT_TRUE(Eventually([&] { return Shows("/api/search?q=night", "Night line"); }, a_moment));
  ASSERT_EQ(cluster_.Cairn(0, {"withdraw", first_id}).exit_code, 0);
  EXPECT_TRUE(Eventually([&] { return !Shows("/api/search?q=night", "Night line"); }, a_moment));
  Publish(Service(second_id, "Desk line"));
  EXPECT_TRUE(Eventually([&] { return Shows("/api/list", "Desk line"); }, a_moment));
  Publish(Service(second_id, "Desk line"), {"--audience", "consortium", "--move"});
  EXPECT_TRUE(Eventually([&] { return !Shows("/api/list", "Desk line"); }, a_moment));
}

TEST_F(EdgeProcessTest, EventStreamsAreWokenByWhatAnotherProcessWrites) {
  RawClient client(edge_.port());
  client.Send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("event: caught_up"), HasSubstr("text/event-stream"));
  Publish(Service(first_id, "Night line"));
  EXPECT_THAT(client.ReadUntil("Night line", a_moment), HasSubstr("event: upsert"));
  ASSERT_EQ(cluster_.Cairn(0, {"withdraw", first_id}).exit_code, 0);
  EXPECT_THAT(client.ReadUntil("event: removed", a_moment), HasSubstr("event: removed"));
}

TEST_F(EdgeProcessTest, ATokenMadeAtTheNodeOpensAndIsShutWithinASecond) {
  Publish(Service(first_id, marker), {"--audience", "circle:police"});
  const std::string token = TokenFor(0, "circle:police");
  const auto reads = [&] { return Ask("/api/list", token).find(marker) != std::string::npos; };
  EXPECT_TRUE(Eventually(reads, a_moment));
  ASSERT_EQ(cluster_.Cairn(0, {"token", "revoke", "page"}).exit_code, 0);
  EXPECT_TRUE(Eventually([&] { return StatusOf(Ask("/api/list", token)) == "401"; }, a_moment));
}

// R7: the token stays good, the charter takes the circle from its partner.
TEST_F(EdgeProcessTest, ACircleThatItsPartnerLeftIsShutWithinASecond) {
  ASSERT_EQ(cluster_.HandOverCharter(1), absl::OkStatus());
  ASSERT_EQ(cluster_.ChangeSettings(1, "Empty: nowhere.\nlisten = \"\"", "\nlisten = \"127.0.0.1:0\""),
            absl::OkStatus());
  ASSERT_EQ(cluster_.Start(1, {"--role=node"}), absl::OkStatus());
  Publish(Service(first_id, marker), {"--audience", "circle:police", "--wait-for", "1"});
  edge_.Stop(SIGTERM);
  ASSERT_EQ(edge_.Start(cluster_.data(1)), absl::OkStatus());
  const std::string token = TokenFor(1, "circle:police");
  EXPECT_TRUE(Eventually([&] { return Ask("/api/list", token).find(marker) != std::string::npos; }, a_moment));
  ASSERT_EQ(cluster_.ChangeCharter("circle", {"police", "pl-a"}), absl::OkStatus());
  ASSERT_EQ(cluster_.Cairn(1, {"charter", "submit", cluster_.charter_file()}).exit_code, 0);
  EXPECT_TRUE(Eventually([&] { return Ask("/api/list", token).find(marker) == std::string::npos; }, a_moment));
  EXPECT_EQ(StatusOf(Ask("/api/list", token)), "200");
}

// R7
TEST_F(EdgeProcessTest, NothingOfACircleIsInAnyAnswerToAnybody) {
  Publish(Service(first_id, "Night line"));
  Publish(Service(second_id, marker), {"--audience", "circle:police"});
  EXPECT_TRUE(Eventually([&] { return Shows("/api/list", "Night line"); }, a_moment));
  const std::string record = absl::StrCat("/api/records/", second_id);
  for (const std::string& target :
       {std::string("/"), std::string("/api/list"), absl::StrCat("/api/search?q=", marker), std::string("/api/facets"),
        std::string("/api/partners"), std::string("/api/trends"), record, std::string("/status.json"),
        std::string("/readyz"), std::string("/hsds/services?format=ndjson"), absl::StrCat("/hsds/services/", second_id),
        std::string("/rpde/services"), std::string("/catalog.jsonld"), std::string("/trainings.ics"),
        absl::StrCat("/records/", second_id, ".jsonld"), std::string("/metrics")}) {
    const std::string answer = Ask(target);
    EXPECT_NE(StatusOf(answer), "") << target;
    // An answer repeats the words that were asked for.
    const bool asked = target.find(marker) != std::string::npos;
    EXPECT_TRUE(asked || answer.find(marker) == std::string::npos) << target;
    EXPECT_THAT(answer, Not(HasSubstr("police"))) << target;
  }
  EXPECT_THAT(Ask(absl::StrCat("/api/search?q=", marker)),
              HasSubstr("\r\n\r\n{\"hits\":[],\"total\":\"0\",\"facets\":[]}"));
  EXPECT_THAT(Ask("/api/trends"), HasSubstr(R"({"name":"entries","values":[)"));
}

TEST_F(EdgeProcessTest, TheNodeSaysHowItIsBesideAndTheEdgeWhatItAnswers) {
  Publish(Service(first_id, "Night line"));
  EXPECT_TRUE(Eventually([&] { return Shows("/api/list", "Night line"); }, a_moment));
  const CommandResult made = cluster_.Cairn(0, {"--json", "token", "create", "--role", "editor", "--name", "watch"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const std::string token =
      absl::StrCat("Authorization: Bearer ", nlohmann::json::parse(made.out).value("secret", ""), "\r\n");
  const int node = PortIn(FileText(cluster_.log(0) + ".ready"), " metrics=127.0.0.1:");
  EXPECT_EQ(StatusOf(Get(node, "/metrics")), "401");
  EXPECT_THAT(Get(node, "/metrics", token),
              AllOf(HasSubstr("cairn_partner_records{partner=\"pl-a\"} 1\n"),
                    HasSubstr("cairn_rpcs_total{code=\"0\",method=\"/cairn.v1.Publishing/Publish\"} 1\n")));
  EXPECT_EQ(StatusOf(Get(node, "/readyz")), "200");
  EXPECT_EQ(StatusOf(Get(node, "/api/list")), "404");
  EXPECT_TRUE(Eventually([&] { return StatusOf(Ask("/metrics", token)) == "200"; }, a_moment));
  EXPECT_THAT(Ask("/metrics", token),
              AllOf(HasSubstr("cairn_http_responses_total{code=\"200\",route=\"/api/list\"}"),
                    HasSubstr("cairn_records{kind=\"service\"} 1\n"), Not(HasSubstr("cairn_can_publish"))));
}

TEST_F(EdgeProcessTest, ServesOnWhenTheNodeIsKilledAndFollowsItWhenItIsBack) {
  Publish(Service(first_id, "Night line"));
  EXPECT_TRUE(Eventually([&] { return Shows("/api/list", "Night line"); }, a_moment));
  cluster_.Stop(0, SIGKILL);
  EXPECT_THAT(Ask("/api/list"), HasSubstr("Night line"));
  EXPECT_THAT(Ask("/readyz"), AllOf(HasSubstr("HTTP/1.1 200"), HasSubstr("ready")));
  ASSERT_EQ(cluster_.Start(0, {"--role=node", "--standalone"}), absl::OkStatus());
  Publish(Service(second_id, "Desk line"));
  EXPECT_TRUE(Eventually([&] { return Shows("/api/list", "Desk line"); }, a_moment));
}

TEST_F(EdgeProcessTest, ReadyzSaysThatTheNodeIsSilent) {
  edge_.Stop(SIGTERM);
  cluster_.Stop(0, SIGKILL);
  ASSERT_EQ(cluster_.ChangeSettings(0, "#heartbeat_seconds = 45", "heartbeat_seconds = 1"), absl::OkStatus());
  ASSERT_EQ(edge_.Start(cluster_.data(0)), absl::OkStatus());
  EXPECT_THAT(Ask("/readyz"), HasSubstr("\r\n\r\nready\n"));
  EXPECT_TRUE(Eventually([&] { return Shows("/readyz", "ready; the node has written nothing for"); }));
  EXPECT_EQ(StatusOf(Ask("/readyz")), "200");
}

TEST_F(EdgeProcessTest, SigtermLetsStreamsEndInOrder) {
  RawClient client(edge_.port());
  client.Send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
  client.ReadUntil("event: caught_up");
  EXPECT_EQ(edge_.Stop(SIGTERM), 0);
  EXPECT_THAT(client.ReadAll(), HasSubstr("0\r\n\r\n"));
}

TEST_F(EdgeProcessTest, SighupReadsItsSettingsAnew) {
  kill(edge_.pid(), SIGHUP);
  EXPECT_TRUE(Eventually([&] { return edge_.log().find("config.reloaded") != std::string::npos; }));
  EXPECT_EQ(StatusOf(Ask("/healthz")), "200");
}

TEST_F(EdgeProcessTest, NeedsNoKeyOfTheNode) {
  edge_.Stop(SIGTERM);
  cluster_.Stop(0, SIGTERM);
  std::filesystem::remove_all(cluster_.data(0) + "/keys");
  ASSERT_EQ(edge_.Start(cluster_.data(0)), absl::OkStatus());
  EXPECT_EQ(StatusOf(Ask("/readyz")), "200");
}

// Another user than the node's, who may write to nothing of it and open none of its keys.
TEST_F(EdgeProcessTest, NeedsNoRightButToReadTheDatabase) {
  if (getuid() != 0) GTEST_SKIP() << "only root can start a process of another user";
  edge_.Stop(SIGTERM);
  chmod(cluster_.data(0).c_str(), 0711);
  for (const char* file : {"/node.toml", "/cairn.db", "/cairn.db-wal", "/cairn.db-shm"}) {
    ASSERT_EQ(chmod((cluster_.data(0) + file).c_str(), 0644), 0) << file;
  }
  ASSERT_EQ(edge_.Start(cluster_.data(0), nobody), absl::OkStatus());
  Publish(Service(first_id, "Night line"));
  EXPECT_TRUE(Eventually([&] { return Shows("/api/search?q=night", "Night line"); }, a_moment));
  cluster_.Stop(0, SIGKILL);
  EXPECT_TRUE(Shows("/api/search?q=night", "Night line"));
  ASSERT_EQ(cluster_.Start(0, {"--role=node", "--standalone"}), absl::OkStatus());
  ASSERT_EQ(cluster_.Cairn(0, {"withdraw", first_id}).exit_code, 0);
  EXPECT_TRUE(Eventually([&] { return !Shows("/api/search?q=night", "Night line"); }, a_moment));
}

TEST_F(EdgeProcessTest, EndsSoThatItIsStartedAgainWhenTheDatabaseIsExchanged) {
  cluster_.Stop(0, SIGTERM);
  const std::string database = JoinPath(cluster_.data(0), data_dir::database);
  std::filesystem::copy_file(database, database + ".copy");
  std::filesystem::rename(database + ".copy", database);
  EXPECT_TRUE(Eventually([&] { return edge_.Ended(); }));
  EXPECT_THAT(edge_.log(), HasSubstr("another file lies there now"));
}

TEST_F(EdgeProcessTest, SaysWhatToMendWhenItCannotServe) {
  EdgeProcess second{BinDirectory()};
  EXPECT_THAT(std::string(second.Start(cluster_.directory()).message()), HasSubstr("node.toml"));
  EXPECT_THAT(std::string(second.Start(cluster_.data(1)).message()), HasSubstr("http.listen is empty"));
  ASSERT_EQ(cluster_.ChangeSettings(0, "\nlisten = \"127.0.0.1:0\"",
                                    absl::StrCat("\nlisten = \"127.0.0.1:", edge_.port(), "\"")),
            absl::OkStatus());
  EXPECT_THAT(std::string(second.Start(cluster_.data(0)).message()), HasSubstr("--role=node"));
}

// A key that the internet's side holds is a key that a break-in there takes.
TEST_F(EdgeProcessTest, RefusesAKeyOfTheNodeAsItsOwn) {
  edge_.Stop(SIGTERM);
  ASSERT_EQ(cluster_.ChangeSettings(0, "\nlisten = \"127.0.0.1:0\"",
                                    "\nlisten = \"127.0.0.1:0\"\ntls_certificate = \"keys/node.crt\"\n"
                                    "tls_key = \"keys/../keys/node.key\""),
            absl::OkStatus());
  EXPECT_THAT(std::string(edge_.Start(cluster_.data(0)).message()), HasSubstr("a key of the node itself"));
}

}  // namespace
}  // namespace cairn
