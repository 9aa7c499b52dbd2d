#include "server/publish/publisher.h"

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
#include "tests/fakes/consortium.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Keeps what a batch said.
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

v1::Record Resource(const std::string& id, const std::string& name) {
  v1::Record record;
  record.set_id(UuidFromText(id).ok() ? id : "");
  record.set_source_id(id);
  if (!record.id().empty()) record.clear_source_id();
  record.mutable_resource()->set_name(name);
  record.mutable_resource()->set_resource_type("toolkit");
  record.mutable_resource()->set_url("https://example.org/toolkit");
  return record;
}

std::string Uuid(int n) { return UuidToText(absl::StrCat(std::string(8, 'u'), absl::Hex(n, absl::kZeroPad8))); }

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
    Publisher::Options options{consortium_.id(), TestConsortium::Partner(i), TestConsortium::Node(i), folder_,
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
  absl::StatusOr<uint64_t> WriteTwo(const std::function<void()>& meanwhile) {
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
    return own.Write("public", *own.Settle("public"), change);
  }

  TestConsortium consortium_;
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

// --- what is published

TEST_F(PublisherTest, PublishesABatchUnderOneSignedHead_R1_R2) {
  const auto result = Publish({Resource(Uuid(1), "One"), Resource(Uuid(2), "Two")});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->added(), 2u);
  EXPECT_TRUE(result->committed());
  EXPECT_EQ(result->position().seq(), 2u);
  ASSERT_TRUE(Held().has_value());
  EXPECT_EQ(Held()->live_count, 2u);
  EXPECT_TRUE(checker_->CheckSignature(Held()->head).ok());
  EXPECT_EQ(Stored(Uuid(1))->resource().name(), "One");
  EXPECT_THAT(moved_, ElementsAre("public"));
}

TEST_F(PublisherTest, AnAcknowledgedBatchSurvivesARestart_R3) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  Close();
  Open();
  EXPECT_EQ(Stored(Uuid(1))->resource().name(), "One");
  ASSERT_TRUE(Publish({Resource(Uuid(2), "Two")}).ok());
  EXPECT_EQ(Seq(), 2u) << "no sequence number is used twice";
}

TEST_F(PublisherTest, TheSameFileTwiceChangesNothing) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One"), Resource("own-1", "Two")}).ok());
  const std::string head = Held()->head.body();
  clock_.Advance(absl::Hours(1));
  const auto again = Publish({Resource(Uuid(1), "One"), Resource("own-1", "Two")});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->unchanged(), 2u);
  EXPECT_TRUE(again->committed());
  EXPECT_EQ(again->position().seq(), 2u);
  EXPECT_EQ(Held()->head.body(), head);
}

TEST_F(PublisherTest, OnlyWhatChangedGetsANewSequenceNumber) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One"), Resource(Uuid(2), "Two"), Resource(Uuid(3), "Three")}).ok());
  const auto result = Publish({Resource(Uuid(1), "One"), Resource(Uuid(2), "Zwei"), Resource(Uuid(3), "Three")});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->changed(), 1u);
  EXPECT_EQ(result->unchanged(), 2u);
  EXPECT_EQ(Seq(), 4u);
  EXPECT_EQ((*feeds_->FindEntry("p0", "public", v1::RESOURCE, *UuidFromText(Uuid(2))))->seq(), 4u);
}

TEST_F(PublisherTest, EachHeadNamesTheOneBefore) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  const ParsedHead first = *ParseHead(Held()->head);
  ASSERT_TRUE(Publish({Resource(Uuid(2), "Two"), Resource(Uuid(3), "Three")}).ok());
  const ParsedHead second = *ParseHead(Held()->head);
  EXPECT_EQ(first.content.previous_seq(), 0u);
  EXPECT_EQ(second.content.previous_seq(), 1u);
  EXPECT_EQ(second.content.previous(), first.content_sha256);
}

TEST_F(PublisherTest, ForeignIdsBecomeTheSameUuidEachTime) {
  ASSERT_TRUE(Publish({Resource("own-1", "One")}).ok());
  const std::string id = DeriveId(PartnerNamespace("test", "p0"), v1::RESOURCE, "own-1");
  EXPECT_EQ(Stored(id)->source_id(), "own-1");
}

