#include "tests/server/hsds/api_fixture.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RpdeFeedTest : public ApiTest {
 protected:
  // Follows `next` from `target` to the end: "state id" of every item.
  std::vector<std::string> Crawl(std::string target, std::string* last = nullptr) {
    std::vector<std::string> items;
    while (true) {
      const Json page = GetJson(target);
      for (const Json& item : page["items"]) {
        items.push_back(absl::StrCat(item["state"].get<std::string>(), " ", item["id"].get<std::string>()));
      }
      const std::string next = page["next"].get<std::string>().substr(std::string(kTestUrl).size());
      if (last != nullptr) *last = next;
      if (page["items"].empty()) {
        EXPECT_EQ(next, target);
        return items;
      }
      target = next;
    }
  }
};

TEST_F(RpdeFeedTest, AnItemHasWhatTheSpecificationAsksFor) {
  db_.Publish(pl_, {TestService(1, "Helpline")});
  const Json page = GetJson("/rpde/services");
  EXPECT_EQ(page["license"], "https://example.org/terms");
  ASSERT_THAT(page["items"], SizeIs(1));
  const Json& item = page["items"][0];
  EXPECT_EQ(item["state"], "updated");
  EXPECT_EQ(item["kind"], "service");
  EXPECT_EQ(item["id"], TestId(1));
  EXPECT_EQ(item["data"]["name"], "Helpline");
  EXPECT_EQ(page["next"], absl::StrCat(kTestUrl, "/rpde/services?afterChangeNumber=", item["modified"].get<int64_t>()));
  EXPECT_THAT(GetJson("/rpde/trainings")["items"], IsEmpty());
}

TEST_F(RpdeFeedTest, ATrainingIsASchemaOrgCourseWithItsSessions) {
  v1::Record training = TestService(1, "unused");
  training.mutable_training()->set_name("Listening to children");
  training.mutable_training()->set_mode("online");
  training.mutable_training()->set_provider_id(TestId(2));
  v1::TrainingSession* const session = training.mutable_training()->add_sessions();
  session->set_id("autumn");
  session->set_start("2026-10-05T09:00:00Z");
  session->set_end("2026-10-05T12:00:00Z");
  db_.Publish(pl_, {training, TestOrganization(2, "Lantern")});
  const Json page = GetJson("/rpde/trainings");
  ASSERT_THAT(page["items"], SizeIs(1));
  EXPECT_EQ(page["items"][0]["kind"], "training");
  const Json& data = page["items"][0]["data"];
  EXPECT_EQ(data["@context"]["@vocab"], "https://schema.org/");
  EXPECT_EQ(data["@type"], "Course");
  EXPECT_EQ(data["name"], "Listening to children");
  ASSERT_THAT(data["hasCourseInstance"], SizeIs(1));
  EXPECT_EQ(data["hasCourseInstance"][0]["startDate"], "2026-10-05T09:00:00Z");
}

TEST_F(RpdeFeedTest, FollowsTheOrderInWhichThisNodeShowsThingsAcrossAllPartners) {
  db_.Publish(pl_, {TestService(1, "One")});
  db_.Publish(lv_, {TestService(2, "Two")});
  db_.clock.Advance(-absl::Hours(3));
  db_.Publish(pl_, {TestService(3, "Three")});
  db_.Publish(pl_, {TestService(1, "One again")});
  EXPECT_THAT(Crawl("/rpde/services?limit=1"),
              ElementsAre("updated " + TestId(2), "updated " + TestId(3), "updated " + TestId(1)));
}

TEST_F(RpdeFeedTest, AWithdrawnRecordComesAsDeletedAndCanComeBack) {
  db_.Publish(pl_, {TestService(1, "One"), TestService(2, "Two")});
  std::string last;
  Crawl("/rpde/services", &last);
  db_.Withdraw(pl_, v1::SERVICE, {TestId(1)});
  db_.clock.Advance(absl::Hours(24 * 7));
  EXPECT_THAT(Crawl(last, &last), ElementsAre("deleted " + TestId(1)));
  db_.Publish(pl_, {TestService(1, "One")});
  EXPECT_THAT(Crawl(last), ElementsAre("updated " + TestId(1)));
}

TEST_F(RpdeFeedTest, ARecordThatLeavesThePublicAudienceIsDeleted) {
  db_.Publish(pl_, {TestService(1, "One")});
  std::string last;
  Crawl("/rpde/services", &last);
  db_.Withdraw(pl_, v1::SERVICE, {TestId(1)});
  db_.Publish(members_, {TestService(1, "One")});
  EXPECT_THAT(Crawl(last), ElementsAre("deleted " + TestId(1)));
}

TEST_F(RpdeFeedTest, WhatAFeedThatBeganAnewNoLongerHasIsDeleted) {
  db_.Publish(pl_, {TestService(1, "One"), TestService(2, "Two")});
  std::string last;
  Crawl("/rpde/services", &last);
  db_.Replace(FeedKey{"pl-x", "public", 2}, {TestService(2, "Two")});
  EXPECT_THAT(Crawl(last), testing::Contains("deleted " + TestId(1)));
  EXPECT_THAT(Crawl("/rpde/services"), ElementsAre("deleted " + TestId(1), "updated " + TestId(2)));
}

