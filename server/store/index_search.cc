// The part of index_queries.h that looks for words and counts.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/text/utf8.h"
#include "server/store/column_filter.h"
#include "server/store/index_queries.h"
#include "server/store/record_columns.h"
#include "server/store/text_match.h"

namespace cairn {
namespace {

// What cairn_rank gives when every word stands in the title.
constexpr int64_t kRankAllInTitle = 1000;
// Finer steps below one of cairn_rank: among titles that hold all words, the shorter says more of them.
constexpr int64_t kTitleSteps = 256;
constexpr size_t kPrefixLettersMin = 3;  // that the text index is asked for
constexpr double kMetresPerKilometre = 1000;

constexpr char kSelectMatches[] =
    "SELECT record_text.rowid, cairn_rank(record_text) FROM record_text WHERE record_text MATCH ? "
    "ORDER BY record_text.rowid";

int64_t RankOf(int64_t weight, const RecordColumns& record) {
  const int64_t brevity =
      weight == kRankAllInTitle ? kTitleSteps - 1 - std::min<int64_t>(record.title_letters, kTitleSteps - 1) : 0;
  return weight * kTitleSteps + brevity;
}

// True when a word of the folded text begins with `prefix`.
bool WordBegins(absl::string_view folded, absl::string_view prefix) {
  for (size_t at = folded.find(prefix); at != absl::string_view::npos; at = folded.find(prefix, at + 1)) {
    const auto before = static_cast<unsigned char>(at == 0 ? ' ' : folded[at - 1]);
    if (before < 0x80 && !absl::ascii_isalnum(before)) return true;
  }
  return false;
}

// The query in two parts: what the text index answers, and a beginning too short for it.
struct Parts {
  std::string expression;
  std::string title_prefix;
};

absl::StatusOr<Parts> PartsOf(Connection& db, const IndexQuery& query) {
  Parts parts;
  std::vector<std::string> words = query.words;
  const bool brief = query.last_is_prefix && !words.empty() && CodePointCount(words.back()) < kPrefixLettersMin;
  if (brief) {
    parts.title_prefix = words.back();
    words.pop_back();
  }
  ASSIGN_OR_RETURN(parts.expression, MatchExpression(db, words, query.last_is_prefix && !brief));
  return parts;
}

using Visit = absl::FunctionRef<void(const RecordColumns& record, int64_t weight)>;

// Visits every record that holds the words, whoever may read it, with its weight of cairn_rank.
absl::Status VisitMatches(Connection& db, const ColumnView& view, const IndexQuery& query, Visit visit) {
  ASSIGN_OR_RETURN(const Parts parts, PartsOf(db, query));
  const auto begins = [&](const ColumnBlock& block, const RecordColumns& record) {
    return parts.title_prefix.empty() || WordBegins(block.TitleOf(record), parts.title_prefix);
  };
  if (parts.expression.empty()) {
    if (!query.words.empty() && parts.title_prefix.empty()) return absl::OkStatus();  // signs that are no words
    for (const auto& block : view.blocks) {
      for (const RecordColumns& record : block->records) {
        if (begins(*block, record)) visit(record, query.words.empty() ? 0 : kRankAllInTitle);
      }
    }
    return absl::OkStatus();
  }
  Statement row = db.Prepare(kSelectMatches);
  row.Bind(parts.expression);
  while (row.Step()) {
    const RecordColumns* record = view.Find(row.Int64(0));
    if (record == nullptr) continue;
    if (parts.title_prefix.empty() || begins(*view.BlockOf(record->entry_id), *record)) visit(*record, row.Int64(1));
  }
  return row.status();
}

// A record that holds the words and, where facets are wanted, misses the conditions of at most one.
struct Candidate {
  RankedEntry ranked;
  const RecordColumns* record;
  uint32_t misses;
};

// What matches before what only facets count.
bool BetterCandidate(const Candidate& a, const Candidate& b) {
  if ((a.misses == 0) != (b.misses == 0)) return a.misses == 0;
  return Better(a.ranked, b.ranked);
}

// Keeps the candidates that hold the phrases, of the best ones. Returns whether it looked at all.
absl::StatusOr<bool> KeepPhrases(Connection& db, const IndexQuery& query, std::vector<Candidate>* candidates) {
  const bool all = candidates->size() <= phrase_checks_max;
  const size_t looked_at = std::min(candidates->size(), phrase_checks_max);
  std::partial_sort(candidates->begin(), candidates->begin() + looked_at, candidates->end(), BetterCandidate);
  candidates->resize(looked_at);
  std::vector<Candidate> kept;
  for (const Candidate& candidate : *candidates) {
    ASSIGN_OR_RETURN(const bool holds, HoldsPhrases(db, candidate.record->entry_id, query.phrases));
    if (holds) kept.push_back(candidate);
  }
  *candidates = std::move(kept);
  return all;
}

// The best `wish.limit` after `wish.after`, best first.
std::vector<RankedEntry> Page(std::vector<RankedEntry> found, const SearchWish& wish) {
  if (wish.after) {
    found.erase(
        std::remove_if(found.begin(), found.end(), [&](const RankedEntry& each) { return !Better(*wish.after, each); }),
        found.end());
  }
  const size_t size = std::min(found.size(), wish.limit);
  std::partial_sort(found.begin(), found.begin() + size, found.end(), Better);
  found.resize(size);
  return found;
}

}  // namespace

absl::StatusOr<SearchResult> SearchIndex(Connection& connection, ColumnCache* columns, const IndexQuery& query,
                                         const IndexFilter& filter, const SearchWish& wish) {
  SearchResult result;
  if (filter.feed_ids.empty() && filter.readable_feed_ids.empty()) return result;
  ASSIGN_OR_RETURN(const ColumnView view, columns->View(connection));
  ASSIGN_OR_RETURN(ColumnFilter test, ColumnFilter::Make(connection, view, filter));
  std::vector<Candidate> candidates;
  const auto rank = [&](const RecordColumns& record, int64_t weight) {
    if (!wish.nearest_first) return RankOf(weight, record);
    const auto kilometres = test.kilometres().find(record.entry_id);
    return kilometres == test.kilometres().end() ? 0 : -static_cast<int64_t>(kilometres->second * kMetresPerKilometre);
  };
  RETURN_IF_ERROR(VisitMatches(connection, view, query, [&](const RecordColumns& record, int64_t weight) {
    const uint32_t misses = test.Misses(record);
    const uint32_t forgiven = wish.facets ? misses & (misses - 1) : misses;  // one condition, for that facet's counts
    if (misses == ColumnFilter::no_match || forgiven != 0) return;
    candidates.push_back({{rank(record, weight), record.updated_unix_millis, record.entry_id}, &record, misses});
  }));
  if (!query.phrases.empty()) {
    ASSIGN_OR_RETURN(result.complete, KeepPhrases(connection, query, &candidates));
  }
  std::vector<RankedEntry> found;
  for (const Candidate& candidate : candidates) {
    if (candidate.misses == 0) found.push_back(candidate.ranked);
  }
  result.any_in_facets = !candidates.empty();
  result.total = found.size();
  if (wish.facets) {
    FacetCounter counter(view);
    for (const Candidate& candidate : candidates) counter.Count(*candidate.record, candidate.misses, filter);
    result.facets = counter.Take();
  }
  result.entries = Page(std::move(found), wish);
  for (const RankedEntry& entry : result.entries) {
    const auto kilometres = test.kilometres().find(entry.entry_id);
    if (kilometres != test.kilometres().end()) result.kilometres.insert(*kilometres);
  }
  return result;
}

}  // namespace cairn
