// Four nodes as processes: keys, mutual TLS, SQLite files and the command line, as partners run them.
#include <signal.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/data_dir.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/cluster.h"

namespace cairn {
namespace {

using testing::HasSubstr;

std::string Id(int owner, int number) { return absl::StrFormat("00000000-0000-4000-8%03d-%012d", owner, number); }

// A small file system of its own at `path`, until destroyed.
class SmallDisk {
 public:
  SmallDisk(std::string path, const std::string& size) : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
    if (mount("tmpfs", path_.c_str(), "tmpfs", 0, absl::StrCat("size=", size, ",mode=0700").c_str()) != 0)
      why_not_ = absl::StrCat("mounting a small disk needs root: ", strerror(errno));
  }
  ~SmallDisk() {
    if (why_not_.empty()) umount2(path_.c_str(), MNT_DETACH);
  }
  const std::string& why_not() const { return why_not_; }

  // Leaves no byte free.
  void Fill() const {
    std::ofstream filler(path_ + "/filler", std::ios::binary);
    const std::string block(4096, 'x');
    while (filler << block << std::flush) {
    }
  }
  void MakeRoom() const { std::filesystem::remove(path_ + "/filler"); }

 private:
  const std::string path_;
  std::string why_not_;
};

// One service as Cairn's JSON line.
std::string ServiceLine(int owner, int number, const std::string& name, const std::string& phone = "116 111") {
  return absl::StrCat(R"({"id":")", Id(owner, number), R"(","language":"en","countries":["PL"],"service":{"name":")",
                      name, R"(","status":"active","description":"Help for children and young people, number )", number,
                      R"(","phones":[{"number":")", phone, R"(","country":"PL"}]}})", "\n");
}

class FourNodesTest : public testing::Test {
 protected:
  FourNodesTest() : cluster_(absl::StrCat(testing::TempDir(), "/four-nodes-", getpid()), BinDirectory()) {}

  void Found(const std::vector<Member>& members) {
    ASSERT_EQ(cluster_.Found(members), absl::OkStatus());
    ASSERT_EQ(cluster_.StartAll(), absl::OkStatus());
  }
  void FoundFour() { Found({{"pl-a", "PL"}, {"lv-b", "LV"}, {"al-c", "AL"}, {"co-d", "CO", true}}); }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = cluster_.directory() + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  std::string ManyServices(int owner, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += ServiceLine(owner, i, absl::StrCat("Service ", i));
    return Write(absl::StrCat("many-", owner, ".jsonl"), text);
  }

  CommandResult Publish(int i, const std::string& file, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"publish", file});
    return cluster_.Cairn(i, more);
  }

  // Node `i` shows this name for the record.
  bool Shows(int i, const std::string& id, const std::string& name) {
    v1::GetRecordRequest request;
    request.set_id(id);
    const auto got = cluster_.client(i)->GetRecord(request);
    return got.ok() && got->record().record().service().name() == name;
  }
  bool Lacks(int i, const std::string& id) {
    v1::GetRecordRequest request;
    request.set_id(id);
    return absl::IsNotFound(cluster_.client(i)->GetRecord(request).status());
  }

  Cluster cluster_;
};

