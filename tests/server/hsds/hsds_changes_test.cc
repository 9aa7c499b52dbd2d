#include "server/store/change_order.h"
#include "tests/server/hsds/api_fixture.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class HsdsChangesTest : public ApiTest {
 protected:
  std::string Through(const Reader& reader = Reader::Anonymous()) {
    return std::string(Get("/hsds/services", reader).Header("X-Modified-Through"));
  }
};

// What came late has an old time of its publisher's and of its head's, and is new at this node all the same.
TEST_F(HsdsChangesTest, WhatIsModifiedIsWhatThisNodeCameToShowNotWhatAPublishersClockSays) {
  db_.Publish(pl_, {TestService(1, "One")});
  const std::string through = Through();
  db_.clock.Advance(-absl::Hours(24 * 400));
  v1::Record old = TestService(2, "Two");
  old.mutable_updated_at()->set_seconds(1);
  db_.Publish(lv_, {old});
  EXPECT_THAT(Ids("/hsds/services?modified_after=" + through), ElementsAre(TestId(1), TestId(2)));
  EXPECT_THAT(Ids("/hsds/services?modified_after=" + Through()), ElementsAre(TestId(2)));
}

TEST_F(HsdsChangesTest, AClientThatGoesOnFromTheHighestTimeItSawMissesNothing) {
  db_.Publish(pl_, {TestService(1, "One"), TestService(2, "Two")});
  std::string latest;
  const Json page = GetJson("/hsds/services");
  for (const Json& each : page["contents"]) {
    latest = std::max(latest, each["last_modified"].get<std::string>());
  }
  db_.Publish(pl_, {TestService(1, "One again")});
  EXPECT_THAT(Ids("/hsds/services?modified_after=" + latest), testing::Contains(TestId(1)));
}

TEST_F(HsdsChangesTest, AChangedOrganizationModifiesItsServices) {
  v1::Record service = TestService(1, "One");
  service.mutable_service()->set_organization_id(TestId(2));
  db_.Publish(pl_, {service, TestOrganization(2, "Before"), TestService(3, "Three")});
  KeepChanges();
  db_.clock.Advance(absl::Seconds(1));
  const std::string now = absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", db_.clock.Now(), absl::UTCTimeZone());
  EXPECT_THAT(Ids("/hsds/services?modified_after=" + now), IsEmpty());
  db_.Publish(pl_, {TestOrganization(2, "After")});
  KeepChanges();
  EXPECT_THAT(Ids("/hsds/services?full=true&modified_after=" + now), ElementsAre(TestId(1)));
}

class OrganizationChangesTest : public HsdsChangesTest {
 protected:
  // Two organizations, the first with a service.
  OrganizationChangesTest() {
    db_.Publish(pl_, {ServiceOf(2), TestOrganization(2, "One"), TestOrganization(3, "Two")});
  }
  static v1::Record ServiceOf(int organization, const std::string& name = "Service") {
    v1::Record service = TestService(1, name);
    service.mutable_service()->set_organization_id(TestId(organization));
    return service;
  }
  // A moment after all that was published.
  std::string Now() {
    db_.clock.Advance(absl::Seconds(1));
    return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", db_.clock.Now(), absl::UTCTimeZone());
  }
  std::vector<std::string> Full(const std::string& since, const Reader& reader = Reader::Anonymous()) {
    return Ids("/hsds/organizations?full=true&modified_after=" + since, reader);
  }
};

TEST_F(OrganizationChangesTest, AChangedServiceModifiesTheFullOrganizationAndNotThePlainOne) {
  const std::string now = Now();
  EXPECT_THAT(Full(now), IsEmpty());
  db_.Publish(pl_, {ServiceOf(2, "Another name")});
  EXPECT_THAT(Full(now), ElementsAre(TestId(2)));
  EXPECT_THAT(Ids("/hsds/organizations?modified_after=" + now), IsEmpty());
  EXPECT_THAT(Ids("/hsds/organizations?minimal=true&full=true&modified_after=" + now), IsEmpty());
  EXPECT_THAT(Full(Now()), IsEmpty());
}

TEST_F(OrganizationChangesTest, AWithdrawnServiceModifiesTheFullOrganization) {
  const std::string now = Now();
  db_.Withdraw(pl_, v1::SERVICE, {TestId(1)});
  EXPECT_THAT(Full(now), ElementsAre(TestId(2)));
  EXPECT_THAT(Full(Now()), IsEmpty());
}

TEST_F(OrganizationChangesTest, AServiceThatMovesModifiesBothOrganizations) {
  const std::string now = Now();
  db_.Publish(pl_, {ServiceOf(3)});
  EXPECT_THAT(Full(now), UnorderedElementsAre(TestId(2), TestId(3)));
}

TEST_F(OrganizationChangesTest, WhatOthersSeeOfItDoesNotModifyIt_R7) {
  v1::Record hidden = ServiceOf(2);
  hidden.set_id(TestId(9));
  const std::string first = Now();
  db_.Publish(police_, {hidden});
  EXPECT_THAT(Full(first), IsEmpty());
  EXPECT_THAT(Full(first, Reader::Partner("lv-y")), ElementsAre(TestId(2)));
  const std::string second = Now();
  db_.Withdraw(police_, v1::SERVICE, {TestId(9)});
  EXPECT_THAT(Full(second), IsEmpty());
  EXPECT_THAT(Full(second, Reader::Partner("lv-y")), ElementsAre(TestId(2)));
}

