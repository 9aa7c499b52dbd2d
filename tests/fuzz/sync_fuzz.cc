// Arbitrary messages of greeted peers, over time, to a node with a real store: no crash, nothing visible that its owner
// did not sign, nothing sent to whom it is not for, and an end to the work that one message makes.
//
// Input: frames of 3 bytes and a serialised SyncMessage: a byte that says who speaks (bits 0-1), how long the world
// waits afterwards (bits 2-4) and whether the stream ends instead (bit 7); the message's length, low byte first. In a
// message, a head with an empty body stands for the true head numbered by its signature's first byte, and an entry
// without id for entry `seq % 16` of the true state `seq / 16`.
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "common/base/limits.h"
#include "common/crypto/hash.h"
#include "server/charter/may_read.h"
#include "server/feed/head_format.h"
#include "server/replicate/store_executor.h"
#include "server/replicate/sync_core.h"
#include "server/store/verify.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/fuzz_consortium.h"

namespace cairn {
namespace {

constexpr int kOwnStates = 5;      // index of p0's first state
constexpr int kStepsMax = 20'000;  // store requests and messages that one frame may lead to
constexpr int kFramesMax = 64;     // keeps one input quick
constexpr absl::Duration kWaits[] = {absl::ZeroDuration(),    absl::Milliseconds(1), absl::Milliseconds(50),
                                     absl::Milliseconds(300), absl::Seconds(1),      absl::Seconds(5),
                                     absl::Seconds(25),       absl::Minutes(2)};

// The node p0-1: everything below the machine.
struct Node {
  explicit Node(FuzzConsortium* world, const std::string& path) : world(world) {
    Store::Options options;
    options.path = path;
    options.clock = world->clock();
    options.readers = 1;
    options.inline_writes = true;
    options.durable = false;
    const std::string consortium = world->consortium().id();
    store = *Store::Open(options);
    feeds = std::make_unique<FeedStore>(store.get(), consortium);
    charter = *LiveCharter::Load(store.get(), consortium);
    if (charter->current()->empty()) FUZZ_CHECK(charter->SubmitTrusted(world->Chain(2)).ok(), "the true chain");
    checker = std::make_unique<HeadChecker>(charter.get(), consortium, world->clock());
    executor = std::make_unique<StoreExecutor>(store.get(), feeds.get(), charter.get(), checker.get());
  }

  void Show(const TrueState& state) {
    const auto prepared = feeds->Prepare(state.feed, state.entries);
    StageBatch batch{true, true, *prepared, state.seq, state.seq};
    const absl::Status status = store->Write([&](Connection& db) -> absl::Status {
      if (absl::Status staged = feeds->Stage(db, batch); !staged.ok()) return staged;
      const auto set = feeds->Staged(db, state.feed);
      if (!set.ok()) return set.status();
      const auto authentic = checker->CheckSignature(state.head);
      if (!authentic.ok()) return authentic.status();
      const auto verified = checker->CheckState(*authentic, *set);
      if (!verified.ok()) return verified.status();
      return feeds->MakeVisible(db, *verified).status();
    });
    FUZZ_CHECK(status.ok(), status);
  }

  FuzzConsortium* const world;
  std::unique_ptr<Store> store;
  std::unique_ptr<FeedStore> feeds;
  std::unique_ptr<LiveCharter> charter;
  std::unique_ptr<HeadChecker> checker;
  std::unique_ptr<StoreExecutor> executor;
};

// Gives every input the same node: the store is opened anew from a copy when the last input wrote to it.
class NodeSource {
 public:
  NodeSource() : directory_(ScratchDirectory()) {
    Node node(&world_, Path("template"));
    for (size_t i = kOwnStates; i < world_.states().size(); ++i) node.Show(world_.states()[i]);
  }
  FuzzConsortium& world() { return world_; }
  Node& Fresh(bool dirty) {
    if (node_ != nullptr && !dirty) return *node_;
    node_.reset();
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::filesystem::remove(Path("node") + suffix);
      if (std::filesystem::exists(Path("template") + suffix))
        std::filesystem::copy_file(Path("template") + suffix, Path("node") + suffix);
    }
    node_ = std::make_unique<Node>(&world_, Path("node"));
    return *node_;
  }