TEST_F(RpdeFeedTest, RecordsOfAPartnerThatLeavesAreDeletedAndComeBackWithIt) {
  db_.Publish(lv_, {TestService(1, "One")});
  KeepChanges();
  std::string last;
  Crawl("/rpde/services", &last);
  SetRetired(true);
  KeepChanges();
  EXPECT_THAT(Crawl(last, &last), ElementsAre("deleted " + TestId(1)));
  SetRetired(false);
  KeepChanges();
  EXPECT_THAT(Crawl(last), ElementsAre("updated " + TestId(1)));
}

TEST_F(RpdeFeedTest, AServiceComesAgainWhenItsOrganizationOrItsPlaceChanges) {
  v1::Record service = TestService(1, "One");
  service.mutable_service()->set_organization_id(TestId(2));
  service.mutable_service()->add_service_at_locations()->set_location_id(TestId(3));
  db_.Publish(pl_, {service, TestOrganization(2, "Before"), TestLocation(3, 52, 21)});
  KeepChanges();
  std::string last;
  Crawl("/rpde/services", &last);
  db_.Publish(pl_, {TestOrganization(2, "After")});
  KeepChanges();
  EXPECT_EQ(GetJson(last)["items"][0]["data"]["organization"]["name"], "After");
  Crawl(last, &last);
  db_.Withdraw(pl_, v1::LOCATION, {TestId(3)});
  KeepChanges();
  EXPECT_THAT(Crawl(last), ElementsAre("updated " + TestId(1)));
}

// R7: neither an item nor a number tells of what others may read.
TEST_F(RpdeFeedTest, NothingOfOtherAudiencesShowsNotEvenInTheNumbers) {
  db_.Publish(pl_, {TestService(1, "One")});
  db_.Publish(members_, {TestService(2, "Members only"), TestLocation(3, 52, 21)});
  db_.Publish(police_, {TestService(4, "Shelter")});
  db_.Publish(pl_, {TestService(5, "Five")});
  KeepChanges();
  const Json items = GetJson("/rpde/services", Reader::Partner("lv-y"))["items"];
  ASSERT_THAT(items, SizeIs(2));
  EXPECT_EQ(items[1]["modified"].get<int64_t>(), items[0]["modified"].get<int64_t>() + 1);
}

// R7: a confidential part of a place is no reason to show that the service changed.
TEST_F(RpdeFeedTest, AChangeThatThePublicMayNotSeeMovesNothingThatItSees) {
  v1::Record service = TestService(1, "One");
  service.mutable_service()->add_service_at_locations()->set_location_id(TestId(3));
  db_.Publish(pl_, {service, TestLocation(3, 52, 21)});
  KeepChanges();
  const Json before = GetJson("/rpde/services");
  v1::Record secret = TestLocation(3, 52.1, 21.1);
  secret.set_supplement(true);
  db_.Publish(police_, {secret});
  KeepChanges();
  EXPECT_EQ(GetJson("/rpde/services"), before);
}

TEST_F(RpdeFeedTest, ANumberFromBeforeForgottenWithdrawalsIsRefused) {
  db_.Publish(pl_, {TestService(1, "One"), TestService(2, "Two")});
  std::string last;
  Crawl("/rpde/services", &last);
  db_.clock.Advance(absl::Seconds(1));
  db_.Withdraw(pl_, v1::SERVICE, {TestId(1)});
  db_.clock.Advance(absl::Hours(24 * 181));
  const absl::Status purged = db_.store->Write(
      [&](Connection& db) { return db_.feeds->PurgeTombstones(db, db_.clock.Now() - absl::Hours(24 * 180)).status(); });
  ASSERT_TRUE(purged.ok()) << purged;
  const HttpResponse response = Get(last);
  EXPECT_EQ(response.status, 410);
  EXPECT_THAT(response.body, testing::HasSubstr("CHANGE_NUMBER_TOO_OLD"));
  EXPECT_THAT(Crawl("/rpde/services"), ElementsAre("updated " + TestId(2)));
}

// As after the node was set back to a copy: what the harvester holds may be more than there is.
TEST_F(RpdeFeedTest, ANumberThatThisNodeNeverGaveOutIsRefused) {
  db_.Publish(pl_, {TestService(1, "One")});
  std::string last;
  Crawl("/rpde/services", &last);
  EXPECT_EQ(Get(last).status, 200);
  const std::string future =
      absl::StrCat("/rpde/services?afterChangeNumber=", absl::ToUnixMicros(db_.clock.Now() + absl::Hours(1)));
  const HttpResponse response = Get(future);
  EXPECT_EQ(response.status, 410);
  EXPECT_THAT(response.body, testing::HasSubstr("CHANGE_NUMBER_UNKNOWN"));
}

TEST_F(RpdeFeedTest, BadNumbersAreRefusedByName) {
  for (const char* bad : {"afterChangeNumber=x", "afterChangeNumber=-1", "limit=0", "limit=1&limit=2"}) {
    EXPECT_EQ(Get(absl::StrCat("/rpde/services?", bad)).status, 400) << bad;
  }
  EXPECT_EQ(Get("/rpde/services?limit=1000000000&afterChangeNumber=").status, 200);
}

}  // namespace
}  // namespace cairn
