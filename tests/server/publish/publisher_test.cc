// Withdrawals, verification, who may publish, quotas, heartbeats, receipts.
#include "absl/strings/match.h"
#include "tests/server/publish/publisher_fixture.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// --- withdrawing and verifying

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

TEST_F(PublisherTest, MarkVerifiedHoldsTheRoleToTheRulesOfRecords) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One")}).ok());
  v1::MarkVerifiedRequest request;
  request.add_ids(Uuid(1));
  for (const std::string& role : {std::string(201, 'x'), std::string("a\x1b[2J"), std::string("b\xc2\x9b")}) {
    request.set_verified_by(role);
    const absl::Status refused = publisher_->MarkVerified(request, nullptr).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << role;
    EXPECT_THAT(refused.message(), HasSubstr("verified_by"));
  }
  EXPECT_EQ(Stored(Uuid(1))->verified_by(), "");
}

TEST_F(PublisherTest, SaysWhoseARecordIsThatItMayNotChange) {
  const auto other = MakePublisher(1);
  ASSERT_TRUE(Publish({Resource(Uuid(2), "Theirs")}, {}, other.get()).ok());
  EXPECT_THAT(publisher_->Withdraw(Withdrawal({Uuid(2)}), nullptr).status().message(),
              HasSubstr(Uuid(2) + ": published by partner p1; each partner changes its own records"));
  EXPECT_THAT(publisher_->Withdraw(Withdrawal({Uuid(3)}), nullptr).status().message(),
              HasSubstr(Uuid(3) + ": not published by p0, nor by anybody else"));
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
  Publisher::Options options{consortium_.id(), "p0", "p0-1", folder_, Redactor(), nullptr};
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

// As many files of this folder as the process holds open, those without a name included.
int OpenFilesIn(const std::string& folder) {
  int open = 0;
  for (const auto& file : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string path = std::filesystem::read_symlink(file.path(), gone).string();
    open += absl::StartsWith(path, std::filesystem::path(folder).lexically_normal().string());
  }
  return open;
}

TEST_F(PublisherTest, AttackByEndlessData_ABatchAboveTheQuotaOfRecordsIsRefusedWhileItIsSentAndLeavesNothing) {
  constexpr int allowed = static_cast<int>(limits::small_delta_entries_max) + 200;  // more than stays in memory
  consortium_.Change([](v1::Charter* c) { c->mutable_partners(0)->mutable_quota()->set_records_max(allowed); });
  ASSERT_TRUE(charter_->Submit(consortium_.chain()).ok());
  const auto chunk = [](int first, int count) {
    v1::PublishRecords records;
    for (int i = first; i < first + count; ++i) *records.add_records()->mutable_record() = Resource(Uuid(i), "Many");
    return records;
  };
  const int open_before = OpenFilesIn(folder_);
  for (const bool dry_run : {true, false}) {
    v1::PublishHeader header;
    header.set_dry_run(dry_run);
    auto batch = *publisher_->Begin(header);
    v1::PublishRecords all = chunk(0, allowed), one_more = chunk(allowed, 1);
    ASSERT_TRUE(batch->Add(&all).ok());
    EXPECT_GT(OpenFilesIn(folder_), open_before) << "it is on disk by now";
    const absl::Status refused = batch->Add(&one_more);
    EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_THAT(std::string(refused.message()), HasSubstr(absl::StrCat("more records than the ", allowed)));
    EXPECT_FALSE(batch->Commit(allowed, nullptr).ok()) << "nor without the record that was too many";
    batch.reset();
    EXPECT_EQ(OpenFilesIn(folder_), open_before);
    EXPECT_EQ(Seq(), 0u);
  }
  std::vector<v1::Record> records;
  for (int i = 0; i < allowed; ++i) records.push_back(Resource(Uuid(i), "Many"));
  EXPECT_TRUE(Publish(records).ok());
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

TEST_F(PublisherTest, ReceiptsOfAWithdrawalSayWhoHasConfirmedItAndSinceWhen) {
  ASSERT_TRUE(Publish({Resource(Uuid(1), "One"), Resource(Uuid(2), "Two")}).ok());
  Acknowledge(1, 2);
  v1::WithdrawRequest request;
  request.add_ids(Uuid(1));
  ASSERT_TRUE(publisher_->Withdraw(request, nullptr).ok());
  clock_.Advance(absl::Minutes(1));
  const absl::Time confirmed = clock_.Now();
  Acknowledge(1, 3);
  clock_.Advance(absl::Hours(5));
  ASSERT_TRUE(Publish({Resource(Uuid(3), "Three")}).ok());
  Acknowledge(1, 4);
  const auto receipts = publisher_->Receipts(Uuid(1));
  ASSERT_TRUE(receipts.ok()) << receipts.status();
  EXPECT_TRUE(receipts->withdrawn());
  EXPECT_TRUE(receipts->receipts(0).holds_present_state());
  EXPECT_EQ(receipts->receipts(0).confirmed_at().seconds(), absl::ToUnixSeconds(confirmed)) << "not of what came later";
  EXPECT_FALSE(receipts->receipts(1).holds_present_state()) << "it is missing";
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
