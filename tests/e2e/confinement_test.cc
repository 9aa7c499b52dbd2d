// What must not be found where it does not belong: a withdrawn record in a node's files, a private key in what it says.
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/data_dir.h"
#include "common/base/hex.h"
#include "common/text/fold.h"
#include "gtest/gtest.h"
#include "tests/e2e/cluster.h"

namespace cairn {
namespace {

const char kId[] = "00000000-0000-4000-8000-000000000001";

std::string ReadBytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string Line(const std::string& id, const std::string& text) {
  return absl::StrCat(R"({"id":")", id, R"(","language":"pl","countries":["PL"],"service":{"name":")", text,
                      R"(","status":"active","description":"About )", text, R"("}})", "\n");
}

class ConfinementTest : public testing::Test {
 protected:
  ConfinementTest() : cluster_(absl::StrCat(testing::TempDir(), "/confinement-", getpid()), BinDirectory()) {}

  void Found() {
    ASSERT_EQ(cluster_.Found({{"pl-a", "PL"}, {"lv-b", "LV"}}), absl::OkStatus());
    for (int i = 0; i < 2; ++i) {
      const std::string config = JoinPath(cluster_.data(i), data_dir::config);
      const std::string text = ReadBytes(config);
      std::ofstream(config, std::ios::trunc) << "log_level = \"debug\"\n" << text;
    }
    ASSERT_EQ(cluster_.StartAll(), absl::OkStatus());
  }
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = cluster_.directory() + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  CommandResult Publish(int i, const std::string& text) {
    return cluster_.Cairn(i, {"publish", Write("input.jsonl", text), "--wait-for", "1"});
  }
  // All bytes of all files of node `i`.
  std::string Files(int i) const {
    std::string all;
    for (const auto& file : std::filesystem::recursive_directory_iterator(cluster_.data(i))) {
      if (file.is_regular_file()) all += ReadBytes(file.path());
    }
    return all;
  }
  bool Erased(int i) const {
    const auto status = cluster_.client(i)->GetStatus();
    return status.ok() && status->disk().has_erasure_completed_at() && !status->disk().has_erasure_pending_since();
  }

  Cluster cluster_;
};

TEST_F(ConfinementTest, AWithdrawnRecordIsInNoByteOfThePublishersAndTheReceiversFiles) {
  const std::string marker = "Zażółćgęśląjaźńqvxq";
  const std::string folded = FoldForSearch(marker);
  const auto holds = [&](int i) {
    const std::string files = Files(i);
    return absl::StrContains(files, marker) || absl::StrContains(files, folded.substr(folded.size() / 3));
  };
  Found();
  std::string many = Line(kId, marker);
  for (int n = 2; n < 700; ++n) {  // more than stays in memory while it is published
    many += Line(absl::StrCat("00000000-0000-4000-8000-", 100'000'000'000 + n), absl::StrCat("Service ", n));
  }
  ASSERT_EQ(Publish(0, many).exit_code, 0);
  ASSERT_TRUE(holds(0) && holds(1)) << "else this proves nothing";
  ASSERT_EQ(cluster_.Cairn(0, {"withdraw", kId, "--wait-for", "1"}).exit_code, 0);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(Eventually([&] { return Erased(i); }, absl::Seconds(60))) << i;
    EXPECT_FALSE(holds(i)) << i;
  }
}

// The 32 secret bytes of an Ed25519 or P-256 key in PKCS #8, and every form in which a program may let them slip.
std::vector<std::string> FormsOfKey(const std::string& pem) {
  std::vector<std::string> forms;
  std::string body;
  for (const absl::string_view line : absl::StrSplit(pem, '\n', absl::SkipEmpty())) {
    if (absl::StartsWith(line, "-----")) continue;
    forms.emplace_back(line);
    absl::StrAppend(&body, line);
  }
  std::string der;
  EXPECT_TRUE(absl::Base64Unescape(body, &der));
  const size_t at = der.find(std::string("\x04\x20", 2));
  EXPECT_NE(at, std::string::npos);
  const std::string secret = der.substr(at + 2, 32);
  EXPECT_EQ(secret.size(), 32u);
  for (const size_t from : {0, 16}) {
    const std::string half = secret.substr(from, 16);
    forms.push_back(half);
    forms.push_back(ToHex(half));
    forms.push_back(absl::AsciiStrToUpper(ToHex(half)));
    forms.push_back(absl::CEscape(half));
  }
  forms.push_back(absl::Base64Escape(secret).substr(0, 40));
  forms.push_back(absl::WebSafeBase64Escape(secret).substr(0, 40));
  return forms;
}

TEST_F(ConfinementTest, NoPrivateKeyIsInLogsStatusErrorsOrTheCommandLine) {
  Found();
  ASSERT_EQ(Publish(0, Line(kId, "Helpline")).exit_code, 0);
  std::string said;
  const auto collect = [&](const CommandResult& result) { absl::StrAppend(&said, result.out, result.err); };
  collect(Publish(0, "not a record\n"));
  collect(cluster_.Cairn(0, {"status"}));
  collect(cluster_.Cairn(0, {"--json", "status"}));
  collect(cluster_.Cairn(1, {"withdraw", kId}));  // of another partner
  collect(cluster_.Cairn(0, {"receipts", kId}));
  collect(cluster_.Cairn(0, {"verify"}));
  const std::string key_file = JoinPath(cluster_.data(0), data_dir::publishing_key);
  collect(cluster_.Cairn(0, {"charter", "submit", key_file}));  // a key where a charter belongs
  for (int i = 0; i < 2; ++i) {
    const std::string proc = absl::StrCat("/proc/", cluster_.pid(i));
    absl::StrAppend(&said, ReadBytes(proc + "/cmdline"), ReadBytes(proc + "/environ"));
    EXPECT_THAT(ReadBytes(proc + "/limits"), testing::ContainsRegex("Max core file size +0 +0 "));
  }
  cluster_.Stop(1, SIGKILL);
  ASSERT_TRUE(Eventually([&] { return absl::StrContains(ReadBytes(cluster_.log(0)), "sync.dial_failed"); }))
      << "the log is at debug and errors came by";
  cluster_.Stop(0, SIGTERM);
  for (int i = 0; i < 2; ++i) absl::StrAppend(&said, ReadBytes(cluster_.log(i)), ReadBytes(cluster_.log(i) + ".ready"));
  ASSERT_GT(said.size(), 2'000u);
  for (int i = 0; i < 2; ++i) {
    for (const absl::string_view name : {data_dir::publishing_key, data_dir::tls_key}) {
      for (const std::string& form : FormsOfKey(ReadBytes(JoinPath(cluster_.data(i), name)))) {
        EXPECT_FALSE(absl::StrContains(said, form)) << name << " of node " << i << " in the form of " << form.size();
      }
    }
  }
}

}  // namespace
}  // namespace cairn
