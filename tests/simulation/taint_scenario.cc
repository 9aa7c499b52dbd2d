#include "tests/simulation/taint_scenario.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "server/directory/directory_reader.h"
#include "server/directory/watcher.h"
#include "tests/simulation/sim_node.h"
#include "tests/simulation/sim_world.h"

namespace cairn {
namespace {

constexpr int kPartners = 12;
constexpr int kCircles = 30;
constexpr uint64_t kCharterVersionsMax = 250;  // each node checks each of them
constexpr size_t kLeaksKept = 20;

// One word, so that a search can ask for it: owner and audience (00 the consortium, else the circle's number plus one).
std::string Marker(int owner, int audience) { return absl::StrFormat("taint%02dx%02dq", owner, audience); }
std::string CircleName(int circle) { return absl::StrFormat("zirkel-%02d-q", circle); }
std::string AudienceName(int audience) {
  return audience == 0 ? "consortium" : absl::StrCat("circle:", CircleName(audience - 1));
}

class Taint {
 public:
  Taint(uint64_t seed, uint64_t operations)
      : operations_(operations),
        directory_(absl::StrCat(std::filesystem::exists("/dev/shm") ? "/dev/shm" : testing::TempDir(), "/cairn-taint-",
                                getpid(), "-", seed)),
        world_(seed, kPartners, directory_),
        random_(seed ^ 0x7a17) {
    members_[1] = {};
  }
  ~Taint() { std::filesystem::remove_all(directory_); }

  TaintReport Run() {
    world_.AllowAll();
    world_.set_latency(absl::Milliseconds(20));
    world_.set_wiretap([this](int from, int to, const v1::SyncMessage& message, const std::string& bytes) {
      if (!message.has_charter()) Search("sync", from, to, false, bytes);
    });
    for (int i = 0; i < kPartners; ++i) world_.node(i).Start(/*standalone=*/true);
    while (report_.operations < operations_) {
      world_.RunUntil(world_.now() + absl::Milliseconds(random_.Below(40)));
      Step();
      ++report_.operations;
    }
    world_.RunUntil(world_.now() + absl::Minutes(10));
    CheckRest();
    return std::move(report_);
  }

 private:
  using Members = std::map<int, std::set<int>>;  // circle -> partners

  uint64_t VersionAt(int node) { return world_.node(node).charter().current()->version(); }

  // The scenario's own answer, under the charter that `node` goes by.
  bool Allowed(int node, int reader, bool anonymous, int owner, int audience) {
    if (!anonymous && reader == owner) return true;
    if (anonymous) return false;
    if (audience == 0) return true;
    const Members& members = members_.at(VersionAt(node));
    const auto circle = members.find(audience - 1);
    return circle != members.end() && circle->second.contains(reader);
  }

  // A circle's name may be seen by its members and by those who publish to it.
  bool MayKnow(int node, int reader, bool anonymous, int circle) {
    if (anonymous) return false;
    return published_to_.contains({reader, circle + 1}) || Allowed(node, reader, false, -1, circle + 1);
  }

  void Leak(const std::string& what) {
    if (report_.leaks.size() < kLeaksKept) report_.leaks.push_back(what);
  }

  void Search(const char* path, int node, int reader, bool anonymous, const std::string& bytes) {
    report_.bytes_searched += bytes.size();
    const std::string who =
        absl::StrCat(path, ": node ", node, " to ", anonymous ? "anybody" : absl::StrCat("p", reader));
    for (size_t at = bytes.find("taint"); at != std::string::npos; at = bytes.find("taint", at + 5)) {
      int owner = 0, audience = 0;
      if (bytes.size() < at + 11 || !absl::SimpleAtoi(bytes.substr(at + 5, 2), &owner) ||
          !absl::SimpleAtoi(bytes.substr(at + 8, 2), &audience)) {
        continue;
      }
      if (Allowed(node, reader, anonymous, owner, audience)) {
        report_.confidential_arrivals += reader != owner;
      } else {
        Leak(absl::StrCat(who, " has ", bytes.substr(at, 11)));
      }
    }
    for (size_t at = bytes.find("zirkel-"); at != std::string::npos; at = bytes.find("zirkel-", at + 7)) {
      int circle = 0;
      if (bytes.size() < at + 9 || !absl::SimpleAtoi(bytes.substr(at + 7, 2), &circle)) continue;
      if (!MayKnow(node, reader, anonymous, circle)) Leak(absl::StrCat(who, " has the name of circle ", circle));
    }
  }