TEST_F(PublisherTest, PublishesMoreThanOneTransactionHolds) {
  std::vector<v1::Record> records;
  for (int i = 0; i < 3000; ++i) records.push_back(Resource(Uuid(i), absl::StrCat("Resource ", i)));
  const auto result = Publish(records);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->added(), 3000u);
  EXPECT_EQ(Held()->live_count, 3000u);
  EXPECT_EQ(Held()->state, FeedState::kOk);
  EXPECT_THAT(heard_.stages, ::testing::Contains("publishing"));
  EXPECT_EQ(Publish(records)->unchanged(), 3000u);
}

TEST_F(PublisherTest, ASmallBatchNeedsNoFileAndALargeOneSaysThatItCannotMakeOne) {
  Publisher::Options options{consortium_.id(), "p0", "p0-1", folder_ + "/none", nullptr};
  Publisher publisher(options, store_.get(), feeds_.get(), charter_.get(), checker_.get(), consortium_.key(0), &clock_);
  EXPECT_TRUE(Publish({Resource(Uuid(1), "One")}, {}, &publisher).ok());
  std::vector<v1::Record> records;
  for (size_t i = 0; i <= limits::small_delta_entries_max; ++i) {
    records.push_back(Resource(Uuid(static_cast<int>(i)), "Many"));
  }
  EXPECT_FALSE(Publish(records, {}, &publisher).ok());
  EXPECT_EQ(Seq(), 1u);
}

TEST_F(PublisherTest, KnowsAnIdFromBeforeTheBatchOutgrewMemory) {
  std::vector<v1::Record> records;
  for (int i = 0; i < 2000; ++i) records.push_back(Resource(Uuid(i), "Once"));
  records.push_back(Resource(Uuid(0), "Twice"));
  const auto result = Publish(records);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->refused(), 1u);
  EXPECT_THAT(heard_.problems[0].problem(), HasSubstr("file line 1"));
}

TEST_F(PublisherTest, LargeRecordsLeaveMemoryEarlier) {
  std::vector<v1::Record> records;
  for (int i = 0; i < 40; ++i) {
    records.push_back(Resource(Uuid(i), "Long"));
    records.back().mutable_resource()->set_description(std::string(60'000, 'x'));
  }
  EXPECT_EQ(Publish(records)->added(), 40u);
  EXPECT_THAT(heard_.stages, ::testing::Contains("publishing"));
  EXPECT_EQ(Stored(Uuid(39))->resource().description().size(), size_t{60'000});
}

TEST_F(PublisherTest, LeavesNoFileBehind) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  for (const auto& file : std::filesystem::directory_iterator(folder_)) {
    EXPECT_THAT(file.path().filename().string(), HasSubstr("cairn.db"));
  }
}

// --- times

TEST_F(PublisherTest, StampsUpdatedAtWithItsOwnClock) {
  v1::Record record = Resource(Uuid(1), "One");
  record.mutable_updated_at()->set_seconds(1);
  ASSERT_TRUE(Publish({record}).ok());
  EXPECT_EQ(Stored(Uuid(1))->updated_at().seconds(), absl::ToUnixSeconds(clock_.Now()));
}

TEST_F(PublisherTest, UpdatedAtNeverGoesBack) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  const int64_t first = Stored(Uuid(1))->updated_at().seconds();
  clock_.Advance(-absl::Minutes(5));
  const auto result = Publish({Resource(Uuid(1), "Eins")});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Stored(Uuid(1))->updated_at().seconds(), first);
}

TEST_F(PublisherTest, AnImportThatKnowsNoVerificationDoesNotWipeIt) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  v1::MarkVerifiedRequest request;
  request.add_ids(Uuid(1));
  request.set_verified_by("service manager");
  ASSERT_TRUE(publisher_->MarkVerified(request, nullptr).ok());
  EXPECT_EQ(Publish({Resource(Uuid(1), "One")})->unchanged(), 1u);
  EXPECT_EQ(Publish({Resource(Uuid(1), "Eins")})->changed(), 1u);
  EXPECT_EQ(Stored(Uuid(1))->verified_by(), "service manager");
}

TEST_F(PublisherTest, TheLaterVerificationCounts) {
  v1::Record record = Resource(Uuid(1), "One");
  record.mutable_verified_at()->set_seconds(2000);
  record.set_verified_by("first");
  ASSERT_TRUE(Publish({record}).ok());
  record.mutable_verified_at()->set_seconds(1000);
  record.set_verified_by("older");
  EXPECT_EQ(Publish({record})->unchanged(), 1u);
  record.mutable_verified_at()->set_seconds(3000);
  record.set_verified_by("newer");
  EXPECT_EQ(Publish({record})->changed(), 1u);
  EXPECT_EQ(Stored(Uuid(1))->verified_by(), "newer");
}

// --- what is refused