 private:
  std::string Path(const char* name) const { return absl::StrCat(directory_, "/", name, ".db"); }

  const std::string directory_;
  FuzzConsortium world_;
  std::unique_ptr<Node> node_;
};

// One input's run.
class Run {
 public:
  Run(Node* node, absl::Duration now)
      : node_(*node),
        now_(now),
        core_({node->world->consortium().id(), "p0-1", "p0", 1}, node->charter.get(), node->checker.get()) {
    core_.Start(*node->feeds->Feeds(), *node->feeds->Evidence(), now_);
    Settle();
  }

  void Frame(uint8_t op, absl::string_view bytes) {
    const int peer = 1 + (op & 3) % 3;
    v1::SyncMessage message;
    if ((op & 0x80) != 0) {
      Close(peer, absl::UnavailableError("the line broke"));
    } else if (message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      Substitute(&message);
      if (Greet(peer)) core_.OnMessage(sessions_[peer], std::move(message), now_);
    }
    Settle();
    Wait(kWaits[op >> 2 & 7]);
  }

  // What is visible in the end.
  void CheckStore() {
    const auto held = node_.feeds->Feeds();
    FUZZ_CHECK(held.ok(), held.status());
    for (const HeldFeed& feed : *held) {
      const auto parsed = ParseHead(feed.head);
      FUZZ_CHECK(!feed.has_head || (parsed.ok() && node_.world->IsTrue(parsed->body.content())), feed.feed.ToString());
    }
    const auto report = VerifyFeeds(node_.feeds.get(), true, [](const VerifyProgress&) { return absl::OkStatus(); });
    FUZZ_CHECK(report.ok() && report->findings.empty(), report.ok() ? report->findings.front() : "not verified");
  }
  bool wrote() const { return wrote_; }

 private:
  bool Greet(int peer) {
    if (sessions_.count(peer) > 0) return true;
    const SessionId session = next_session_++;
    if (!core_.OnConnected(session, TestConsortium::Node(peer), false, now_).ok()) return false;
    sessions_[peer] = session;
    v1::SyncMessage message;
    v1::Hello* hello = message.mutable_hello();
    hello->set_protocol(1);
    hello->set_consortium(node_.world->consortium().id());
    hello->set_node(TestConsortium::Node(peer));
    hello->set_charter_version(2);
    hello->set_charter_sha256(Sha256(node_.world->Chain(2).versions(1).body()));
    core_.OnMessage(session, std::move(message), now_);
    Settle();
    return sessions_.count(peer) > 0;
  }

  void Close(int peer, const absl::Status& why) {
    const auto it = sessions_.find(peer);
    if (it == sessions_.end()) return;
    const SessionId session = it->second;
    sessions_.erase(it);
    core_.OnClosed(session, why, now_);
  }

  void Substitute(v1::SignedHead* head) {
    if (!head->body().empty() || head->signature().empty()) return;
    *head = node_.world->states()[static_cast<uint8_t>(head->signature()[0]) % node_.world->states().size()].head;
  }

  void Substitute(v1::Entry* entry) {
    if (!entry->id().empty()) return;
    const auto& entries = node_.world->states()[entry->seq() / 16 % node_.world->states().size()].entries;
    *entry = entries[entry->seq() % 16 % entries.size()];
  }

  void Substitute(v1::SyncMessage* message) {
    if (message->has_heads()) {
      for (v1::FeedHead& head : *message->mutable_heads()->mutable_heads()) {
        if (head.has_head()) Substitute(head.mutable_head());
        for (v1::Entry& entry : *head.mutable_entries()) Substitute(&entry);
      }
    }
    if (message->has_page()) {
      if (message->page().has_closing_head()) Substitute(message->mutable_page()->mutable_closing_head());
      for (v1::Entry& entry : *message->mutable_page()->mutable_entries()) Substitute(&entry);
    }
    if (message->has_evidence()) {
      Substitute(message->mutable_evidence()->mutable_first());
      Substitute(message->mutable_evidence()->mutable_second());
    }
  }

