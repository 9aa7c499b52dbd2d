// Search as people search: beginnings, phrases, typing errors, places, times.
#include "absl/strings/str_cat.h"
#include "tests/server/directory/test_directory.h"

namespace cairn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class PeopleSearchTest : public DirectoryTest {
 protected:
  std::vector<std::string> Beginning(const std::string& query, const Reader& reader = Reader::Anonymous()) {
    v1::SearchRequest request;
    request.set_query(query);
    request.set_prefix(true);
    return Titles(Search(request, reader));
  }
  std::vector<std::string> Sorted(const v1::SearchResponse& response) {
    std::vector<std::string> titles = Titles(response);
    std::sort(titles.begin(), titles.end());
    return titles;
  }
  std::string Corrected(const std::string& query, const Reader& reader = Reader::Anonymous()) {
    return Search(query, reader).corrected_query();
  }
};

TEST_F(PeopleSearchTest, ABeginningFindsWhileTyping) {
  db_.Publish(pl_, {TestService(1, "counselling centre"), TestService(2, "counsel"), TestService(3, "Łódź line"),
                    TestService(4, "other", "counselling")});
  EXPECT_THAT(Beginning("counse"), ElementsAre("counsel", "counselling centre", "other"));
  EXPECT_THAT(Beginning("centre couns"), ElementsAre("counselling centre"));
  EXPECT_THAT(Beginning("lo"), ElementsAre("Łódź line"));
  EXPECT_THAT(Titles(Search("counsel*")), ElementsAre("counsel", "counselling centre", "other"));
  EXPECT_THAT(Titles(Search("counsel")), ElementsAre("counsel"));
}

TEST_F(PeopleSearchTest, OneOrTwoLettersBeginAWordOfTheName) {
  db_.Publish(pl_, {TestService(1, "night shelter", "warm"), TestService(2, "Warm meals"), TestService(3, "swarm")});
  EXPECT_THAT(Beginning("w"), ElementsAre("Warm meals"));
  EXPECT_THAT(Beginning("wa"), ElementsAre("Warm meals"));
  EXPECT_THAT(Beginning("meals w"), ElementsAre("Warm meals"));
  EXPECT_THAT(Beginning("war"), ElementsAre("Warm meals", "night shelter"));
}

TEST_F(PeopleSearchTest, WordsBetweenQuotesFollowEachOther) {
  db_.Publish(pl_, {TestService(1, "one", "a safe house for the night"), TestService(2, "two", "this house is safe"),
                    TestService(3, "three", "the safe. House of cards")});
  EXPECT_THAT(Sorted(Search("safe house")), ElementsAre("one", "three", "two"));
  for (const char* typed : {"\"safe house\"", "“Safe House”", "„SAFE house”", "«safe house»"}) {
    EXPECT_THAT(Sorted(Search(typed)), ElementsAre("one", "three")) << typed;
  }
  EXPECT_THAT(Titles(Search("night \"safe house\"")), ElementsAre("one"));
  EXPECT_THAT(Titles(Search("\"house safe\"")), IsEmpty());
  EXPECT_EQ(Search("\"safe hou").total(), 3);  // not closed yet
}

TEST_F(PeopleSearchTest, APhraseOfTooManyRecordsIsALowerBoundThatSaysSo) {
  std::vector<v1::Record> records;
  for (size_t i = 0; i < phrase_checks_max + 10; ++i) records.push_back(TestService(i, "safe house"));
  db_.Publish(pl_, records);
  EXPECT_EQ(Search("\"safe house\"").total(), phrase_checks_max);
  EXPECT_TRUE(Search("\"safe house\"").total_is_lower_bound());
  EXPECT_FALSE(Search("safe house").total_is_lower_bound());
}

TEST_F(PeopleSearchTest, OneWrongLetterIsForgivenAndSaid) {
  db_.Publish(pl_, {TestService(1, "Helpline Warsaw"), TestService(2, "Łódź schronisko"), TestService(3, "βοήθεια"),
                    TestService(4, "допомога дітям"), TestService(5, "מקלט לילה")});
  EXPECT_EQ(Corrected("helplime"), "helpline");   // changed
  EXPECT_EQ(Corrected("helpine"), "helpline");    // left out
  EXPECT_EQ(Corrected("hellpline"), "helpline");  // added
  EXPECT_EQ(Corrected("hleplnie"), "");           // two errors
  EXPECT_EQ(Corrected("ehlpline"), "helpline");   // swapped
  EXPECT_EQ(Corrected("warsw helplime"), "warsaw helpline");
  EXPECT_EQ(Corrected("schronsko lodz"), "schronisko lodz");
  EXPECT_EQ(Corrected("βοηθει"), "");  // the beginning of a word, found as such
  EXPECT_EQ(Corrected("βοηδεια"), "βοηθεια");
  EXPECT_EQ(Corrected("дoпомога"), "допомога");  // a Latin o among Cyrillic letters
  EXPECT_EQ(Corrected("מקלק"), "מקלט");
  EXPECT_THAT(Titles(Search("helplime")), ElementsAre("Helpline Warsaw"));
  EXPECT_EQ(Corrected("helpline"), "");
}

