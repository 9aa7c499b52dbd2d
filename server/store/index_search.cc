// The part of index_queries.h that looks for words and counts.
#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "server/store/index_filter.h"
#include "server/store/index_queries.h"
#include "server/store/search_functions.h"

namespace cairn {
namespace {

// What cairn_rank gives when every word stands in the title.
constexpr int64_t kRankAllInTitle = 1000;
// Finer steps below one of cairn_rank: among titles that hold all words, the shorter says more of them.
constexpr int64_t kTitleSteps = 256;

// Words as an FTS5 expression. Each is quoted, so that nothing in it is an operator. Empty when no word is left.
absl::StatusOr<std::string> MatchExpression(Connection& db, absl::Span<const std::string> words, bool last_is_prefix) {
  ASSIGN_OR_RETURN(const auto tokenizer, IndexTokenizer::Make(db.handle()));
  std::string expression;
  for (const std::string& word : words) {
    RETURN_IF_ERROR(tokenizer->Split(word, [&](absl::string_view token) {
      absl::StrAppend(&expression, expression.empty() ? "" : " AND ", "\"", token, "\"");
    }));
  }
  if (last_is_prefix && !expression.empty()) expression += " *";
  return expression;
}

int64_t RankOf(int64_t weight, int64_t title_bytes) {
  const int64_t brevity = weight == kRankAllInTitle ? kTitleSteps - 1 - std::min(title_bytes, kTitleSteps - 1) : 0;
  return weight * kTitleSteps + brevity;
}

// Records tested against the rest of a filter by one search: 1 to 2 microseconds each.
constexpr size_t kTestsMax = 4 * search_candidates_max;
constexpr size_t kTestsPerQuery = 1'000;  // enough that starting the query costs nothing

// A record that holds the words.
struct Match {
  int64_t weight;  // of cairn_rank
  int64_t entry_id;
};

// Tests matches and ranks those that pass, up to search_candidates_max of them.
class Ranking {
 public:
  Ranking(Connection& db, const FilterSql& filter)
      : filter_(filter),
        passing_(db.Prepare(absl::StrCat("SELECT r.entry_id, r.updated_unix_millis, length(r.title) FROM record r "
                                         "WHERE r.entry_id IN (SELECT value FROM json_each(?)) AND ",
                                         filter.where(), " ORDER BY r.entry_id"))) {}

  // Takes the next matches, up to kTestsPerQuery of them. False: not all were taken, and no more are.
  absl::StatusOr<bool> Offer(absl::Span<const Match> matches) {
    if (matches.empty()) return true;
    if (tests_ + matches.size() > kTestsMax) return false;
    tests_ += matches.size();
    std::vector<int64_t> entry_ids;
    absl::flat_hash_map<int64_t, int64_t> weights;
    for (const Match& match : matches) {
      entry_ids.push_back(match.entry_id);
      weights[match.entry_id] = match.weight;
    }
    passing_.Rewind();
    passing_.BindAt(1, JsonList(entry_ids));
    filter_.Bind(passing_, 2);
    while (passing_.Step()) {
      const int64_t entry_id = passing_.Int64(0);
      found_.push_back({RankOf(weights[entry_id], passing_.Int64(2)), passing_.Int64(1), entry_id});
    }
    RETURN_IF_ERROR(passing_.status());
    return found_.size() <= search_candidates_max;
  }

  // What was found, best first.
  std::vector<RankedEntry> Take() {
    std::sort(found_.begin(), found_.end(), Better);
    if (found_.size() > search_candidates_max) found_.resize(search_candidates_max);
    return std::move(found_);
  }