TEST_F(PublisherTest, RefusesWholeBatchWhenOneRecordHasNoName) {
  const auto result = Publish({Resource(Uuid(1), "One"), Resource(Uuid(2), "")});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->committed());
  EXPECT_EQ(result->refused(), 1u);
  ASSERT_EQ(heard_.problems.size(), size_t{1});
  EXPECT_EQ(heard_.problems[0].origin(), "file line 2");
  EXPECT_EQ(heard_.problems[0].field(), "resource.name");
  EXPECT_EQ(heard_.problems[0].index(), 1u);
  EXPECT_FALSE(Held().has_value());
  EXPECT_THAT(moved_, IsEmpty());
}

TEST_F(PublisherTest, KeepGoingPublishesTheValidRecords) {
  v1::PublishHeader header;
  header.set_keep_going(true);
  const auto result = Publish({Resource(Uuid(1), "One"), Resource(Uuid(2), "")}, header);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->committed());
  EXPECT_EQ(result->added(), 1u);
  EXPECT_EQ(result->refused(), 1u);
  EXPECT_EQ(Held()->live_count, 1u);
}

TEST_F(PublisherTest, ReportsAllProblemsUpToTheLimit) {
  std::vector<v1::Record> records(limits::publish_problems_max + 5);
  for (size_t i = 0; i < records.size(); ++i) records[i] = Resource(Uuid(static_cast<int>(i)), "");
  const auto result = Publish(records);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->refused(), records.size());
  EXPECT_EQ(heard_.problems.size(), size_t{limits::publish_problems_max});
}

TEST_F(PublisherTest, RefusesAnIdUsedTwiceAndNamesBothPlaces) {
  const auto result = Publish({Resource(Uuid(1), "One"), Resource(Uuid(1), "Other")});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->committed());
  ASSERT_EQ(heard_.problems.size(), size_t{1});
  EXPECT_EQ(heard_.problems[0].origin(), "file line 2");
  EXPECT_THAT(heard_.problems[0].problem(), HasSubstr("file line 1"));
}

TEST_F(PublisherTest, RefusesTheIdOfAnotherPartnerAndNamesIt) {
  auto other = MakePublisher(1);
  ASSERT_TRUE(Publish({Resource(Uuid(1), "Theirs")}, {}, other.get())->committed());
  const auto result = Publish({Resource(Uuid(1), "Ours"), Resource(Uuid(2), "Two")});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->committed());
  ASSERT_EQ(heard_.problems.size(), size_t{1});
  EXPECT_THAT(heard_.problems[0].problem(), HasSubstr("partner p1"));
  EXPECT_FALSE(Held().has_value());
}

TEST_F(PublisherTest, RefusesAnotherAudienceThanPublic) {
  for (const char* audience : {"consortium", "circle:police", "Public", "nobody"}) {
    v1::PublishHeader header;
    header.set_audience(audience);
    EXPECT_THAT(Publish({Resource(Uuid(1), "One")}, header).status().message(), HasSubstr(audience));
  }
}

TEST_F(PublisherTest, RefusesACountThatDoesNotAgree) {
  auto batch = *publisher_->Begin({});
  v1::PublishRecords records;
  *records.add_records()->mutable_record() = Resource(Uuid(1), "One");
  ASSERT_TRUE(batch->Add(&records).ok());
  EXPECT_EQ(batch->Commit(2, nullptr).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(Held().has_value());
}

TEST_F(PublisherTest, ABatchWithoutCommitChangesNothing) {
  auto batch = *publisher_->Begin({});
  v1::PublishRecords records;
  *records.add_records()->mutable_record() = Resource(Uuid(1), "One");
  ASSERT_TRUE(batch->Add(&records).ok());
  batch.reset();
  EXPECT_FALSE(Held().has_value());
}

TEST_F(PublisherTest, RefusesMoreOpenBatchesThanItHasRoomFor) {
  std::vector<std::unique_ptr<PublishBatch>> open;
  for (int i = 0; i < limits::publish_batches_max; ++i) open.push_back(*publisher_->Begin({}));
  EXPECT_EQ(publisher_->Begin({}).status().code(), absl::StatusCode::kResourceExhausted);
  open.pop_back();
  EXPECT_TRUE(publisher_->Begin({}).ok());
}

TEST_F(PublisherTest, RefusesARecordOverTheLimit) {
  v1::Record record = Resource(Uuid(1), "One");
  for (int i = 0; i < 5; ++i) {
    v1::Translation* translation = record.add_translations();
    translation->set_language(std::vector<std::string>{"pl", "lv", "sq", "de", "fr"}[static_cast<size_t>(i)]);
    (*translation->mutable_texts())["description"] = std::string(60'000, 'x');
  }
  record.mutable_resource()->set_description("x");
  const auto result = Publish({record});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->refused(), 1u);
  EXPECT_FALSE(Held().has_value());
}

// --- prune and dry run

TEST_F(PublisherTest, PruneWithdrawsWhatTheBatchHasNot) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One"), Resource(Uuid(2), "Two")}).ok());
  v1::PublishHeader header;
  header.set_prune(true);
  const auto result = Publish({Resource(Uuid(2), "Two"), Resource(Uuid(3), "Three")}, header);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->withdrawn(), 1u);
  EXPECT_EQ(result->added(), 1u);
  EXPECT_EQ(result->unchanged(), 1u);
  EXPECT_FALSE(Stored(Uuid(1)).has_value());
  EXPECT_EQ(Held()->live_count, 2u);
}