// Another partner's service under a public organization: the partner leaves with all of it, and comes back.
TEST_F(OrganizationChangesTest, AFeedThatGoesOrComesAsAWholeModifiesTheOrganizationsOfItsServices) {
  v1::Record of_other = ServiceOf(2);
  of_other.set_id(TestId(9));
  db_.Publish(lv_, {of_other});
  KeepChanges();
  const std::string first = Now();
  SetRetired(true);
  KeepChanges();
  EXPECT_THAT(Full(first), ElementsAre(TestId(2)));
  EXPECT_THAT(Ids("/hsds/organizations?modified_after=" + first), IsEmpty());
  const std::string second = Now();
  EXPECT_THAT(Full(second), IsEmpty());
  SetRetired(false);
  KeepChanges();
  EXPECT_THAT(Full(second), ElementsAre(TestId(2)));
  EXPECT_THAT(Full(Now()), IsEmpty());
}

TEST_F(OrganizationChangesTest, APublicFeedThatIsErasedModifiesTheOrganizationsOfItsServices) {
  v1::Record of_other = ServiceOf(2);
  of_other.set_id(TestId(9));
  db_.Publish(lv_, {of_other});
  const std::string now = Now();
  db_.Drop(lv_);
  EXPECT_THAT(Full(now), ElementsAre(TestId(2)));
}

TEST_F(OrganizationChangesTest, AHiddenFeedThatIsErasedTellsThePublicNothing_R7) {
  v1::Record hidden = ServiceOf(2);
  hidden.set_id(TestId(9));
  db_.Publish(police_, {hidden});
  const std::string now = Now();
  db_.Drop(police_);
  EXPECT_THAT(Full(now), IsEmpty());
}

// Whoever may see some audience must not learn from the header when another one moves.
TEST_F(HsdsChangesTest, AttackByWatchingTheMark_ItMovesWithTheClockAndNotWithOtherAudiences_R7) {
  const auto mark = [&] {
    ASSERT_TRUE(db_.store->Write([&](Connection& db) { return MarkChanges(db, db_.clock.Now()); }).ok());
  };
  const FeedKey members{"pl-x", "consortium", 1};
  db_.Publish(members, {TestService(1, "One")});
  const Reader member = Reader::Limited("pl-x", {"consortium"});
  db_.clock.Advance(absl::Seconds(10));
  mark();
  const std::string before = Through(member);
  db_.clock.Advance(absl::Seconds(10));
  db_.Publish(police_, {TestService(2, "Hidden")});
  EXPECT_EQ(Through(member), before);
  EXPECT_THAT(Ids("/hsds/services?modified_after=" + before, member), IsEmpty());
  mark();
  EXPECT_GT(Through(member), before);
  db_.clock.Advance(-absl::Hours(24));
  const std::string after = Through(member);
  db_.Publish(members, {TestService(3, "Later, by a clock that was set back")});
  EXPECT_THAT(Ids("/hsds/services?modified_after=" + after, member), ElementsAre(TestId(3)));
}

TEST_F(HsdsChangesTest, WhoeverSeesASupplementSeesThatItCameAndThatItWent) {
  const Reader member = Reader::Partner("lv-y");
  db_.Publish(pl_, {TestService(1, "Shelter")});
  v1::Record more = TestService(1, "Shelter", "Confidential");
  more.set_supplement(true);
  db_.clock.Advance(absl::Seconds(1));
  const std::string before = absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", db_.clock.Now(), absl::UTCTimeZone());
  db_.Publish(police_, {more});
  EXPECT_THAT(Ids("/hsds/services?modified_after=" + before, member), ElementsAre(TestId(1)));
  db_.clock.Advance(absl::Seconds(1));
  const std::string between = absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", db_.clock.Now(), absl::UTCTimeZone());
  db_.Withdraw(police_, v1::SERVICE, {TestId(1)});
  EXPECT_THAT(Ids("/hsds/services?modified_after=" + between, member), ElementsAre(TestId(1)));
  EXPECT_THAT(Ids("/hsds/services?modified_after=" + before), IsEmpty());
}

TEST_F(HsdsChangesTest, ThePublishersOwnTimeIsKeptBesides) {
  v1::Record service = TestService(1, "One");
  (*service.mutable_service()->mutable_extra())["last_modified"] = "\"2020-01-01T00:00:00Z\"";
  db_.Publish(pl_, {service});
  const Json object = GetJson("/hsds/services/" + TestId(1));
  EXPECT_EQ(object["source_last_modified"], "2020-01-01T00:00:00Z");
  EXPECT_EQ(object["last_modified"], Through());
}

TEST_F(HsdsChangesTest, SaysWhoVouchesForARecordAndWhenItWasLastConfirmed) {
  v1::Record old = TestService(1, "One");
  old.mutable_service()->set_assured_date("2020-05-01");
  v1::Record newer = TestService(2, "Two");
  newer.mutable_service()->set_assured_date("2031-01-01");
  for (v1::Record* record : {&old, &newer}) record->mutable_verified_at()->set_seconds(1'780'000'000);  // 2026-05-28
  db_.Publish(pl_, {old, newer});
  db_.Publish(lv_, {TestService(3, "Three")});
  const Json one = GetJson("/hsds/services/" + TestId(1));
  EXPECT_EQ(one["published_by"], "pl-x");
  EXPECT_EQ(one["assured_date"], "2026-05-28");
  EXPECT_EQ(GetJson("/hsds/services/" + TestId(2))["assured_date"], "2031-01-01");
  const Json three = GetJson("/hsds/services?search=Three")["contents"][0];
  EXPECT_EQ(three["published_by"], "lv-y");
  EXPECT_FALSE(three.contains("assured_date"));
}

}  // namespace
}  // namespace cairn
