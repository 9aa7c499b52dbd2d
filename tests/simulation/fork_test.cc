// R6: a partner that signs two truths and shows each to one half of the consortium. The halves meet only through a
// third node. Whatever the seed, every honest node has the proof within two exchanges, stands at a good head, and tells
// it to whoever comes later.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/simulation/sim_node.h"
#include "tests/simulation/sim_seeds.h"
#include "tests/simulation/sim_world.h"

namespace cairn {
namespace {

constexpr int kLiar = 0;
constexpr int kThird = 5;  // between the halves {1, 2} and {3, 4}
constexpr int kLate = 6;   // comes when all is over
constexpr int kNodes = 7;

class Fork {
 public:
  explicit Fork(uint64_t seed)
      : directory_(SimDirectory(seed)), world_(seed, kNodes, directory_), random_(seed ^ 0xf0) {}
  ~Fork() { std::filesystem::remove_all(directory_); }

  void All() {
    latency_ = absl::Milliseconds(1 + random_.Below(200));
    world_.set_latency(latency_);
    Introduce();
    TellTwoTruths();
    if (testing::Test::HasFatalFailure()) return;
    Meet();
    CheckFrozen();
    CheckLatecomerAndRestart();
    if (testing::Test::HasFatalFailure()) return;
    CheckNewGenerationEndsIt();
  }

 private:
  void Link(int a, int b) {
    world_.Allow(a, b);
    world_.Allow(b, a);
  }
  void Run(absl::Duration d) { world_.RunUntil(world_.now() + d); }

  // One truth, held by both halves; the third node stands apart.
  void Introduce() {
    for (int i = 1; i <= 4; ++i) {
      Link(kLiar, i);
      Link(kThird, i);
      world_.SetParted(kThird, i, true);
    }
    Link(1, 2);
    Link(3, 4);
    Link(kThird, kLate);
    for (int i = 0; i <= kThird; ++i) world_.node(i).Start({.standalone = true});
    world_.node(kLiar).Publish(0, 5 + random_.Below(20), "first");
    common_seq_ = world_.node(kLiar).acknowledged_seq();
    Run(absl::Minutes(3));
    for (int i = 1; i <= 4; ++i) ASSERT_EQ(world_.node(i).Held(kLiar).second, common_seq_);
  }

  // The same key goes on from the same state in two ways.
  void TellTwoTruths() {
    const int twin = world_.AddTwin(kLiar);
    world_.node(kLiar).Crash();
    world_.node(twin).PutDisk(world_.node(kLiar).directory());
    for (int i : {3, 4}) {
      world_.SetParted(kLiar, i, true);
      world_.Allow(twin, i);
    }
    world_.node(kLiar).Start({.standalone = true});
    world_.node(twin).Start({.standalone = true});
    // One truth is a single change, larger than all changes of the other together, or of the same size: heads that
    // cannot both be true, whichever of them a node gets to see last.
    const bool swapped = random_.Below(2) == 0;
    const uint64_t large = 1 + random_.Below(40);
    world_.node(swapped ? twin : kLiar).Publish(0, large, "one truth");
    for (uint64_t told = 0, batches = 1 + random_.Below(4); batches > 0 && told < large; --batches) {
      const uint64_t size = std::min(large - told, 1 + random_.Below(12));
      world_.node(swapped ? kLiar : twin).Publish(random_.Below(10), size, absl::StrCat("another truth ", batches));
      told += size;
      Run(absl::Milliseconds(random_.Below(1500)));
    }
    Run(absl::Minutes(3));
    for (int i : {1, 2}) ASSERT_EQ(world_.node(i).Held(kLiar).second, world_.node(kLiar).acknowledged_seq());
    for (int i : {3, 4}) ASSERT_EQ(world_.node(i).Held(kLiar).second, world_.node(twin).acknowledged_seq());
    for (int i = 1; i <= 4; ++i) {
      good_.push_back(world_.node(i).Held(kLiar));
      ASSERT_FALSE(world_.node(i).HasEvidence(kLiar));
    }
    world_.node(kLiar).Crash();  // they have done their work
    world_.node(twin).Crash();
  }

