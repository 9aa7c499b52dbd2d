// A relay that drops, alters, reorders, replays, truncates or invents, at every message that it passes on: the receiver
// shows nothing but what the owner signed, and has everything in the end through another peer.
#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "gtest/gtest.h"
#include "tests/simulation/sim_node.h"
#include "tests/simulation/sim_world.h"

namespace cairn {
namespace {

constexpr int kOwner = 0;
constexpr int kRelay = 1;
constexpr int kHonest = 2;
constexpr int kReceiver = 3;
constexpr absl::Duration kBootstrap = absl::Seconds(4);  // the whole set comes from the relay

enum class Damage {
  kNone,
  kDrop,
  kReplay,          // says it twice
  kReplayLater,     // says it again in the place of the next
  kSwap,            // says the next one first
  kTruncate,        // half of the bytes
  kFlip,            // one bit somewhere
  kAlterEntry,      // a letter of a text
  kLeaveOutEntry,   // an entry less
  kInventEntry,     // an entry more
  kInventTombstone  // a record withdrawn
};

v1::EntriesPage* PageIn(v1::SyncMessage* message) {
  return message->has_page() && message->page().entries_size() > 0 ? message->mutable_page() : nullptr;
}

// What of it a receiver can prove wrong: records that are not the set of the head that they come with. (Of a difference
// it cannot: its own copy may be what is damaged.)
bool NamesTheRelay(Damage damage, v1::SyncMessage message) {
  const v1::EntriesPage* const page = PageIn(&message);
  if (page == nullptr || page->entries(page->entries_size() / 2).tombstone()) return false;
  return damage == Damage::kAlterEntry || damage == Damage::kLeaveOutEntry || damage == Damage::kInventTombstone;
}

void DamageEntries(Damage damage, v1::EntriesPage* page) {
  v1::Entry* entry = page->mutable_entries(page->entries_size() / 2);
  if (damage == Damage::kAlterEntry && !entry->payload().empty()) entry->mutable_payload()->back() ^= 1;
  if (damage == Damage::kLeaveOutEntry) page->mutable_entries()->DeleteSubrange(page->entries_size() / 2, 1);
  if (damage == Damage::kInventTombstone) {
    entry->clear_payload();
    entry->set_tombstone(true);
  }
  if (damage == Damage::kInventEntry) {
    v1::Entry invented = *entry;
    invented.set_id("invented by one!");
    invented.set_seq(page->through_seq() + 1);
    page->set_through_seq(invented.seq());
    *page->add_entries() = invented;
  }
}

// One world, one damage at one place.
class Exchange {
 public:
  Exchange(Damage damage, int position)
      : damage_(damage),
        position_(position),
        directory_(absl::StrCat(Base(), "/cairn-relay-", getpid(), "-", static_cast<int>(damage), "-", position)),
        world_(11, 4, directory_) {}
  ~Exchange() { std::filesystem::remove_all(directory_); }