 private:
  const FilterSql& filter_;
  Statement passing_;
  std::vector<RankedEntry> found_;
  size_t tests_ = 0;
};

// A walk through the text index: its rows come in order of rowid. `columns` and `more` are SQL, each with its own
// separators.
Statement Walk(Connection& db, absl::string_view columns, const std::string& expression, const EntrySet* entries,
               absl::string_view more, int* next_parameter) {
  const absl::string_view within =
      entries == nullptr ? "" : " AND record_text.rowid BETWEEN ? AND ? AND cairn_in(?, record_text.rowid)";
  Statement row = db.Prepare(absl::StrCat("SELECT ", columns, " WHERE record_text MATCH ?", within, more));
  row.BindAt(1, expression);
  *next_parameter = 2;
  if (entries == nullptr) return row;
  const auto [first, last] = std::minmax_element(entries->begin(), entries->end());
  row.BindAt(2, entries->empty() ? 0 : *first).BindAt(3, entries->empty() ? -1 : *last);
  BindEntries(row, 4, entries);
  *next_parameter = 5;
  return row;
}

constexpr char kMatchColumns[] = "record_text.rowid, cairn_rank(record_text) FROM record_text";
constexpr char kInOrder[] = " ORDER BY record_text.rowid";

// Few records can match: takes them all from the text index, then tests the best first.
absl::StatusOr<bool> RankFew(Connection& db, const std::string& expression, const EntrySet& entries, Ranking* ranking) {
  std::vector<Match> matches;
  int next = 0;
  Statement row = Walk(db, kMatchColumns, expression, &entries, kInOrder, &next);
  while (row.Step()) matches.push_back({row.Int64(1), row.Int64(0)});
  RETURN_IF_ERROR(row.status());
  std::sort(matches.begin(), matches.end(), [](const Match& a, const Match& b) {
    return std::tie(a.weight, a.entry_id) > std::tie(b.weight, b.entry_id);
  });
  for (size_t at = 0; at < matches.size(); at += kTestsPerQuery) {
    ASSIGN_OR_RETURN(const bool taken, ranking->Offer(absl::MakeConstSpan(matches).subspan(at, kTestsPerQuery)));
    if (!taken) return false;
  }
  return true;
}

// Many may match: tests them as the text index gives them, those with the words in the title first.
absl::StatusOr<bool> RankMany(Connection& db, const std::string& expression, Ranking* ranking) {
  EntrySet seen;
  for (const std::string& each : {absl::StrCat("title : (", expression, ")"), expression}) {
    int next = 0;
    Statement row = Walk(db, kMatchColumns, each, nullptr, kInOrder, &next);
    std::vector<Match> matches;
    for (bool more = true; more;) {
      matches.clear();
      while (matches.size() < kTestsPerQuery && (more = row.Step())) {
        if (seen.insert(row.Int64(0)).second) matches.push_back({row.Int64(1), row.Int64(0)});
      }
      RETURN_IF_ERROR(row.status());
      ASSIGN_OR_RETURN(const bool taken, ranking->Offer(matches));
      if (!taken) return false;
    }
  }
  return true;
}

// The entries that conditions name, as a set to look into; nullopt: none were.
std::optional<EntrySet> NamedEntries(const FilterSql& filter) {
  if (!filter.entries()) return std::nullopt;
  return EntrySet(filter.entries()->begin(), filter.entries()->end());
}

// How many records have one combination of values. Most records share theirs with many others, so that the lists are
// cut once for all of them.
using ListCounts = absl::flat_hash_map<std::string, uint64_t>;

void CountOne(absl::string_view list, ListCounts* counts) {
  auto it = counts->find(list);
  if (it == counts->end()) it = counts->emplace(std::string(list), 0).first;
  ++it->second;
}

absl::flat_hash_map<std::string, uint64_t> CountValues(const ListCounts& lists, char separator) {
  absl::flat_hash_map<std::string, uint64_t> counts;
  for (const auto& [list, count] : lists) {
    for (absl::string_view value : absl::StrSplit(list, separator, absl::SkipEmpty())) counts[value] += count;
  }
  return counts;
}

constexpr char kFacetColumns[] = "r.kind, r.feed_id, r.countries, r.languages, r.terms FROM ";

absl::StatusOr<FacetCounts> CountRows(Statement& row) {
  FacetCounts counts;
  ListCounts countries, languages, terms;
  while (row.Step()) {
    ++counts.kinds[static_cast<int>(row.Int64(0))];
    ++counts.feeds[row.Int64(1)];
    CountOne(row.Text(2), &countries);
    CountOne(row.Text(3), &languages);
    CountOne(row.Text(4), &terms);
  }
  RETURN_IF_ERROR(row.status());
  counts.countries = CountValues(countries, ',');
  counts.languages = CountValues(languages, ',');
  counts.terms = CountValues(terms, '\n');
  return counts;
}

}  // namespace

absl::StatusOr<SearchResult> SearchEntries(Connection& connection, absl::Span<const std::string> words,
                                           bool last_is_prefix, const IndexFilter& filter) {
  SearchResult result;
  ASSIGN_OR_RETURN(const std::string expression, MatchExpression(connection, words, last_is_prefix));
  if (expression.empty() || filter.feed_ids.empty()) return result;
  ASSIGN_OR_RETURN(FilterSql sql, FilterSql::MakeApart(connection, filter));
  Ranking ranking(connection, sql);
  const std::optional<EntrySet> entries = NamedEntries(sql);
  ASSIGN_OR_RETURN(result.complete, entries ? RankFew(connection, expression, *entries, &ranking)
                                            : RankMany(connection, expression, &ranking));
  result.entries = ranking.Take();
  result.total = result.entries.size() + (result.complete ? 0 : 1);
  result.kilometres = std::move(sql.kilometres());
  return result;
}

absl::StatusOr<SearchResult> NewestEntries(Connection& connection, const IndexFilter& filter,
                                           const std::optional<RankedEntry>& after, size_t limit) {
  SearchResult result;
  if (filter.feed_ids.empty()) return result;
  ASSIGN_OR_RETURN(const FilterSql all, FilterSql::Make(connection, filter, filter_walk_entries_max));
  Statement count =
      connection.Prepare(absl::StrCat("SELECT count(*) FROM (SELECT 1 FROM record r WHERE ", all.where(), " LIMIT ?)"));
  count.BindAt(all.Bind(count, 1), search_candidates_max + 1);
  if (count.Step()) result.total = static_cast<uint64_t>(count.Int64(0));
  RETURN_IF_ERROR(count.status());
  result.complete = result.total <= search_candidates_max;
  ASSIGN_OR_RETURN(FilterSql sql, FilterSql::Make(connection, filter));
  const std::string select = absl::StrCat("SELECT r.updated_unix_millis, r.entry_id FROM record r ",
                                          sql.few() ? "" : "INDEXED BY record_by_updated ",
                                          "WHERE (r.updated_unix_millis, r.entry_id) < (?, ?) AND ", sql.where(),
                                          " ORDER BY r.updated_unix_millis DESC, r.entry_id DESC LIMIT ?");
  Statement row = connection.Prepare(select);
  row.BindAt(1, after ? after->updated_unix_millis : INT64_MAX).BindAt(2, after ? after->entry_id : INT64_MAX);
  row.BindAt(sql.Bind(row, 3), limit);
  while (row.Step()) result.entries.push_back({0, row.Int64(0), row.Int64(1)});
  RETURN_IF_ERROR(row.status());
  result.kilometres = std::move(sql.kilometres());
  return result;
}

absl::StatusOr<FacetCounts> CountFacets(Connection& connection, absl::Span<const std::string> words,
                                        bool last_is_prefix, const IndexFilter& filter) {
  ASSIGN_OR_RETURN(const std::string expression, MatchExpression(connection, words, last_is_prefix));
  if (filter.feed_ids.empty() || (expression.empty() && !words.empty())) return FacetCounts();
  if (words.empty()) {
    ASSIGN_OR_RETURN(const FilterSql sql, FilterSql::Make(connection, filter, filter_walk_entries_max));
    Statement row = connection.Prepare(absl::StrCat("SELECT ", kFacetColumns, "record r WHERE ", sql.where()));
    sql.Bind(row, 1);
    return CountRows(row);
  }
  ASSIGN_OR_RETURN(const FilterSql sql, FilterSql::MakeApart(connection, filter));
  const std::optional<EntrySet> entries = NamedEntries(sql);
  // The cross join holds the planner to looking into the text index first.
  const std::string columns =
      absl::StrCat(kFacetColumns, "record_text CROSS JOIN record r ON r.entry_id = record_text.rowid");
  int next = 0;
  Statement row =
      Walk(connection, columns, expression, entries ? &*entries : nullptr, absl::StrCat(" AND ", sql.where()), &next);
  sql.Bind(row, next);
  return CountRows(row);
}

}  // namespace cairn
