// R7: no byte of a feed, nor its existence, leaves a node toward a peer or reader outside its audience.
// CAIRN_TAINT_OPERATIONS sets how many operations are tried (default 100,000).
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/log.h"
#include "gtest/gtest.h"
#include "tests/simulation/taint_scenario.h"

namespace cairn {
namespace {

// Keeps what the process logs: all nodes together.
class KeptLog {
 public:
  KeptLog() : file_(absl::StrCat(testing::TempDir(), "/taint-log-", getpid())), before_(dup(STDERR_FILENO)) {
    const int file = open(file_.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0600);
    dup2(file, STDERR_FILENO);
    close(file);
  }
  ~KeptLog() {
    dup2(before_, STDERR_FILENO);
    close(before_);
    unlink(file_.c_str());
  }
  // The first line that holds `text`; empty: none.
  std::string Find(absl::string_view text) const {
    std::ifstream lines(file_);
    for (std::string line; std::getline(lines, line);) {
      if (absl::StrContains(line, text)) return line;
    }
    return "";
  }

 private:
  const std::string file_;
  const int before_;
};

TEST(TaintTest, R7_NothingConfidentialReachesWhoIsNotInItsAudience) {
  SetLogLevel(LogLevel::kInfo);  // as a node that runs
  uint64_t operations = 100'000;
  const char* text = std::getenv("CAIRN_TAINT_OPERATIONS");
  ASSERT_TRUE(text == nullptr || (absl::SimpleAtoi(text, &operations) && operations > 0)) << text;
  TaintReport all, others;
  std::string logged, proof;
  {
    const KeptLog log;
    LogInfo("test.begun", {{"marker", "to be found"}});
    std::thread other([&] { others = RunTaintScenario(2, operations / 2); });  // runs share nothing
    all = RunTaintScenario(1, operations - operations / 2);
    other.join();
    // Whose log it is decides which circles it may name; texts it never has.
    logged = log.Find("taint");
    proof = log.Find("to be found");
  }
  EXPECT_NE(proof, "");
  EXPECT_EQ(logged, "");
  all.Add(others);
  EXPECT_TRUE(all.leaks.empty()) << absl::StrJoin(all.leaks, "\n");
  EXPECT_GT(all.paths["sync"].arrivals, all.operations / 20) << "hardly anything confidential went anywhere";
  EXPECT_GT(all.erased_feeds, 10u) << "hardly anybody left a circle";
  for (const auto& [path, counts] : all.paths) {
    EXPECT_GT(counts.answers, operations / 10'000) << path << " was hardly read";
  }
  EXPECT_GT(all.paths.size(), 60u) << "paths are missing";
}

}  // namespace
}  // namespace cairn
