// One node of the simulation: real store, real publisher, real state machine; its threads are events.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/charter/live_charter.h"
#include "server/feed/head_checker.h"
#include "server/publish/publisher.h"
#include "server/replicate/store_executor.h"
#include "server/replicate/sync_core.h"
#include "server/store/feed_store.h"
#include "server/store/store.h"
#include "tests/simulation/sim_world.h"

namespace cairn {

class SimNode {
 public:
  // Stands at `place` of the world and is the node of partner `index`; two may be the same.
  SimNode(SimWorld* world, int place, int index, std::string directory);
  ~SimNode();

  // Opens the file and begins to sync. Also after a crash. `own`: as it is found or told.
  void Start(OwnFeedRecovery::Options own = {});
  // Everything in memory is gone, in the middle of whatever it was.
  void Crash();
  bool up() const { return parts_ != nullptr; }
  uint64_t life() const { return life_; }

  // --- disks, while it is down; SaveDisk at any moment, as a power cut would leave it
  void SaveDisk();
  // What SaveDisk saved; `marked`: as `cairn restore` leaves it.
  void PutSavedDisk(bool marked);
  void PutDisk(const std::string& from);
  void PutEmptyDisk();
  const std::string& directory() const { return directory_; }

  // --- what the network does to it
  absl::Status OnConnected(uint64_t session, const std::string& node, bool dialled);
  void OnMessage(uint64_t session, v1::SyncMessage message);
  std::optional<v1::SyncMessage> NextMessage(uint64_t session);
  void OnClosed(uint64_t session, const absl::Status& why);
  void OnDialFailed(const std::string& node, const absl::Status& why);

  // --- what people do
  // Publishes organizations of these numbers with this text; remembers what was acknowledged.
  void Publish(uint64_t first, uint64_t count, const std::string& text);
  // Publishes all that was acknowledged as all that there is, as from files that have it.
  absl::Status PublishFromFiles();
  // What a thief does with the key of another partner: goes on, at this node, from what it holds of that partner's
  // feed. Nothing is remembered. `prune`: withdraws all else.
  absl::Status PublishAs(int partner, uint64_t first, uint64_t count, const std::string& text, bool prune);
  // The keys that this node's publisher holds from now on, also after a start.
  void HoldKeys(std::vector<SigningKey> keys);
  // Publishes one organization with this text to an audience. As the publisher answers.
  absl::Status PublishTo(const std::string& audience, uint64_t number, const std::string& text);
  // The same with any record. That the record is refused is no error, and shows in the result.
  absl::StatusOr<v1::PublishResult> PublishRecord(const std::string& audience, const v1::Record& record);
  void Withdraw(uint64_t number);
  // Not while the node asks its peers for its own feed.
  void Heartbeat();
  // Why Publish may not be called.
  std::string WhyNot() { return std::string(parts_->publisher->CanPublish().message()); }
  // Whether Publish may be called.
  bool CanPublish() { return parts_->publisher->CanPublish().ok(); }
  void SubmitCharter();

  // --- what the test looks at
  // (generation, seq) of a feed as visible here.
  std::pair<uint32_t, uint64_t> Held(int partner);
  // id -> text of a feed as visible here.
  std::map<std::string, std::string> Entries(int partner);
  uint64_t CharterVersion() const { return parts_->charter->current()->version(); }
  // A proof that this partner contradicted itself is kept here.
  bool HasEvidence(int partner);
  // From now on remembers what was acknowledged at each of its heads.
  void Remember() { remembering_ = true; }
  // The node was set back to the last state that it acknowledged and that is what it holds now: what came later is
  // gone. The sequence number of that state; nullopt: it never acknowledged such a state.
  std::optional<uint64_t> GoBack();
  // Every digest and every derived row, recomputed.
  absl::Status Verify();
  // id -> text of what this node's publisher was told is published.
  const std::map<uint64_t, std::string>& acknowledged() const { return acknowledged_; }
  uint64_t acknowledged_seq() const { return acknowledged_seq_; }
  // Streams that this node ended, and why.
  const std::map<uint64_t, absl::Status>& closed() const { return closed_; }
  FeedStore& feeds() { return *parts_->feeds; }
  Store& store() { return *parts_->store; }
  LiveCharter& charter() { return *parts_->charter; }
  Publisher& publisher() { return *parts_->publisher; }
  SyncCore& core() { return *parts_->core; }
  static std::string RecordId(int partner, uint64_t number);

 private:
  struct Parts {
    std::unique_ptr<Store> store;
    std::unique_ptr<FeedStore> feeds;
    std::unique_ptr<LiveCharter> charter;
    std::unique_ptr<HeadChecker> checker;
    std::unique_ptr<Publisher> publisher;
    std::unique_ptr<StoreExecutor> executor;
    std::unique_ptr<SyncCore> core;
    std::map<std::string, std::deque<StoreRequest>> strands;  // of one feed, in order
  };

  void CarryOut();
  void Post(StoreRequest request);
  void RunStrand(const std::string& key);
  void OnGate(const OwnFeedGate& gate);
  void ArmTimer();
  void Moved(const std::string& audience);
  void Moved(const FeedKey& feed);
  void Acknowledged(uint64_t seq);

  SimWorld* const world_;
  const int place_;
  const int index_;
  const std::string directory_;
  uint64_t life_ = 0;  // counts starts: events of an earlier life do nothing
  std::unique_ptr<Parts> parts_;
  std::map<uint64_t, absl::Status> closed_;
  absl::Duration timer_at_ = absl::InfiniteDuration();
  std::map<uint64_t, std::string> acknowledged_;
  uint64_t acknowledged_seq_ = 0;
  std::vector<SigningKey> keys_;  // empty: the consortium's
  bool remembering_ = false;
  std::map<uint64_t, std::map<uint64_t, std::string>> acknowledged_at_;  // by seq
};

}  // namespace cairn
