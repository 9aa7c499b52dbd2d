#include "common/formats/hsds_strict.h"
#include "common/record/ids.h"
#include "tests/server/hsds/api_fixture.h"

namespace cairn {
namespace {

using ::testing::SizeIs;

class HsdsObjectsTest : public ApiTest {
 protected:
  void PublishAll() {
    v1::Record service = TestService(1, "Helpline");
    service.set_source_id("HL-1");
    service.mutable_service()->set_organization_id(TestId(2));
    service.mutable_service()->add_phones()->set_number("116111");
    service.mutable_service()->add_service_at_locations()->set_location_id(TestId(3));
    db_.Publish(pl_, {service, TestOrganization(2, "Body"), TestLocation(3, 52, 21)});
  }
};

TEST_F(HsdsObjectsTest, AServiceHasAllThatBelongsToIt) {
  PublishAll();
  const Json service = GetJson("/hsds/services/" + TestId(1));
  EXPECT_EQ(service["source_id"], "HL-1");
  EXPECT_EQ(service["organization"]["name"], "Body");
  EXPECT_EQ(service["service_at_locations"][0]["location"]["latitude"], 52);
  EXPECT_EQ(service["phones"][0]["number"], "116111");
  EXPECT_TRUE(IsUuid(service["phones"][0]["id"].get<std::string>()));
}

TEST_F(HsdsObjectsTest, AListHasPlainServicesUnlessAskedForFullOrMinimalOnes) {
  PublishAll();
  const Json plain = GetJson("/hsds/services")["contents"][0];
  EXPECT_EQ(plain["organization_id"], TestId(2));
  EXPECT_FALSE(plain.contains("phones"));
  EXPECT_EQ(GetJson("/hsds/services?full=true")["contents"][0], GetJson("/hsds/services/" + TestId(1)));
  const Json minimal = GetJson("/hsds/services?minimal=true")["contents"][0];
  EXPECT_THAT(minimal, SizeIs(2));
  EXPECT_EQ(minimal["modified_date"], plain["last_modified"]);
}

TEST_F(HsdsObjectsTest, AnOrganizationHasItsServices) {
  PublishAll();
  const std::string path = "/hsds/organizations/" + TestId(2);
  const Json services = GetJson(path)["services"];
  ASSERT_THAT(services, SizeIs(1));
  EXPECT_EQ(services[0]["id"], TestId(1));
  EXPECT_FALSE(services[0].contains("phones"));
  EXPECT_EQ(GetJson(path + "?full_service=true")["services"][0]["phones"][0]["number"], "116111");
}

TEST_F(HsdsObjectsTest, APlaceIsFoundByTheIdThatListsAndServicesGiveIt) {
  PublishAll();
  const Json listed = GetJson("/hsds/service_at_locations")["contents"][0];
  const std::string id = listed["id"].get<std::string>();
  EXPECT_EQ(GetJson("/hsds/services/" + TestId(1))["service_at_locations"][0]["id"], id);
  const Json place = GetJson("/hsds/service_at_locations/" + id);
  EXPECT_EQ(place["location"]["id"], TestId(3));
  EXPECT_EQ(place["service"]["name"], "Helpline");
}

TEST(HsdsStrictTest, WhatTheSchemasDoNotAllowIsBroughtToWhatTheyDo) {
  Json service = *ParseJson(R"({"id":"x","name":"S","email":null,"minimum_age":"12","status":"open",
    "phones":[{"id":"p-1","number":116111}, 7],"schedules":[{"freq":"DAILY"},{"freq":"YEARLY","interval":2}],
    "organization":{"id":"00000000-0000-4000-8000-000000000002"},"hotline":true})");
  MakeStrict("service", TestId(1), &service);
  EXPECT_EQ(service["id"], TestId(1));
  EXPECT_EQ(service["source_id"], "x");
  EXPECT_FALSE(service.contains("email"));
  EXPECT_EQ(service["minimum_age"], 12);
  EXPECT_EQ(service["status"], "active");
  EXPECT_EQ(service["source_status"], "open");
  ASSERT_THAT(service["phones"], SizeIs(1));
  EXPECT_EQ(service["phones"][0]["source_id"], "p-1");
  EXPECT_EQ(service["phones"][0]["number"], "116111");
  EXPECT_EQ(service["schedules"][0]["byday"], "MO,TU,WE,TH,FR,SA,SU");
  EXPECT_EQ(service["schedules"][1]["interval"], 24);
  EXPECT_EQ(service["organization"]["description"], "");
  EXPECT_EQ(service["hotline"], true);
}

TEST(HsdsStrictTest, TheSameObjectGetsTheSameIds) {
  const Json given = *ParseJson(R"({"name":"S","phones":[{"number":"1"},{"number":"2"}]})");
  Json once = given, again = given;
  MakeStrict("service", TestId(1), &once);
  MakeStrict("service", TestId(1), &again);
  EXPECT_EQ(once, again);
  EXPECT_NE(once["phones"][0]["id"], once["phones"][1]["id"]);
}

}  // namespace
}  // namespace cairn
