// Five nodes on real SQLite in a world of delays, broken streams, partitions and crashes: whatever happens, they agree
// in the end, and never show what no head covers. One run a seed; CAIRN_SIM_SEEDS sets how many, CAIRN_SIM_SEED runs
// one again.
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/simulation/sim_node.h"
#include "tests/simulation/sim_seeds.h"
#include "tests/simulation/sim_world.h"

namespace cairn {
namespace {

constexpr int kNodes = 5;
constexpr absl::Duration kTrouble = absl::Minutes(3);
constexpr absl::Duration kCalm = absl::Minutes(12);  // longer than every back-off

// A run: who can reach whom, what people publish, and what goes wrong, all from the seed.
class Scenario {
 public:
  explicit Scenario(uint64_t seed)
      : directory_(SimDirectory(seed)), world_(seed, kNodes, directory_), random_(seed ^ 0x5eed) {}
  ~Scenario() { std::filesystem::remove_all(directory_); }

  void All() {
    Topology();
    world_.set_latency(absl::Milliseconds(1 + random_.Below(300)));
    for (int i = 0; i < kNodes; ++i) {
      world_.node(i).Start();
      ScheduleHeartbeat(i);
    }
    while (world_.now() < kTrouble) {
      world_.RunUntil(world_.now() + absl::Milliseconds(random_.Below(4000)));
      Step();
      CheckNeverBack();
    }
    Calm();
    CheckAgreement();
  }

 private:
  // A mesh, a chain, or a hub whose spokes can only dial out.
  void Topology() {
    const uint64_t shape = random_.Below(3);
    for (int a = 0; a < kNodes; ++a) {
      for (int b = 0; b < kNodes; ++b) {
        const bool linked = shape == 0 ? a != b : shape == 1 ? (a - b == 1 || b - a == 1) : (b == 2 && a != 2);
        if (linked) world_.Allow(a, b);
      }
    }
  }

  void ScheduleHeartbeat(int i) {
    world_.After(absl::Seconds(30) + world_.Delay(absl::Seconds(30)), [this, i] {
      if (world_.node(i).up() && world_.now() < kTrouble + kCalm / 2) world_.node(i).Heartbeat();
      if (world_.now() < kTrouble + kCalm / 2) ScheduleHeartbeat(i);
    });
  }

  bool MayPublish(int i) { return world_.node(i).up() && world_.node(i).CanPublish(); }

  void Step() {
    const int i = static_cast<int>(random_.Below(kNodes));
    SimNode& node = world_.node(i);
    const uint64_t what = random_.Below(100);
    if (what < 45) {
      if (MayPublish(i)) node.Publish(random_.Below(40), 1 + random_.Below(4), absl::StrCat("text ", ++texts_));
    } else if (what < 48) {  // larger than one transaction, one page or one inlined change
      if (MayPublish(i))
        node.Publish(1000, 520 + random_.Below(300),
                     std::string(200 + random_.Below(400), static_cast<char>('a' + texts_++ % 26)));
    } else if (what < 60) {
      if (MayPublish(i)) node.Withdraw(random_.Below(40));
    } else if (what < 72) {
      world_.BreakAStream();
    } else if (what < 84) {
      const int other = static_cast<int>(random_.Below(kNodes));
      if (other != i) world_.SetParted(i, other, random_.Below(2) == 0);
    } else if (what < 92) {
      if (node.up()) node.Crash();
    } else {
      if (!node.up()) node.Start();
    }
  }

  // R5, and R3 for the own feed: nothing that was acknowledged or seen is ever taken back, crashes included.
  void CheckNeverBack() {
    for (int i = 0; i < kNodes; ++i) {
      if (!world_.node(i).up()) continue;
      for (int feed = 0; feed < kNodes; ++feed) {
        const auto held = world_.node(i).Held(feed);
        ASSERT_GE(held, seen_[i][feed]) << "R5: node " << i << " went back on feed " << feed;
        seen_[i][feed] = held;
      }
      ASSERT_GE(world_.node(i).Held(i).second, world_.node(i).acknowledged_seq())
          << "R3: node " << i << " lost what it acknowledged";
    }
    if (random_.Below(10) == 0) {  // R2 in the middle of everything
      const int i = static_cast<int>(random_.Below(kNodes));
      if (!world_.node(i).up()) return;
      ASSERT_TRUE(world_.node(i).Verify().ok()) << "R2: " << world_.node(i).Verify();
    }
  }

  void Calm() {
    world_.HealAll();
    world_.StartAll();
    world_.RunUntil(world_.now() + kCalm);
  }

  // R4: every node holds every owner's last state, entry by entry.
  void CheckAgreement() {
    for (int owner = 0; owner < kNodes; ++owner) {
      std::map<std::string, std::string> published;
      for (const auto& [number, text] : world_.node(owner).acknowledged())
        published[SimNode::RecordId(owner, number)] = text;
      for (int i = 0; i < kNodes; ++i) {
        ASSERT_EQ(world_.node(i).Held(owner), world_.node(owner).Held(owner))
            << "R4: node " << i << ", feed of " << owner;
        ASSERT_EQ(world_.node(i).Entries(owner), published) << "R2: node " << i << ", feed of " << owner;
      }
    }
    for (int i = 0; i < kNodes; ++i) ASSERT_TRUE(world_.node(i).Verify().ok()) << world_.node(i).Verify();
    ASSERT_GT(texts_, 0u);
  }

  const std::string directory_;
  SimWorld world_;
  SeededRandom random_;
  uint64_t texts_ = 0;
  std::pair<uint32_t, uint64_t> seen_[kNodes][kNodes];
};

TEST(SimulationTest, FiveNodesAgreeWhateverTheNetworkAndThePowerDo) {
  RunSeeds(200, [](uint64_t seed) { Scenario(seed).All(); });
}

}  // namespace
}  // namespace cairn