TEST_F(PeopleSearchTest, CorrectedResultsGoOnOverPagesAndInFacets) {
  std::vector<v1::Record> records;
  for (int i = 0; i < 30; ++i) records.push_back(TestService(i, "helpline"));
  db_.Publish(pl_, records);
  v1::SearchRequest request;
  request.set_query("helplime");
  const v1::SearchResponse first = Search(request);
  request.set_page_token(first.next_page_token());
  EXPECT_EQ(first.total(), 30);
  EXPECT_EQ(Search(request).hits_size(), 10);
  v1::GetFacetsRequest facets;
  facets.set_query("helplime");
  const auto counted = Directory().GetFacets(Reader::Anonymous(), facets);
  ASSERT_TRUE(counted.ok()) << counted.status();
  EXPECT_EQ(counted->corrected_query(), "helpline");
  EXPECT_EQ(counted->facets(0).values(0).count(), 30);
}

// A number that is almost right is somebody else's; a name of a few letters is near too many.
TEST_F(PeopleSearchTest, NumbersAndShortWordsAreNotCorrected) {
  v1::Record record = TestService(1, "Line 1161");
  record.mutable_service()->add_phones()->set_number("+48225550110");
  db_.Publish(pl_, {record, TestService(2, "sos")});
  for (const char* typed : {"48225550111", "22 555 01 11", "1162", "sus"}) EXPECT_EQ(Search(typed).total(), 0) << typed;
}

// An attacker who reads only what is public asks for words near those of a circle (confidentiality: what may not be
// read is the same as what does not exist).
TEST_F(PeopleSearchTest, ACorrectionUsesNoWordOfARecordThatMayNotBeRead) {
  db_.Publish(pl_, {TestService(1, "harbour desk")});
  EXPECT_EQ(Corrected("harbonr"), "harbour");
  std::vector<v1::Record> hidden;
  for (int i = 0; i < 50; ++i) hidden.push_back(TestService(100 + i, "harbonk harbonx", "secretstreet harboxr"));
  db_.Publish(police_, hidden);
  EXPECT_EQ(Corrected("secretstret"), "");
  EXPECT_EQ(Corrected("harbonr"), "harbour") << "the presence of hidden words changes the answer";
  EXPECT_EQ(Corrected("harboxr"), "harbour") << "a hidden word is as good as none";
  EXPECT_EQ(Corrected("harbonx"), "") << "no readable word is near";
  EXPECT_EQ(Search("harbonx").total(), 0);
  EXPECT_EQ(Corrected("secretstret", Reader::Partner("lv-y")), "secretstreet");
  EXPECT_EQ(Corrected("secretstret", Reader::Partner("al-z")), "");
}

TEST_F(PeopleSearchTest, NearestFirstWhenAsked) {
  std::vector<v1::Record> records;
  for (int i = 1; i <= 5; ++i) {
    records.push_back(TestService(i, absl::StrCat("shelter ", i)));
    records.back().mutable_service()->add_service_at_locations()->set_location_id(TestId(10 + i));
    records.push_back(TestLocation(10 + i, 52.0 + (i * 3 % 5) * 0.01, 21.0));
  }
  db_.Publish(pl_, records);
  v1::SearchRequest request;
  request.set_query("shelter");
  request.set_order(v1::SEARCH_ORDER_NEAREST);
  EXPECT_EQ(Directory().Search(Reader::Anonymous(), request).status().code(), absl::StatusCode::kInvalidArgument);
  request.mutable_filter()->mutable_near()->set_latitude(52);
  request.mutable_filter()->mutable_near()->set_longitude(21);
  EXPECT_THAT(Titles(Search(request)), ElementsAre("shelter 5", "shelter 2", "shelter 4", "shelter 1", "shelter 3"));
  request.set_page_size(2);
  request.set_page_token(Search(request).next_page_token());
  EXPECT_THAT(Titles(Search(request)), ElementsAre("shelter 4", "shelter 1"));
}

v1::Record Opening(int n, const std::string& days, const std::string& from, const std::string& to,
                   const std::string& zone) {
  v1::Record record = TestService(n, absl::StrCat("line ", n));
  v1::Schedule* schedule = record.mutable_service()->add_schedules();
  schedule->set_freq("WEEKLY");
  schedule->set_byday(days);
  schedule->set_opens_at(from);
  schedule->set_closes_at(to);
  schedule->set_time_zone(zone);
  return record;
}