TEST_F(PublisherTest, ASmallBatchMayPruneMoreThanMemoryHolds) {
  std::vector<v1::Record> records;
  for (int i = 0; i < 1500; ++i) records.push_back(Resource(Uuid(i), "Gone"));
  ASSERT_TRUE(Publish(records).ok());
  v1::PublishHeader header;
  header.set_prune(true);
  const auto result = Publish({Resource(Uuid(3), "Kept")}, header);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->withdrawn(), 1499u);
  EXPECT_EQ(result->position().seq(), 3000u);
  EXPECT_EQ(Held()->live_count, 1u);
}

TEST_F(PublisherTest, PruneKeepsARecordWhoseUpdateIsRefused) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One"), Resource(Uuid(2), "Two")}).ok());
  v1::PublishHeader header;
  header.set_prune(true);
  header.set_keep_going(true);
  const auto result = Publish({Resource(Uuid(1), "")}, header);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->withdrawn(), 1u);
  EXPECT_TRUE(Stored(Uuid(1)).has_value());
}

TEST_F(PublisherTest, PruneRefusesWhenARefusedRecordHasNoId) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  v1::PublishHeader header;
  header.set_prune(true);
  header.set_keep_going(true);
  EXPECT_EQ(Publish({Resource("", "Nameless")}, header).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(Stored(Uuid(1)).has_value());
}

TEST_F(PublisherTest, DryRunShowsEveryChangeAndChangesNothing) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One"), Resource(Uuid(2), "Two")}).ok());
  v1::PublishHeader header;
  header.set_prune(true);
  header.set_dry_run(true);
  const auto result = Publish({Resource(Uuid(2), "Zwei"), Resource(Uuid(3), "Three")}, header);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->committed());
  ASSERT_EQ(heard_.changes.size(), size_t{3});
  EXPECT_EQ(heard_.changes[0].action(), v1::RecordChange::CHANGED);
  EXPECT_EQ(heard_.changes[0].fields(0).field(), "resource.name");
  EXPECT_EQ(heard_.changes[0].fields(0).before(), "Two");
  EXPECT_EQ(heard_.changes[0].fields(0).after(), "Zwei");
  EXPECT_EQ(heard_.changes[1].action(), v1::RecordChange::ADDED);
  EXPECT_EQ(heard_.changes[2].action(), v1::RecordChange::WITHDRAWN);
  EXPECT_EQ(heard_.changes[2].name(), "One");
  EXPECT_EQ(Seq(), 2u);
}

TEST_F(PublisherTest, DryRunListsNoMoreChangesThanAskedFor) {
  v1::PublishHeader header;
  header.set_dry_run(true);
  header.set_changes_max(1);
  const auto result = Publish({Resource(Uuid(2), "Two"), Resource(Uuid(3), "Three")}, header);
  EXPECT_EQ(result->added(), 2u);
  EXPECT_EQ(heard_.changes.size(), size_t{1});
}

// --- what else touches the own feed

TEST_F(PublisherTest, WhatAnotherStagedBetweenTwoChunksIsNeverSigned_R2) {
  const auto result = WriteTwo([&] { ASSERT_TRUE(StageForeign(2, /*restart=*/false).ok()); });
  EXPECT_EQ(result.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Seq(), 0u);
  EXPECT_EQ(Held()->staging.entries, 2u) << "what may be another's is left to it";
}

TEST_F(PublisherTest, ASetBegunAnewBetweenTwoChunksIsNeverSigned_R2) {
  const auto result = WriteTwo([&] { ASSERT_TRUE(StageForeign(1, /*restart=*/true).ok()); });
  EXPECT_EQ(result.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Seq(), 0u);
}

