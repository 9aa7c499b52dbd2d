#include "tests/server/hsds/api_fixture.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class HsdsListsTest : public ApiTest {
 protected:
  v1::Record ServiceOf(int n, const std::string& name, int organization) {
    v1::Record record = TestService(n, name);
    record.mutable_service()->set_organization_id(TestId(organization));
    return record;
  }
  static v1::Record Classified(v1::Record record, const std::string& taxonomy, const std::string& code) {
    v1::TaxonomyTerm* term = record.add_terms();
    term->set_taxonomy(taxonomy);
    term->set_code(code);
    term->set_name("Term " + code);
    return record;
  }
  static v1::Record PlaceWithCode(int n, const std::string& postal_code, double latitude) {
    v1::Record place = TestLocation(n, latitude, 21);
    place.mutable_location()->add_addresses()->set_postal_code(postal_code);
    return place;
  }
  static v1::Record At(v1::Record service, int location) {
    service.mutable_service()->add_service_at_locations()->set_location_id(TestId(location));
    return service;
  }
};

TEST_F(HsdsListsTest, TheRootSaysWhatThisIs) {
  const Json root = GetJson("/hsds/");
  EXPECT_EQ(root["version"], "3.1");
  EXPECT_EQ(root["openapi_url"], absl::StrCat(kTestUrl, "/hsds/openapi.json"));
  EXPECT_EQ(GetJson("/hsds"), root);
}

TEST_F(HsdsListsTest, APageSaysWhereItStands) {
  db_.Publish(pl_, {TestService(1, "One"), TestService(2, "Two"), TestService(3, "Three")});
  const Json page = GetJson("/hsds/services?per_page=2&page=2");
  EXPECT_EQ(page["total_items"], 3);
  EXPECT_EQ(page["total_pages"], 2);
  EXPECT_EQ(page["page_number"], 2);
  EXPECT_EQ(page["size"], 1);
  EXPECT_EQ(page["first_page"], false);
  EXPECT_EQ(page["last_page"], true);
  EXPECT_EQ(page["empty"], false);
  EXPECT_THAT(Ids("/hsds/services?per_page=2"), ElementsAre(TestId(1), TestId(2)));
  EXPECT_THAT(Ids("/hsds/services?per_page=2&page=2"), ElementsAre(TestId(3)));
}

TEST_F(HsdsListsTest, AnEmptyListIsItsFirstAndLastPage) {
  const Json page = GetJson("/hsds/organizations");
  EXPECT_EQ(page["total_items"], 0);
  EXPECT_EQ(page["total_pages"], 0);
  EXPECT_EQ(page["first_page"], true);
  EXPECT_EQ(page["last_page"], true);
  EXPECT_EQ(page["empty"], true);
  EXPECT_THAT(page["contents"], IsEmpty());
}

TEST_F(HsdsListsTest, FiltersHoldTogether) {
  db_.Publish(pl_, {TestOrganization(10, "Body"), Classified(ServiceOf(1, "Night shelter", 10), "topic", "abuse"),
                    Classified(ServiceOf(2, "Night helpline", 10), "topic", "loss"),
                    Classified(ServiceOf(3, "Night shelter", 11), "topic", "abuse"),
                    Classified(ServiceOf(4, "Shelter", 10), "topic", "abuse")});
  const auto terms = GetJson("/hsds/taxonomy_terms?search=abuse")["contents"];
  ASSERT_THAT(terms, SizeIs(1));
  const std::string filter = absl::StrCat("organization_id=", TestId(10),
                                          "&taxonomy_term_id=", terms[0]["id"].get<std::string>(), "&search=night");
  EXPECT_THAT(Ids("/hsds/services?" + filter), ElementsAre(TestId(1)));
  const Json taxonomies = GetJson("/hsds/taxonomies")["contents"];
  ASSERT_THAT(taxonomies, SizeIs(1));
  EXPECT_EQ(taxonomies[0]["name"], "topic");
  EXPECT_THAT(Ids(absl::StrCat("/hsds/services?taxonomy_id=", taxonomies[0]["id"].get<std::string>())),
              UnorderedElementsAre(TestId(1), TestId(2), TestId(3), TestId(4)));
  EXPECT_THAT(Ids(absl::StrCat("/hsds/services?taxonomy_id=", TestId(99))), IsEmpty());
}

TEST_F(HsdsListsTest, PlacesAreFoundByPostcodeAndAround) {
  db_.Publish(pl_,
              {PlaceWithCode(20, "00-001", 52), PlaceWithCode(21, "00-002", 52.01), PlaceWithCode(22, "90-001", 54),
               At(TestService(1, "Here"), 20), At(TestService(2, "Near"), 21), At(TestService(3, "Far"), 22)});
  for (const char* code : {"00-001", "00001", "00 001"}) {
    EXPECT_THAT(Ids(absl::StrCat("/hsds/services?postcode=", code)), ElementsAre(TestId(1))) << code;
  }
  EXPECT_THAT(Ids("/hsds/services?postcode=-"), IsEmpty()) << "places without a code are not meant";
  EXPECT_THAT(Ids("/hsds/services?postcode=00-001&proximity=5000"), ElementsAre(TestId(1), TestId(2)));
  const Json places = GetJson("/hsds/service_at_locations?postcode=00-001&proximity=5000")["contents"];
  ASSERT_THAT(places, SizeIs(2));
  EXPECT_EQ(places[0]["service_id"], TestId(1));
  EXPECT_EQ(places[0]["location_id"], TestId(20));
  EXPECT_EQ(GetJson("/hsds/service_at_locations")["total_items"], 3);
}

