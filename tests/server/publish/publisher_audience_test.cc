// Publishing to several audiences: supplements, redaction, moves, and who may read what.
#include "tests/server/publish/publisher_fixture.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PublisherAudienceTest : public PublisherTest {
 protected:
  PublisherAudienceTest() {
    consortium_.Change([](v1::Charter* charter) {
      v1::Circle* police = charter->add_circles();
      police->set_name("police");
      police->add_partners("p0");
      police->add_partners("p2");
    });
    charter_->Submit(consortium_.chain()).status().IgnoreError();
  }

  static v1::Record Shelter(const std::string& street, const std::string& city = "Gdynia") {
    v1::Record record;
    record.set_id(Uuid(1));
    record.mutable_location()->set_location_type("physical");
    record.mutable_location()->set_name("Harbour");
    v1::Address* address = record.mutable_location()->add_addresses();
    address->set_address_1(street);
    address->set_city(city);
    return record;
  }
  // Only what the narrower audience gets in addition.
  static v1::Record Extra(const std::string& transportation) {
    v1::Record record;
    record.set_id(Uuid(1));
    record.mutable_location()->set_transportation(transportation);
    return record;
  }
  void Redact(std::vector<RedactionRule> rules) {
    redactor_ = Redactor(std::move(rules));
    publisher_ = MakePublisher(0);
  }
  absl::StatusOr<v1::PublishResult> PublishTo(const std::string& audience, std::vector<v1::Record> records,
                                              bool move = false) {
    v1::PublishHeader header;
    header.set_audience(audience);
    header.set_move(move);
    return Publish(std::move(records), header);
  }
  std::optional<v1::Record> In(const std::string& audience) {
    const auto entry = *feeds_->FindEntry("p0", audience, v1::LOCATION, *UuidFromText(Uuid(1)));
    if (!entry.has_value() || entry->tombstone()) return std::nullopt;
    return *ParseRecord(entry->payload());
  }
  uint64_t SeqOf(const std::string& audience) {
    const auto held = *feeds_->Find("p0", audience);
    return held.has_value() ? held->seq : 0;
  }
};

TEST_F(PublisherAudienceTest, EachAudienceIsAFeedOfItsOwn) {
  ASSERT_TRUE(PublishTo("circle:police", {Resource(Uuid(2), "Plan")})->committed());
  EXPECT_EQ(SeqOf("circle:police"), 1u);
  EXPECT_EQ(SeqOf("public"), 0u);
  EXPECT_THAT(moved_, ElementsAre("circle:police"));
}

TEST_F(PublisherAudienceTest, AudienceThatNobodyIsInIsRefused) {
  EXPECT_THAT(PublishTo("circle:gone", {Resource(Uuid(1), "One")}).status().message(), HasSubstr("no such circle"));
  EXPECT_THAT(PublishTo("Public", {Resource(Uuid(1), "One")}).status().message(), HasSubstr("\"Public\""));
  EXPECT_EQ(SeqOf("circle:gone"), 0u);
}

TEST_F(PublisherAudienceTest, WhatAWiderAudienceHasBecomesASupplement) {
  ASSERT_TRUE(PublishTo("public", {Shelter("")})->committed());
  ASSERT_TRUE(PublishTo("consortium", {Extra("Ask for a lift")})->committed());
  ASSERT_TRUE(In("consortium").has_value());
  EXPECT_TRUE(In("consortium")->supplement());
  EXPECT_EQ(In("consortium")->location().name(), "") << "only what it adds";
  EXPECT_FALSE(In("public")->supplement());
}

TEST_F(PublisherAudienceTest, PartOfNothingIsRefusedAsARecordThatLacksWhatIsRequired) {
  ASSERT_FALSE(PublishTo("consortium", {Extra("Ask")})->committed());
  EXPECT_THAT(heard_.problems[0].field(), HasSubstr("location_type"));
}

