// /metrics of a real node: who may see it, what stands there, and whether alerts and dashboard ask for what is there.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/cluster.h"
#include "tests/server/http/http_client.h"
#include "tests/source_directory.h"

namespace cairn {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Names = std::set<std::string>;

std::string Service(int n) {
  return absl::StrCat(R"({"id":"00000000-0000-4000-8000-00000000000)", n,
                      R"(","language":"en","countries":["PL"],"service":{"name":"Line","status":"active"}})", "\n");
}

// What stands in a file of deploy/monitoring.
std::string Monitoring(const std::string& name) {
  return FileText((SourceDirectory() / "deploy/monitoring" / name).string());
}

// Names of metrics in expressions; those of a histogram's parts without their endings.
Names NamesIn(const std::string& text) {
  Names names;
  const std::regex name("\\b(cairn|process)_[a-z_]+[a-z]\\b");
  for (std::sregex_iterator at(text.begin(), text.end(), name), end; at != end; ++at) {
    const std::string whole = at->str();
    absl::string_view found = whole;
    for (const char* part : {"_bucket", "_count", "_sum"}) absl::ConsumeSuffix(&found, part);
    names.insert(std::string(found));
  }
  return names;
}

// Names that Prometheus is told of.
Names Served(const std::string& metrics) {
  Names names;
  for (const absl::string_view line : absl::StrSplit(metrics, '\n')) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    if (absl::StartsWith(line, "# TYPE ")) names.insert(words[2]);
  }
  return names;
}

Names Without(const Names& all, const Names& known) {
  Names rest;
  for (const std::string& name : all) {
    if (known.count(name) == 0) rest.insert(name);
  }
  return rest;
}

class MetricsTest : public testing::Test {
 protected:
  MetricsTest() : cluster_(absl::StrCat(testing::TempDir(), "/metrics-", getpid()), BinDirectory()) {}

  void SetUp() override {
    ASSERT_EQ(cluster_.Found({{"pl-a", "PL"}, {"lv-b", "LV"}}), absl::OkStatus());
    ASSERT_EQ(cluster_.ChangeCharter("circle", {"police", "pl-a", "lv-b"}), absl::OkStatus());
    for (int i = 0; i < 2; ++i) ASSERT_EQ(cluster_.HandOverCharter(i), absl::OkStatus());
    ASSERT_EQ(cluster_.ChangeSettings(0, "Empty: nowhere.\nlisten = \"\"", "\nlisten = \"127.0.0.1:0\""),
              absl::OkStatus());
    ASSERT_EQ(cluster_.StartAll(), absl::OkStatus());
    port_ = PortIn(FileText(cluster_.log(0) + ".ready"), " http=127.0.0.1:");
    ASSERT_NE(port_, 0);
  }

  void Publish(int n, const std::string& audience) {
    const std::string file = absl::StrCat(cluster_.directory(), "/record.jsonl");
    std::ofstream(file, std::ios::binary) << Service(n);
    const CommandResult result = cluster_.Cairn(0, {"publish", file, "--audience", audience});
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }

  // What a token of that role sees, all of the answer.
  std::string Scrape(const std::string& role, const std::vector<std::string>& audiences = {}) {
    std::vector<std::string> create = {"--json", "token", "create", "--role", role, "--name"};
    create.push_back(absl::StrCat("scrape-", ++tokens_));
    for (const std::string& audience : audiences) create.insert(create.end(), {"--audience", audience});
    const CommandResult made = cluster_.Cairn(0, create);
    EXPECT_EQ(made.exit_code, 0) << made.err;
    return Get(port_, "/metrics",
               absl::StrCat("Authorization: Bearer ", std::string(nlohmann::json::parse(made.out)["secret"]), "\r\n"));
  }

  // Prometheus' own tool over a text.
  void Promtool(const std::string& command, const std::string& text) {
    const std::string file = cluster_.directory() + "/promtool.in";
    std::ofstream(file, std::ios::binary) << text;
    const CommandResult result = RunCommand({"/bin/sh", "-c", absl::StrCat("promtool ", command, " ", file, " 2>&1")});
    EXPECT_EQ(result.exit_code, 0) << result.out;
  }

