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
  kReplay,           // says it twice
  kReplayLater,      // says it again in the place of the next
  kSwap,             // says the next one first
  kTruncate,         // half of the bytes
  kFlip,             // one bit somewhere
  kAlterEntry,       // a letter of a text
  kLeaveOutEntry,    // an entry less
  kInventEntry,      // an entry more
  kInventTombstone,  // a record withdrawn
  kAlterSignature,   // of an announced head
  kInventHead        // says that the owner is further than it is
};

// What the receiver must know of the relay afterwards.
enum class Verdict {
  kNothing,
  kEnded,   // its stream ended, and why
  kSlow,    // it announced what it does not deliver
  kFaulty,  // it broke the protocol, or served what is not what was signed
};

google::protobuf::RepeatedPtrField<v1::Entry>* EntriesIn(v1::SyncMessage* message) {
  if (message->has_page() && message->page().entries_size() > 0) return message->mutable_page()->mutable_entries();
  if (!message->has_heads()) return nullptr;
  for (v1::FeedHead& head : *message->mutable_heads()->mutable_heads()) {
    if (head.entries_size() > 0) return head.mutable_entries();
  }
  return nullptr;
}

v1::SignedHead* HeadIn(v1::SyncMessage* message) {
  if (!message->has_heads() || message->heads().heads().empty()) return nullptr;
  return message->mutable_heads()->mutable_heads(0)->mutable_head();
}

bool AltersEntries(Damage damage) { return damage >= Damage::kAlterEntry && damage <= Damage::kInventTombstone; }

void DamageEntries(Damage damage, google::protobuf::RepeatedPtrField<v1::Entry>* entries) {
  v1::Entry* entry = entries->Mutable(entries->size() / 2);
  if (damage == Damage::kAlterEntry && !entry->payload().empty()) entry->mutable_payload()->back() ^= 1;
  if (damage == Damage::kLeaveOutEntry) entries->DeleteSubrange(entries->size() / 2, 1);
  if (damage == Damage::kInventTombstone) {
    entry->clear_payload();
    entry->set_tombstone(true);
  }
  if (damage == Damage::kInventEntry) {
    v1::Entry invented = *entries->rbegin();
    invented.set_id("invented by one!");
    invented.set_seq(invented.seq() + 1);
    *entries->Add() = invented;
  }
}

v1::HeadContent ContentOf(const v1::SignedHead& signed_head) {
  v1::HeadBody body;
  v1::HeadContent content;
  body.ParseFromString(signed_head.body());
  content.ParseFromString(body.content());
  return content;
}