TEST_F(PublisherAudienceTest, SupplementThatBreaksTheWholeIsRefused) {
  v1::Record base = Shelter("");
  base.mutable_location()->set_latitude(54);
  base.mutable_location()->set_longitude(18);
  ASSERT_TRUE(PublishTo("public", {base})->committed());
  v1::Record bad = Extra("");
  bad.mutable_location()->set_latitude(154);
  EXPECT_FALSE(PublishTo("consortium", {bad})->committed());
}

TEST_F(PublisherAudienceTest, RulesSplitOneRecordInOneStep) {
  Redact({{"location.addresses.address_1", "consortium"}});
  const auto result = PublishTo("public", {Shelter("Hidden Street 5")});
  ASSERT_TRUE(result.ok() && result->committed()) << result.status();
  EXPECT_EQ(In("public")->location().addresses(0).address_1(), "");
  EXPECT_EQ(In("public")->location().addresses(0).city(), "Gdynia");
  EXPECT_EQ(In("consortium")->location().addresses(0).address_1(), "Hidden Street 5");
  ASSERT_EQ(result->audiences_size(), 2);
  EXPECT_EQ(result->audiences(1).position().seq(), 1u);
  EXPECT_FALSE(PublishTo("public", {Shelter("Hidden Street 5")})->audiences(0).changed());
  EXPECT_EQ(SeqOf("consortium"), 1u) << "the same again changes neither";
}

TEST_F(PublisherAudienceTest, ChangedStreetChangesOnlyTheSupplementAndARemovedOneWithdrawsIt) {
  Redact({{"location.addresses.address_1", "consortium"}});
  ASSERT_TRUE(PublishTo("public", {Shelter("Hidden Street 5")})->committed());
  ASSERT_TRUE(PublishTo("public", {Shelter("Other Street 6")})->committed());
  EXPECT_EQ(SeqOf("public"), 1u);
  EXPECT_EQ(In("consortium")->location().addresses(0).address_1(), "Other Street 6");
  ASSERT_TRUE(PublishTo("public", {Shelter("")})->committed());
  EXPECT_FALSE(In("consortium").has_value());
  EXPECT_TRUE(In("public").has_value());
}

TEST_F(PublisherAudienceTest, HandAndRulesLeaveEachOthersFieldsAlone) {
  Redact({{"location.addresses.address_1", "consortium"}});
  ASSERT_TRUE(PublishTo("public", {Shelter("Hidden Street 5")})->committed());
  ASSERT_TRUE(PublishTo("consortium", {Extra("Ask for a lift")})->committed());
  EXPECT_EQ(In("consortium")->location().addresses(0).address_1(), "Hidden Street 5");
  ASSERT_TRUE(PublishTo("public", {Shelter("Other Street 6")})->committed());
  EXPECT_EQ(In("consortium")->location().transportation(), "Ask for a lift");
  EXPECT_EQ(In("consortium")->location().addresses(0).address_1(), "Other Street 6");
}

TEST_F(PublisherAudienceTest, RuleThatTakesARequiredFieldRefusesTheRecordAndNamesTheRule) {
  Redact({{"location.location_type", "consortium"}});
  ASSERT_FALSE(PublishTo("public", {Shelter("5")})->committed());
  EXPECT_THAT(heard_.problems[0].remedy(), HasSubstr("redact"));
  EXPECT_EQ(SeqOf("consortium"), 0u);
}

TEST_F(PublisherAudienceTest, RecordRefusedWhileComparingTakesItsSupplementWithIt) {
  const auto other = MakePublisher(1);
  ASSERT_TRUE(Publish({Shelter("")}, {}, other.get())->committed());
  Redact({{"location.addresses.address_1", "consortium"}});
  v1::PublishHeader header;
  header.set_keep_going(true);
  ASSERT_TRUE(Publish({Shelter("Hidden 5"), Resource(Uuid(2), "Fine")}, header).ok());
  EXPECT_EQ(SeqOf("consortium"), 0u);
  EXPECT_EQ(SeqOf("public"), 1u);
}

