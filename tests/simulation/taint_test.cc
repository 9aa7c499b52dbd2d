// R7: no byte of a feed, nor its existence, leaves a node toward a peer or reader outside its audience.
// CAIRN_TAINT_OPERATIONS sets how many operations are tried (default 100,000).
#include <cstdlib>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "common/base/log.h"
#include "gtest/gtest.h"
#include "tests/simulation/taint_scenario.h"

namespace cairn {
namespace {

TEST(TaintTest, R7_NothingConfidentialReachesWhoIsNotInItsAudience) {
  SetLogLevel(LogLevel::kError);
  uint64_t operations = 100'000;
  const char* text = std::getenv("CAIRN_TAINT_OPERATIONS");
  ASSERT_TRUE(text == nullptr || absl::SimpleAtoi(text, &operations)) << text;
  TaintReport reports[2];
  std::thread other([&] { reports[1] = RunTaintScenario(2, operations / 2); });  // runs share nothing
  reports[0] = RunTaintScenario(1, operations - operations / 2);
  other.join();
  for (const TaintReport& report : reports) {
    EXPECT_TRUE(report.leaks.empty()) << absl::StrJoin(report.leaks, "\n");
    EXPECT_GT(report.confidential_arrivals, report.operations / 10) << "hardly anything confidential went anywhere";
    EXPECT_GT(report.erased_feeds, 5u) << "hardly anybody left a circle";
  }
}

}  // namespace
}  // namespace cairn