  // --- what happens

  void Step() {
    const int i = static_cast<int>(random_.Below(kPartners));
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
      world_.node(i).Crash();
      world_.node(i).Start(/*standalone=*/true);
    } else {
      Read(i);
    }
  }

  void ChangeCircles(int node) {
    if (members_.size() >= kCharterVersionsMax) return;
    Members next = members_.rbegin()->second;
    const int circle = static_cast<int>(random_.Below(kCircles));
    const int partner = static_cast<int>(random_.Below(kPartners));
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
        for (int n = 0; n < 3; ++n) next[circle].insert(static_cast<int>(random_.Below(kPartners)));
    }
    world_.consortium().Change([&](v1::Charter* charter) {
      charter->clear_circles();
      for (const auto& [number, partners] : next) {
        v1::Circle* made = charter->add_circles();
        made->set_name(CircleName(number));
        for (const int member : partners) made->add_partners(TestConsortium::Partner(member));
      }
    });
    members_[members_.rbegin()->first + 1] = std::move(next);
    world_.node(node).SubmitCharter();
  }

  void Publish(int owner) {
    const int audience = static_cast<int>(random_.Below(kCircles + 1));
    if (random_.Below(4) == 0) {
      const absl::Status done = world_.node(owner).PublishTo("public", random_.Below(20), "for everybody");
      Search("publish error", owner, owner, false, std::string(done.message()));
      return;
    }
    published_to_.insert({owner, audience});
    const absl::Status done = world_.node(owner).PublishTo(AudienceName(audience), 20 + random_.Below(20),
                                                           absl::StrCat("meet at ", Marker(owner, audience)));
    Search("publish error", owner, owner, false, std::string(done.message()));
  }

  void Withdraw(int owner) {
    v1::WithdrawRequest request;
    request.add_ids(SimNode::RecordId(owner, 20 + random_.Below(20)));
    world_.node(owner).publisher().Withdraw(request, nullptr).status().IgnoreError();
  }

  // One of the ways of reading, as one of those who read at this node.
  void Read(int node) {
    const bool anonymous = random_.Below(3) == 0;
    const Reader reader = anonymous ? Reader::Anonymous() : Reader::LocalOperator(TestConsortium::Partner(node));
    const CharterSource charter = [this, node] { return world_.node(node).charter().current(); };
    const DirectoryReader directory(&world_.node(node).store(), charter, world_.clock());
    const auto check = [&](const char* path, const auto& answer) {
      Search(path, node, node, anonymous,
             answer.ok() ? answer->SerializeAsString() : std::string(answer.status().message()));
    };
    const int owner = static_cast<int>(random_.Below(kPartners));
    switch (random_.Below(7)) {
      case 0: {
        v1::SearchRequest request;
        request.set_query(Marker(owner, static_cast<int>(random_.Below(kCircles + 1))));
        check("search", directory.Search(reader, request));
        break;
      }
      case 1: {
        v1::GetFacetsRequest request;
        request.set_query(random_.Below(2) == 0 ? "" : "meet");
        check("facets", directory.GetFacets(reader, request));
        break;
      }
      case 2: {
        v1::GetRecordRequest request;
        request.set_id(SimNode::RecordId(owner, random_.Below(40)));
        check("get", directory.GetRecord(reader, request));
        break;
      }
      case 3:
        check("list", directory.ListRecords(reader, {}));
        break;
      case 4:
        check("partners", directory.ListPartners(reader));
        break;
      case 5:
        Export(directory, reader, node, anonymous);
        break;
      default:
        Watch(charter, reader, node, anonymous);
    }
  }

