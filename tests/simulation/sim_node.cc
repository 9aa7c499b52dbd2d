#include "tests/simulation/sim_node.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "gtest/gtest.h"
#include "server/replicate/own_feed_recovery.h"
#include "server/store/backup.h"
#include "server/store/verify.h"

namespace cairn {
namespace {

// A test cannot go on without.
void Must(const absl::Status& status) {
  if (!status.ok()) ADD_FAILURE() << status;
}

}  // namespace

SimNode::SimNode(SimWorld* world, int place, int index, std::string directory)
    : world_(world), place_(place), index_(index), directory_(std::move(directory)) {
  std::filesystem::create_directories(directory_);
}

SimNode::~SimNode() = default;

std::string SimNode::RecordId(int partner, uint64_t number) {
  return absl::StrFormat("00000000-0000-4000-8%03d-%012d", partner, number);
}

void SimNode::Start(OwnFeedRecovery::Options own) {
  ++life_;
  auto parts = std::make_unique<Parts>();
  Store::Options options;
  options.path = directory_ + "/cairn.db";
  options.consortium = world_->consortium().id();
  options.clock = world_->clock();
  options.inline_writes = true;
  options.durable = false;
  options.readers = 1;
  auto store = Store::Open(options);
  ASSERT_TRUE(store.ok()) << store.status();
  parts->store = *std::move(store);
  parts->feeds = std::make_unique<FeedStore>(parts->store.get(), options.consortium);
  auto charter = LiveCharter::Load(parts->store.get(), options.consortium);
  ASSERT_TRUE(charter.ok()) << charter.status();
  parts->charter = *std::move(charter);
  if (parts->charter->current()->empty()) Must(parts->charter->SubmitTrusted(world_->consortium().chain()).status());
  parts->checker = std::make_unique<HeadChecker>(parts->charter.get(), options.consortium, world_->clock());
  Publisher::Options publishing;
  publishing.consortium = options.consortium;
  publishing.partner = TestConsortium::Partner(index_);
  publishing.node = TestConsortium::Node(index_);
  publishing.scratch_dir = directory_;
  publishing.on_moved = [this](const std::string& audience) { Moved(audience); };
  parts->publisher =
      std::make_unique<Publisher>(publishing, parts->store.get(), parts->feeds.get(), parts->charter.get(),
                                  parts->checker.get(), world_->consortium().key(index_), world_->clock());
  if (!keys_.empty()) parts->publisher->SetKeys(keys_);
  parts->executor = std::make_unique<StoreExecutor>(parts->store.get(), parts->feeds.get(), parts->charter.get(),
                                                    parts->checker.get());
  Must(parts->executor->Recover());
  parts->core = std::make_unique<SyncCore>(
      SyncCore::Options{options.consortium, publishing.node, publishing.partner, world_->random().Uint64()},
      parts->charter.get(), parts->checker.get());
  auto held = parts->feeds->Feeds();
  ASSERT_TRUE(held.ok()) << held.status();
  parts_ = std::move(parts);
  parts_->charter->OnChange([this](std::shared_ptr<const CharterView>) {
    world_->After(absl::ZeroDuration(), [this, life = life_] {
      if (life != life_ || !up()) return;
      parts_->core->OnCharterChanged(world_->now());
      CarryOut();
    });
  });
  auto evidence = parts_->feeds->Evidence();
  ASSERT_TRUE(evidence.ok()) << evidence.status();
  auto dropped = parts_->feeds->DroppedFeeds();
  ASSERT_TRUE(dropped.ok()) << dropped.status();
  parts_->core->NoteDropped(*dropped);
  auto restored = ReadRestoredMark(parts_->store.get());
  ASSERT_TRUE(restored.ok()) << restored.status();
  own.old_copy |= !restored->empty() || *ReadOldMark(parts_->store.get()) ||
                  LooksOld(*held, TestConsortium::Partner(index_), world_->clock()->Now());
  parts_->core->Start(*std::move(held), *std::move(evidence), world_->now(), own);
  CarryOut();
}

void SimNode::Crash() {
  parts_.reset();
  ++life_;
  timer_at_ = absl::InfiniteDuration();
  world_->DropStreamsOf(place_);
}

// --- events of the machine

void SimNode::CarryOut() {
  SyncOutbox outbox = parts_->core->TakeOutbox();
  if (outbox.gate.has_value()) OnGate(*outbox.gate);
  for (StoreRequest& request : outbox.requests) Post(std::move(request));
  for (SessionId id : outbox.wake) world_->Wake(place_, id);
  for (const auto& [id, why] : outbox.close) {
    closed_[id] = why;
    world_->CloseStream(place_, id, why);
  }
  for (const DialTarget& target : outbox.dial) world_->Dial(place_, target.node);
  if (outbox.acknowledged) parts_->publisher->OnAcknowledged();
  ArmTimer();
}

void SimNode::OnGate(const OwnFeedGate& gate) {
  parts_->publisher->SetGate(gate.status, gate.go_on);
  if (gate.status.ok() && gate.heard_peers) {
    Must(parts_->store->Write(ClearCopyMarks));
  } else if (gate.old_copy) {
    Must(parts_->store->Write(SetOldMark));
  }
}

void SimNode::ArmTimer() {
  const absl::Duration due = parts_->core->NextTimer();
  if (due == absl::InfiniteDuration() || due >= timer_at_) return;
  timer_at_ = due;
  world_->After(std::max(due - world_->now(), absl::ZeroDuration()), [this, life = life_, due] {
    if (life != life_ || !up() || timer_at_ != due) return;
    timer_at_ = absl::InfiniteDuration();
    parts_->core->OnTimer(world_->now());
    CarryOut();
  });
}

void SimNode::Post(StoreRequest request) {
  const std::string key = absl::StrCat(StoreExecutor::ReadsOnly(request.action) ? "r" : "w",
                                       StoreExecutor::FeedOf(request.action).ToString());
  auto& strand = parts_->strands[key];
  strand.push_back(std::move(request));
  if (strand.size() == 1) {
    world_->After(world_->Delay(absl::Milliseconds(5)), [this, life = life_, key] {
      if (life == life_ && up()) RunStrand(key);
    });
  }
}

// The store is asked, and the answer comes, at moments of their own: a crash may fall in between.
void SimNode::RunStrand(const std::string& key) {
  auto& strand = parts_->strands[key];
  auto result = std::make_shared<StoreResult>(parts_->executor->Execute(strand.front()));
  world_->After(world_->Delay(absl::Milliseconds(2)), [this, life = life_, key, result] {
    if (life != life_ || !up()) return;
    auto& queue = parts_->strands[key];
    queue.pop_front();
    if (!queue.empty()) {
      world_->After(world_->Delay(absl::Milliseconds(5)), [this, life, key] {
        if (life == life_ && up()) RunStrand(key);
      });
    }
    parts_->core->OnStoreResult(std::move(*result), world_->now());
    CarryOut();
  });
}

void SimNode::Moved(const std::string& audience) { Moved(FeedKey{TestConsortium::Partner(index_), audience}); }

void SimNode::Moved(const FeedKey& feed) {
  auto held = parts_->feeds->Find(feed.partner, feed.audience);
  ASSERT_TRUE(held.ok() && held->has_value());
  parts_->core->OnLocalFeedMoved(**std::move(held), world_->now());
  CarryOut();
}

absl::Status SimNode::OnConnected(uint64_t session, const std::string& node, bool dialled) {
  const absl::Status status = parts_->core->OnConnected(session, node, dialled, world_->now());
  CarryOut();
  return status;
}

void SimNode::OnMessage(uint64_t session, v1::SyncMessage message) {
  parts_->core->OnMessage(session, std::move(message), world_->now());
  CarryOut();
}

std::optional<v1::SyncMessage> SimNode::NextMessage(uint64_t session) {
  auto message = parts_->core->NextMessage(session, world_->now());
  CarryOut();
  return message;
}

void SimNode::OnClosed(uint64_t session, const absl::Status& why) {
  parts_->core->OnClosed(session, why, world_->now());
  CarryOut();
}

void SimNode::OnDialFailed(const std::string& node, const absl::Status& why) {
  parts_->core->OnDialFailed(node, why, world_->now());
  CarryOut();
}

// --- disks

void SimNode::SaveDisk() {
  std::filesystem::remove_all(directory_ + ".copy");
  std::filesystem::copy(directory_, directory_ + ".copy");
}

void SimNode::PutDisk(const std::string& from) {
  std::filesystem::remove_all(directory_);
  std::filesystem::copy(from, directory_);
}

void SimNode::PutSavedDisk(bool marked) {
  PutDisk(directory_ + ".copy");
  if (!marked) return;
  auto store = Store::Open({.path = directory_ + "/cairn.db",
                            .consortium = world_->consortium().id(),
                            .clock = world_->clock(),
                            .inline_writes = true,
                            .durable = false});
  ASSERT_TRUE(store.ok()) << store.status();
  Must((*store)->Write([](Connection& db) { return SetRestoredMark(db, "a copy"); }));
}

void SimNode::PutEmptyDisk() {
  std::filesystem::remove_all(directory_);
  std::filesystem::create_directories(directory_);
}

bool SimNode::HasEvidence(int partner) {
  const auto evidence = parts_->feeds->Evidence();
  return evidence.ok() && std::any_of(evidence->begin(), evidence->end(), [partner](const HeldEvidence& held) {
           return held.feed.partner == TestConsortium::Partner(partner);
         });
}

// --- people

namespace {

// Organizations of a partner, text by number, as one batch.
absl::StatusOr<v1::PublishResult> Send(Publisher* publisher, int partner, const std::map<uint64_t, std::string>& texts,
                                       bool prune) {
  v1::PublishHeader header;
  header.set_prune(prune);
  ASSIGN_OR_RETURN(const std::unique_ptr<PublishBatch> batch, publisher->Begin(header));
  v1::PublishRecords records;
  for (const auto& [number, text] : texts) {
    v1::Record* record = records.add_records()->mutable_record();
    record->set_id(SimNode::RecordId(partner, number));
    record->mutable_organization()->set_name(absl::StrCat("Organization ", number));
    record->mutable_organization()->set_description(text);
  }
  RETURN_IF_ERROR(batch->Add(&records));
  ASSIGN_OR_RETURN(v1::PublishResult result, batch->Commit(texts.size(), nullptr));
  if (result.committed()) return result;
  return absl::InternalError(absl::StrCat("not committed: ", result.ShortDebugString()));
}

std::map<uint64_t, std::string> SameText(uint64_t first, uint64_t count, const std::string& text) {
  std::map<uint64_t, std::string> texts;
  for (uint64_t i = first; i < first + count; ++i) texts[i] = text;
  return texts;
}

}  // namespace

void SimNode::Publish(uint64_t first, uint64_t count, const std::string& text) {
  const auto result = Send(parts_->publisher.get(), index_, SameText(first, count, text), /*prune=*/false);
  ASSERT_TRUE(result.ok()) << result.status();
  for (uint64_t i = first; i < first + count; ++i) acknowledged_[i] = text;
  Acknowledged(result->position().seq());
}

absl::Status SimNode::PublishFromFiles() {
  return Send(parts_->publisher.get(), index_, acknowledged_, /*prune=*/true).status();
}

absl::Status SimNode::PublishAs(int partner, uint64_t first, uint64_t count, const std::string& text, bool prune) {
  const std::string name = TestConsortium::Partner(partner);
  Publisher::Options options;
  options.consortium = world_->consortium().id();
  options.partner = name;
  options.node = TestConsortium::Node(index_);
  options.scratch_dir = directory_;
  options.on_moved = [&](const std::string& audience) { Moved(FeedKey{name, audience}); };
  Publisher publisher(options, parts_->store.get(), parts_->feeds.get(), parts_->charter.get(), parts_->checker.get(),
                      world_->consortium().key(partner), world_->clock());
  return Send(&publisher, partner, SameText(first, count, text), prune).status();
}

void SimNode::HoldKeys(std::vector<SigningKey> keys) {
  keys_ = std::move(keys);
  if (up()) parts_->publisher->SetKeys(keys_);
}

void SimNode::Acknowledged(uint64_t seq) {
  acknowledged_seq_ = std::max(acknowledged_seq_, seq);
  if (remembering_) acknowledged_at_[acknowledged_seq_] = acknowledged_;
}

std::optional<uint64_t> SimNode::GoBack() {
  const std::map<std::string, std::string> held = Entries(index_);
  for (auto at = acknowledged_at_.rbegin(); at != acknowledged_at_.rend(); ++at) {
    std::map<std::string, std::string> then;
    for (const auto& [number, text] : at->second) then[RecordId(index_, number)] = text;
    if (then != held) continue;
    acknowledged_ = at->second;
    acknowledged_seq_ = at->first;
    return at->first;
  }
  return std::nullopt;
}

absl::Status SimNode::PublishTo(const std::string& audience, uint64_t number, const std::string& text) {
  v1::Record record;
  record.set_id(RecordId(index_, number));
  record.mutable_organization()->set_name(absl::StrCat("Organization ", number));
  record.mutable_organization()->set_description(text);
  return PublishRecord(audience, record).status();
}

absl::StatusOr<v1::PublishResult> SimNode::PublishRecord(const std::string& audience, const v1::Record& record) {
  v1::PublishHeader header;
  header.set_audience(audience);
  ASSIGN_OR_RETURN(const std::unique_ptr<PublishBatch> batch, parts_->publisher->Begin(header));
  v1::PublishRecords records;
  *records.add_records()->mutable_record() = record;
  RETURN_IF_ERROR(batch->Add(&records));
  return batch->Commit(1, nullptr);
}

void SimNode::Withdraw(uint64_t number) {
  if (acknowledged_.count(number) == 0) return;
  v1::WithdrawRequest request;
  request.add_ids(RecordId(index_, number));
  const auto result = parts_->publisher->Withdraw(request, nullptr);
  ASSERT_TRUE(result.ok()) << result.status();
  acknowledged_.erase(number);
  Acknowledged(result->position().seq());
}

void SimNode::Heartbeat() {
  if (CanPublish()) Must(parts_->publisher->Heartbeat());
}

void SimNode::SubmitCharter() { Must(parts_->charter->Submit(world_->consortium().chain()).status()); }

// --- the test

std::pair<uint32_t, uint64_t> SimNode::Held(int partner) {
  const auto held = parts_->feeds->Find(TestConsortium::Partner(partner), "public");
  if (!held.ok() || !held->has_value()) return {0, 0};
  return {(*held)->feed.generation, (*held)->seq};
}

std::map<std::string, std::string> SimNode::Entries(int partner) {
  std::map<std::string, std::string> entries;
  uint64_t after = 0;
  const FeedKey feed{TestConsortium::Partner(partner), "public", Held(partner).first};
  while (true) {
    const auto page = parts_->feeds->ReadPage(feed, after, 1 << 20, 10'000);
    if (!page.ok()) return entries;
    for (const v1::Entry& entry : page->entries) {
      v1::Record record;
      if (!entry.tombstone() && record.ParseFromString(entry.payload()))
        entries[UuidToText(entry.id())] = record.organization().description();
    }
    after = page->through_seq;
    if (page->last) return entries;
  }
}

absl::Status SimNode::Verify() {
  ASSIGN_OR_RETURN(const VerifyReport report,
                   VerifyFeeds(parts_->feeds.get(), true, [](const VerifyProgress&) { return absl::OkStatus(); }));
  if (report.findings.empty()) return absl::OkStatus();
  return absl::DataLossError(report.findings.front());
}

}  // namespace cairn
