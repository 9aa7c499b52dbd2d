// The part of index_queries.h that forgives a typing error.
//
// The index's vocabulary holds the words of every record, those of confidential ones too. So a word counts as there
// only through a record that the reader may read: neither what is suggested, nor whether anything is, depends on the
// others. How many spellings are tried depends on the query alone.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/text/typos.h"
#include "server/store/index_queries.h"
#include "server/store/record_columns.h"
#include "server/store/text_match.h"

namespace cairn {
namespace {

constexpr int kSpellingsMax = 4'000;   // some 15 microseconds each
constexpr uint64_t kCountMax = 1'000;  // a word of more records is no better a guess
constexpr size_t kSuggestionsMax = 8;  // of the one mistyped word, tried in order

constexpr char kSelectHolders[] = "SELECT rowid FROM record_text WHERE record_text MATCH ? ORDER BY rowid";

struct Suggestion {
  std::string word;
  uint64_t records = 0;
};

class Speller {
 public:
  Speller(Connection& db, const ColumnView& view, const IndexFilter& filter)
      : db_(db), view_(view), feeds_(filter.readable_feed_ids) {
    std::sort(feeds_.begin(), feeds_.end());
  }

  // Records that hold the word and may be read, up to `max`.
  absl::StatusOr<uint64_t> Count(const std::string& word, bool prefix, uint64_t max) {
    ASSIGN_OR_RETURN(const std::string expression, MatchExpression(db_, {word}, prefix));
    uint64_t count = 0;
    if (expression.empty()) return count;
    Statement row = db_.Prepare(kSelectHolders);
    row.Bind(expression);
    while (count < max && row.Step()) {
      const RecordColumns* record = view_.Find(row.Int64(0));
      if (record != nullptr && std::binary_search(feeds_.begin(), feeds_.end(), record->feed_id)) ++count;
    }
    RETURN_IF_ERROR(row.status());
    return count;
  }

  // Words near `word`, those of most records first.
  absl::StatusOr<std::vector<Suggestion>> Near(const std::string& word) {
    std::vector<Suggestion> suggestions;
    for (std::string& spelling : OneLetterEdits(word)) {
      if (++spellings_ > kSpellingsMax) break;
      ASSIGN_OR_RETURN(const uint64_t records, Count(spelling, false, kCountMax));
      if (records > 0) suggestions.push_back({std::move(spelling), records});
    }
    std::stable_sort(suggestions.begin(), suggestions.end(),
                     [](const Suggestion& a, const Suggestion& b) { return a.records > b.records; });
    if (suggestions.size() > kSuggestionsMax) suggestions.resize(kSuggestionsMax);
    return suggestions;
  }

 private:
  Connection& db_;
  const ColumnView& view_;
  std::vector<int64_t> feeds_;
  int spellings_ = 0;
};

// The query with `right` in the place of `wrong`.
IndexQuery Replaced(IndexQuery query, const std::string& wrong, const std::string& right) {
  std::replace(query.words.begin(), query.words.end(), wrong, right);
  for (std::vector<std::string>& phrase : query.phrases) std::replace(phrase.begin(), phrase.end(), wrong, right);
  return query;
}

}  // namespace

absl::StatusOr<std::optional<IndexQuery>> CorrectedQuery(Connection& connection, ColumnCache* columns,
                                                         const IndexQuery& query, const IndexFilter& filter) {
  ASSIGN_OR_RETURN(const ColumnView view, columns->View(connection));
  Speller speller(connection, view, filter);
  std::vector<IndexQuery> ways = {query};
  bool corrected = false;
  for (size_t i = 0; i < query.words.size(); ++i) {
    const std::string& word = query.words[i];
    const bool last = i + 1 == query.words.size();
    ASSIGN_OR_RETURN(const uint64_t known, speller.Count(word, last && query.last_is_prefix, 1));
    if (known > 0) continue;
    ASSIGN_OR_RETURN(const std::vector<Suggestion> suggestions, speller.Near(word));
    if (suggestions.empty()) return std::nullopt;
    // Several ways are tried for the first mistyped word, the most usual one for each further.
    std::vector<IndexQuery> next;
    for (const IndexQuery& way : ways) {
      for (size_t s = 0; s < (corrected ? 1 : suggestions.size()); ++s) {
        next.push_back(Replaced(way, word, suggestions[s].word));
      }
    }
    ways = std::move(next);
    corrected = true;
  }
  if (!corrected) return std::nullopt;
  SearchWish wish;
  wish.limit = 1;
  for (IndexQuery& way : ways) {
    way.last_is_prefix = false;
    ASSIGN_OR_RETURN(const SearchResult result, SearchIndex(connection, columns, way, filter, wish));
    if (result.total > 0) return std::optional<IndexQuery>(std::move(way));
  }
  return std::nullopt;
}

}  // namespace cairn
