// What governors decide, with real processes: keys change as planned or after a theft, partners are suspended and
// leave.
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/data_dir.h"
#include "common/crypto/keys.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/cluster.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;

// Node 0 publishes; nodes 1 and 2 are others'.
class GovernanceTest : public testing::Test {
 protected:
  GovernanceTest() : cluster_(absl::StrCat(testing::TempDir(), "/governance-", getpid()), BinDirectory()) {}

  void SetUp() override {
    ASSERT_EQ(cluster_.Found({{"pl-a", "PL"}, {"lv-b", "LV"}, {"al-c", "AL"}}), absl::OkStatus());
    ASSERT_EQ(cluster_.StartAll(), absl::OkStatus());
  }

  static std::string Id(int i) { return absl::StrFormat("00000000-0000-4000-8000-%012d", i); }
  // A file of services `first` to `last`.
  std::string FileOf(int first, int last) {
    const std::string path = cluster_.directory() + "/batch.jsonl";
    std::ofstream file(path, std::ios::binary);
    for (int i = first; i <= last; ++i) {
      file << R"({"id":")" << Id(i) << R"(","language":"en","countries":["PL"],"service":{"name":"Service )" << i
           << R"(","status":"active","description":"Help","phones":[{"number":"116 111","country":"PL"}]}})"
           << "\n";
    }
    return path;
  }
  CommandResult Publish(int first, int last, std::vector<std::string> more = {"--wait-for", "2"}) {
    more.insert(more.begin(), {"publish", FileOf(first, last)});
    return cluster_.Cairn(0, more);
  }
  void ExpectPublished(const CommandResult& published) { EXPECT_EQ(published.exit_code, 0) << published.err; }

  // The governors' decision, in force at node `at` first.
  void Decide(const std::string& command, const std::vector<std::string>& args, int at = 1) {
    ASSERT_EQ(cluster_.ChangeCharter(command, args), absl::OkStatus());
    const CommandResult submitted = cluster_.Cairn(at, {"charter", "submit", cluster_.charter_file()});
    ASSERT_EQ(submitted.exit_code, 0) << submitted.err;
  }
  v1::GetStatusResponse Status(int node) {
    const auto status = cluster_.client(node)->GetStatus();
    return status.ok() ? *status : v1::GetStatusResponse();
  }
  // All nodes have the charter of the one that is furthest, and the owner's has the key that it names.
  bool Followed() {
    return Eventually([&] {
      const uint64_t version = std::max(Status(1).charter().version(), Status(2).charter().version());
      for (int i = 0; i < cluster_.size(); ++i) {
        if (Status(i).charter().version() != version) return false;
      }
      const v1::GetStatusResponse own = Status(0);
      return std::none_of(own.alerts().begin(), own.alerts().end(),
                          [](const std::string& alert) { return absl::StrContains(alert, "does not hold"); });
    });
  }
  std::string KeyFile() { return JoinPath(cluster_.data(0), data_dir::publishing_key); }
  std::string OwnKeyId() { return KeyId(SigningKey::FromPemFile(KeyFile())->public_key()); }
  // Makes the key that follows; the file for the governors.
  std::string NewKey() {
    const CommandResult made = cluster_.Cairn(0, {"node", "new-key"});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    return JoinPath(cluster_.data(0), data_dir::new_key_request);
  }
  v1::FeedStatus Feed(int node) {
    for (const v1::GetStatusResponse status = Status(node); const v1::FeedStatus& feed : status.feeds()) {
      if (feed.partner() == "pl-a") return feed;
    }
    return {};
  }
  // The present state of the feed as governors name it.
  std::string LastGood() { return absl::StrCat("public=", Feed(1).seq(), ":", Feed(1).state_digest()); }
  // How node `node` shows a record: "" or the partner's mark, "none" when it does not.
  std::string Mark(int node, int record) {
    v1::GetRecordRequest request;
    request.set_id(Id(record));
    const auto response = cluster_.client(node)->GetRecord(request);
    if (absl::IsNotFound(response.status())) return "none";
    return response.ok() ? response->record().partner_status() : std::string(response.status().message());
  }
  bool EverywhereMarked(int record, const std::string& mark) {
    return Eventually([&] { return Mark(1, record) == mark && Mark(2, record) == mark; });
  }
  bool EverywhereRecords(int64_t count) {
    return Eventually([&] {
      for (int i = 0; i < cluster_.size(); ++i) {
        if (RecordsOf(cluster_.client(i).get(), "pl-a") != count) return false;
      }
      return true;
    });
  }

  Cluster cluster_;
};

