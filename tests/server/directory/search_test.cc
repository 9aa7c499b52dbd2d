#include <map>

#include "absl/strings/str_cat.h"
#include "tests/server/directory/test_directory.h"

namespace cairn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StrEq;

constexpr char kOpen[] = "\xee\x80\x80";
constexpr char kClose[] = "\xee\x80\x81";

class SearchTest : public DirectoryTest {
 protected:
  absl::Status Refusal(const v1::SearchRequest& request) {
    return Directory().Search(Reader::Anonymous(), request).status();
  }
};

TEST_F(SearchTest, FindsNamesInPlainSpelling) {
  db_.Publish(pl_, {TestService(1, "Telefon Łódź"), TestService(2, "Linja Tiranë"), TestService(3, "Centrs Rīga"),
                    TestService(4, "Γραμμή Αθήνα"), TestService(5, "Гаряча лінія Харків")});
  EXPECT_THAT(Titles(Search("lodz")), ElementsAre("Telefon Łódź"));
  EXPECT_THAT(Titles(Search("tirane")), ElementsAre("Linja Tiranë"));
  EXPECT_THAT(Titles(Search("RIGA")), ElementsAre("Centrs Rīga"));
  EXPECT_THAT(Titles(Search("αθηνα")), ElementsAre("Γραμμή Αθήνα"));
  EXPECT_THAT(Titles(Search("ХАРКІВ")), ElementsAre("Гаряча лінія Харків"));
}

TEST_F(SearchTest, AllWordsMustMatch) {
  db_.Publish(pl_, {TestService(1, "night shelter"), TestService(2, "night bus"), TestService(3, "shelter")});
  EXPECT_THAT(Titles(Search("shelter night")), ElementsAre("night shelter"));
}

TEST_F(SearchTest, TitleComesBeforeKeywordBeforeText) {
  v1::Record keyword = TestService(2, "two");
  keyword.add_terms()->set_name("shelter");
  db_.Publish(pl_, {TestService(1, "one", "a shelter"), keyword, TestService(3, "shelter of many words"),
                    TestService(4, "shelter")});
  EXPECT_THAT(Titles(Search("shelter")), ElementsAre("shelter", "shelter of many words", "two", "one"));
}

TEST_F(SearchTest, LastWordMayBeABeginningWhenNothingElseIsFound) {
  db_.Publish(pl_, {TestService(1, "counselling centre"), TestService(2, "counsel")});
  EXPECT_THAT(Titles(Search("counsel")), ElementsAre("counsel"));
  EXPECT_THAT(Titles(Search("counselli")), ElementsAre("counselling centre"));
  EXPECT_THAT(Titles(Search("co")), IsEmpty());
}

TEST_F(SearchTest, ANumberIsFoundHoweverItIsTyped) {
  v1::Record record = TestService(1, "Helpline");
  v1::Phone* phone = record.mutable_service()->add_phones();
  phone->set_number("+48225550110");
  phone->set_country("PL");
  v1::Record other = TestService(2, "48 lines, 22 rooms, 555 beds", "01 10");
  db_.Publish(pl_, {record, other});
  for (const char* typed : {"+48 22 555 01 10", "225550110", "48225550110", "22-555-01-10", "0048 22 5550110",
                            "helpline (22) 555 01 10", "+48 22 5550"}) {
    EXPECT_THAT(Titles(Search(typed)), ElementsAre("Helpline")) << typed;
    v1::GetFacetsRequest request;
    request.set_query(typed);
    EXPECT_EQ(Directory().GetFacets(Reader::Anonymous(), request)->facets(0).values(0).count(), 1) << typed;
  }
  EXPECT_THAT(Titles(Search("22 555 10")), ElementsAre("48 lines, 22 rooms, 555 beds"));
}

TEST_F(SearchTest, AnAddressIsFoundByItsHost) {
  v1::Record record = TestService(1, "Helpline");
  record.mutable_service()->set_email("help@pomoc.example.org");
  record.mutable_service()->set_url("https://www.telefon.example/pl");
  db_.Publish(pl_, {record, TestService(2, "other")});
  for (const char* typed : {"pomoc.example.org", "help@pomoc.example.org", "https://telefon.example/kontakt",
                            "www.telefon.example", "telefon.example"}) {
    EXPECT_THAT(Titles(Search(typed)), ElementsAre("Helpline")) << typed;
  }
}

