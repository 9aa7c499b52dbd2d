#include "tests/simulation/taint_scenario.h"

#include <unistd.h>

#include <filesystem>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/simulation/sim_node.h"
#include "tests/simulation/sim_world.h"
#include "tests/simulation/taint_oracle.h"
#include "tests/simulation/taint_reads.h"

namespace cairn {
namespace {

constexpr uint64_t kCharterVersionsMax = 250;  // each node checks each of them
constexpr uint64_t kPublicNumbers = 20;        // those below are also published for everybody

class Taint {
 public:
  Taint(uint64_t seed, uint64_t operations, bool dense)
      : operations_(operations),
        doors_of_thousand_(dense ? 500 : 60),
        directory_(absl::StrCat(std::filesystem::exists("/dev/shm") ? "/dev/shm" : testing::TempDir(), "/cairn-taint-",
                                getpid(), "-", seed)),
        world_(seed, kTaintPartners, directory_),
        random_(seed ^ 0x7a17),
        reads_(&world_, &random_, &oracle_, &published_) {
    world_.consortium().Change([](v1::Charter* charter) {
      charter->mutable_partners(kSecretPartner)->set_name(TaintMarker(kSecretPartner, 0));
    });
    oracle_.SetMembers(2, {});
  }
  ~Taint() {
    for (int i = 0; i < kTaintPartners; ++i) reads_.Close(i);
    std::filesystem::remove_all(directory_);
  }

  TaintReport Run() {
    world_.AllowAll();
    world_.set_latency(absl::Milliseconds(20));
    world_.set_wiretap([this](int from, int to, const v1::SyncMessage& message, const std::string& bytes) {
      if (message.has_charter()) return;  // for all of the consortium
      oracle_.Search("sync", VersionAt(from), {absl::StrCat("p", to), to, std::nullopt}, bytes);
    });
    for (int i = 0; i < kTaintPartners; ++i) world_.node(i).Start({.standalone = true});
    while (oracle_.report().operations < operations_) {
      world_.RunUntil(world_.now() + absl::Milliseconds(random_.Below(40)));
      Step();
      ++oracle_.report().operations;
    }
    world_.RunUntil(world_.now() + absl::Minutes(10));
    CheckRest();
    return std::move(oracle_.report());
  }

 private:
  uint64_t VersionAt(int node) { return world_.node(node).charter().current()->version(); }
  static TaintReader Itself(int node) { return {absl::StrCat("p", node, " itself"), node, std::nullopt}; }

  // --- what happens

  void Step() {
    const int i = static_cast<int>(random_.Below(kTaintPartners));
    const uint64_t what = random_.Below(1000);
    if (what < 4) {
      ChangeCircles(i);
    } else if (what < 40) {
      Publish(i);
    } else if (what < 48) {
      Withdraw(i);
    } else if (what < 52) {
      world_.BreakAStream();
    } else if (what < 54) {
      reads_.Close(i);
      world_.node(i).Crash();
      world_.node(i).Start({.standalone = true});
    } else if (what < 54 + doors_of_thousand_) {
      reads_.ReadDoors(i);
    } else {
      reads_.ReadDirectory(i);
    }
  }

  void ChangeCircles(int node) {
    if (oracle_.versions() >= kCharterVersionsMax) return;
    TaintOracle::Members next = oracle_.newest_members();
    const int circle = static_cast<int>(random_.Below(kTaintCircles));
    const int partner = static_cast<int>(random_.Below(kTaintPartners));
    switch (random_.Below(6)) {
      case 0:  // deleted, perhaps to be made again
        next.erase(circle);
        break;
      case 1:  // empty: nobody
        next[circle].clear();
        break;
      case 2:
        next[circle].erase(partner);
        break;
      default:
        for (int n = 0; n < 3; ++n) next[circle].insert(static_cast<int>(random_.Below(kTaintPartners)));
    }
    world_.consortium().Change([&](v1::Charter* charter) {
      charter->clear_circles();
      for (const auto& [number, partners] : next) {
        v1::Circle* made = charter->add_circles();
        made->set_name(TaintCircle(number));
        for (const int member : partners) made->add_partners(TestConsortium::Partner(member));
      }
    });
    oracle_.SetMembers(oracle_.newest_version() + 1, std::move(next));
    world_.node(node).SubmitCharter();
  }

  void Publish(int owner) {
    const uint64_t number = random_.Below(kPublicNumbers);
    const uint64_t what = random_.Below(8);
    if (owner != kSecretPartner && what < 2) {
      if (PublishRecord(owner, "public", TaintRecord(owner, number, "for everybody", "open"))) {
        public_.insert({owner, number});
      }
      return;
    }
    // Over what is public it becomes a supplement.
    const auto base = public_.lower_bound({owner, number});
    const bool supplements = what < 4 && base != public_.end() && base->first == owner;
    PublishConfidential(owner, supplements ? base->second : kPublicNumbers + number);
  }