TEST_F(PublisherTest, DroppingTheStagedSetBetweenTwoChunksIsNoticed) {
  const auto result = WriteTwo([&] {
    ASSERT_TRUE(store_->Write([&](Connection& db) { return feeds_->DropStaging(db, "p0", "public"); }).ok());
  });
  EXPECT_EQ(result.status().code(), absl::StatusCode::kAborted);
  EXPECT_THAT(result.status().message(), HasSubstr("gone"));
  EXPECT_FALSE(Held().has_value());
}

TEST_F(PublisherTest, ABatchIsNotBuiltOnAHeadThatMovedMeanwhile_R3) {
  OwnFeed own(consortium_.id(), "p0", store_.get(), feeds_.get(), charter_.get(), checker_.get(), consortium_.key(0),
              &clock_);
  const std::optional<HeldFeed> nothing;
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  OwnFeed::Change change;
  change.entries = 1;
  change.next = [&]() -> absl::StatusOr<std::vector<v1::Entry>> {
    v1::Entry entry;
    entry.set_kind(v1::RESOURCE);
    entry.set_id(*UuidFromText(Uuid(2)));
    entry.set_payload("x");
    return std::vector<v1::Entry>{entry};
  };
  const auto result = own.Write("public", nothing, change);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kAborted);
  EXPECT_THAT(result.status().message(), HasSubstr("moved from 0 to 1"));
  EXPECT_EQ(Seq(), 1u);
}

TEST_F(PublisherTest, WhatWasStagedOfTheFeedBeforeIsNotPublishedWithABatch) {
  ASSERT_TRUE(StageForeign(7, /*restart=*/true).ok());
  const auto result = Publish({Resource(Uuid(1), "One")});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Held()->live_count, 1u);
  EXPECT_FALSE(Stored(Uuid(99)).has_value());
}

// --- those who do not read what they are told

// A reader who stalls at the first message until it is let go.
class Stalled : public PublishSink {
 public:
  void Send(v1::PublishResponse) override {
    reached.Notify();
    go_on.WaitForNotification();
    reached_again = true;
  }
  struct Once {
    void Notify() {
      absl::MutexLock lock(&mutex);
      done = true;
    }
    bool Wait() {
      absl::MutexLock lock(&mutex);
      return mutex.AwaitWithTimeout(absl::Condition(&done), absl::Seconds(30));
    }
    absl::Mutex mutex;
    bool done = false;
  } reached;
  absl::Notification go_on;
  std::atomic<bool> reached_again = false;
};

TEST_F(PublisherTest, AReaderOfADryRunWhoStallsHoldsUpNobody) {
  v1::PublishHeader header;
  header.set_dry_run(true);
  auto batch = *publisher_->Begin(header);
  v1::PublishRecords records;
  *records.add_records()->mutable_record() = Resource(Uuid(1), "One");
  ASSERT_TRUE(batch->Add(&records).ok());
  Stalled stalled;
  std::thread reader([&] { EXPECT_EQ(batch->Commit(1, &stalled)->added(), 1u); });
  EXPECT_TRUE(stalled.reached.Wait());
  EXPECT_TRUE(Publish({Resource(Uuid(2), "Two")}).ok());
  EXPECT_TRUE(publisher_->Heartbeat().ok());
  stalled.go_on.Notify();
  reader.join();
}

TEST_F(PublisherTest, AReaderOfProgressWhoStallsHoldsUpNobody) {
  auto batch = *publisher_->Begin({});
  v1::PublishRecords records;
  for (int i = 0; i < 2000; ++i) *records.add_records()->mutable_record() = Resource(Uuid(i), "Many");
  ASSERT_TRUE(batch->Add(&records).ok());
  Stalled stalled;
  std::thread reader([&] { EXPECT_TRUE(batch->Commit(2000, &stalled)->committed()); });
  EXPECT_TRUE(stalled.reached.Wait());
  EXPECT_TRUE(Publish({Resource(Uuid(3000), "Other")}).ok());
  EXPECT_EQ(Held()->live_count, 2001u);
  EXPECT_TRUE(publisher_->Heartbeat().ok());
  EXPECT_FALSE(stalled.reached_again);
  stalled.go_on.Notify();
  reader.join();
}

// --- withdrawing and verifying

v1::WithdrawRequest Withdrawal(const std::vector<std::string>& ids) {
  v1::WithdrawRequest request;
  for (const std::string& id : ids) request.add_ids(id);
  return request;
}

