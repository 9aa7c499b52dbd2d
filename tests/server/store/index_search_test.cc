// Searching and counting against a reference that looks at every record: whatever way the index takes, the answer is
// the same.
#include <set>

#include "absl/strings/str_cat.h"
#include "common/base/random.h"
#include "common/text/fold.h"
#include "server/store/index_queries.h"
#include "server/store/record_columns.h"
#include "tests/server/store/derived_test_store.h"

namespace cairn {
namespace {

constexpr int kRecords = 7'000;  // more than a list's filter looks up
constexpr const char* kWords[] = {"shelter", "clinic", "helpline", "night", "dzieci", "pomoc"};
constexpr const char* kCountries[] = {"PL", "PL", "PL", "LV", "EE", "AL"};
constexpr const char* kLanguages[] = {"en", "en", "en", "pl", "lv"};

// What the reference knows of a record.
struct Known {
  std::string id;
  std::string partner;
  std::set<std::string> words, title_words, countries, languages, terms;
};

class IndexSearchTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    db_ = new DerivedTestStore("index_search");
    SeededRandom random(3);
    std::vector<v1::Record> big, small;
    for (int i = 0; i < kRecords; ++i) {
      const bool of_small = i % 20 == 0;
      known_->push_back(Make(random, i, of_small ? "lv-y" : "pl-x", of_small ? &small : &big));
    }
    db_->Publish({"pl-x", "public", 1}, big);
    db_->Publish({"lv-y", "public", 1}, small);
  }
  static void TearDownTestSuite() { delete std::exchange(db_, nullptr); }

  static Known Make(SeededRandom& random, int n, const std::string& partner, std::vector<v1::Record>* records) {
    const auto pick = [&](const auto& values) { return std::string(values[random.Below(std::size(values))]); };
    Known known{TestId(n), partner, {}, {}, {}, {}, {}};
    known.title_words = {pick(kWords)};
    known.words = {*known.title_words.begin(), pick(kWords), pick(kWords)};
    known.countries = {pick(kCountries)};
    known.languages = {pick(kLanguages)};
    known.terms = {absl::StrCat("topic-", random.Below(100))};
    std::string description;
    for (const std::string& word : known.words) absl::StrAppend(&description, word, " ");
    v1::Record& record = records->emplace_back(TestService(n, *known.title_words.begin(), description));
    record.set_language(*known.languages.begin());
    record.add_countries(*known.countries.begin());
    auto* term = record.add_terms();
    term->set_taxonomy("cairn:topic");
    term->set_code(*known.terms.begin());
    return known;
  }

