// R1, R4, R5: a thief has a partner's publishing key and publishes with it through the node of another partner, through
// delays, broken streams, partitions and crashes, before and after the governors revoke the key at its last good state
// and begin a new generation. In the end every honest node shows exactly the owner's records.
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/directory/directory_reader.h"
#include "tests/simulation/sim_node.h"
#include "tests/simulation/sim_seeds.h"
#include "tests/simulation/sim_world.h"

namespace cairn {
namespace {

constexpr int kOwner = 0;
constexpr int kHonest = 5;  // nodes 0 to 4
constexpr int kThief = 5;   // the node of a partner of its own, which the charter lets in
constexpr int kNodes = 6;

SigningKey NewKey() {
  SeededRandom random(77);
  return *SigningKey::Generate(&random);
}

class Theft {
 public:
  explicit Theft(uint64_t seed)
      : directory_(SimDirectory(seed)), world_(seed, kNodes, directory_), random_(seed ^ 0x71ef) {}
  ~Theft() { std::filesystem::remove_all(directory_); }

  void All() {
    world_.set_latency(absl::Milliseconds(1 + random_.Below(300)));
    world_.AllowAll();
    world_.StartAll();
    Beat();
    Work(absl::Minutes(1));
    Steal();
    Work(absl::Seconds(5 + random_.Below(120)));
    Revoke();
    Work(absl::Seconds(30 + random_.Below(120)));
    Calm();
    if (!testing::Test::HasFatalFailure()) Check();
  }

 private:
  SimNode& owner() { return world_.node(kOwner); }
  SimNode& thief() { return world_.node(kThief); }

  void Beat() {
    world_.After(absl::Seconds(45), [this] {
      if (owner().up()) owner().Heartbeat();
      Beat();
    });
  }

  // What its operator does, as its errors say.
  void Own() {
    if (!owner().up()) return;
    tainted_ = tainted_ || (stolen_ && HasForged(kOwner));
    const std::string why_not = owner().WhyNot();
    if (why_not.empty()) {
      owner().Publish(random_.Below(30), 1 + random_.Below(3), absl::StrCat("own ", ++texts_));
    } else if (absl::StrContains(why_not, "start this node again")) {
      owner().Crash();
      owner().Start();
    } else if (absl::StrContains(why_not, "begin the feed anew") && !absl::StrContains(why_not, "governors")) {
      const absl::Status begun = owner().PublishFromFiles();
      ASSERT_TRUE(begun.ok()) << begun;
    }
  }

  // Whatever comes of it: the thief's program is nobody's to judge.
  void Forge() {
    if (!stolen_ || !thief().up()) return;
    const absl::Status forged = thief().PublishAs(kOwner, random_.Below(40), 1 + random_.Below(3), "forged",
                                                  /*prune=*/random_.Below(8) == 0);
    forged_ += forged.ok();
  }