TEST_F(PublisherTest, WithdrawLeavesATombstone) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One"), Resource(Uuid(2), "Two")}).ok());
  const auto result = publisher_->Withdraw(Withdrawal({Uuid(1)}), nullptr);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->withdrawn(), 1u);
  EXPECT_EQ(result->position().seq(), 3u);
  EXPECT_TRUE((*feeds_->FindEntry("p0", "public", v1::RESOURCE, *UuidFromText(Uuid(1))))->tombstone());
  EXPECT_EQ(Held()->live_count, 1u);
}

TEST_F(PublisherTest, WithdrawingTwiceChangesNothing) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  ASSERT_TRUE(publisher_->Withdraw(Withdrawal({Uuid(1), Uuid(1)}), nullptr).ok());
  const auto again = publisher_->Withdraw(Withdrawal({Uuid(1)}), nullptr);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->unchanged(), 1u);
  EXPECT_EQ(again->position().seq(), 2u);
}

TEST_F(PublisherTest, WithdrawNamesWhatWasNotPublishedAndWithdrawsNothing) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  const auto result = publisher_->Withdraw(Withdrawal({Uuid(1), Uuid(9)}), nullptr);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(result.status().message(), HasSubstr(Uuid(9)));
  EXPECT_TRUE(Stored(Uuid(1)).has_value());
}

