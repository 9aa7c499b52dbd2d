// A node's HTTP side as processes see it: tokens, events, the log, stopping.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/data_dir.h"
#include "common/base/limits.h"
#include "tests/e2e/cluster.h"
#include "tests/server/http/http_client.h"

namespace cairn {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr char public_service[] =
    R"({"id":"00000000-0000-4000-8000-000000000001","language":"en","countries":["PL"],"service":{"name":"Night line",)"
    R"("status":"active"}})"
    "\n";
constexpr char members_service[] =
    R"({"id":"00000000-0000-4000-8000-000000000002","language":"en","countries":["PL"],"service":{"name":"Desk line",)"
    R"("status":"active"}})"
    "\n";

class HttpSideTest : public testing::Test {
 protected:
  HttpSideTest() : cluster_(absl::StrCat(testing::TempDir(), "/http-side-", getpid()), BinDirectory()) {}

  void SetUp() override {
    ASSERT_EQ(cluster_.Found({{"pl-a", "PL", true}}), absl::OkStatus());
    ASSERT_EQ(cluster_.ChangeSettings(0, "Empty: nowhere.\nlisten = \"\"", "\nlisten = \"127.0.0.1:0\""),
              absl::OkStatus());
    ASSERT_EQ(cluster_.Start(0), absl::OkStatus());
    port_ = PortIn(FileText(cluster_.log(0) + ".ready"), " http=127.0.0.1:");
    ASSERT_NE(port_, 0);
  }

  void Publish(absl::string_view record, const std::string& audience) {
    const std::string file = absl::StrCat(cluster_.directory(), "/record.jsonl");
    std::ofstream(file, std::ios::binary) << record;
    const CommandResult result = cluster_.Cairn(0, {"publish", file, "--audience", audience});
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }

  Cluster cluster_;
  int port_ = 0;
};

TEST_F(HttpSideTest, AnybodyReadsWhatIsPublicAndATokenReadsMoreUntilItIsRevoked) {
  Publish(public_service, "public");
  Publish(members_service, "consortium");
  EXPECT_THAT(Get(port_, "/api/search?q=line"), AllOf(HasSubstr("Night line"), Not(HasSubstr("Desk line"))));
  const CommandResult made = cluster_.Cairn(
      0, {"--json", "token", "create", "--name", "page", "--role", "reader", "--audience", "consortium"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const std::string bearer =
      absl::StrCat("Authorization: Bearer ", std::string(nlohmann::json::parse(made.out)["secret"]), "\r\n");
  EXPECT_THAT(Get(port_, "/api/search?q=line", bearer), AllOf(HasSubstr("Night line"), HasSubstr("Desk line")));
  ASSERT_EQ(cluster_.Cairn(0, {"token", "revoke", "page"}).exit_code, 0);
  EXPECT_EQ(StatusOf(Get(port_, "/api/search?q=line", bearer)), "401");
}

TEST_F(HttpSideTest, EventsComeAsTheyHappenAndEndWhenTheNodeStops) {
  RawClient client(port_);
  client.Send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("event: caught_up"), HasSubstr("text/event-stream"));
  Publish(public_service, "public");
  EXPECT_THAT(client.ReadUntil("Night line"), HasSubstr("event: upsert"));
  ASSERT_EQ(cluster_.Cairn(0, {"withdraw", "00000000-0000-4000-8000-000000000001"}).exit_code, 0);
  EXPECT_THAT(client.ReadUntil("event: removed"), HasSubstr("event: removed"));
  EXPECT_EQ(cluster_.Stop(0, SIGTERM), 0);
  EXPECT_THAT(client.ReadAll(), HasSubstr("0\r\n\r\n"));
}

TEST_F(HttpSideTest, ItsLogHasNoWordsAndNoAddresses) {
  Get(port_, "/api/search?q=bruises");
  EXPECT_TRUE(Eventually([&] { return FileText(cluster_.log(0)).find("route=\"/api/search\"") != std::string::npos; }));
  EXPECT_THAT(FileText(cluster_.log(0)), AllOf(Not(HasSubstr("bruises")), HasSubstr("client=\"127.0.0.0/24\"")));
}

TEST_F(HttpSideTest, StatusSaysThatAddressesAskedForTooMuch) {
  const auto refused = [&] { return cluster_.client(0)->GetStatus()->refused_readers(); };
  EXPECT_TRUE(refused().empty());
  int told = 0;
  for (int i = 0; i < 3 * limits::http_requests_burst && told < 2; ++i) {
    if (StatusOf(Get(port_, "/healthz")) == "429") ++told;
  }
  ASSERT_EQ(told, 2) << "no limit was met";
  ASSERT_EQ(refused().size(), 1);
  EXPECT_EQ(refused()[0].reader(), "addresses of http.listen");
  EXPECT_EQ(refused()[0].reason(), "TOO_MANY_REQUESTS");
  EXPECT_EQ(refused()[0].times(), 2u);
  EXPECT_THAT(cluster_.Cairn(0, {"status"}).out, HasSubstr("addresses of http.listen"));
}

TEST_F(HttpSideTest, SaysHowItIs) {
  EXPECT_EQ(StatusOf(Get(port_, "/healthz")), "200");
  EXPECT_EQ(StatusOf(Get(port_, "/readyz")), "200");
  EXPECT_THAT(Get(port_, "/status.json"), HasSubstr("\"partner\": \"pl-a\""));
}

}  // namespace
}  // namespace cairn
