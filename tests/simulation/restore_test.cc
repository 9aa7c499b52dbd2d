// R3, R6: a publisher whose disk is lost or replaced by an old copy, and which publishes as soon as it may, through
// delays, broken streams, partitions and further crashes. It never contradicts what anybody has seen, and nothing that
// another partner held is lost.
#include <filesystem>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/simulation/sim_node.h"
#include "tests/simulation/sim_seeds.h"
#include "tests/simulation/sim_world.h"

namespace cairn {
namespace {

constexpr int kNodes = 4;
constexpr int kPublisher = 0;

class Restore {
 public:
  explicit Restore(uint64_t seed)
      : directory_(SimDirectory(seed)), world_(seed, kNodes, directory_), random_(seed ^ 0x7e57) {}
  ~Restore() { std::filesystem::remove_all(directory_); }

  void All() {
    world_.set_latency(absl::Milliseconds(1 + random_.Below(300)));
    world_.AllowAll();
    world_.StartAll();
    publisher().Remember();
    Beat();
    Work(absl::Minutes(1), false);
    publisher().SaveDisk();
    Work(absl::Minutes(11), false);  // "yesterday": older than any heartbeat
    Work(absl::Minutes(1), true);
    LoseDisk();
    Work(absl::Minutes(3), true);
    Calm();
    Check();
  }

 private:
  SimNode& publisher() { return world_.node(kPublisher); }

  void Beat() {
    world_.After(absl::Seconds(45), [this] {
      if (publisher().up()) publisher().Heartbeat();
      Beat();
    });
  }

  // What others hold of the publisher's feed; it must come back.
  void NoteConfirmed() {
    for (int i = 0; i < kNodes; ++i) {
      if (i != kPublisher && world_.node(i).up())
        confirmed_ = std::max(confirmed_, world_.node(i).Held(kPublisher).second);
    }
  }

  void Work(absl::Duration time, bool trouble) {
    const absl::Duration end = world_.now() + time;
    while (world_.now() < end && !testing::Test::HasFatalFailure()) {
      world_.RunUntil(world_.now() + absl::Milliseconds(random_.Below(trouble ? 2'000 : 20'000)));
      if (publisher().up() && publisher().CanPublish()) Publish();
      if (trouble) world_.Trouble(random_, kNodes);
      NoteConfirmed();
    }
  }

  void Publish() {
    if (lost_) ComeBack();
    if (random_.Below(4) == 0) return publisher().Withdraw(random_.Below(30));
    publisher().Publish(random_.Below(30), 1 + random_.Below(3), absl::StrCat("text ", ++texts_));
  }

  // The first moment at which it may publish again: all that another partner held is there.
  void ComeBack() {
    lost_ = false;
    ASSERT_GE(publisher().Held(kPublisher).second, confirmed_) << "R3: a number that was seen would be given out again";
    const std::optional<uint64_t> state = publisher().GoBack();
    ASSERT_TRUE(state.has_value()) << "R2: it holds no state that was ever published";
    ASSERT_GE(*state, confirmed_) << "R3: what another partner held is lost";
  }

  void LoseDisk() {
    if (publisher().up()) publisher().Crash();
    switch (random_.Below(3)) {
      case 0:
        publisher().PutEmptyDisk();
        break;
      case 1:
        publisher().PutSavedDisk(/*marked=*/true);
        break;
      default:
        publisher().PutSavedDisk(/*marked=*/false);
    }
    lost_ = true;
    publisher().Start();
  }

  void Calm() {
    world_.HealAll();
    world_.StartAll();
    world_.RunUntil(world_.now() + absl::Minutes(3));
    ASSERT_TRUE(publisher().CanPublish()) << "all can be heard now";
    Publish();
    world_.RunUntil(world_.now() + absl::Minutes(2));
  }

  void Check() {
    std::map<std::string, std::string> published;
    for (const auto& [number, text] : publisher().acknowledged())
      published[SimNode::RecordId(kPublisher, number)] = text;
    for (int i = 0; i < kNodes; ++i) {
      ASSERT_FALSE(world_.node(i).HasEvidence(kPublisher)) << "R6: a fork, seen by node " << i;
      ASSERT_EQ(world_.node(i).Held(kPublisher), publisher().Held(kPublisher)) << "R4: node " << i;
      ASSERT_EQ(world_.node(i).Entries(kPublisher), published) << "R2: node " << i;
      ASSERT_TRUE(world_.node(i).Verify().ok()) << world_.node(i).Verify();
    }
  }

  const std::string directory_;
  SimWorld world_;
  SeededRandom random_;
  bool lost_ = false;  // and nothing published since
  uint64_t confirmed_ = 0;
  uint64_t texts_ = 0;
};

// The usual number takes some six minutes on two cores: most of a second of one core for each, in signatures and
// SQLite.
TEST(RestoreTest, PublisherSetBackToAnOldOrEmptyDiskNeverContradictsItself_R3_R6) {
  RunSeeds(1'000, [](uint64_t seed) { Restore(seed).All(); });
}

}  // namespace
}  // namespace cairn