  bool ThirdIsConnected() {
    size_t greeted = 0;
    for (const auto& [id, session] : world_.node(kThird).core().sessions()) greeted += session->greeted();
    return greeted == 4;
  }

  void Meet() {
    for (int i = 1; i <= 4; ++i) world_.SetParted(kThird, i, false);
    for (int step = 0; step < 10'000 && !ThirdIsConnected(); ++step) Run(absl::Milliseconds(20));
    ASSERT_TRUE(ThirdIsConnected());
    // An exchange is there and back, and what the nodes on the way take. The third may have been told more in between
    // than fits one: it pulls the first truth before the second comes.
    const absl::Duration exchange = 2 * (latency_ + absl::Milliseconds(20));
    Run(2 * exchange);
    for (int i = 1; i <= kThird; ++i) {
      ASSERT_TRUE(world_.node(i).HasEvidence(kLiar)) << "R6: node " << i << " knows nothing after two exchanges";
    }
  }

  // Each stays at the last good head, its own half's, and shows no mixture.
  void CheckFrozen() {
    Run(absl::Minutes(3));
    for (int i = 1; i <= 4; ++i) {
      ASSERT_EQ(world_.node(i).Held(kLiar), good_[static_cast<size_t>(i - 1)]) << "R6: node " << i << " moved on";
    }
    for (int i = 1; i <= kThird; ++i) {
      const auto held = world_.node(i).feeds().Find(TestConsortium::Partner(kLiar), "public");
      ASSERT_TRUE(held.ok());
      ASSERT_TRUE(!held->has_value() || !(*held)->has_head || (*held)->frozen) << "R6: node " << i;
      ASSERT_TRUE(world_.node(i).Verify().ok()) << "R2: " << world_.node(i).Verify();
    }
  }

  void CheckLatecomerAndRestart() {
    world_.node(kLate).Start();
    const int again = 1 + static_cast<int>(random_.Below(4));
    world_.node(again).Crash();
    world_.node(again).Start();
    Run(absl::Minutes(4));
    ASSERT_TRUE(world_.node(kLate).HasEvidence(kLiar)) << "R6: evidence is not passed to who comes later";
    ASSERT_TRUE(world_.node(again).HasEvidence(kLiar)) << "R6: evidence is lost by a restart";
    ASSERT_EQ(world_.node(again).Held(kLiar), good_[static_cast<size_t>(again - 1)]);
  }

  // The governors believe the partner once more: all come to hold what its node holds.
  void CheckNewGenerationEndsIt() {
    world_.consortium().Change([](v1::Charter* charter) {
      v1::Partner* partner = charter->mutable_partners(kLiar);
      partner->set_generation(2);
      v1::PublishingKey* key = partner->add_publishing_keys();
      key->set_public_key(partner->publishing_keys(0).public_key());
      key->set_generation(2);
    });
    world_.node(kThird).SubmitCharter();
    world_.node(kLiar).Start();
    Run(absl::Minutes(12));
    ASSERT_TRUE(world_.node(kLiar).CanPublish()) << world_.node(kLiar).WhyNot();
    world_.node(kLiar).Heartbeat();
    Run(absl::Minutes(3));
    for (int i = 1; i <= kLate; ++i) {
      ASSERT_EQ(world_.node(i).Held(kLiar).first, 2u) << "R6: node " << i << " stays in the forked generation";
      ASSERT_EQ(world_.node(i).Held(kLiar), world_.node(kLiar).Held(kLiar)) << "R4: node " << i;
    }
  }

  const std::string directory_;
  SimWorld world_;
  SeededRandom random_;
  absl::Duration latency_;
  uint64_t common_seq_ = 0;
  std::vector<std::pair<uint32_t, uint64_t>> good_;  // what each of the halves held
};

// The usual number takes a minute on two cores: a tenth of a second of one core for each.
TEST(ForkTest, TwoTruthsToTwoHalvesAreProvedToAllWithinTwoExchanges_R6) {
  RunSeeds(1'000, [](uint64_t seed) { Fork(seed).All(); });
}

}  // namespace
}  // namespace cairn