// No page shows the digits that stand in the index only.
TEST_F(SearchTest, ASnippetShowsNoIndexedDigits) {
  v1::Record record = TestService(1, "Helpline", "Talk to us");
  record.mutable_service()->add_phones()->set_number("+48225550110");
  db_.Publish(pl_, {record});
  ASSERT_EQ(Search("48225550110").hits_size(), 1);
  EXPECT_EQ(Search("48225550110").hits(0).snippet(), "Talk to us");
}

TEST_F(SearchTest, PagesGoOnFromBestToWorstWithoutRepetition) {
  std::vector<v1::Record> records;
  for (int i = 0; i < 45; ++i) records.push_back(TestService(i, i % 2 == 0 ? "shelter" : "other", "shelter"));
  db_.Publish(pl_, records);
  v1::SearchRequest request;
  request.set_query("shel");  // found as a beginning: later pages must know
  request.set_page_size(10);
  std::map<std::string, int> seen;
  int pages = 0;
  do {
    const v1::SearchResponse response = Search(request);
    EXPECT_EQ(response.total(), 45);
    for (const v1::SearchHit& hit : response.hits()) ++seen[hit.record().record().id()];
    request.set_page_token(response.next_page_token());
    ++pages;
    if (pages == 1) db_.Publish(pl_, {TestService(100, "shelter"), TestService(101, "shelter")});
    if (pages == 1) db_.Withdraw(pl_, v1::SERVICE, {TestId(100), TestId(101)});
  } while (!request.page_token().empty());
  EXPECT_EQ(pages, 5);
  EXPECT_EQ(seen.size(), 45);
  for (const auto& [id, times] : seen) EXPECT_EQ(times, 1) << id;
}

TEST_F(SearchTest, WithoutWordsTheNewestComeFirst) {
  db_.Publish(pl_, {TestService(1, "old"), TestService(3, "new"), TestService(2, "middle")});
  EXPECT_THAT(Titles(Search("")), ElementsAre("new", "middle", "old"));
  v1::SearchRequest request;
  request.set_page_size(2);
  request.set_page_token(Search(request).next_page_token());
  EXPECT_THAT(Titles(Search(request)), ElementsAre("old"));
}

TEST_F(SearchTest, TotalIsExactHoweverManyMatch) {
  std::vector<v1::Record> records;
  for (int i = 0; i < 5100; ++i) records.push_back(TestService(i, "shelter"));
  db_.Publish(pl_, records);
  for (const char* query : {"shelter", ""}) {
    EXPECT_EQ(Search(query).total(), 5100) << query;
    EXPECT_FALSE(Search(query).total_is_lower_bound()) << query;
  }
}

TEST_F(SearchTest, SnippetMarksTheWordsFound) {
  db_.Publish(pl_, {TestService(1, "Line", "In Łódź we answer at night")});
  const v1::SearchResponse response = Search("lodz");
  ASSERT_EQ(response.hits_size(), 1);
  EXPECT_THAT(response.hits(0).snippet(), HasSubstr(absl::StrCat(kOpen, "Łódź", kClose)));
}

TEST_F(SearchTest, TitleAndSnippetSpeakTheReadersLanguage) {
  v1::Record record = TestService(1, "Telefon zaufania", "Pomoc w nocy");
  record.set_language("pl");
  v1::Translation* english = record.add_translations();
  english->set_language("en");
  (*english->mutable_texts())["name"] = "Helpline";
  (*english->mutable_texts())["description"] = "Help at night";
  db_.Publish(pl_, {record});
  v1::SearchRequest request;
  request.set_query("telefon");
  EXPECT_EQ(Search(request).hits(0).title(), "Telefon zaufania");
  request.add_display_languages("en-GB");
  EXPECT_EQ(Search(request).hits(0).title(), "Helpline");
  EXPECT_THAT(Search(request).hits(0).snippet(), HasSubstr("Help at night"));
}

