// Search and facets against a reference that reads the whole list, for random readers, words and filters. The list
// takes its filter through SQL, search through the columns in memory: two ways that must give the same.
#include <functional>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/random.h"
#include "common/record/searchable.h"
#include "common/text/fold.h"
#include "tests/server/directory/test_directory.h"

namespace cairn {
namespace {

constexpr int kRecords = 700;  // two blocks of columns
constexpr const char* kWords[] = {"shelter", "clinic", "helpline", "night", "dzieci", "pomoc"};
constexpr const char* kCountries[] = {"PL", "LV", "EE", "AL"};
constexpr const char* kLanguages[] = {"en", "pl", "pt-BR"};
constexpr const char* kModes[] = {"onsite", "online", "hybrid"};
constexpr const char* kFreshness[] = {"verified", "overdue", "unverified"};
constexpr const char* kDays[] = {"2026-11-23", "2026-11-28", "2026-12-05", "2027-01-15"};
constexpr const char* kMonths[] = {"2026-11", "2026-12", "2027-01"};
constexpr const char* kZones[] = {"", "Europe/Warsaw", "America/Bogota"};

using Counts = std::map<std::string, uint64_t>;

class SearchPropertyTest : public DirectoryTest {
 protected:
  SearchPropertyTest() {
    db_.clock.Advance(absl::Hours(2));  // Friday 2027-01-15, 11:00 in Warsaw
    std::map<int, std::vector<v1::Record>> feeds;
    for (int n = 0; n < kRecords; ++n) feeds[Pick(4)].push_back(Make(n));
    const FeedKey keys[] = {pl_, lv_, members_, police_};
    for (auto& [feed, records] : feeds) {
      // Supplements of public records, of both narrower feeds.
      for (int i = 0; feed >= 2 && i < 40; ++i) records.push_back(SupplementOf(feeds[0][i]));
      db_.Publish(keys[feed], records);
    }
  }

  int Pick(uint64_t below) { return static_cast<int>(random_.Below(below)); }
  template <typename T, size_t n>
  std::string Pick(const T (&values)[n]) {
    return values[random_.Below(n)];
  }

  v1::Record SupplementOf(const v1::Record& base) {
    v1::Record record;
    record.set_id(base.id());
    record.set_supplement(true);
    const std::string more = absl::StrCat("confidential ", Pick(kWords));
    if (base.has_service()) record.mutable_service()->set_description(more);
    if (base.has_training()) record.mutable_training()->set_description(more);
    return record;
  }

  v1::Record Make(int n) {
    v1::Record record = n % 3 == 0 ? Training(n) : Service(n);
    record.set_language(Pick(kLanguages));
    for (int i = Pick(3); i > 0; --i) record.add_countries(Pick(kCountries));
    for (int i = Pick(3); i > 0; --i) {
      record.add_terms()->set_code(absl::StrCat("t", Pick(5)));
      if (Pick(2) == 0) record.mutable_terms()->rbegin()->set_taxonomy("cairn:topic");
    }
    const int64_t now = absl::ToUnixSeconds(db_.clock.Now());
    if (Pick(3) > 0) record.mutable_verified_at()->set_seconds(now - Pick(500) * 86400);
    if (Pick(4) == 0) record.set_verify_every_days(30);
    return record;
  }

  v1::Record Service(int n) {
    v1::Record record = TestService(n, absl::StrCat(Pick(kWords), " ", Pick(kWords)), Pick(kWords));
    if (Pick(6) == 0) record.mutable_service()->set_status("temporarily closed");
    for (int i = Pick(3); i > 0; --i) {
      v1::Schedule* schedule = record.mutable_service()->add_schedules();
      schedule->set_freq(Pick(4) == 0 ? "MONTHLY" : "WEEKLY");
      schedule->set_byday(Pick(2) == 0 ? "TH,FR" : "SA,SU");
      schedule->set_dtstart("2026-01-05");
      schedule->set_opens_at(Pick(2) == 0 ? "09:00" : "22:00");
      schedule->set_closes_at(Pick(2) == 0 ? "17:00" : "06:00");
      schedule->set_time_zone(Pick(kZones));
    }
    return record;
  }

