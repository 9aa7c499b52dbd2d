#include "tests/server/hsds/api_fixture.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class HsdsBadInputTest : public ApiTest {};

TEST_F(HsdsBadInputTest, WhatMeansNothingIsRefusedByName) {
  for (const char* bad : {"page=0", "page=-1", "page=x", "per_page=0", "per_page=ten", "format=xml", "full=maybe",
                          "modified_after=yesterday", "organization_id=17", "taxonomy_id=x", "proximity=100",
                          "page=1&page=2", "proximity=-5&postcode=1"}) {
    const HttpResponse response = Get(absl::StrCat("/hsds/services?", bad));
    EXPECT_EQ(response.status, 400) << bad;
    EXPECT_EQ(response.Header("Content-Type"), "application/problem+json") << bad;
    EXPECT_THAT(response.body, HasSubstr(std::string(bad).substr(0, std::string(bad).find('=')))) << bad;
  }
}

TEST_F(HsdsBadInputTest, EmptyValuesAreAsIfTheyWereNotThere) {
  db_.Publish(pl_, {TestService(1, "One")});
  EXPECT_THAT(Ids("/hsds/services?search=&page=&per_page=&format=&modified_after=&full=&organization_id=&postcode="),
              SizeIs(1));
}

TEST_F(HsdsBadInputTest, APageBeyondTheLastOneIsEmptyWithTheRightTotals) {
  db_.Publish(pl_, {TestService(1, "One")});
  for (const char* page : {"2", "1000000000", "9223372036854775807", "99999999999999999999999"}) {
    const Json beyond = GetJson(absl::StrCat("/hsds/services?page=", page));
    EXPECT_EQ(beyond["total_items"], 1) << page;
    EXPECT_EQ(beyond["total_pages"], 1) << page;
    EXPECT_EQ(beyond["empty"], true) << page;
    EXPECT_EQ(beyond["first_page"], false) << page;
    EXPECT_EQ(beyond["last_page"], true) << page;
  }
}

TEST_F(HsdsBadInputTest, AThousandMillionAPageIsAThousand) {
  std::vector<v1::Record> services;
  for (int n = 1; n <= 1001; ++n) services.push_back(TestService(n, "S"));
  db_.Publish(pl_, services);
  const Json page = GetJson("/hsds/services?per_page=1000000000&minimal=true");
  EXPECT_EQ(page["size"], 1000);
  EXPECT_EQ(page["total_items"], 1001);
  EXPECT_EQ(page["total_pages"], 2);
}

TEST_F(HsdsBadInputTest, IdsThatAreNoneAreNotFound) {
  for (const char* path : {"services", "organizations", "service_at_locations", "taxonomies", "taxonomy_terms"}) {
    EXPECT_EQ(Get(absl::StrCat("/hsds/", path, "/17")).status, 404) << path;
    EXPECT_EQ(Get(absl::StrCat("/hsds/", path, "/' OR 1=1 --")).status, 404) << path;
    EXPECT_EQ(Get(absl::StrCat("/hsds/", path, "/", TestId(7))).status, 404) << path;
  }
}

TEST_F(HsdsBadInputTest, IdsAreComparedWithoutCase) {
  v1::Record service = TestService(1, "One");
  service.set_id("aaaaaaaa-0000-4000-8000-000000000001");
  db_.Publish(pl_, {service});
  EXPECT_EQ(Get("/hsds/services/AAAAAAAA-0000-4000-8000-000000000001").status, 200);
}

TEST_F(HsdsBadInputTest, WordsOfNothingButSignsFindNothing) {
  db_.Publish(pl_, {TestService(1, "One")});
  EXPECT_THAT(Ids("/hsds/services?search=%22%2A"), SizeIs(0));
  EXPECT_EQ(Get("/hsds/services?search=" + std::string(600, 'a')).status, 400);
}

// What nobody looks at has no part in the answer; the door names it in a header.
TEST_F(HsdsBadInputTest, UnknownParametersAreNotAmongThoseThatTheRouteLooksAt) {
  const Router::Match match = router_.Find("/hsds/services");
  HttpRequest request;
  request.query = {{"page", "1"}, {"colour", "red"}};
  EXPECT_THAT(IgnoredParameters(*match.route, request), testing::ElementsAre("colour"));
}

}  // namespace
}  // namespace cairn
