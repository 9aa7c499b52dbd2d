// A publisher over a real store, with one charter, one clock and peers that acknowledge when told: what its tests
// share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/record/ids.h"
#include "common/record/kinds.h"
#include "common/record/serialise.h"
#include "server/feed/head_format.h"
#include "server/publish/publisher.h"
#include "tests/fakes/consortium.h"

namespace cairn {

class Heard : public PublishSink {
 public:
  void Send(v1::PublishResponse response) override {
    if (response.has_problem()) problems.push_back(response.problem());
    if (response.has_change()) changes.push_back(response.change());
    if (response.has_progress()) stages.push_back(response.progress().stage());
    if (response.has_progress() && on_progress) on_progress(response.progress());
  }
  bool cancelled() const override { return gone; }

  std::vector<v1::RecordProblem> problems;
  std::vector<v1::RecordChange> changes;
  std::vector<std::string> stages;
  std::function<void(const v1::PublishProgress&)> on_progress;
  bool gone = false;
};

inline v1::Record Resource(const std::string& id, const std::string& name) {
  v1::Record record;
  record.set_id(UuidFromText(id).ok() ? id : "");
  record.set_source_id(id);
  if (!record.id().empty()) record.clear_source_id();
  record.mutable_resource()->set_name(name);
  record.mutable_resource()->set_resource_type("toolkit");
  record.mutable_resource()->set_url("https://example.org/toolkit");
  return record;
}

inline std::string Uuid(int n) { return UuidToText(absl::StrCat(std::string(8, 'u'), absl::Hex(n, absl::kZeroPad8))); }

inline v1::WithdrawRequest Withdrawal(const std::vector<std::string>& ids) {
  v1::WithdrawRequest request;
  for (const std::string& id : ids) request.add_ids(id);
  return request;
}

class PublisherTest : public ::testing::Test {
 protected:
  PublisherTest() : consortium_(4) {
    folder_ = absl::StrCat(::testing::TempDir(), "/publisher_", getpid(), "_",
                           ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    Open();
    charter_->SubmitTrusted(consortium_.chain()).status().IgnoreError();
  }

  void Open() {
    Store::Options options;
    options.path = folder_ + "/cairn.db";
    options.consortium = consortium_.id();
    options.clock = &clock_;
    options.inline_writes = true;
    options.durable = false;
    store_ = *Store::Open(options);
    feeds_ = std::make_unique<FeedStore>(store_.get(), consortium_.id());
    charter_ = *LiveCharter::Load(store_.get(), consortium_.id());
    checker_ = std::make_unique<HeadChecker>(charter_.get(), consortium_.id(), &clock_);
    publisher_ = MakePublisher(0);
  }

  void Close() {
    publisher_.reset();
    checker_.reset();
    charter_.reset();
    feeds_.reset();
    store_.reset();
  }

  // A publisher of partner `i`, in the same store: what stands in for records that came by sync.
  std::unique_ptr<Publisher> MakePublisher(int i) {
    Publisher::Options options{consortium_.id(),
                               TestConsortium::Partner(i),
                               TestConsortium::Node(i),
                               folder_,
                               redactor_,
                               [this](const std::string& audience) { moved_.push_back(audience); }};
    return std::make_unique<Publisher>(options, store_.get(), feeds_.get(), charter_.get(), checker_.get(),
                                       consortium_.key(i), &clock_);
  }

  absl::StatusOr<v1::PublishResult> Publish(std::vector<v1::Record> records, v1::PublishHeader header = {},
                                            Publisher* publisher = nullptr) {
    heard_ = Heard();
    auto batch = (publisher == nullptr ? publisher_.get() : publisher)->Begin(header);
    if (!batch.ok()) return batch.status();
    v1::PublishRecords chunk;
    for (size_t i = 0; i < records.size(); ++i) {
      v1::PublishRecord* record = chunk.add_records();
      *record->mutable_record() = records[i];
      record->set_origin(absl::StrCat("file line ", i + 1));
    }
    if (absl::Status added = (*batch)->Add(&chunk); !added.ok()) return added;
    return (*batch)->Commit(records.size(), &heard_);
  }

  // The governors let the partner's feeds begin anew, with the same key.
  void BeginGeneration(uint32_t generation) {
    consortium_.Change([generation](v1::Charter* charter) {
      v1::Partner* partner = charter->mutable_partners(0);
      partner->set_generation(generation);
      v1::PublishingKey* key = partner->add_publishing_keys();
      key->set_public_key(partner->publishing_keys(0).public_key());
      key->set_generation(generation);
    });
    const auto submitted = charter_->Submit(consortium_.chain());
    ASSERT_TRUE(submitted.ok()) << submitted.status();
  }
  std::optional<HeldFeed> Held() { return *feeds_->Find("p0", "public"); }
  uint64_t Seq() { return Held().has_value() ? Held()->seq : 0; }

  std::optional<v1::Record> Stored(const std::string& id, v1::RecordKind kind = v1::RESOURCE) {
    const auto entry = *feeds_->FindEntry("p0", "public", kind, *UuidFromText(id));
    if (!entry.has_value() || entry->tombstone()) return std::nullopt;
    return *ParseRecord(entry->payload());
  }

  void Acknowledge(int node, uint64_t seq) {
    ASSERT_TRUE(
        store_
            ->Write([&](Connection& db) {
              return feeds_->RecordPeerHead(db, TestConsortium::Node(node), {"p0", "public", 1}, seq, clock_.Now());
            })
            .ok());
    publisher_->OnAcknowledged();
  }

  // Stages what a set being fetched of the same feed would.
  absl::Status StageForeign(uint64_t seq, bool restart) {
    v1::Entry entry;
    entry.set_kind(v1::RESOURCE);
    entry.set_id(*UuidFromText(Uuid(99)));
    entry.set_seq(seq);
    entry.set_payload("foreign");
    StageBatch batch;
    batch.restart = restart;
    batch.prepared = *feeds_->Prepare({"p0", "public", 1}, {entry});
    batch.through_seq = batch.basis_seq = seq;
    return store_->Write([&](Connection& db) { return feeds_->Stage(db, batch); });
  }

  // Writes two records one after the other past the publisher; `meanwhile` happens before the second.
  absl::StatusOr<std::vector<uint64_t>> WriteTwo(const std::function<void()>& meanwhile) {
    OwnFeed own(consortium_.id(), "p0", store_.get(), feeds_.get(), charter_.get(), checker_.get(), consortium_.key(0),
                &clock_);
    OwnFeed::Change change;
    change.entries = 2;
    int given = 0;
    change.next = [&]() -> absl::StatusOr<std::vector<v1::Entry>> {
      if (++given == 2) meanwhile();
      v1::Entry entry;
      entry.set_kind(v1::RESOURCE);
      entry.set_id(*UuidFromText(Uuid(given)));
      entry.set_payload(SerialiseRecord(Resource(Uuid(given), "Own")));
      return std::vector<v1::Entry>{entry};
    };
    return own.Write({{"public", *own.Settle("public"), change}});
  }

  TestConsortium consortium_;
  Redactor redactor_;  // of publishers made from now on
  ManualClock clock_;
  std::string folder_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<FeedStore> feeds_;
  std::unique_ptr<LiveCharter> charter_;
  std::unique_ptr<HeadChecker> checker_;
  std::unique_ptr<Publisher> publisher_;
  std::vector<std::string> moved_;
  Heard heard_;
};

}  // namespace cairn
