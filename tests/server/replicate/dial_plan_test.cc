#include "server/replicate/dial_plan.h"

#include "absl/strings/str_cat.h"
#include "common/base/limits.h"
#include "gtest/gtest.h"

namespace cairn {
namespace {

const absl::Duration kStart = absl::Seconds(100);

DialTarget Target(const std::string& node, const std::string& endpoint) {
  return {node, endpoint, absl::StrCat("pin of ", node)};
}

TEST(DialPlanTest, LowerNodeDialsAtOnceTheHigherWaitsForIt) {
  DialPlan low("a", 1), high("c", 1);
  low.SetTargets({Target("b", "b:1")}, kStart);
  high.SetTargets({Target("b", "b:1")}, kStart);
  EXPECT_EQ(low.TakeDue(kStart).size(), 1u);
  EXPECT_TRUE(high.TakeDue(kStart).empty());
  EXPECT_EQ(high.TakeDue(kStart + absl::Milliseconds(limits::dial_wait_millis)).size(), 1u);
}

TEST(DialPlanTest, NodeWithoutEndpointIsNeverDialled) {
  DialPlan plan("a", 1);
  plan.SetTargets({Target("b", "")}, kStart);
  EXPECT_TRUE(plan.TakeDue(kStart + absl::Hours(1)).empty());
  EXPECT_EQ(plan.NextDue(), absl::InfiniteDuration());
}

TEST(DialPlanTest, WaitsLongerAfterEachFailureUpToAMinute) {
  DialPlan plan("a", 1);
  plan.SetTargets({Target("b", "b:1")}, kStart);
  absl::Duration now = kStart;
  absl::Duration longest;
  for (int i = 0; i < 12; ++i) {
    ASSERT_EQ(plan.TakeDue(now).size(), 1u);
    EXPECT_TRUE(plan.TakeDue(now).empty()) << "one attempt at a time";
    plan.OnFailed("b", absl::UnavailableError("refused"), now);
    const absl::Duration wait = plan.NextDue() - now;
    longest = std::max(longest, wait);
    now = plan.NextDue();
  }
  EXPECT_GE(longest, absl::Milliseconds(limits::retry_millis_max / 2));
  EXPECT_LE(longest, absl::Milliseconds(limits::retry_millis_max));
}

TEST(DialPlanTest, StreamThatLivedClearsTheFailuresBeforeIt) {
  DialPlan plan("a", 1);
  plan.SetTargets({Target("b", "b:1")}, kStart);
  for (int i = 0; i < 6; ++i) plan.OnFailed("b", absl::UnavailableError("refused"), kStart);
  plan.OnConnected("b");
  plan.OnClosed("b", absl::UnavailableError("reset"), absl::Hours(1), false, kStart);
  EXPECT_LE(plan.NextDue() - kStart, absl::Milliseconds(limits::retry_millis_min));
}

TEST(DialPlanTest, FaultyPeerWaitsTheLongestAndIsShown) {
  DialPlan plan("a", 1);
  plan.SetTargets({Target("b", "b:1")}, kStart);
  plan.OnConnected("b");
  plan.OnClosed("b", absl::DataLossError("bad set"), absl::Hours(1), true, kStart);
  EXPECT_TRUE(plan.entries().at("b").faulty);
  EXPECT_EQ(plan.NextDue() - kStart, absl::Milliseconds(limits::retry_millis_max));
}

TEST(DialPlanTest, KeepsWhatItKnowsWhenTheCharterChangesElsewhere) {
  DialPlan plan("a", 1);
  plan.SetTargets({Target("b", "b:1")}, kStart);
  plan.OnConnected("b");
  plan.SetTargets({Target("b", "b:1"), Target("c", "c:1")}, kStart);
  ASSERT_EQ(plan.TakeDue(kStart).size(), 1u);
  EXPECT_EQ(plan.entries().at("b").state, DialPlan::Entry::State::kConnected);
}

TEST(DialPlanTest, DialsNoMoreThanTheLimitAtATime) {
  DialPlan plan("a", 1);
  std::vector<DialTarget> many;
  for (int i = 0; i < 200; ++i) many.push_back(Target(absl::StrCat("n", i), "h:1"));
  plan.SetTargets(many, kStart);
  EXPECT_EQ(plan.TakeDue(kStart).size(), limits::peers_dialled_max);
}

}  // namespace
}  // namespace cairn
