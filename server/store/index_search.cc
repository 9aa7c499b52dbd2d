// The part of index_queries.h that looks for words and counts.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/container/flat_hash_set.h"
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

// Appends what `expression` finds, up to a total of search_candidates_max; false: there is more.
absl::StatusOr<bool> Collect(Connection& db, const std::string& expression, const FilterSql& filter,
                             absl::flat_hash_set<int64_t>* seen, std::vector<RankedEntry>* found) {
  // The text index comes first: the cross join holds the planner to it. It yields its rows in order of rowid.
  const std::string sql = absl::StrCat(
      "SELECT r.entry_id, r.updated_unix_millis, length(r.title), cairn_rank(record_text) "
      "FROM record_text CROSS JOIN record r ON r.entry_id = record_text.rowid WHERE record_text MATCH ? AND ",
      filter.where(), " ORDER BY record_text.rowid LIMIT ?");
  Statement row = db.Prepare(sql);
  row.BindAt(1, expression);
  row.BindAt(filter.Bind(row, 2), search_candidates_max + 1 + seen->size());
  while (row.Step()) {
    if (!seen->insert(row.Int64(0)).second) continue;
    if (found->size() == search_candidates_max) return false;
    found->push_back({RankOf(row.Int64(3), row.Int64(2)), row.Int64(1), row.Int64(0)});
  }
  RETURN_IF_ERROR(row.status());
  return true;
}

void CountList(absl::string_view list, char separator, absl::flat_hash_map<std::string, uint64_t>* counts) {
  for (absl::string_view value : absl::StrSplit(list, separator, absl::SkipEmpty())) {
    auto it = counts->find(value);
    if (it == counts->end()) it = counts->emplace(std::string(value), 0).first;
    ++it->second;
  }
}

}  // namespace

absl::StatusOr<SearchResult> SearchEntries(Connection& connection, absl::Span<const std::string> words,
                                           bool last_is_prefix, const IndexFilter& filter) {
  SearchResult result;
  ASSIGN_OR_RETURN(const std::string expression, MatchExpression(connection, words, last_is_prefix));
  if (expression.empty() || filter.feed_ids.empty()) return result;
  ASSIGN_OR_RETURN(FilterSql sql, FilterSql::Make(connection, filter));
  absl::flat_hash_set<int64_t> seen;
  ASSIGN_OR_RETURN(result.complete,
                   Collect(connection, absl::StrCat("title : (", expression, ")"), sql, &seen, &result.entries));
  if (result.complete) {
    ASSIGN_OR_RETURN(result.complete, Collect(connection, expression, sql, &seen, &result.entries));
  }
  std::sort(result.entries.begin(), result.entries.end(), Better);
  result.total = result.entries.size() + (result.complete ? 0 : 1);
  result.kilometres = std::move(sql.kilometres());
  return result;
}

absl::StatusOr<SearchResult> NewestEntries(Connection& connection, const IndexFilter& filter,
                                           const std::optional<RankedEntry>& after, size_t limit) {
  SearchResult result;
  if (filter.feed_ids.empty()) return result;
  ASSIGN_OR_RETURN(FilterSql sql, FilterSql::Make(connection, filter));
  Statement count =
      connection.Prepare(absl::StrCat("SELECT count(*) FROM (SELECT 1 FROM record r WHERE ", sql.where(), " LIMIT ?)"));
  count.BindAt(sql.Bind(count, 1), search_candidates_max + 1);
  if (count.Step()) result.total = static_cast<uint64_t>(count.Int64(0));
  RETURN_IF_ERROR(count.status());
  result.complete = result.total <= search_candidates_max;
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
  FacetCounts counts;
  ASSIGN_OR_RETURN(const std::string expression, MatchExpression(connection, words, last_is_prefix));
  if (filter.feed_ids.empty() || (expression.empty() && !words.empty())) return counts;
  ASSIGN_OR_RETURN(const FilterSql sql, FilterSql::Make(connection, filter));
  constexpr absl::string_view kColumns = "SELECT r.kind, r.feed_id, r.countries, r.languages, r.terms FROM ";
  const std::string select = words.empty()
                                 ? absl::StrCat(kColumns, "record r WHERE ", sql.where())
                                 : absl::StrCat(kColumns,
                                                "record_text CROSS JOIN record r ON r.entry_id = record_text.rowid "
                                                "WHERE record_text MATCH ? AND ",
                                                sql.where());
  Statement row = connection.Prepare(select);
  if (!words.empty()) row.BindAt(1, expression);
  sql.Bind(row, words.empty() ? 1 : 2);
  while (row.Step()) {
    ++counts.kinds[static_cast<int>(row.Int64(0))];
    ++counts.feeds[row.Int64(1)];
    CountList(row.Text(2), ',', &counts.countries);
    CountList(row.Text(3), ',', &counts.languages);
    CountList(row.Text(4), '\n', &counts.terms);
  }
  RETURN_IF_ERROR(row.status());
  return counts;
}

}  // namespace cairn