TEST_F(PeopleSearchTest, OpenNowKnowsZonesNightsAndWhatIsClosedForNow) {
  v1::Record polish = Opening(4, "MO", "09:00", "17:00", "");
  polish.add_countries("PL");
  v1::Record somewhere = Opening(5, "MO", "09:00", "17:00", "");
  v1::Record closed = Opening(6, "MO", "09:00", "17:00", "Europe/Warsaw");
  closed.mutable_service()->set_status("temporarily closed");
  db_.Publish(pl_,
              {Opening(1, "MO", "09:00", "17:00", "Europe/Warsaw"), Opening(2, "MO", "09:00", "17:00", "Asia/Tokyo"),
               Opening(3, "SU", "22:00", "06:00", "Europe/Warsaw"), polish, somewhere, closed,
               Opening(7, "MO", "", "", "Europe/Warsaw")});
  v1::RecordFilter filter;
  filter.set_open_now(true);
  absl::Time monday;
  ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, "2027-01-18T04:30:00+01:00", &monday, nullptr));
  db_.clock.Advance(monday - db_.clock.Now());  // 04:30 in Warsaw, still Sunday's night; 12:30 in Tokyo
  EXPECT_THAT(Filtered(filter), ElementsAre("line 2", "line 3", "line 7"));
  db_.clock.Advance(absl::Hours(2));  // 06:30
  EXPECT_THAT(Filtered(filter), ElementsAre("line 2", "line 7"));
  db_.clock.Advance(absl::Hours(3));  // 09:30
  EXPECT_THAT(Filtered(filter), ElementsAre("line 1", "line 4", "line 7"));
}

TEST_F(PeopleSearchTest, TrainingsByDateRangeModeAndMonth) {
  const auto training = [](int n, const std::string& start, const std::string& end, const std::string& mode) {
    v1::Record record;
    record.set_id(TestId(n));
    record.mutable_training()->set_name(absl::StrCat("training ", n));
    record.mutable_training()->set_mode(mode);
    record.mutable_training()->add_sessions()->set_start(start);
    record.mutable_training()->mutable_sessions(0)->set_end(end);
    return record;
  };
  db_.Publish(pl_, {training(1, "2026-11-22T09:00:00", "2026-11-24T17:00:00", "onsite"),
                    training(2, "2026-12-31", "2027-01-02", "online"), training(3, "2027-02-01", "", "hybrid")});
  v1::RecordFilter filter;
  filter.set_from_date("2026-11-24");
  EXPECT_THAT(Filtered(filter), ElementsAre("training 1", "training 2", "training 3"));
  filter.set_to_date("2027-01-01");
  EXPECT_THAT(Filtered(filter), ElementsAre("training 1", "training 2"));
  filter.set_from_date("2026-11-25");
  EXPECT_THAT(Filtered(filter), ElementsAre("training 2"));
  filter.Clear();
  filter.add_months("2027-01");
  EXPECT_THAT(Filtered(filter), ElementsAre("training 2"));
  filter.Clear();
  filter.add_modes("Hybrid");
  filter.add_modes("onsite");
  EXPECT_THAT(Filtered(filter), ElementsAre("training 1", "training 3"));
}

TEST_F(PeopleSearchTest, BadValuesAreRefusedByName) {
  const std::map<std::string, std::function<void(v1::RecordFilter*)>> bad = {
      {"filter.modes[0]", [](auto* f) { f->add_modes("by post"); }},
      {"filter.freshness[0]", [](auto* f) { f->add_freshness("fresh"); }},
      {"filter.months[0]", [](auto* f) { f->add_months("2026-13"); }},
      {"filter.from_date", [](auto* f) { f->set_from_date("tomorrow"); }},
      {"filter.to_date", [](auto* f) {
         f->set_from_date("2026-12-01");
         f->set_to_date("2026-11-01");
       }}};
  for (const auto& [field, spoil] : bad) {
    v1::SearchRequest request;
    spoil(request.mutable_filter());
    const absl::Status status = Directory().Search(Reader::Anonymous(), request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << field;
    EXPECT_THAT(std::string(status.message()), HasSubstr(field));
  }
}

// Reading facets as checkboxes: a box of the same facet adds, one of another narrows.
TEST_F(PeopleSearchTest, AFacetCountsWithoutItsOwnConditions) {
  v1::Record polish = TestService(1, "shelter");
  polish.add_countries("PL");
  v1::Record latvian = TestService(2, "shelter");
  latvian.add_countries("LV");
  v1::Record place = TestLocation(3, 1, 1);
  place.add_countries("LV");
  db_.Publish(pl_, {polish, latvian, place});
  v1::SearchRequest request;
  request.set_with_facets(true);
  request.mutable_filter()->add_countries("PL");
  request.mutable_filter()->add_kinds(v1::SERVICE);
  const v1::SearchResponse response = Search(request);
  EXPECT_EQ(response.total(), 1);
  ASSERT_EQ(response.facets(1).name(), "country");
  EXPECT_EQ(response.facets(1).values_size(), 2) << "LV is still offered";
  ASSERT_EQ(response.facets(0).values_size(), 1);
  EXPECT_EQ(response.facets(0).values(0).count(), 1) << "of the kinds only what is in Poland";
}

}  // namespace
}  // namespace cairn