TEST_F(FourNodesTest, EveryNodeShowsWhatEachPublishesChangesAndWithdraws) {
  FoundFour();
  for (int i = 0; i < 4; ++i) {
    const CommandResult result =
        Publish(i, Write("one.jsonl", ServiceLine(i, 1, absl::StrCat("First of ", i))), {"--wait-for", "3"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }
  for (int i = 0; i < 4; ++i) {
    for (int owner = 0; owner < 4; ++owner)
      EXPECT_TRUE(Shows(i, Id(owner, 1), absl::StrCat("First of ", owner))) << i << " " << owner;
  }
  // The fourth cannot be dialled: its change must reach all the same.
  ASSERT_EQ(Publish(3, Write("one.jsonl", ServiceLine(3, 1, "Changed")), {"--wait-for", "3"}).exit_code, 0);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(Shows(i, Id(3, 1), "Changed")) << i;
  ASSERT_EQ(cluster_.Cairn(0, {"withdraw", Id(0, 1), "--wait-for", "3"}).exit_code, 0);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(Lacks(i, Id(0, 1))) << i;
}

TEST_F(FourNodesTest, PublishingTheSameFileTwiceChangesNothing) {
  Found({{"pl-a", "PL"}});
  const std::string file = ManyServices(0, 20);
  ASSERT_EQ(Publish(0, file).exit_code, 0);
  const auto before = cluster_.client(0)->GetStatus();
  ASSERT_EQ(Publish(0, file).exit_code, 0);
  const auto after = cluster_.client(0)->GetStatus();
  ASSERT_TRUE(before.ok() && after.ok());
  EXPECT_EQ(before->feeds(0).seq(), 20u);
  EXPECT_EQ(after->feeds(0).seq(), 20u);
}

TEST_F(FourNodesTest, ReceiverKilledInTheMiddleOfALargeChangeIsCompleteAfterItsRestart) {  // R2, R3, R4
  FoundFour();
  ASSERT_EQ(cluster_.Stop(1, SIGKILL), SIGKILL);
  ASSERT_EQ(Publish(0, ManyServices(0, 20'000)).exit_code, 0);
  for (int kills = 0; kills < 3; ++kills) {
    ASSERT_EQ(cluster_.Start(1), absl::OkStatus());
    absl::SleepFor(absl::Milliseconds(300 + 250 * kills));
    cluster_.Stop(1, SIGKILL);
  }
  ASSERT_EQ(cluster_.Start(1), absl::OkStatus());
  const auto client = cluster_.client(1);
  EXPECT_TRUE(Eventually([&] { return RecordsOf(client.get(), "pl-a") == 20'000; }, absl::Seconds(60)));
  const CommandResult verified = cluster_.Cairn(1, {"verify", "--deep"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
}

TEST_F(FourNodesTest, PublisherKilledAfterItsAcknowledgementHasLostNothing) {  // R3
  Found({{"pl-a", "PL"}, {"lv-b", "LV"}});
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(Publish(0, Write("one.jsonl", ServiceLine(0, i, "Kept"))).exit_code, 0);
    cluster_.Stop(0, SIGKILL);
    ASSERT_EQ(cluster_.Start(0), absl::OkStatus());
    EXPECT_TRUE(Shows(0, Id(0, i), "Kept"));
  }
  EXPECT_TRUE(Eventually([&] { return Shows(1, Id(0, 4), "Kept"); }));
}

TEST_F(FourNodesTest, NodeAdmittedWhileTheOthersRunIsConnectedWithoutARestart) {
  Found({{"pl-a", "PL"}, {"lv-b", "LV"}});
  ASSERT_EQ(Publish(0, Write("one.jsonl", ServiceLine(0, 1, "From before"))).exit_code, 0);
  ASSERT_EQ(cluster_.AddMember({"ee-new", "EE"}), absl::OkStatus());
  ASSERT_EQ(cluster_.Admit(2), absl::OkStatus());
  ASSERT_EQ(cluster_.HandOverCharter(2), absl::OkStatus());
  ASSERT_EQ(cluster_.Cairn(0, {"charter", "submit", cluster_.charter_file()}).exit_code, 0);
  ASSERT_EQ(cluster_.Start(2), absl::OkStatus());
  EXPECT_TRUE(Eventually([&] { return Shows(2, Id(0, 1), "From before"); }));
  ASSERT_EQ(Publish(2, Write("new.jsonl", ServiceLine(2, 1, "From the new one"))).exit_code, 0);
  EXPECT_TRUE(Eventually([&] { return Shows(1, Id(2, 1), "From the new one"); }));
}

TEST_F(FourNodesTest, NodeTakenOutOfTheCharterIsCutOff) {
  Found({{"pl-a", "PL"}, {"lv-b", "LV"}, {"al-c", "AL"}});
  ASSERT_EQ(Publish(0, Write("one.jsonl", ServiceLine(0, 1, "For all")), {"--wait-for", "2"}).exit_code, 0);
  ASSERT_EQ(cluster_.ChangeCharter("retire", {"al-c"}), absl::OkStatus());
  ASSERT_EQ(cluster_.Cairn(0, {"charter", "submit", cluster_.charter_file()}).exit_code, 0);
  absl::SleepFor(absl::Seconds(1));
  ASSERT_EQ(Publish(0, Write("two.jsonl", ServiceLine(0, 2, "For the others")), {"--wait-for", "1"}).exit_code, 0);
  EXPECT_TRUE(Eventually([&] { return Shows(1, Id(0, 2), "For the others"); }));
  absl::SleepFor(absl::Seconds(2));
  EXPECT_TRUE(Lacks(2, Id(0, 2)));
}

TEST_F(FourNodesTest, RefusesAWholeBatchAndSaysWhy) {
  Found({{"pl-a", "PL"}});
  const CommandResult bad =
      Publish(0, Write("bad.jsonl", ServiceLine(0, 1, "Good") + ServiceLine(0, 2, "Bad", "116-111x")));
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_THAT(bad.err + bad.out, HasSubstr("116-111x"));
  EXPECT_THAT(bad.err + bad.out, HasSubstr("line 2"));
  EXPECT_TRUE(Lacks(0, Id(0, 1)));
  const CommandResult going = Publish(
      0, Write("bad.jsonl", ServiceLine(0, 1, "Good") + ServiceLine(0, 2, "Bad", "116-111x")), {"--keep-going"});
  EXPECT_TRUE(Shows(0, Id(0, 1), "Good")) << going.err;
}

TEST_F(FourNodesTest, IdOfAnotherPartnerIsRefused) {
  Found({{"pl-a", "PL"}, {"lv-b", "LV"}});
  ASSERT_EQ(Publish(0, Write("one.jsonl", ServiceLine(0, 1, "Mine")), {"--wait-for", "1"}).exit_code, 0);
  const CommandResult result = Publish(1, Write("theirs.jsonl", ServiceLine(0, 1, "Hijacked")));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err + result.out, HasSubstr("pl-a"));
  EXPECT_TRUE(Shows(1, Id(0, 1), "Mine"));
}

TEST_F(FourNodesTest, StopsCleanlyOnSigterm) {
  Found({{"pl-a", "PL"}, {"lv-b", "LV"}});
  ASSERT_EQ(Publish(0, Write("one.jsonl", ServiceLine(0, 1, "Here")), {"--wait-for", "1"}).exit_code, 0);
  const int status = cluster_.Stop(0, SIGTERM);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(FourNodesTest, RefusesToStartOnWhatIsWrongAndNamesIt) {
  ASSERT_EQ(cluster_.Found({{"pl-a", "PL"}}), absl::OkStatus());
  const std::string cairnd = BinDirectory() + "/cairnd";
  const std::string config = JoinPath(cluster_.data(0), data_dir::config);
  const std::string good = [&] {
    std::ifstream in(config);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }();
  std::ofstream(config) << "lisen = \"127.0.0.1:1\"\n" << good;
  CommandResult result = RunCommand({cairnd, "--data", cluster_.data(0)});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("listen"));
  std::ofstream(config) << good;

  const std::string key = JoinPath(cluster_.data(0), data_dir::publishing_key);
  std::filesystem::permissions(key, std::filesystem::perms::owner_read | std::filesystem::perms::others_read);
  result = RunCommand({cairnd, "--data", cluster_.data(0)});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("chmod"));
  std::filesystem::permissions(key, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);

  ASSERT_EQ(cluster_.Start(0), absl::OkStatus());
  result = RunCommand({cairnd, "--data", cluster_.data(0)});
  EXPECT_EQ(result.exit_code, 1) << "two nodes on one data directory";
}

TEST_F(FourNodesTest, FullDiskStopsWritingKeepsReadingLosesNothingAndEndsByItself) {  // R3
  const SmallDisk disk(cluster_.directory() + "/pl-a", "24m");
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  Found({{"pl-a", "PL"}, {"lv-b", "LV"}});
  ASSERT_EQ(Publish(0, Write("one.jsonl", ServiceLine(0, 1, "Before")), {"--wait-for", "1"}).exit_code, 0);
  disk.Fill();
  const std::string many = ManyServices(0, 3'000);
  const CommandResult refused = Publish(0, many);
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("full"));
  EXPECT_TRUE(Shows(0, Id(0, 1), "Before")) << "reads go on";
  // Others publish meanwhile; what cannot be stored now comes later.
  ASSERT_EQ(Publish(1, ManyServices(1, 3'000)).exit_code, 0);
  EXPECT_TRUE(Eventually([&] { return !cluster_.client(0)->GetStatus()->can_publish(); }));
  EXPECT_THAT(cluster_.client(0)->GetStatus()->cannot_publish_reason(), HasSubstr("full"));
  disk.MakeRoom();
  EXPECT_TRUE(Eventually([&] { return cluster_.client(0)->GetStatus()->can_publish(); })) << "nobody has to restart it";
  EXPECT_EQ(Publish(0, many, {"--wait-for", "1"}).exit_code, 0);
  const auto reader = cluster_.client(0);
  EXPECT_TRUE(Eventually([&] { return RecordsOf(reader.get(), "lv-b") == 3'000; }, absl::Seconds(90)));
  const CommandResult verified = cluster_.Cairn(0, {"verify", "--deep"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  cluster_.Stop(0, SIGTERM);
}

TEST_F(FourNodesTest, RecordAlteredInTheFileIsFoundAndHealed) {
  Found({{"pl-a", "PL"}, {"lv-b", "LV"}});
  ASSERT_EQ(Publish(0, ManyServices(0, 50), {"--wait-for", "1"}).exit_code, 0);
  cluster_.Stop(1, SIGTERM);
  const CommandResult altered =
      RunCommand({"/usr/bin/sqlite3", JoinPath(cluster_.data(1), data_dir::database),
                  "UPDATE payload SET bytes = CAST(replace(CAST(bytes AS TEXT), 'Service 7', 'Service X') AS BLOB) "
                  "WHERE instr(CAST(bytes AS TEXT), 'Service 7') > 0; SELECT changes();"});
  ASSERT_EQ(altered.exit_code, 0) << altered.err;
  ASSERT_EQ(altered.out, "1\n");
  ASSERT_EQ(cluster_.Start(1), absl::OkStatus());
  const CommandResult found = cluster_.Cairn(1, {"verify", "--deep", "--heal"});
  EXPECT_EQ(found.exit_code, 1) << found.out;
  EXPECT_TRUE(Eventually([&] { return cluster_.Cairn(1, {"verify", "--deep"}).exit_code == 0; }));
  EXPECT_TRUE(Shows(1, Id(0, 7), "Service 7"));
}

}  // namespace
}  // namespace cairn