TEST_F(GovernanceTest, APlannedChangeOfKeysIsFollowedByAllAndTheOldKeyGoes) {
  ExpectPublished(Publish(1, 5));
  const std::string old_key = OwnKeyId();
  Decide("rotate-key", {NewKey()});
  ASSERT_TRUE(Followed());
  ExpectPublished(Publish(6, 6));
  Decide("drop-key", {"pl-a", old_key}, 2);
  ASSERT_TRUE(Followed());
  EXPECT_TRUE(EverywhereRecords(6)) << "what the new key signed stands";
  cluster_.Stop(0, SIGTERM);
  ASSERT_TRUE(std::filesystem::remove(KeyFile()));
  ASSERT_EQ(cluster_.Start(0), absl::OkStatus());
  ExpectPublished(Publish(7, 7));
  EXPECT_TRUE(EverywhereRecords(7));
  EXPECT_EQ(Feed(1).generation(), 1u);
}

TEST_F(GovernanceTest, AStolenKeyThatWasNotUsedYetIsCutOffAndTheNewOneGoesOn) {
  ExpectPublished(Publish(1, 5));
  Decide("revoke-key", {"pl-a", OwnKeyId(), "--new-key", NewKey(), "--last-good", LastGood()});
  ASSERT_TRUE(Followed());
  EXPECT_TRUE(EverywhereRecords(5)) << "what the owner signed before stays";
  ExpectPublished(Publish(6, 6));
  EXPECT_TRUE(EverywhereRecords(6));
  EXPECT_EQ(Feed(2).generation(), 1u);
}

TEST_F(GovernanceTest, WhatAThiefPublishedIsHiddenAtOnceAndTheOwnerBeginsAnewFromItsFiles_R1) {
  ExpectPublished(Publish(1, 5));
  const std::string last_good = LastGood();
  ExpectPublished(Publish(9, 9));  // with the key, on the owner's machine: its copy and all others hold it
  ASSERT_TRUE(EverywhereMarked(9, ""));
  Decide("revoke-key", {"pl-a", OwnKeyId(), "--new-key", NewKey(), "--last-good", last_good, "--new-generation"});
  ASSERT_TRUE(Followed());
  EXPECT_TRUE(EverywhereMarked(9, "none"));
  EXPECT_EQ(Mark(0, 9), "none");
  EXPECT_THAT(Publish(6, 6).err, HasSubstr("`cairn publish FILE --prune`")) << "one record is not all of the feed";
  const CommandResult begun = Publish(1, 6, {"--prune", "--wait-for", "2"});
  ExpectPublished(begun);
  EXPECT_TRUE(EverywhereRecords(6));
  EXPECT_TRUE(EverywhereMarked(9, "none"));
  for (int i = 0; i < cluster_.size(); ++i) {
    EXPECT_EQ(Feed(i).generation(), 2u) << "node " << i;
    EXPECT_EQ(Feed(i).state(), "ok") << "node " << i;
  }
  ExpectPublished(Publish(7, 7));
}