TEST_F(SearchTest, HostileWordsAreOnlyWords) {
  db_.Publish(pl_, {TestService(1, "night and day", "NEAR OR NOT title")});
  for (const char* query : {"\"",
                            "\"\"",
                            "night\"",
                            "night AND",
                            "NOT night",
                            "night OR",
                            "(night",
                            "night)",
                            "nig*ht",
                            "title:night",
                            "-night",
                            "^night",
                            "night NEAR/2 day",
                            "{title}: night",
                            "';--",
                            "%",
                            "_",
                            "night\\",
                            "*",
                            "+",
                            "night + day",
                            "\xff\xfe",
                            "\xf0\x9f\x98\x80",
                            "\xc5"}) {
    v1::SearchRequest request;
    request.set_query(query);
    EXPECT_TRUE(Refusal(request).ok()) << query << " " << Refusal(request);
  }
  EXPECT_EQ(Search("\"night\" (and) -day*").total(), 1);
  EXPECT_EQ(Search(std::string("night\0day", 9)).total(), 1);
}

TEST_F(SearchTest, OnlyPunctuationFindsNothing) {
  db_.Publish(pl_, {TestService(1, "night")});
  EXPECT_EQ(Search("!? ...").total(), 0);
  v1::GetFacetsRequest facets;
  facets.set_query("!?");
  EXPECT_THAT(Directory().GetFacets(Reader::Anonymous(), facets)->facets(0).values(), IsEmpty());
}

