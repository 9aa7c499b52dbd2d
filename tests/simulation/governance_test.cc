// Governance in a world of delays: a node that was away catches up through every version, and a new generation reaches
// all of them.
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "gtest/gtest.h"
#include "tests/simulation/sim_node.h"
#include "tests/simulation/sim_world.h"

namespace cairn {
namespace {

constexpr int kNodes = 4;

class GovernanceSimulation : public ::testing::TestWithParam<uint64_t> {
 protected:
  GovernanceSimulation()
      : directory_(absl::StrCat(::testing::TempDir(), "/governance-", getpid(), "-", GetParam())),
        world_(GetParam(), kNodes, directory_) {
    SetLogLevel(LogLevel::kError);
    for (int a = 0; a < kNodes; ++a) {
      for (int b : {a - 1, a + 1}) {
        if (b >= 0 && b < kNodes) world_.Allow(a, b);  // a chain: what arrives was relayed
      }
    }
    world_.StartAll();
  }
  ~GovernanceSimulation() override { std::filesystem::remove_all(directory_); }

  void Wait(absl::Duration d) { world_.RunUntil(world_.now() + d); }

  const std::string directory_;
  SimWorld world_;
};

TEST_P(GovernanceSimulation, ANodeThatWasAwayForFiftyVersionsCatchesUpThroughAllOfThem) {
  Wait(absl::Minutes(1));
  world_.node(3).Crash();
  for (int i = 0; i < 50; ++i) {
    world_.consortium().Change([&](v1::Charter* c) { c->set_consortium_name(absl::StrCat("Name ", i)); });
    if (i % 10 == 0) world_.node(0).SubmitCharter();
  }
  world_.node(0).SubmitCharter();
  Wait(absl::Minutes(1));
  world_.node(3).Start();
  Wait(absl::Minutes(3));
  for (int i = 0; i < kNodes; ++i) EXPECT_EQ(world_.node(i).CharterVersion(), 51u) << "node " << i;
}

TEST_P(GovernanceSimulation, ANewGenerationReplacesTheOldOneEverywhereAndLosesNothing_R4_R5) {
  Wait(absl::Seconds(30));
  world_.node(0).Publish(0, 30, "text");
  world_.node(0).Withdraw(3);
  Wait(absl::Minutes(2));
  ASSERT_EQ(world_.node(3).Held(0), world_.node(0).Held(0));
  // The key of p0 stays and is named for the next generation as well.
  world_.consortium().Change([](v1::Charter* c) {
    v1::Partner* partner = c->mutable_partners(0);
    partner->set_generation(2);
    *partner->add_publishing_keys() = partner->publishing_keys(0);
    partner->mutable_publishing_keys(1)->set_generation(2);
  });
  world_.node(2).SubmitCharter();
  Wait(absl::Minutes(2));
  world_.node(0).Heartbeat();
  Wait(absl::Minutes(3));
  for (int i = 0; i < kNodes; ++i) {
    EXPECT_EQ(world_.node(i).Held(0), (std::pair<uint32_t, uint64_t>(2, 29))) << "node " << i;
    EXPECT_EQ((*world_.node(i).feeds().Find("p0", "public"))->live_count, 29u) << "node " << i;
    EXPECT_TRUE(world_.node(i).Verify().ok()) << world_.node(i).Verify();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, GovernanceSimulation, ::testing::Range<uint64_t>(1, 11));

}  // namespace
}  // namespace cairn