  static bool Meets(const std::vector<std::string>& wanted, const std::set<std::string>& values) {
    return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), [&](auto& v) { return values.count(v) > 0; });
  }

  // The ids that the reference finds.
  static std::set<std::string> Expected(const std::vector<std::string>& words, const IndexFilter& filter,
                                        const std::set<std::string>& partners) {
    std::set<std::string> ids;
    for (const Known& known : *known_) {
      const bool holds = std::all_of(words.begin(), words.end(), [&](auto& w) { return known.words.count(w) > 0; });
      if (holds && partners.count(known.partner) > 0 && Meets(filter.countries, known.countries) &&
          Meets(filter.languages, known.languages) && Meets(filter.terms, known.terms)) {
        ids.insert(known.id);
      }
    }
    return ids;
  }

  static IndexFilter Over(Connection& db, const std::set<std::string>& partners, IndexFilter filter) {
    const absl::StatusOr<std::vector<IndexedFeed>> feeds = ReadFeeds(db);
    EXPECT_TRUE(feeds.ok()) << feeds.status();
    for (const IndexedFeed& feed : *feeds) {
      if (partners.count(feed.feed.partner) > 0) filter.feed_ids.push_back(feed.feed_id);
    }
    return filter;
  }

  static std::set<std::string> IdsOf(Connection& db, const std::vector<RankedEntry>& entries) {
    std::set<std::string> ids;
    for (const RankedEntry& each : entries) {
      const absl::StatusOr<std::optional<IndexedEntry>> entry = ReadEntry(db, each.entry_id);
      EXPECT_TRUE(entry.ok() && entry->has_value());
      ids.insert(UuidToText((*entry)->id16));
    }
    return ids;
  }

  // Compares every way of asking with the reference.
  static void Check(const std::vector<std::string>& words, const IndexFilter& conditions,
                    const std::set<std::string>& partners) {
    const std::set<std::string> expected = Expected(words, conditions, partners);
    const absl::Status status = db_->store->Read(
        [&](Connection& db) -> absl::Status {
          const IndexFilter filter = Over(db, partners, conditions);
          CheckSearch(db, words, filter, expected);
          SearchWish wish;
          wish.facets = true;
          const absl::StatusOr<SearchResult> found = SearchIndex(db, &columns_, {words, false, {}}, filter, wish);
          if (!found.ok()) return found.status();
          uint64_t counted = 0;
          for (const auto& [feed, count] : found->facets.feeds) counted += count;
          EXPECT_EQ(counted, expected.size());
          return absl::OkStatus();
        },
        absl::Minutes(1));
    EXPECT_TRUE(status.ok()) << status;
  }

  static void CheckSearch(Connection& db, const std::vector<std::string>& words, const IndexFilter& filter,
                          const std::set<std::string>& expected) {
    SearchWish wish;
    wish.limit = kRecords;
    const absl::StatusOr<SearchResult> result = SearchIndex(db, &columns_, {words, false, {}}, filter, wish);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_TRUE(result->complete);
    EXPECT_EQ(result->total, expected.size());
    const std::set<std::string> found = IdsOf(db, result->entries);
    EXPECT_EQ(found, expected);
    EXPECT_EQ(found.size(), result->entries.size()) << "found twice";
    EXPECT_TRUE(std::is_sorted(result->entries.begin(), result->entries.end(), Better));
  }

  static DerivedTestStore* db_;
  static ColumnCache columns_;
  static std::vector<Known>* const known_;
};
DerivedTestStore* IndexSearchTest::db_ = nullptr;
ColumnCache IndexSearchTest::columns_;
std::vector<Known>* const IndexSearchTest::known_ = new std::vector<Known>();

TEST_F(IndexSearchTest, FindsWhatAReferenceFindsWhateverTheFilter) {
  SeededRandom random(5);
  const auto pick = [&](const auto& values) { return std::string(values[random.Below(std::size(values))]); };
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE(round);
    std::vector<std::string> words;
    for (uint64_t i = random.Below(3); i > 0; --i) words.push_back(pick(kWords));
    IndexFilter filter;
    if (random.Below(2) == 0) filter.countries.push_back(pick(kCountries));
    if (random.Below(3) == 0) filter.languages.push_back(pick(kLanguages));
    if (random.Below(3) == 0) filter.terms.push_back(absl::StrCat("topic-", random.Below(101)));
    std::set<std::string> partners = {"lv-y"};
    if (random.Below(3) > 0) partners.insert("pl-x");
    Check(words, filter, partners);
  }
}

TEST_F(IndexSearchTest, FeedsThatMayNotBeReadAreNeitherFoundNorCounted) {
  for (const std::string partner : {"pl-x", "lv-y"}) Check({"shelter"}, IndexFilter(), {partner});
  Check({"shelter"}, IndexFilter(), {});
}

TEST_F(IndexSearchTest, ANarrowFilterLeavesTheOrderAsItIs) {
  const absl::Status status = db_->store->Read([&](Connection& db) -> absl::Status {
    SearchWish wish;
    wish.limit = kRecords;
    IndexFilter narrow = Over(db, {"pl-x", "lv-y"}, IndexFilter());
    const auto all = SearchIndex(db, &columns_, {{"shelter"}, false, {}}, narrow, wish);
    narrow.terms = {"topic-1"};
    const auto some = SearchIndex(db, &columns_, {{"shelter"}, false, {}}, narrow, wish);
    if (!all.ok() || !some.ok()) return all.ok() ? some.status() : all.status();
    std::set<int64_t> wanted;
    for (const RankedEntry& entry : some->entries) wanted.insert(entry.entry_id);
    std::vector<int64_t> in_all, in_some;
    for (const RankedEntry& entry : all->entries) {
      if (wanted.count(entry.entry_id) > 0) in_all.push_back(entry.entry_id);
    }
    for (const RankedEntry& entry : some->entries) in_some.push_back(entry.entry_id);
    EXPECT_GT(in_some.size(), 5);
    EXPECT_EQ(in_all, in_some);
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
}

}  // namespace
}  // namespace cairn