TEST_F(PublisherAudienceTest, MoveWithdrawsThereAndPublishesHereInOneStep) {
  ASSERT_TRUE(PublishTo("public", {Shelter("Open Street 1")})->committed());
  ASSERT_TRUE(PublishTo("consortium", {Extra("Ask")})->committed());
  const auto moved = PublishTo("circle:police", {Shelter("Open Street 1")}, /*move=*/true);
  ASSERT_TRUE(moved.ok() && moved->committed()) << moved.status();
  EXPECT_FALSE(In("public").has_value());
  EXPECT_FALSE(In("consortium").has_value());
  ASSERT_TRUE(In("circle:police").has_value());
  EXPECT_FALSE(In("circle:police")->supplement());
}

TEST_F(PublisherAudienceTest, MoveThatCannotBeWrittenChangesNeither) {
  ASSERT_TRUE(PublishTo("public", {Shelter("Open Street 1")})->committed());
  consortium_.Change([](v1::Charter* charter) { charter->mutable_partners(0)->mutable_quota()->set_bytes_max(1); });
  ASSERT_TRUE(charter_->Submit(consortium_.chain()).ok());
  v1::Record longer = Shelter("A much longer street name than the one before 1234567890");
  EXPECT_EQ(PublishTo("consortium", {longer}, true).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(In("public").has_value());
  EXPECT_FALSE(In("consortium").has_value());
}

TEST_F(PublisherAudienceTest, WideningWithoutMoveIsRefusedSinceOldValuesWouldStayOnTop) {
  ASSERT_TRUE(PublishTo("consortium", {Shelter("5")})->committed());
  ASSERT_FALSE(PublishTo("public", {Shelter("5")})->committed());
  EXPECT_THAT(heard_.problems[0].problem(), HasSubstr("consortium"));
  ASSERT_TRUE(PublishTo("public", {Shelter("5")}, true)->committed());
  EXPECT_FALSE(In("consortium").has_value());
}

TEST_F(PublisherAudienceTest, WithdrawnIsWithdrawnFromEveryAudience) {
  Redact({{"location.addresses.address_1", "consortium"}});
  ASSERT_TRUE(PublishTo("public", {Shelter("Hidden Street 5")})->committed());
  v1::WithdrawRequest request;
  request.add_ids(Uuid(1));
  const auto result = publisher_->Withdraw(request, nullptr);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->withdrawn(), 1u);
  EXPECT_FALSE(In("public").has_value());
  EXPECT_FALSE(In("consortium").has_value());
}

TEST_F(PublisherAudienceTest, PruneTakesSupplementsAlongAndLeavesThoseOfRulesToTheirRecord) {
  Redact({{"location.addresses.address_1", "consortium"}});
  ASSERT_TRUE(PublishTo("public", {Shelter("Hidden Street 5")})->committed());
  v1::PublishHeader header;
  header.set_audience("consortium");
  header.set_prune(true);
  ASSERT_TRUE(Publish({Resource(Uuid(2), "Internal plan")}, header)->committed());
  EXPECT_TRUE(In("consortium").has_value()) << "no file for the consortium can have it";
  header.set_audience("public");
  ASSERT_TRUE(Publish({Resource(Uuid(3), "Other")}, header)->committed());
  EXPECT_FALSE(In("public").has_value());
  EXPECT_FALSE(In("consortium").has_value());
}

TEST_F(PublisherAudienceTest, VerifiedStampsWhatEveryAudienceReads) {
  Redact({{"location.addresses.address_1", "consortium"}});
  ASSERT_TRUE(PublishTo("public", {Shelter("Hidden Street 5")})->committed());
  v1::MarkVerifiedRequest request;
  request.add_ids(Uuid(1));
  ASSERT_TRUE(publisher_->MarkVerified(request, nullptr).ok());
  EXPECT_TRUE(In("public")->has_verified_at());
  EXPECT_TRUE(In("consortium")->has_verified_at());
}

TEST_F(PublisherAudienceTest, DryRunSaysWhoWouldReceiveBeforeAnythingLeaves) {
  Redact({{"location.addresses.address_1", "circle:police"}});
  v1::PublishHeader header;
  header.set_dry_run(true);
  const auto result = Publish({Shelter("Hidden Street 5")}, header);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->audiences_size(), 2);
  EXPECT_TRUE(result->audiences(0).readers().everybody());
  EXPECT_EQ(result->audiences(0).readers().partners_size(), 3);
  ASSERT_EQ(result->audiences(1).readers().partners_size(), 1);
  EXPECT_EQ(result->audiences(1).readers().partners(0).partner(), "p2");
  EXPECT_EQ(SeqOf("public") + SeqOf("circle:police"), 0u);
}

