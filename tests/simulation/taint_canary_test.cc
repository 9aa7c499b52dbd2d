// Proves that the taint test can fail: the same scenario over a choke point that is broken on purpose. This program
// brings its own MayRead, which the linker takes instead of the library's; no program that is shipped can.
#include "common/base/log.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/charter/may_read.h"
#include "tests/simulation/taint_scenario.h"

namespace cairn {

bool Reader::MayAsk(absl::string_view) const { return true; }

// Partners read every circle.
bool MayRead(const CharterView&, const Reader& reader, absl::string_view, absl::string_view audience) {
  return audience == "public" || !reader.partner().empty();
}

namespace {

TEST(TaintCanaryTest, BrokenChokePointIsNoticedOnPathsToPeersAndToReaders) {
  SetLogLevel(LogLevel::kError);
  const TaintReport report = RunTaintScenario(3, 2'000);
  EXPECT_THAT(report.leaks, testing::Contains(testing::HasSubstr("sync: ")));
  EXPECT_GE(report.leaks.size(), 5u);
}

}  // namespace
}  // namespace cairn