TEST_F(SearchTest, TooLongQueriesAreRefused) {
  v1::SearchRequest request;
  request.set_query(std::string(10'240, 'a'));
  EXPECT_EQ(Refusal(request).code(), absl::StatusCode::kInvalidArgument);
  request.set_query("a b c d e f g h i j k l m n o p q");
  EXPECT_THAT(std::string(Refusal(request).message()), HasSubstr("17 words"));
}

class FilterTest : public SearchTest {};

TEST_F(FilterTest, Kind) {
  db_.Publish(pl_, {TestService(1, "Service"), TestLocation(2, 1, 1)});
  v1::RecordFilter filter;
  filter.add_kinds(v1::LOCATION);
  EXPECT_THAT(Filtered(filter), ElementsAre("Place 2"));
  filter.add_kinds(v1::SERVICE);
  EXPECT_THAT(Filtered(filter), ElementsAre("Place 2", "Service"));
}

TEST_F(FilterTest, Country) {
  v1::Record polish = TestService(1, "Polish");
  polish.add_countries("PL");
  v1::Record both = TestService(2, "Both");
  both.add_countries("LV");
  both.add_countries("PL");
  db_.Publish(pl_, {polish, both, TestService(3, "None")});
  v1::RecordFilter filter;
  filter.add_countries("pl");
  EXPECT_THAT(Filtered(filter), ElementsAre("Both", "Polish"));
  filter.set_countries(0, "LV");
  EXPECT_THAT(Filtered(filter), ElementsAre("Both"));
}

TEST_F(FilterTest, LanguageIsMetByItsRegionsNotTheOtherWay) {
  v1::Record brazilian = TestService(1, "Brazilian");
  brazilian.set_language("pt-BR");
  v1::Record portuguese = TestService(2, "Portuguese");
  portuguese.set_language("pt");
  db_.Publish(pl_, {brazilian, portuguese, TestService(3, "English")});
  v1::RecordFilter filter;
  filter.add_languages("pt");
  EXPECT_THAT(Filtered(filter), ElementsAre("Brazilian", "Portuguese"));
  filter.set_languages(0, "pt-br");
  EXPECT_THAT(Filtered(filter), ElementsAre("Brazilian"));
}

TEST_F(FilterTest, TermByCodeOrWithItsTaxonomyWithoutCase) {
  v1::Record classified = TestService(1, "Classified");
  classified.add_terms()->set_code("Police");
  classified.mutable_terms(0)->set_taxonomy("cairn:audience");
  v1::Record keyword = TestService(2, "Keyword");
  keyword.add_terms()->set_name("police");
  db_.Publish(pl_, {classified, keyword, TestService(3, "Neither")});
  v1::RecordFilter filter;
  filter.add_terms("POLICE");
  EXPECT_THAT(Filtered(filter), ElementsAre("Classified", "Keyword"));
  filter.set_terms(0, "Cairn:Audience:police");
  EXPECT_THAT(Filtered(filter), ElementsAre("Classified"));
  filter.set_terms(0, ":police");
  EXPECT_THAT(Filtered(filter), ElementsAre("Keyword"));
}

TEST_F(FilterTest, Partner) {
  db_.Publish(pl_, {TestService(1, "Polish")});
  db_.Publish(lv_, {TestService(2, "Latvian")});
  v1::RecordFilter filter;
  filter.add_partners("lv-y");
  EXPECT_THAT(Filtered(filter), ElementsAre("Latvian"));
  filter.set_partners(0, "nobody");
  EXPECT_THAT(Filtered(filter), IsEmpty());
}

TEST_F(FilterTest, NearFindsServicesByPlacesOfAnyPartnerInAnyOrderOfArrival) {
  v1::Record service = TestService(1, "Service");
  service.mutable_service()->add_service_at_locations()->set_location_id(TestId(10));
  db_.Publish(pl_, {service});
  v1::RecordFilter filter;
  filter.mutable_near()->set_latitude(52.0);
  filter.mutable_near()->set_longitude(21.0);
  filter.set_within_km(12);
  EXPECT_THAT(Filtered(filter), IsEmpty());
  db_.Publish(lv_, {TestLocation(10, 52.1, 21.0), TestLocation(11, 52.2, 21.0)});  // 11.1 km, 22.2 km
  EXPECT_THAT(Filtered(filter), ElementsAre("Place 10", "Service"));
  v1::SearchRequest request;
  request.set_query("service");
  *request.mutable_filter() = filter;
  ASSERT_EQ(Search(request).hits_size(), 1);
  EXPECT_NEAR(Search(request).hits(0).distance_km(), 11.12, 0.05);
  EXPECT_FALSE(Search("service").hits(0).has_distance_km());
}

TEST_F(FilterTest, NearWorksAcrossTheDateLineAndAtThePoles) {
  db_.Publish(pl_, {TestLocation(1, 0, 179.95), TestLocation(2, 0, -179.95), TestLocation(3, 89.9, 100),
                    TestLocation(4, 0, 170)});
  v1::RecordFilter filter;
  filter.mutable_near()->set_longitude(180);
  EXPECT_THAT(Filtered(filter), ElementsAre("Place 1", "Place 2"));
  filter.mutable_near()->set_longitude(-180);
  EXPECT_THAT(Filtered(filter), ElementsAre("Place 1", "Place 2"));
  filter.mutable_near()->set_latitude(90);
  EXPECT_THAT(Filtered(filter), ElementsAre("Place 3"));
  filter.set_within_km(20'000);
  EXPECT_EQ(Filtered(filter).size(), 4);
}

TEST_F(FilterTest, StaleIsOverdueOrNeverVerified) {
  const int64_t now = absl::ToUnixSeconds(db_.clock.Now());
  v1::Record fresh = TestService(1, "Fresh");
  fresh.mutable_verified_at()->set_seconds(now - 300 * 86400);
  v1::Record overdue = TestService(2, "Overdue");
  overdue.mutable_verified_at()->set_seconds(now - 400 * 86400);
  v1::Record strict = TestService(3, "Strict");
  strict.mutable_verified_at()->set_seconds(now - 31 * 86400);
  strict.set_verify_every_days(30);
  db_.Publish(pl_, {fresh, overdue, strict, TestService(4, "Never")});
  v1::RecordFilter filter;
  filter.set_stale_only(true);
  EXPECT_THAT(Filtered(filter), ElementsAre("Never", "Overdue", "Strict"));
  v1::Charter charter = charter_->charter();
  charter.set_verify_every_days(500);
  SetCharter(charter);
  EXPECT_THAT(Filtered(filter), ElementsAre("Never", "Strict"));
}

TEST_F(FilterTest, OnDateMeetsOpenServicesAndSessions) {
  v1::Record weekly = TestService(1, "Weekly");
  weekly.mutable_service()->add_schedules()->set_freq("WEEKLY");
  weekly.mutable_service()->mutable_schedules(0)->set_byday("MO");
  v1::Record monthly = TestService(2, "Monthly");
  monthly.mutable_service()->add_service_at_locations()->add_schedules()->set_freq("MONTHLY");
  monthly.mutable_service()->mutable_service_at_locations(0)->mutable_schedules(0)->set_byday("-1MO");
  monthly.mutable_service()->mutable_service_at_locations(0)->mutable_schedules(0)->set_dtstart("2026-01-26");
  v1::Record training;
  training.set_id(TestId(3));
  training.mutable_training()->set_name("Training");
  training.mutable_training()->add_sessions()->set_start("2026-11-22T09:00:00");
  training.mutable_training()->mutable_sessions(0)->set_end("2026-11-24T17:00:00");
  v1::Record cancelled = training;
  cancelled.set_id(TestId(4));
  cancelled.mutable_training()->set_name("Cancelled");
  cancelled.mutable_training()->mutable_sessions(0)->set_status("cancelled");
  db_.Publish(pl_, {weekly, monthly, training, cancelled, TestService(5, "No schedule")});
  v1::RecordFilter filter;
  filter.set_on_date("2026-11-23");  // the fourth of five Mondays
  EXPECT_THAT(Filtered(filter), ElementsAre("Training", "Weekly"));
  filter.set_on_date("2026-11-30");
  EXPECT_THAT(Filtered(filter), ElementsAre("Monthly", "Weekly"));
  filter.set_on_date("2026-11-25");
  EXPECT_THAT(Filtered(filter), IsEmpty());
}

TEST_F(FilterTest, ConditionsAreAllToBeMetWithWordsToo) {
  v1::Record polish = TestService(1, "shelter one");
  polish.add_countries("PL");
  v1::Record latvian = TestService(2, "shelter two");
  latvian.add_countries("LV");
  db_.Publish(pl_, {polish, latvian});
  v1::SearchRequest request;
  request.set_query("shelter");
  request.mutable_filter()->add_countries("LV");
  request.mutable_filter()->add_languages("en");
  request.mutable_filter()->add_kinds(v1::SERVICE);
  request.mutable_filter()->set_stale_only(true);
  EXPECT_THAT(Titles(Search(request)), ElementsAre("shelter two"));
}

TEST_F(FilterTest, EveryBadValueIsRefusedByName) {
  const std::map<std::string, std::function<void(v1::RecordFilter*)>> bad = {
      {"filter.countries[0]", [](auto* f) { f->add_countries("Atlantis"); }},
      {"filter.languages[0]", [](auto* f) { f->add_languages("no language"); }},
      {"filter.terms[0]", [](auto* f) { f->add_terms(""); }},
      {"filter.kinds[0]", [](auto* f) { f->add_kinds(v1::RECORD_KIND_UNSPECIFIED); }},
      {"filter.near.latitude", [](auto* f) { f->mutable_near()->set_latitude(91); }},
      {"filter.near.longitude",
       [](auto* f) { f->mutable_near()->set_longitude(std::numeric_limits<double>::quiet_NaN()); }},
      {"filter.within_km", [](auto* f) { f->set_within_km(5); }},
      {"filter.on_date", [](auto* f) { f->set_on_date("22.11.2026"); }},
      {"filter.partners", [](auto* f) {
         for (int i = 0; i < 300; ++i) f->add_partners(std::string("p"));
       }}};
  for (const auto& [field, spoil] : bad) {
    v1::SearchRequest request;
    spoil(request.mutable_filter());
    EXPECT_EQ(Refusal(request).code(), absl::StatusCode::kInvalidArgument) << field;
    EXPECT_THAT(std::string(Refusal(request).message()), HasSubstr(field));
  }
}

TEST_F(FilterTest, FacetsCountWhatMatches) {
  v1::Record polish = TestService(1, "shelter");
  polish.add_countries("PL");
  polish.add_terms()->set_code("Night");
  v1::Record latvian = TestService(2, "shelter");
  latvian.add_countries("LV");
  latvian.add_countries("PL");
  db_.Publish(pl_, {polish, TestService(3, "other")});
  db_.Publish(lv_, {latvian});
  v1::GetFacetsRequest request;
  request.set_query("shelter");
  const auto response = Directory().GetFacets(Reader::Anonymous(), request);
  ASSERT_TRUE(response.ok()) << response.status();
  std::string all;
  for (const v1::Facet& facet : response->facets()) {
    absl::StrAppend(&all, facet.name(), "(");
    for (const v1::FacetValue& value : facet.values()) absl::StrAppend(&all, value.value(), "=", value.count(), " ");
    all += ")";
  }
  EXPECT_THAT(all, StrEq("kind(service=2 )country(PL=2 LV=1 )language(en=2 )term(:night=1 )partner(lv-y=1 pl-x=1 )"
                         "mode()freshness(unverified=2 )month()"));
}

}  // namespace
}  // namespace cairn