  void Export(const DirectoryReader& directory, const Reader& reader, int node, bool anonymous) {
    const absl::Status done = directory.ExportRecords(reader, {}, [&](const v1::ExportRecordsResponse& page) {
      Search("export", node, node, anonymous, page.SerializeAsString());
      return absl::OkStatus();
    });
    Search("export error", node, node, anonymous, std::string(done.message()));
  }

  // Watchers live on through changes of the charter.
  void Watch(const CharterSource& charter, const Reader& reader, int node, bool anonymous) {
    auto& watcher = watchers_[{node, anonymous}];
    if (watcher.second == nullptr || watcher.first != world_.node(node).life()) {
      auto started = Watcher::Start(&world_.node(node).store(), charter, world_.clock(), reader, {});
      if (!started.ok()) return;
      watcher = {world_.node(node).life(), *std::move(started)};
    }
    const auto events = watcher.second->Next();
    if (!events.ok()) {
      Search("watch error", node, node, anonymous, std::string(events.status().message()));
      watcher.second = nullptr;
      return;
    }
    for (const v1::WatchRecordsResponse& event : *events) {
      Search("watch", node, node, anonymous, event.SerializeAsString());
    }
  }

  // --- when all is quiet

  // Nodes hold on disk what their partner may read and nothing else, and all of that.
  void CheckRest() {
    const uint64_t newest = members_.rbegin()->first;
    for (int i = 0; i < kPartners; ++i) {
      if (VersionAt(i) != newest) Leak(absl::StrCat("node ", i, " has not heard of the newest charter"));
      const auto feeds = world_.node(i).feeds().Feeds();
      ASSERT_TRUE(feeds.ok());
      for (const HeldFeed& held : *feeds) {
        int owner = 0, circle = -1;
        ASSERT_TRUE(absl::SimpleAtoi(held.feed.partner.substr(1), &owner));
        if (absl::StartsWith(held.feed.audience, "circle:")) {
          ASSERT_TRUE(absl::SimpleAtoi(held.feed.audience.substr(14, 2), &circle));
          if (!Allowed(i, i, false, owner, circle + 1))
            Leak(absl::StrCat("node ", i, " still holds ", held.feed.ToString()));
        }
        if (owner == i) CheckArrived(i, held, circle);
      }
      const auto dropped = world_.node(i).feeds().DroppedFeeds();
      ASSERT_TRUE(dropped.ok());
      report_.erased_feeds += dropped->size();
    }
  }

  // R4: everybody who may read the feed holds it.
  void CheckArrived(int owner, const HeldFeed& own, int circle) {
    for (int i = 0; i < kPartners; ++i) {
      if (i == owner || (circle >= 0 && !Allowed(i, i, false, owner, circle + 1))) continue;
      const auto held = world_.node(i).feeds().Find(own.feed.partner, own.feed.audience);
      const bool same = held.ok() && held->has_value() && (*held)->seq == own.seq;
      if (!same) Leak(absl::StrCat("node ", i, " lacks ", own.feed.ToString(), " at ", own.seq));
    }
  }

  const uint64_t operations_;
  const std::string directory_;
  SimWorld world_;
  SeededRandom random_;
  std::map<uint64_t, Members> members_;  // by charter version
  std::set<std::pair<int, int>> published_to_;
  std::map<std::pair<int, bool>, std::pair<uint64_t, std::unique_ptr<Watcher>>> watchers_;
  TaintReport report_;
};

}  // namespace

TaintReport RunTaintScenario(uint64_t seed, uint64_t operations) { return Taint(seed, operations).Run(); }

}  // namespace cairn