  v1::Record Training(int n) {
    v1::Record record;
    record.set_id(TestId(n));
    record.mutable_updated_at()->set_seconds(1'790'000'000 + n);
    record.mutable_training()->set_name(absl::StrCat(Pick(kWords), " course"));
    record.mutable_training()->set_description(Pick(kWords));
    if (Pick(3) > 0) record.mutable_training()->set_mode(Pick(kModes));
    for (int i = Pick(3); i > 0; --i) {
      v1::TrainingSession* session = record.mutable_training()->add_sessions();
      session->set_start(Pick(kDays));
      if (Pick(3) == 0) session->set_end("2027-01-20");
      if (Pick(3) == 0) session->set_status(Pick(2) == 0 ? "cancelled" : "postponed");
      if (Pick(3) == 0) session->set_mode(Pick(kModes));
    }
    return record;
  }

  v1::RecordFilter Filter() {
    v1::RecordFilter filter;
    for (int i = Pick(3); i > 0; --i) {
      switch (Pick(12)) {
        case 0:
          filter.add_kinds(Pick(2) == 0 ? v1::SERVICE : v1::TRAINING);
          break;
        case 1:
          filter.add_countries(Pick(kCountries));
          break;
        case 2:
          filter.add_languages(Pick(2) == 0 ? "pt" : "en");
          break;
        case 3:
          filter.add_terms(Pick(2) == 0 ? "t1" : "cairn:topic:t2");
          break;
        case 4:
          filter.add_partners(Pick(2) == 0 ? "pl-x" : "lv-y");
          break;
        case 5:
          filter.add_modes(Pick(kModes));
          break;
        case 6:
          filter.add_freshness(Pick(kFreshness));
          break;
        case 7:
          filter.add_months(Pick(kMonths));
          break;
        case 8:
          filter.set_open_now(true);
          break;
        case 9:
          filter.set_on_date(Pick(kDays));
          break;
        case 10:
          filter.set_from_date(Pick(kDays));
          break;
        default:
          filter.set_to_date(Pick(2) == 0 ? "2027-01-15" : "2027-02-01");
          break;
      }
    }
    return filter;
  }

  std::vector<Reader> Readers() const {
    return {Reader::Anonymous(), Reader::Partner("pl-x"), Reader::Partner("lv-y"), Reader::Partner("al-z"),
            Reader::Limited("pl-x", {"consortium"})};
  }

  // What the list gives of the records that hold all words.
  std::vector<v1::DirectoryRecord> Reference(const Reader& reader, const v1::RecordFilter& filter,
                                             const std::vector<std::string>& words) {
    std::vector<v1::DirectoryRecord> all;
    v1::ListRecordsRequest request;
    *request.mutable_filter() = filter;
    request.set_page_size(300);
    do {
      const auto page = Directory().ListRecords(reader, request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return all;
      for (const v1::DirectoryRecord& record : page->records()) {
        if (HoldsAll(record.record(), words)) all.push_back(record);
      }
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return all;
  }

  static bool HoldsAll(const v1::Record& record, const std::vector<std::string>& words) {
    const SearchableText text = SearchableTextOf(record);
    const std::vector<std::string> held = FoldedWords(absl::StrCat(text.title, "\n", text.keywords, "\n", text.body));
    return std::all_of(words.begin(), words.end(),
                       [&](const std::string& word) { return std::count(held.begin(), held.end(), word) > 0; });
  }

  static std::string Name(const v1::DirectoryRecord& record) {
    return absl::StrCat(record.partner(), " ", record.record().id(), " ", record.audience());
  }

  // The values of one facet that a record has.
  static std::set<std::string> ValuesOf(const std::string& facet, const v1::DirectoryRecord& record) {
    const v1::Record& r = record.record();
    const auto set_of = [](const std::vector<std::string>& v) { return std::set<std::string>(v.begin(), v.end()); };
    if (facet == "kind") return {std::string(KindName(record.kind()))};
    if (facet == "country") return set_of(CountriesOf(r));
    if (facet == "language") return set_of(LanguagesOf(r));
    if (facet == "term") return set_of(TermKeysOf(r));
    if (facet == "partner") return {record.partner()};
    if (facet == "freshness") return {!r.has_verified_at() ? "unverified" : record.stale() ? "overdue" : "verified"};
    std::set<std::string> values;
    if (facet == "mode" && !r.training().mode().empty()) values.insert(r.training().mode());
    for (const v1::TrainingSession& session : r.training().sessions()) {
      if (session.status() == "cancelled" || session.status() == "postponed") continue;
      const std::string end = session.end().empty() ? session.start() : session.end();
      for (const char* month : kMonths) {
        if (facet == "month" && session.start().substr(0, 7) <= month && month <= end.substr(0, 7))
          values.insert(month);
      }
      const std::string mode = session.mode().empty() ? r.training().mode() : session.mode();
      if (facet == "mode" && !mode.empty()) values.insert(mode);
    }
    return values;
  }

  void CheckFacets(const v1::SearchResponse& response, const Reader& reader, const v1::RecordFilter& filter,
                   const std::vector<std::string>& words) {
    static const std::map<std::string, const char*> kFields = {
        {"kind", "kinds"},       {"country", "countries"}, {"language", "languages"},  {"term", "terms"},
        {"partner", "partners"}, {"mode", "modes"},        {"freshness", "freshness"}, {"month", "months"}};
    EXPECT_EQ(response.facets_size(), 8);
    for (const v1::Facet& facet : response.facets()) {
      v1::RecordFilter others = filter;
      others.GetReflection()->ClearField(&others, others.GetDescriptor()->FindFieldByName(kFields.at(facet.name())));
      Counts expected, counted;
      for (const v1::DirectoryRecord& record : Reference(reader, others, words)) {
        for (const std::string& value : ValuesOf(facet.name(), record)) ++expected[value];
      }
      for (const v1::FacetValue& value : facet.values()) counted[value.value()] = value.count();
      EXPECT_EQ(counted, expected) << facet.name();
    }
  }

  void Check(const Reader& reader, const v1::RecordFilter& filter, const std::vector<std::string>& words) {
    std::set<std::string> expected, found;
    for (const v1::DirectoryRecord& record : Reference(reader, filter, words)) expected.insert(Name(record));
    v1::SearchRequest request;
    request.set_query(absl::StrJoin(words, " "));
    *request.mutable_filter() = filter;
    request.set_page_size(50);
    request.set_with_facets(true);
    do {
      const v1::SearchResponse response = Search(request, reader);
      EXPECT_EQ(response.total(), expected.size());
      EXPECT_FALSE(response.total_is_lower_bound());
      if (request.page_token().empty()) CheckFacets(response, reader, filter, words);
      for (const v1::SearchHit& hit : response.hits()) EXPECT_TRUE(found.insert(Name(hit.record())).second) << "twice";
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    EXPECT_EQ(found, expected);
  }

  SeededRandom random_{17};
};

TEST_F(SearchPropertyTest, SearchAndFacetsAreWhatTheListSays) {
  const std::vector<Reader> readers = Readers();
  for (int round = 0; round < 120 && !HasFailure(); ++round) {
    const v1::RecordFilter filter = Filter();
    std::vector<std::string> words;
    for (int i = Pick(3); i > 0; --i) words.push_back(Pick(kWords));
    const int reader = Pick(readers.size());
    SCOPED_TRACE(absl::StrCat("round ", round, ", reader ", reader, ", ", absl::StrJoin(words, " "), "\n",
                              filter.DebugString()));
    Check(readers[reader], filter, words);
  }
}

// What is kept in memory follows every change, and the next answer is of the next state.
TEST_F(SearchPropertyTest, WhatIsKeptInMemoryFollowsEveryChange) {
  const std::vector<Reader> readers = Readers();
  for (int round = 0; round < 25 && !HasFailure(); ++round) {
    SCOPED_TRACE(round);
    const int n = Pick(kRecords);
    const FeedKey& feed = Pick(2) == 0 ? lv_ : police_;
    if (Pick(3) == 0) {
      db_.Withdraw(feed, n % 3 == 0 ? v1::TRAINING : v1::SERVICE, {TestId(n)});
    } else {
      db_.Publish(feed, {Make(n)});
    }
    Check(readers[Pick(readers.size())], Filter(), {Pick(kWords)});
  }
}

}  // namespace
}  // namespace cairn