TEST_F(HsdsListsTest, OnePostcodeOfTwoCountriesIsTwoTownsAndAPlaceWithoutAPointIsInItsOwn) {
  v1::Record unmapped = PlaceWithCode(22, "1000", 50);
  unmapped.mutable_location()->clear_latitude();
  unmapped.mutable_location()->clear_longitude();
  db_.Publish(pl_, {PlaceWithCode(20, "1000", 42.7), PlaceWithCode(21, "1000", 50.8), unmapped,
                    PlaceWithCode(23, "1001", 42.71), PlaceWithCode(24, "5000", 46.75), At(TestService(1, "South"), 20),
                    At(TestService(2, "North"), 21), At(TestService(3, "Somewhere"), 22),
                    At(TestService(4, "Next"), 23), At(TestService(5, "Between"), 24)});
  EXPECT_THAT(Ids("/hsds/services?postcode=1000&proximity=5000"),
              UnorderedElementsAre(TestId(1), TestId(2), TestId(3), TestId(4)));
}

TEST_F(HsdsListsTest, AStreamHasEveryRecordOnceWhateverChangesMeanwhile) {
  std::vector<v1::Record> services;
  for (int n = 1; n <= 1200; ++n) services.push_back(TestService(n, "S", std::string(600, 'x')));
  db_.Publish(pl_, services);
  HttpResponse response = Get("/hsds/services?format=ndjson");
  std::string body = response.stream->Next()->bytes;
  db_.Publish(pl_, {TestService(1, "Changed"), TestService(1200, "Changed"), TestService(2000, "New")});
  db_.Withdraw(pl_, v1::SERVICE, {TestId(1100)});
  while (true) {
    const HttpStream::Piece piece = *response.stream->Next();
    body += piece.bytes;
    if (piece.last) break;
  }
  std::map<std::string, int> times;
  for (const absl::string_view line : absl::StrSplit(body, '\n', absl::SkipEmpty())) {
    ++times[(*ParseJson(line))["id"].get<std::string>()];
  }
  EXPECT_THAT(times, SizeIs(1199));
  for (const auto& [id, count] : times) EXPECT_EQ(count, 1) << id;
  EXPECT_FALSE(times.contains(TestId(1100)));
  EXPECT_THAT(body, testing::HasSubstr("\"name\":\"Changed\""));
}

// A move between audiences that the reader may both read is no reason to leave a record out.
TEST_F(HsdsListsTest, AStreamFollowsARecordIntoAnotherAudience) {
  std::vector<v1::Record> services;
  for (int n = 1; n <= 600; ++n) services.push_back(TestService(n, "S", std::string(600, 'x')));
  db_.Publish(pl_, services);
  HttpResponse response = Get("/hsds/services?format=ndjson", Reader::Partner("lv-y"));
  std::string body = response.stream->Next()->bytes;
  db_.Withdraw(pl_, v1::SERVICE, {TestId(600)});
  db_.Publish(members_, {TestService(600, "Moved")});
  body += Body(std::move(response));
  EXPECT_THAT(body, testing::HasSubstr(TestId(600)));
}

// R7
TEST_F(HsdsListsTest, ListsCountsAndPagesHoldWhatTheReaderMaySeeAndNothingElse) {
  db_.Publish(pl_, {TestService(1, "Open")});
  db_.Publish(members_,
              {Classified(At(TestService(2, "Members"), 20), "secret", "x"), PlaceWithCode(20, "00-001", 52)});
  db_.Publish(police_, {TestService(3, "Circle")});
  const Reader token = Reader::Limited("pl-x", {"consortium"});
  EXPECT_THAT(Ids("/hsds/services"), ElementsAre(TestId(1)));
  EXPECT_EQ(GetJson("/hsds/services")["total_items"], 1);
  EXPECT_EQ(GetJson("/hsds/service_at_locations")["total_items"], 0);
  EXPECT_EQ(GetJson("/hsds/taxonomies")["total_items"], 0);
  EXPECT_EQ(Get("/hsds/services/" + TestId(2)).status, 404);
  EXPECT_THAT(Ids("/hsds/services?postcode=00-001"), IsEmpty());
  EXPECT_THAT(Ids("/hsds/services", token), ElementsAre(TestId(1), TestId(2)));
  EXPECT_EQ(GetJson("/hsds/taxonomies", token)["total_items"], 1);
  EXPECT_THAT(Ids("/hsds/services", Reader::Partner("lv-y")), ElementsAre(TestId(1), TestId(2), TestId(3)));
}

TEST_F(HsdsListsTest, ASupplementIsNoRecordOfItsOwn) {
  v1::Record whole = TestService(1, "Shelter");
  v1::Record more = TestService(1, "Shelter", "The address is confidential");
  more.set_supplement(true);
  db_.Publish(pl_, {whole});
  db_.Publish(police_, {more});
  EXPECT_EQ(GetJson("/hsds/services", Reader::Partner("lv-y"))["total_items"], 1);
  EXPECT_EQ(GetJson("/hsds/services/" + TestId(1), Reader::Partner("lv-y"))["description"],
            "The address is confidential");
  EXPECT_FALSE(GetJson("/hsds/services/" + TestId(1)).contains("description"));
}

}  // namespace
}  // namespace cairn