TEST_F(PublisherAudienceTest, ExplainsWhoSeesWhichFields) {
  Redact({{"location.addresses.address_1", "circle:police"}});
  ASSERT_TRUE(PublishTo("public", {Shelter("Hidden Street 5")})->committed());
  const auto access = publisher_->ExplainAccess(Uuid(1));
  ASSERT_TRUE(access.ok()) << access.status();
  ASSERT_EQ(access->rules_size(), 2);
  EXPECT_THAT(access->rules(0).readers().rule(), HasSubstr("everybody"));
  EXPECT_THAT(access->rules(1).fields(), ElementsAre("location.addresses"));
  EXPECT_THAT(access->rules(1).readers().rule(), HasSubstr("police"));
  EXPECT_EQ(access->rules(1).readers().partners(0).nodes(0), "p2-1");
}

TEST_F(PublisherAudienceTest, DeletedOrEmptiedCircleMeansNobody) {  // R7
  ASSERT_TRUE(PublishTo("circle:police", {Shelter("5")})->committed());
  consortium_.Change([](v1::Charter* charter) { charter->clear_circles(); });
  ASSERT_TRUE(charter_->Submit(consortium_.chain()).ok());
  const auto access = publisher_->ExplainAccess(Uuid(1));
  ASSERT_TRUE(access.ok());
  EXPECT_THAT(access->rules(0).readers().partners(), IsEmpty());
  EXPECT_FALSE(access->rules(0).readers().everybody());
}

TEST_F(PublisherAudienceTest, ReceiptsTellEachFeedApart) {
  Redact({{"location.addresses.address_1", "circle:police"}});
  ASSERT_TRUE(PublishTo("public", {Shelter("Hidden Street 5")})->committed());
  Acknowledge(1, 1);
  Acknowledge(2, 1);
  const auto receipts = *publisher_->Receipts(Uuid(1));
  ASSERT_EQ(receipts.receipts_size(), 4);
  EXPECT_TRUE(receipts.receipts(0).holds_present_state()) << "p1 may read the public part and holds it";
  EXPECT_TRUE(receipts.receipts(1).holds_present_state()) << "so does p2";
  EXPECT_EQ(receipts.receipts(2).audience(), "circle:police");
  EXPECT_FALSE(receipts.receipts(2).holds_present_state()) << "which lacks the part for the police";
}

TEST_F(PublisherAudienceTest, NodeThatLeftTheCircleIsMissingUntilItSaysThatItErased) {
  ASSERT_TRUE(PublishTo("circle:police", {Shelter("5")})->committed());
  const FeedKey feed{"p0", "circle:police", 1};
  ASSERT_TRUE(
      store_->Write([&](Connection& db) { return feeds_->RecordPeerHead(db, "p2-1", feed, 1, clock_.Now()); }).ok());
  consortium_.Change([](v1::Charter* charter) { charter->mutable_circles(0)->mutable_partners()->RemoveLast(); });
  ASSERT_TRUE(charter_->Submit(consortium_.chain()).ok());
  auto receipts = *publisher_->Receipts(Uuid(1));
  ASSERT_EQ(receipts.receipts_size(), 1);
  EXPECT_FALSE(receipts.receipts(0).erased());
  ASSERT_TRUE(
      store_->Write([&](Connection& db) { return feeds_->RecordDrop(db, "p2-1", "p0", "circle:police", 5'000); }).ok());
  receipts = *publisher_->Receipts(Uuid(1));
  ASSERT_EQ(receipts.receipts_size(), 1);
  EXPECT_TRUE(receipts.receipts(0).erased());
  EXPECT_EQ(receipts.receipts(0).confirmed_at().seconds(), 5);
}

}  // namespace
}  // namespace cairn