  // Does what the machine asks for until it asks for nothing.
  void Settle() {
    for (int steps = 0;; ++steps) {
      FUZZ_CHECK(steps < kStepsMax, "one message makes work without end");
      SyncOutbox outbox = core_.TakeOutbox();
      for (StoreRequest& request : outbox.requests) requests_.push_back(std::move(request));
      for (const auto& [id, why] : outbox.close) CloseSession(id, why);
      for (const DialTarget& target : outbox.dial) core_.OnDialFailed(target.node, absl::UnavailableError("no"), now_);
      if (charter_version_ != node_.charter->current()->version()) {
        charter_version_ = node_.charter->current()->version();
        core_.OnCharterChanged(now_);
      } else if (!requests_.empty()) {
        Execute();
      } else if (!Said() && outbox.close.empty() && outbox.dial.empty()) {
        return;
      }
    }
  }

  void CloseSession(SessionId id, const absl::Status& why) {
    for (const auto& [peer, session] : sessions_) {
      if (session == id) return Close(peer, why);
    }
  }

  void Execute() {
    StoreRequest request = std::move(requests_.front());
    requests_.pop_front();
    const bool reads = StoreExecutor::ReadsOnly(request.action);
    StoreResult result = node_.executor->Execute(std::move(request));
    wrote_ |= !reads;
    core_.OnStoreResult(std::move(result), now_);
  }

  bool Said() {
    bool said = false;
    for (const auto& [peer, session] : std::map<int, SessionId>(sessions_)) {
      while (const auto message = core_.NextMessage(session, now_)) {
        CheckSent(TestConsortium::Partner(peer), *message);
        said = true;
      }
    }
    return said;
  }

  void CheckHead(const std::string& partner, const v1::SignedHead& head) {
    const auto parsed = ParseHead(head);
    FUZZ_CHECK(parsed.ok(), parsed.status());
    const v1::FeedId& feed = parsed->content.feed();
    FUZZ_CHECK(MayRead(*node_.charter->current(), Reader::Partner(partner), feed.partner(), feed.audience()),
               absl::StrCat(feed.ShortDebugString(), " for ", partner));
  }

  void CheckSent(const std::string& partner, const v1::SyncMessage& message) {
    FUZZ_CHECK(message.ByteSizeLong() <= limits::sync_message_bytes_max, message.ByteSizeLong());
    for (const v1::FeedHead& head : message.heads().heads()) CheckHead(partner, head.head());
    if (message.page().has_closing_head()) CheckHead(partner, message.page().closing_head());
    for (const v1::Entry& entry : message.page().entries()) {
      const bool inner = entry.payload().find("for the circle") != std::string::npos;
      FUZZ_CHECK(!inner || partner == "p1", absl::StrCat(entry.ShortDebugString(), " for ", partner));
    }
  }

  void Wait(absl::Duration wait) {
    const absl::Duration until = now_ + wait;
    for (int timers = 0; core_.NextTimer() <= until; ++timers) {
      FUZZ_CHECK(timers < kStepsMax, "timers without end");
      now_ = std::max(now_, core_.NextTimer());
      core_.OnTimer(now_);
      Settle();
    }
    now_ = until;
  }

  Node& node_;
  absl::Duration now_;
  SyncCore core_;
  uint64_t charter_version_ = 2;
  SessionId next_session_ = 1;
  std::map<int, SessionId> sessions_;
  std::deque<StoreRequest> requests_;
  bool wrote_ = false;
};

void RunOne(absl::string_view input) {
  static NodeSource* const source = new NodeSource;
  static bool dirty = false;
  Node& node = source->Fresh(dirty);
  Run run(&node, source->world().clock()->Monotonic());
  for (int frames = 0; input.size() >= 3 && frames < kFramesMax; ++frames) {
    const auto op = static_cast<uint8_t>(input[0]);
    const size_t size = static_cast<uint8_t>(input[1]) | static_cast<size_t>(static_cast<uint8_t>(input[2])) << 8;
    input.remove_prefix(3);
    run.Frame(op, input.substr(0, size));
    input.remove_prefix(std::min(size, input.size()));
  }
  if (run.wrote()) run.CheckStore();
  dirty = run.wrote();
}

}  // namespace
}  // namespace cairn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cairn::RunOne(cairn::InputText(data, size));
  return 0;
}
