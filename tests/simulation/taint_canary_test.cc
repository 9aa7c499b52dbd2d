// Proves that the taint test can fail, on each path of its own: the same scenario over a choke point that is broken on
// purpose. This program brings its own MayRead, which the linker takes instead of the library's; no program that is
// shipped can.
#include "common/base/log.h"
#include "gtest/gtest.h"
#include "server/charter/may_read.h"
#include "tests/simulation/taint_scenario.h"

namespace cairn {

Reader Reader::Limited(absl::string_view own_partner, std::vector<std::string>) { return Reader(own_partner); }

bool Reader::MayAsk(absl::string_view) const { return true; }

// Everybody reads everything.
bool MayRead(const CharterView&, const Reader&, absl::string_view, absl::string_view) { return true; }

namespace {

TEST(TaintCanaryTest, BrokenChokePointIsNoticedOnEveryPath) {
  SetLogLevel(LogLevel::kError);
  const TaintReport report = RunTaintScenario(3, 10'000, /*dense=*/true);
  for (const auto& [path, counts] : report.paths) {
    if (TaintPathsWithoutRecords().contains(path)) {
      EXPECT_EQ(counts.leaks, 0u) << path << " shows records: it is to be counted among the others";
    } else {
      EXPECT_GT(counts.leaks, 0u) << path << ": nothing in " << counts.answers << " answers shows what it should not";
    }
  }
}

}  // namespace
}  // namespace cairn