  void All() {
    for (const auto& [a, b] : {std::pair(kOwner, kRelay), {kOwner, kHonest}, {kRelay, kReceiver}, {kHonest, kReceiver}})
      world_.Allow(a, b);
    world_.set_latency(absl::Milliseconds(5));
    world_.SetMeddler(kRelay, kReceiver, [this](std::string bytes) { return Meddle(std::move(bytes)); });
    world_.StartAll();
    Go(absl::Seconds(5));                     // the owner asks for its own feed first
    Publish(0, 40, std::string(8'000, 'a'));  // more than one page
    Publish(40, 3, "small");
    world_.SetParted(kHonest, kReceiver, true);  // the relay is asked first
    Go(kBootstrap);
    Publish(41, 1, "changed");
    Withdraw(42);
    Go(absl::Seconds(3));
    world_.HealAll();
    Go(absl::Minutes(3));
    Publish(43, 1, "last");
    Go(absl::Minutes(2));
    Check();
  }

  int passed() const { return passed_; }

 private:
  static std::string Base() { return std::filesystem::exists("/dev/shm") ? "/dev/shm" : testing::TempDir(); }

  void Publish(uint64_t first, uint64_t count, const std::string& text) {
    world_.node(kOwner).Publish(first, count, text);
    signed_[world_.node(kOwner).Held(kOwner).second] = world_.node(kOwner).Entries(kOwner);
  }
  void Withdraw(uint64_t number) {
    world_.node(kOwner).Withdraw(number);
    signed_[world_.node(kOwner).Held(kOwner).second] = world_.node(kOwner).Entries(kOwner);
  }

  // Never a bad state: what shows is exactly the set of one head that the owner signed (R1, R2), never older than
  // before (R5).
  void Go(absl::Duration duration) {
    const absl::Duration end = world_.now() + duration;
    while (world_.now() < end && !testing::Test::HasFailure()) {
      world_.RunUntil(
          std::min(end, world_.now() + (duration > absl::Seconds(10) ? absl::Seconds(2) : absl::Milliseconds(100))));
      const auto held = world_.node(kReceiver).Held(kOwner);
      ASSERT_GE(held, seen_) << "R5";
      if (held == seen_) continue;
      seen_ = held;
      if (held.second == 0) {  // only staged so far
        ASSERT_TRUE(world_.node(kReceiver).Entries(kOwner).empty()) << "R1";
        continue;
      }
      ASSERT_EQ(signed_.count(held.second), 1u) << "R1: no head with number " << held.second;
      ASSERT_EQ(world_.node(kReceiver).Entries(kOwner), signed_[held.second]) << "R2";
    }
  }

  void Check() {
    ASSERT_EQ(world_.node(kReceiver).Held(kOwner), world_.node(kOwner).Held(kOwner)) << "R4";
    ASSERT_EQ(world_.node(kReceiver).Entries(kOwner), world_.node(kOwner).Entries(kOwner)) << "R2";
    ASSERT_TRUE(world_.node(kReceiver).Verify().ok()) << world_.node(kReceiver).Verify();
    const auto& peers = world_.node(kReceiver).core().dial_plan().entries();
    EXPECT_TRUE(!proof_ || peers.at(TestConsortium::Node(kRelay)).faulty) << "the relay is to be named";
    for (const auto& [session, why] : world_.node(kReceiver).closed()) {
      EXPECT_FALSE(absl::StrContains(why.ToString(), TestConsortium::Node(kHonest))) << "nobody else is";
    }
    EXPECT_FALSE(peers.at(TestConsortium::Node(kHonest)).faulty) << "nobody else is";
  }

  // What the receiver gets instead of `bytes`.
  std::vector<std::string> Meddle(std::string bytes) {
    const int at = passed_++;
    if (at == position_ + 1 && damage_ == Damage::kSwap) return {bytes, kept_};
    if (at == position_ + 1 && damage_ == Damage::kReplayLater) return {kept_, bytes};
    if (at != position_) return {bytes};
    kept_ = bytes;
    v1::SyncMessage message;
    message.ParseFromString(bytes);
    proof_ = world_.now() < kBootstrap && NamesTheRelay(damage_, message);
    switch (damage_) {
      case Damage::kNone:
        return {bytes};
      case Damage::kDrop:
      case Damage::kSwap:
        return {};
      case Damage::kReplay:
        return {bytes, bytes};
      case Damage::kReplayLater:
        return {bytes};
      case Damage::kTruncate:
        return {bytes.substr(0, bytes.size() / 2)};
      case Damage::kFlip:
        bytes[world_.random().Below(bytes.size())] ^= static_cast<char>(1 << world_.random().Below(8));
        return {bytes};
      default:
        if (v1::EntriesPage* page = PageIn(&message)) DamageEntries(damage_, page);
        return {message.SerializeAsString()};
    }
  }

  const Damage damage_;
  const int position_;
  const std::string directory_;
  SimWorld world_;
  int passed_ = 0;  // messages from the relay to the receiver
  std::string kept_;
  bool proof_ = false;
  std::pair<uint32_t, uint64_t> seen_;
  std::map<uint64_t, std::map<std::string, std::string>> signed_;  // seq of a head -> its set
};

class RelayTest : public testing::TestWithParam<Damage> {};

TEST_P(RelayTest, DoesNoHarmAtAnyMessage) {
  SetLogLevel(static_cast<LogLevel>(static_cast<int>(LogLevel::kError) + 1));  // it is all trouble
  Exchange recorded(Damage::kNone, -1);
  recorded.All();
  ASSERT_GE(recorded.passed(), 6);
  std::atomic<int> next{0};
  const auto work = [&] {
    for (int position = next++; position < recorded.passed() && !HasFailure(); position = next++) {
      SCOPED_TRACE(absl::StrCat("message ", position, " of ", recorded.passed()));
      Exchange(GetParam(), position).All();
    }
  };
  std::thread other(work);  // runs share nothing
  work();
  other.join();
}

INSTANTIATE_TEST_SUITE_P(EveryDamage, RelayTest,
                         testing::Values(Damage::kDrop, Damage::kReplay, Damage::kReplayLater, Damage::kSwap,
                                         Damage::kTruncate, Damage::kFlip, Damage::kAlterEntry, Damage::kLeaveOutEntry,
                                         Damage::kInventEntry, Damage::kInventTombstone));

}  // namespace
}  // namespace cairn