  Cluster cluster_;
  int port_ = 0;
  int tokens_ = 0;
};

TEST_F(MetricsTest, AreForThoseWhoWatchOverTheNode) {
  const std::string nobody = Get(port_, "/metrics");
  EXPECT_EQ(StatusOf(nobody), "401");
  EXPECT_THAT(nobody, AllOf(HasSubstr("cairn token create"), Not(HasSubstr("cairn_"))));
  const std::string reader = Scrape("reader");
  EXPECT_EQ(StatusOf(reader), "403");
  EXPECT_THAT(reader, Not(HasSubstr("cairn_")));
  EXPECT_EQ(StatusOf(Scrape("editor")), "200");
}

TEST_F(MetricsTest, SayWhatTheNodeHoldsAndAnswers) {
  Publish(1, "public");
  ASSERT_TRUE(
      Eventually([&] { return absl::StrContains(Scrape("operator"), "cairn_peer_connected{node=\"lv-b-1\"} 1"); }));
  Get(port_, "/api/search?q=line");
  Get(port_, "/no/such/path");
  const std::string text = Scrape("operator");
  for (const char* line :
       {"cairn_records{kind=\"service\"} 1\n", "cairn_partner_records{partner=\"pl-a\"} 1\n", "cairn_write_failing 0\n",
        "cairn_partner_behind_changes{partner=\"pl-a\"} 0\n", "cairn_can_publish 1\n",
        "cairn_http_request_duration_seconds_count{route=\"/api/search\"} 1\n",
        "cairn_http_responses_total{code=\"404\",route=\"other\"} 1\n",
        "cairn_rpcs_total{code=\"0\",method=\"/cairn.v1.Publishing/Publish\"} 1\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST_F(MetricsTest, ShowATokenWhatItsAudiencesMayAndNameNoCircle_R7) {
  Publish(1, "public");
  Publish(2, "consortium");
  Publish(3, "circle:police");
  EXPECT_THAT(Scrape("editor"), AllOf(HasSubstr("cairn_partner_records{partner=\"pl-a\"} 1\n"),
                                      HasSubstr("cairn_records{kind=\"service\"} 1\n")));
  const std::string all = Scrape("editor", {"consortium", "circle:police"});
  EXPECT_THAT(all, AllOf(HasSubstr("cairn_partner_records{partner=\"pl-a\"} 3\n"),
                         HasSubstr("cairn_records{kind=\"service\"} 3\n"), Not(HasSubstr("police"))));
}

TEST_F(MetricsTest, AlertsAndDashboardAskForWhatIsThereAndLeaveNothingOut) {
  ASSERT_TRUE(Eventually([&] { return absl::StrContains(Scrape("operator"), "cairn_peer_connected{"); }));
  Publish(1, "public");
  const Names served = Served(Scrape("operator"));
  const Names alerts = NamesIn(Monitoring("cairn-alerts.yml"));
  const Names dashboard = NamesIn(Monitoring("grafana-cairn.json"));
  ASSERT_GT(alerts.size(), 8u);
  EXPECT_THAT(Without(alerts, served), IsEmpty());
  EXPECT_THAT(Without(dashboard, served), IsEmpty());
  EXPECT_THAT(Without(served, dashboard), IsEmpty()) << "nobody would ever see it";
}

TEST_F(MetricsTest, PrometheusItselfFindsNothingToSay) {
  if (RunCommand({"/bin/sh", "-c", "command -v promtool"}).exit_code != 0)
    GTEST_SKIP() << "promtool is not installed: Debian's package prometheus has it";
  Publish(1, "public");
  const std::string answer = Scrape("operator");
  Promtool("check metrics <", answer.substr(answer.find("\r\n\r\n") + 4));
  Promtool("check rules", Monitoring("cairn-alerts.yml"));
  Promtool("check config --syntax-only", Monitoring("prometheus.yml"));
}

}  // namespace
}  // namespace cairn