  void Work(absl::Duration time) {
    const absl::Duration end = world_.now() + time;
    while (world_.now() < end && !testing::Test::HasFatalFailure()) {
      world_.RunUntil(world_.now() + absl::Milliseconds(random_.Below(3'000)));
      if (random_.Below(3) > 0) Own();
      if (random_.Below(2) == 0) Forge();
      if (stolen_) world_.Trouble(random_, kNodes);
      Look();
    }
  }

  // Half of the thieves' nodes take no charter from anybody, so that the key goes on signing.
  void Steal() {
    NoteGood();
    ASSERT_GT(good_.seq, 0u);
    stolen_ = true;
    if (random_.Below(2) == 0) return;
    for (int i = 0; i < kHonest; ++i) {
      world_.SetMeddler(i, kThief, [](const std::string& bytes) {
        v1::SyncMessage message;
        const bool charter = message.ParseFromString(bytes) && message.has_charter();
        return charter ? std::vector<std::string>() : std::vector<std::string>{bytes};
      });
    }
  }

  void NoteGood() {
    const auto held = owner().feeds().Find(TestConsortium::Partner(kOwner), "public");
    ASSERT_TRUE(held.ok() && held->has_value());
    good_ = **held;
  }

  bool HasForged(int i) {
    for (const auto& [id, text] : world_.node(i).Entries(kOwner)) {
      if (text == "forged") return true;
    }
    return false;
  }

  // The last good state is that of the theft, or what the owner's own copy has since come to by its own hand.
  void Revoke() {
    if (owner().up() && random_.Below(2) == 0 && !tainted_ && !HasForged(kOwner)) {
      NoteGood();
      above_thief_ = forged_ > 0;
    }
    world_.consortium().Change([this](v1::Charter* charter) {
      v1::Partner* partner = charter->mutable_partners(kOwner);
      v1::PublishingKey* stolen = partner->mutable_publishing_keys(0);
      stolen->set_revoked(true);
      v1::KeyRange* range = stolen->add_ranges();
      range->set_audience("public");
      range->set_until_seq(good_.seq);
      range->set_until_digest(good_.state_digest);
      partner->set_generation(2);
      v1::PublishingKey* key = partner->add_publishing_keys();
      key->set_public_key(NewKey().public_key());
      key->set_generation(2);
    });
    owner().HoldKeys({world_.consortium().key(kOwner), NewKey()});
    const int at = static_cast<int>(random_.Below(kHonest));
    if (!world_.node(at).up()) world_.node(at).Start();
    world_.node(at).SubmitCharter();
  }

  // At every moment: no feed goes back, and who has the charter shows nothing of the thief's, unless the governors
  // named a state above the thief's first: what it signed below that number is told apart only by the new generation.
  void Look() {
    for (int i = 0; i < kHonest; ++i) {
      if (!world_.node(i).up()) continue;
      const std::pair<uint32_t, uint64_t> held = world_.node(i).Held(kOwner);
      ASSERT_GE(held, held_[i]) << "R5: node " << i << " went back";
      held_[i] = held;
      if (world_.node(i).CharterVersion() > 1 && !above_thief_) CheckShown(i);
    }
  }

  void CheckShown(int i) {
    SimNode& node = world_.node(i);
    if (std::exchange(checked_[i], held_[i]) == held_[i]) return;  // as it was shown under this charter
    const DirectoryReader directory(
        &node.store(), [&] { return node.charter().current(); }, world_.clock());
    const absl::Status read =
        directory.ExportRecords(Reader::Anonymous(), {}, [i](const v1::ExportRecordsResponse& page) -> absl::Status {
          for (const v1::DirectoryRecord& shown : page.records()) {
            EXPECT_NE(shown.record().organization().description(), "forged") << "R1: node " << i;
          }
          return absl::OkStatus();
        });
    ASSERT_TRUE(read.ok()) << read;
    ASSERT_FALSE(testing::Test::HasNonfatalFailure());
  }

  void Calm() {
    world_.HealAll();
    world_.StartAll();
    // An owner's node with signs of an old copy waits for absent peers for up to ten minutes; the thief's may be one.
    const auto settled = [&] { return owner().CanPublish() && owner().Held(kOwner).first == 2; };
    for (int minute = 0; minute < 15 && !settled(); ++minute) {
      world_.RunUntil(world_.now() + absl::Minutes(1));
      Own();
      Look();
    }
    ASSERT_TRUE(owner().CanPublish()) << owner().WhyNot();
    world_.RunUntil(world_.now() + absl::Minutes(3));
  }

  void Check() {
    std::map<std::string, std::string> published;
    for (const auto& [number, text] : owner().acknowledged()) published[SimNode::RecordId(kOwner, number)] = text;
    for (int i = 0; i < kHonest; ++i) {
      const auto held = world_.node(i).feeds().Find(TestConsortium::Partner(kOwner), "public");
      ASSERT_TRUE(held.ok() && held->has_value());
      ASSERT_FALSE((*held)->frozen) << "node " << i << " stays frozen in the new generation";
      ASSERT_EQ(world_.node(i).Held(kOwner).first, 2u) << "node " << i;
      ASSERT_EQ(world_.node(i).Held(kOwner), owner().Held(kOwner)) << "R4: node " << i;
      ASSERT_EQ(world_.node(i).Entries(kOwner), published) << "R1, R2: node " << i;
      ASSERT_TRUE(world_.node(i).Verify().ok()) << world_.node(i).Verify();
    }
  }

  const std::string directory_;
  SimWorld world_;
  SeededRandom random_;
  bool stolen_ = false;
  bool tainted_ = false;      // the owner's copy has held what the thief wrote
  bool above_thief_ = false;  // the last good state that was named came after the thief's first
  int forged_ = 0;
  HeldFeed good_;
  std::pair<uint32_t, uint64_t> held_[kHonest];
  std::pair<uint32_t, uint64_t> checked_[kHonest];  // under the charter that revokes
  uint64_t texts_ = 0;
};

// The usual number takes about half a minute on two cores.
TEST(TheftTest, AStolenKeysWordEndsWithTheCharterWhereverItWasHeard_R1_R4_R5) {
  RunSeeds(50, [](uint64_t seed) { Theft(seed).All(); });
}

}  // namespace
}  // namespace cairn