void DamageHead(Damage damage, v1::SignedHead* signed_head) {
  if (damage == Damage::kAlterSignature) {
    signed_head->mutable_signature()->back() ^= 1;
    return;
  }
  v1::HeadContent content = ContentOf(*signed_head);
  content.set_seq(content.seq() + 100);
  v1::HeadBody body;
  body.ParseFromString(signed_head->body());
  body.set_content(content.SerializeAsString());
  signed_head->set_body(body.SerializeAsString());
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
    const DialPlan::Entry& relay = peers.at(TestConsortium::Node(kRelay));
    EXPECT_TRUE(verdict_ != Verdict::kFaulty || relay.faulty) << "the relay is to be named";
    EXPECT_TRUE(verdict_ != Verdict::kSlow || relay.trouble != "" || relay.faulty) << "the relay is to be named";
    EXPECT_TRUE(verdict_ != Verdict::kEnded || ended_) << "the relay is to be named";
    EXPECT_TRUE(verdict_ != Verdict::kNothing || !unaltered_ || !relay.faulty) << "there is nothing to be blamed for";
    for (const auto& [session, why] : world_.node(kReceiver).closed()) {
      EXPECT_FALSE(absl::StrContains(why.ToString(), TestConsortium::Node(kHonest))) << "nobody else is";
    }
    EXPECT_FALSE(peers.at(TestConsortium::Node(kHonest)).faulty) << "nobody else is";
  }

  // What the receiver can know when `sent` became `damaged`, and `next` is what the relay would send after it.
  //
  // Not to be known, whatever the receiver does:
  // - that a ping or an announcement was dropped is silence, and the next one says more; what it announced comes from
  //   others;
  // - an announcement or a ping that was said twice, later or in another order may be: each stands for itself, and a
  //   head that is older than what is held is no news;
  // - entries that come only before something of another kind are late, which a slow line is as well;
  // - that a difference, or the entries that come with an announcement, do not lead to the head's set may be the
  //   receiver's own copy: it takes the whole set from whoever has it. With the whole set, there is no such doubt.
  Verdict VerdictOf(const v1::SyncMessage& sent, const v1::SyncMessage& damaged, const v1::SyncMessage& next) {
    const bool whole_set = world_.node(kReceiver).Held(kOwner).second == 0 && sent.has_page();
    const bool closes = sent.page().has_closing_head();
    switch (damage_) {
      case Damage::kNone:
        return Verdict::kNothing;
      case Damage::kDrop:
        if (sent.has_page() && closes) return Verdict::kSlow;
        return sent.has_hello() || whole_set ? Verdict::kFaulty : Verdict::kNothing;
      case Damage::kReplay:
      case Damage::kReplayLater:
        return sent.has_hello() || sent.has_page() ? Verdict::kFaulty : Verdict::kNothing;
      case Damage::kSwap:
        return sent.has_hello() || (sent.has_page() && next.has_page()) ? Verdict::kFaulty : Verdict::kNothing;
      case Damage::kTruncate:
        return Verdict::kEnded;
      case Damage::kInventEntry:
        return sent.has_page() && sent.page().entries_size() > 0 ? Verdict::kFaulty : Verdict::kNothing;
      case Damage::kAlterSignature:
      case Damage::kInventHead: {
        if (damaged.heads().heads().empty()) return Verdict::kNothing;
        const uint64_t seq = ContentOf(damaged.heads().heads(0).head()).seq();
        return seq > world_.node(kReceiver).Held(kOwner).second ? Verdict::kFaulty : Verdict::kNothing;
      }
      default:
        break;
    }
    return whole_set && Differ(sent.page(), damaged.page()) ? Verdict::kFaulty : Verdict::kNothing;
  }

  static bool Differ(const v1::EntriesPage& sent, const v1::EntriesPage& damaged) {
    if (sent.entries_size() != damaged.entries_size()) return true;
    for (int i = 0; i < sent.entries_size(); ++i) {
      if (sent.entries(i).SerializeAsString() != damaged.entries(i).SerializeAsString()) return true;
    }
    return false;
  }

  // What the receiver gets instead of `bytes`.
  std::vector<std::string> Meddle(std::string bytes) {
    const int at = passed_++;
    v1::SyncMessage message;
    message.ParseFromString(bytes);
    if (at == position_ + 1 && damage_ == Damage::kSwap) {
      v1::SyncMessage before;
      before.ParseFromString(kept_);
      verdict_ = VerdictOf(before, before, message);
      return {bytes, kept_};
    }
    if (at == position_ + 1 && damage_ == Damage::kReplayLater) return {kept_, bytes};
    if (at != position_) return {bytes};
    kept_ = bytes;
    std::vector<std::string> arriving = Damaged(message, std::move(bytes));
    v1::SyncMessage damaged;
    unaltered_ = arriving == std::vector<std::string>{kept_};
    if (arriving.empty() || damaged.ParseFromString(arriving.front())) {
      verdict_ = VerdictOf(message, damaged, v1::SyncMessage());
    } else {
      verdict_ = Verdict::kEnded;
    }
    if (verdict_ == Verdict::kEnded) WatchEnd();
    return arriving;
  }

  std::vector<std::string> Damaged(v1::SyncMessage message, std::string bytes) {
    switch (damage_) {
      case Damage::kNone:
      case Damage::kReplayLater:
        return {bytes};
      case Damage::kDrop:
      case Damage::kSwap:
        return {};
      case Damage::kReplay:
        return {bytes, bytes};
      case Damage::kTruncate:
        return {bytes.substr(0, bytes.size() / 2)};
      case Damage::kFlip:
        bytes[world_.random().Below(bytes.size())] ^= static_cast<char>(1 << world_.random().Below(8));
        return {bytes};
      default:
        break;
    }
    auto* const entries = EntriesIn(&message);
    v1::SignedHead* const head = HeadIn(&message);
    if (AltersEntries(damage_) ? entries == nullptr : head == nullptr) return {bytes};
    if (AltersEntries(damage_)) DamageEntries(damage_, entries);
    if (!AltersEntries(damage_)) DamageHead(damage_, head);
    if (message.has_page() && damage_ == Damage::kInventEntry) {
      message.mutable_page()->set_through_seq(entries->rbegin()->seq());
    }
    return {message.SerializeAsString()};
  }

  // Bytes that are no message reach no machine: all that it hears is that the stream is over, and why.
  void WatchEnd() {
    for (int millis = 1; millis <= 200; ++millis) {
      world_.After(absl::Milliseconds(millis), [this] {
        const auto& peers = world_.node(kReceiver).core().dial_plan().entries();
        ended_ = ended_ || absl::StrContains(peers.at(TestConsortium::Node(kRelay)).last_error, "no message");
      });
    }
  }

  const Damage damage_;
  const int position_;
  const std::string directory_;
  SimWorld world_;
  int passed_ = 0;  // messages from the relay to the receiver
  std::string kept_;
  Verdict verdict_ = Verdict::kNothing;
  bool unaltered_ = false;  // there was nothing to be damaged
  bool ended_ = false;      // the receiver knows that the relay's stream ended with what is no message
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
                                         Damage::kInventEntry, Damage::kInventTombstone, Damage::kAlterSignature,
                                         Damage::kInventHead));

}  // namespace
}  // namespace cairn