TEST_F(GovernanceTest, ARetiredPartnersEntriesStayOnTheOtherNodesMarkedWhenTheCharterKeepsThem) {
  ExpectPublished(Publish(1, 3));
  Decide("retire", {"pl-a", "--keep", "--last-good", LastGood()});
  EXPECT_TRUE(EverywhereMarked(1, "retired"));
  EXPECT_THAT(cluster_.Cairn(2, {"get", Id(2)}).out, HasSubstr("partner retired"));
  EXPECT_THAT(cluster_.Cairn(2, {"search", "service"}).out, HasSubstr("partner retired"));
  EXPECT_THAT(cluster_.Cairn(1, {"list", "--json"}).out, HasSubstr("\"partner_status\":\"retired\""));
  EXPECT_THAT(cluster_.Cairn(1, {"export"}).err, HasSubstr("pl-a is retired"));
  EXPECT_THAT(cluster_.Cairn(1, {"status"}).out, HasSubstr("partner retired"));
  Publish(4, 4, {});  // at its own node, which is cut off and knows of nothing
  ASSERT_EQ(cluster_.AddMember({"ee-new", "EE"}), absl::OkStatus());
  ASSERT_EQ(cluster_.Admit(3), absl::OkStatus());
  ASSERT_EQ(cluster_.HandOverCharter(3), absl::OkStatus());
  ASSERT_EQ(cluster_.Cairn(1, {"charter", "submit", cluster_.charter_file()}).exit_code, 0);
  ASSERT_EQ(cluster_.Start(3), absl::OkStatus());
  EXPECT_TRUE(Eventually([&] { return Mark(3, 3) == "retired"; })) << "who comes later gets the last good state";
  EXPECT_EQ(Mark(1, 4), "none") << "nothing new of it is taken";
}

TEST_F(GovernanceTest, ARetiredPartnersEntriesAreWithdrawnOnEveryNodeOtherwise) {
  ExpectPublished(Publish(1, 3));
  Decide("retire", {"pl-a"});
  EXPECT_TRUE(EverywhereMarked(1, "none"));
  for (int i : {1, 2}) {
    EXPECT_TRUE(Eventually([&] { return Feed(i).partner().empty(); })) << "node " << i << " holds nothing of it";
  }
}

TEST_F(GovernanceTest, ASuspendedPartnersEntriesAreMarkedUntilItIsReinstated) {
  ExpectPublished(Publish(1, 3));
  Decide("suspend", {"pl-a"});
  EXPECT_TRUE(EverywhereMarked(2, "suspended"));
  Decide("reinstate", {"pl-a"});
  EXPECT_TRUE(EverywhereMarked(2, ""));
}

// R7. A new member has the whole past; one that left sees nothing a second after the owner has the decision, is sent
// nothing more, erases what it held, and says so.
TEST_F(GovernanceTest, ACircleChangesLive_R7) {
  const std::vector<std::string> to_circle = {"--audience", "circle:police", "--wait-for", "1"};
  Decide("circle", {"police", "pl-a", "lv-b"}, 0);
  ExpectPublished(Publish(1, 40, to_circle));
  EXPECT_EQ(Mark(1, 40), "");
  EXPECT_EQ(Mark(2, 40), "none");
  Decide("circle", {"police", "pl-a", "lv-b", "al-c"}, 0);
  EXPECT_TRUE(Eventually([&] { return Mark(2, 1) == "" && Mark(2, 40) == ""; })) << "the past of a new member";

  Decide("circle", {"police", "pl-a", "al-c"}, 0);
  EXPECT_TRUE(Eventually([&] { return Mark(1, 1) == "none" && Mark(1, 40) == "none"; }, absl::Seconds(1)));
  ExpectPublished(Publish(777001, 777001, to_circle));
  EXPECT_EQ(Mark(2, 777001), "");
  EXPECT_TRUE(Eventually([&] {
    const std::string receipts = cluster_.Cairn(0, {"receipts", Id(1)}).out;
    return absl::StrContains(receipts, "lv-b-1") && absl::StrContains(receipts, "erased its copy");
  })) << cluster_.Cairn(0, {"receipts", Id(1)}).out;
  EXPECT_EQ(Mark(1, 777001), "none");
  for (const char* file : {"/cairn.db", "/cairn.db-wal"}) {
    EXPECT_FALSE(absl::StrContains(FileText(cluster_.data(1) + file), "Service 777001")) << file;
  }
  EXPECT_TRUE(absl::StrContains(FileText(cluster_.data(2) + "/cairn.db") + FileText(cluster_.data(2) + "/cairn.db-wal"),
                                "Service 777001"))
      << "where it may be, it is found so";
}

}  // namespace
}  // namespace cairn