TEST_F(PublisherTest, WithdrawRefusesWhatIsNoIdAndHowManyThereAre) {
  EXPECT_EQ(publisher_->Withdraw(Withdrawal({"x"}), nullptr).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(publisher_->Withdraw(Withdrawal({}), nullptr).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(publisher_->Withdraw(Withdrawal(std::vector<std::string>(10'001, Uuid(1))), nullptr).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(PublisherTest, AWithdrawnRecordCanBePublishedAgain) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  ASSERT_TRUE(publisher_->Withdraw(Withdrawal({Uuid(1)}), nullptr).ok());
  EXPECT_EQ(Publish({Resource(Uuid(1), "One")})->added(), 1u);
  EXPECT_EQ(Held()->live_count, 1u);
  EXPECT_EQ(Seq(), 3u);
}

TEST_F(PublisherTest, MarkVerifiedStampsTheDayAndTheRole) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  const int64_t updated = Stored(Uuid(1))->updated_at().seconds();
  clock_.Advance(absl::Hours(24));
  v1::MarkVerifiedRequest request;
  request.add_ids(Uuid(1));
  request.set_verified_by("service manager");
  const auto result = publisher_->MarkVerified(request, nullptr);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->changed(), 1u);
  EXPECT_EQ(Stored(Uuid(1))->verified_at().seconds(), absl::ToUnixSeconds(clock_.Now()));
  EXPECT_EQ(Stored(Uuid(1))->verified_by(), "service manager");
  EXPECT_EQ(Stored(Uuid(1))->updated_at().seconds(), updated);
}

TEST_F(PublisherTest, MarkVerifiedRefusesWhatIsWithdrawn) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  ASSERT_TRUE(publisher_->Withdraw(Withdrawal({Uuid(1)}), nullptr).ok());
  v1::MarkVerifiedRequest request;
  request.add_ids(Uuid(1));
  EXPECT_EQ(publisher_->MarkVerified(request, nullptr).status().code(), absl::StatusCode::kNotFound);
}

// --- when it may not

TEST_F(PublisherTest, RefusesWhileTheGateIsClosed) {
  publisher_->SetGate(absl::UnavailableError("asking the peers for this node's own feed"));
  EXPECT_THAT(Publish({Resource(Uuid(1), "One")}).status().message(), HasSubstr("asking the peers"));
  EXPECT_EQ(publisher_->CanPublish().code(), absl::StatusCode::kFailedPrecondition);
  publisher_->SetGate(absl::OkStatus());
  EXPECT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
}

TEST_F(PublisherTest, ABatchBegunBeforeTheGateClosedIsRefusedAtCommit) {
  auto batch = *publisher_->Begin({});
  publisher_->SetGate(absl::UnavailableError("recovering"));
  EXPECT_EQ(batch->Commit(0, nullptr).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(PublisherTest, RefusesWhenTheCharterHasItNot) {
  consortium_.Change([](v1::Charter* charter) { charter->mutable_partners(0)->set_status(v1::SUSPENDED); });
  ASSERT_TRUE(charter_->Submit(consortium_.chain()).ok());
  EXPECT_THAT(publisher_->CanPublish().message(), HasSubstr("SUSPENDED"));
  EXPECT_FALSE(Publish({Resource(Uuid(1), "One")}).ok());
}

TEST_F(PublisherTest, RefusesWithAKeyThatIsNotItsOwn_R1) {
  Publisher::Options options{consortium_.id(), "p0", "p0-1", folder_, nullptr};
  Publisher impostor(options, store_.get(), feeds_.get(), charter_.get(), checker_.get(), consortium_.key(1), &clock_);
  EXPECT_THAT(impostor.CanPublish().message(), HasSubstr("publishing key"));
}

TEST_F(PublisherTest, RefusesAFrozenFeed_R6) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  v1::ForkEvidence evidence;
  *evidence.mutable_first() = Held()->head;
  *evidence.mutable_second() = Held()->head;
  ASSERT_TRUE(store_->Write([&](Connection& db) { return feeds_->Freeze(db, {"p0", "public", 1}, evidence); }).ok());
  EXPECT_THAT(publisher_->CanPublish().message(), HasSubstr("frozen"));
  EXPECT_EQ(Publish({Resource(Uuid(2), "Two")}).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(PublisherTest, TheQuotaOfRecordsIsCheckedBeforeStoring) {
  consortium_.Change([](v1::Charter* c) { c->mutable_partners(0)->mutable_quota()->set_records_max(2); });
  ASSERT_TRUE(charter_->Submit(consortium_.chain()).ok());
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One"), Resource(Uuid(2), "Two")}).ok());
  EXPECT_EQ(Publish({Resource(Uuid(3), "Three")}).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Seq(), 2u);
  EXPECT_TRUE(publisher_->Withdraw(Withdrawal({Uuid(1)}), nullptr).ok());
  EXPECT_TRUE(Publish({Resource(Uuid(3), "Three")}).ok());
}

TEST_F(PublisherTest, TheQuotaOfBytesIsCheckedBeforeStoring) {
  consortium_.Change([](v1::Charter* c) { c->mutable_partners(0)->mutable_quota()->set_bytes_max(200); });
  ASSERT_TRUE(charter_->Submit(consortium_.chain()).ok());
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  EXPECT_EQ(Publish({Resource(Uuid(2), std::string(300, 'x'))}).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(PublisherTest, TheQuotaOfPublishesIsCountedOverAnHour) {
  consortium_.Change([](v1::Charter* c) { c->mutable_partners(0)->mutable_quota()->set_publishes_per_hour_max(1); });
  ASSERT_TRUE(charter_->Submit(consortium_.chain()).ok());
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  EXPECT_EQ(Publish({Resource(Uuid(2), "Two")}).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(Publish({Resource(Uuid(1), "One")}).ok()) << "what changes nothing does not count";
  clock_.Advance(absl::Minutes(61));
  EXPECT_TRUE(Publish({Resource(Uuid(2), "Two")}).ok());
}

TEST_F(PublisherTest, RefusesAfterStop) {
  publisher_->Stop();
  EXPECT_FALSE(publisher_->Begin({}).ok());
}

// --- heartbeats, waits, receipts

TEST_F(PublisherTest, AHeartbeatConfirmsTheSameStateLater) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  const ParsedHead before = *ParseHead(Held()->head);
  clock_.Advance(absl::Seconds(45));
  ASSERT_TRUE(publisher_->Heartbeat().ok());
  const ParsedHead after = *ParseHead(Held()->head);
  EXPECT_EQ(after.content_sha256, before.content_sha256);
  EXPECT_EQ(after.body.as_of_unix_millis(), before.body.as_of_unix_millis() + 45'000);
  EXPECT_TRUE(checker_->CheckSignature(Held()->head).ok());
  EXPECT_THAT(moved_, SizeIs(2));
}

TEST_F(PublisherTest, AHeartbeatBeforeTheFirstPublishDoesNothing) {
  EXPECT_TRUE(publisher_->Heartbeat().ok());
  EXPECT_FALSE(Held().has_value());
}

TEST_F(PublisherTest, AHeartbeatNeverGoesBackInTime_R5) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  const int64_t before = Held()->as_of_unix_millis;
  clock_.Advance(-absl::Minutes(5));
  ASSERT_TRUE(publisher_->Heartbeat().ok());
  EXPECT_EQ(Held()->as_of_unix_millis, before);
}

TEST_F(PublisherTest, AClockThatWasADayAheadStopsNeitherHeartbeatsNorPublishing) {
  clock_.Advance(absl::Hours(24));
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  clock_.Advance(-absl::Hours(24));
  moved_.clear();
  EXPECT_TRUE(publisher_->Heartbeat().ok());
  EXPECT_THAT(moved_, IsEmpty()) << "a heartbeat that no node would accept is not announced";
  const auto result = Publish({Resource(Uuid(2), "Two")});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Held()->as_of_unix_millis, absl::ToUnixMillis(clock_.Now()));
  clock_.Advance(absl::Seconds(45));
  EXPECT_TRUE(publisher_->Heartbeat().ok());
  EXPECT_EQ(Held()->as_of_unix_millis, absl::ToUnixMillis(clock_.Now()));
}

TEST_F(PublisherTest, WaitsUntilOtherPartnersHoldTheState) {
  v1::PublishHeader header;
  header.set_wait_for_partners(2);
  auto batch = *publisher_->Begin(header);
  v1::PublishRecords records;
  *records.add_records()->mutable_record() = Resource(Uuid(1), "One");
  ASSERT_TRUE(batch->Add(&records).ok());
  Heard heard;
  std::thread peers;
  heard.on_progress = [&](const v1::PublishProgress& progress) {
    if (progress.stage() != "waiting" || peers.joinable()) return;
    peers = std::thread([&] {
      Acknowledge(1, 1);
      Acknowledge(2, 1);
    });
  };
  const auto result = batch->Commit(1, &heard);
  peers.join();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->confirmed_partners(), 2u);
}

TEST_F(PublisherTest, AWaitEndsWithItsTimeAndSaysHowManyConfirmed) {
  v1::PublishHeader header;
  header.set_wait_for_partners(3);
  header.set_wait_seconds(10);
  Acknowledge(1, 7);
  Acknowledge(0, 7);  // its own node does not count
  auto batch = *publisher_->Begin(header);
  v1::PublishRecords records;
  *records.add_records()->mutable_record() = Resource(Uuid(1), "One");
  ASSERT_TRUE(batch->Add(&records).ok());
  Heard heard;
  heard.on_progress = [&](const v1::PublishProgress& progress) {
    if (progress.stage() == "waiting") clock_.Advance(absl::Seconds(11));
  };
  const auto result = batch->Commit(1, &heard);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->committed());
  EXPECT_EQ(result->confirmed_partners(), 1u);
}

TEST_F(PublisherTest, AWaitEndsWhenNobodyListens) {
  v1::PublishHeader header;
  header.set_wait_for_partners(3);
  auto batch = *publisher_->Begin(header);
  Heard heard;
  heard.gone = true;
  EXPECT_TRUE(batch->Commit(0, &heard).ok());
}

TEST_F(PublisherTest, RefusesAWaitThatIsTooLong) {
  v1::PublishHeader header;
  header.set_wait_seconds(3601);
  EXPECT_EQ(publisher_->Begin(header).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(PublisherTest, ReceiptsNameEveryOtherNode) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  ASSERT_TRUE(Publish({Resource(Uuid(2), "Two")}).ok());
  Acknowledge(1, 2);
  Acknowledge(2, 1);
  const auto receipts = publisher_->Receipts(Uuid(2));
  ASSERT_TRUE(receipts.ok()) << receipts.status();
  EXPECT_EQ(receipts->seq(), 2u);
  ASSERT_EQ(receipts->receipts_size(), 3);
  EXPECT_EQ(receipts->receipts(0).node(), "p1-1");
  EXPECT_TRUE(receipts->receipts(0).holds_present_state());
  EXPECT_FALSE(receipts->receipts(1).holds_present_state());
  EXPECT_EQ(receipts->receipts(1).seq(), 1u);
  EXPECT_EQ(receipts->receipts(2).seq(), 0u);
  EXPECT_EQ(publisher_->Receipts(Uuid(9)).status().code(), absl::StatusCode::kNotFound);
}

// Two editors at once: both batches are published, one after the other.
TEST_F(PublisherTest, BatchesOfTwoEditorsAreBothPublished) {
  auto first = *publisher_->Begin({});
  auto second = *publisher_->Begin({});
  v1::PublishRecords one, two;
  *one.add_records()->mutable_record() = Resource(Uuid(1), "One");
  *two.add_records()->mutable_record() = Resource(Uuid(2), "Two");
  ASSERT_TRUE(first->Add(&one).ok());
  ASSERT_TRUE(second->Add(&two).ok());
  EXPECT_EQ(second->Commit(1, nullptr)->position().seq(), 1u);
  EXPECT_EQ(first->Commit(1, nullptr)->position().seq(), 2u);
  EXPECT_EQ(Held()->live_count, 2u);
}

}  // namespace
}  // namespace cairn
