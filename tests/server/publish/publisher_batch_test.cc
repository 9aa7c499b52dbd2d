// Batches: published whole, stamped, validated, compared.
#include "tests/server/publish/publisher_fixture.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

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
  Publisher::Options options{consortium_.id(), "p0", "p0-1", folder_ + "/none", Redactor(), nullptr};
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
  EXPECT_EQ(Stored(Uuid(1))->updated_at().seconds(), first + 1);
}

TEST_F(PublisherTest, VersionsOfOneSecondAreStampedInTheirOrder) {
  for (const char* const name : {"One", "Two", "Three", "Three"}) {
    ASSERT_TRUE(Publish({Resource(Uuid(1), name)}).ok());
  }
  EXPECT_EQ(Stored(Uuid(1))->updated_at().seconds(), absl::ToUnixSeconds(clock_.Now()) + 2);
  clock_.Advance(absl::Minutes(1));
  ASSERT_TRUE(Publish({Resource(Uuid(1), "Four")}).ok());
  EXPECT_EQ(Stored(Uuid(1))->updated_at().seconds(), absl::ToUnixSeconds(clock_.Now()));
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

}  // namespace
}  // namespace cairn