  void PublishConfidential(int owner, uint64_t number) {
    const int audience = random_.Below(6) == 0 ? 0 : static_cast<int>(random_.Below(kTaintCircles + 1));
    const std::string marker = TaintMarker(owner, audience);
    oracle_.NotePublished(owner, audience);
    const std::string words = absl::StrCat("meet at ", marker, " ", TaintWord(owner, audience));
    if (PublishRecord(owner, TaintAudience(audience), TaintRecord(owner, number, words, marker))) {
      published_[{owner, number}] = audience;
    }
  }

  // Whether it is published now.
  bool PublishRecord(int owner, const std::string& audience, const v1::Record& record) {
    const auto done = world_.node(owner).PublishRecord(audience, record);
    oracle_.Search("publish", VersionAt(owner), Itself(owner),
                   done.ok() ? done->SerializeAsString() : std::string(done.status().message()));
    return done.ok() && done->committed();
  }

  void Withdraw(int owner) {
    const uint64_t number = random_.Below(2 * kPublicNumbers);
    v1::WithdrawRequest request;
    request.add_ids(SimNode::RecordId(owner, number));
    const auto done = world_.node(owner).publisher().Withdraw(request, nullptr);
    oracle_.Search("withdraw", VersionAt(owner), Itself(owner), done.status().message());
    if (!done.ok()) return;
    published_.erase({owner, number});
    public_.erase({owner, number});
  }

  // --- when all is quiet

  // Nodes hold on disk what their partner may read and nothing else, and all of that.
  void CheckRest() {
    const uint64_t newest = oracle_.newest_version();
    for (int i = 0; i < kTaintPartners; ++i) {
      if (VersionAt(i) != newest) oracle_.Leak("disk", Itself(i), "not the newest charter");
      const auto feeds = world_.node(i).feeds().Feeds();
      ASSERT_TRUE(feeds.ok());
      for (const HeldFeed& held : *feeds) {
        int owner = 0, circle = -1;
        ASSERT_TRUE(absl::SimpleAtoi(held.feed.partner.substr(1), &owner));
        if (absl::StartsWith(held.feed.audience, "circle:")) {
          ASSERT_TRUE(absl::SimpleAtoi(held.feed.audience.substr(14, 2), &circle));
          if (!oracle_.Allowed(VersionAt(i), Itself(i), owner, circle + 1)) {
            oracle_.Leak("disk", Itself(i), absl::StrCat("still ", held.feed.ToString()));
          }
        }
        if (owner == i) CheckArrived(i, held, circle);
      }
      const auto dropped = world_.node(i).feeds().DroppedFeeds();
      ASSERT_TRUE(dropped.ok());
      oracle_.report().erased_feeds += dropped->size();
    }
  }

  // R4: everybody who may read the feed holds it.
  void CheckArrived(int owner, const HeldFeed& own, int circle) {
    for (int i = 0; i < kTaintPartners; ++i) {
      if (i == owner || (circle >= 0 && !oracle_.Allowed(VersionAt(owner), Itself(i), owner, circle + 1))) continue;
      const auto held = world_.node(i).feeds().Find(own.feed.partner, own.feed.audience);
      const bool same = held.ok() && held->has_value() && (*held)->seq == own.seq;
      if (!same) oracle_.Leak("disk", Itself(i), absl::StrCat("lacks ", own.feed.ToString(), " at ", own.seq));
    }
  }

  const uint64_t operations_;
  const uint64_t doors_of_thousand_;
  const std::string directory_;
  SimWorld world_;
  SeededRandom random_;
  TaintOracle oracle_;
  std::set<std::pair<int, uint64_t>> public_;  // owner and number
  TaintPublished published_;
  TaintReads reads_;
};

}  // namespace

void TaintReport::Add(const TaintReport& other) {
  leaks.insert(leaks.end(), other.leaks.begin(), other.leaks.end());
  operations += other.operations;
  erased_feeds += other.erased_feeds;
  for (const auto& [path, counts] : other.paths) {
    paths[path].answers += counts.answers;
    paths[path].bytes += counts.bytes;
    paths[path].arrivals += counts.arrivals;
    paths[path].leaks += counts.leaks;
  }
}

TaintReport RunTaintScenario(uint64_t seed, uint64_t operations, bool dense) {
  return Taint(seed, operations, dense).Run();
}

const std::map<std::string, std::string>& TaintPathsWithoutRecords() {
  static const auto* const paths = new std::map<std::string, std::string>{
      {"publish", "a partner's own node tells it of its own records"},
      {"withdraw", "as publish"},
      {"refused snapshot", "says what was asked for; an audience that is not given is refused alike, there or not"},
      {"/about", "the program's words"},
      {"/about?q=", "the program's words"},
      {"/assets/{file}", "the program's files"},
      {"/catalog.jsonld", "where the interfaces are"},
      {"/healthz", "one word"},
      {"/readyz", "one sentence"},
      {"/hsds", "where the interface is"},
      {"/hsds/", "where the interface is"},
      {"/hsds/openapi.json", "the interface's description"}};
  return *paths;
}

}  // namespace cairn
