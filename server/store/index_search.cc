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

// The best so many of what is added and comes after `after`: in memory of their number, whatever all are.
class Page {
 public:
  explicit Page(const SearchWish& wish) : wish_(wish) {}

  void Add(const RankedEntry& entry) {
    if (wish_.after && !Better(*wish_.after, entry)) return;
    if (worst_ && !Better(entry, *worst_)) return;
    kept_.push_back(entry);
    if (wish_.limit < kKeptMax && kept_.size() >= 2 * wish_.limit + kKeptSpare) Prune();
  }
  // Best first.
  std::vector<RankedEntry> Take() {
    std::sort(kept_.begin(), kept_.end(), Better);
    if (kept_.size() > wish_.limit) kept_.resize(wish_.limit);
    return std::move(kept_);
  }

 private:
  static constexpr size_t kKeptMax = 100'000;  // who wants more wants all
  static constexpr size_t kKeptSpare = 256;

  void Prune() {
    if (wish_.limit == 0) return kept_.clear();
    const auto last = kept_.begin() + static_cast<std::ptrdiff_t>(wish_.limit) - 1;
    std::nth_element(kept_.begin(), last, kept_.end(), Better);
    worst_ = *last;
    kept_.resize(wish_.limit);
  }

  const SearchWish& wish_;
  std::vector<RankedEntry> kept_;
  std::optional<RankedEntry> worst_;  // of those that were kept at the last pruning
};

// Counts what is found and keeps the best of it.
class Collector {
 public:
  Collector(const ColumnView& view, const IndexFilter& filter, const SearchWish& wish)
      : filter_(filter), wish_(wish), page_(wish), facets_(view) {}

  void Add(const Candidate& candidate) {
    any_ = true;
    if (wish_.facets) facets_.Count(*candidate.record, candidate.misses, filter_);
    if (candidate.misses != 0) return;
    ++total_;
    page_.Add(candidate.ranked);
  }
  void Finish(SearchResult* result) {
    result->any_in_facets = any_;
    result->total = total_;
    if (wish_.facets) result->facets = facets_.Take();
    result->entries = page_.Take();
  }

 private:
  const IndexFilter& filter_;
  const SearchWish& wish_;
  Page page_;
  FacetCounter facets_;
  uint64_t total_ = 0;
  bool any_ = false;
};

// Passes on the candidates that hold the phrases, of the best ones. Returns whether it looked at all.
absl::StatusOr<bool> CollectPhrases(Connection& db, const IndexQuery& query, std::vector<Candidate> candidates,
                                    Collector* collector) {
  const bool all = candidates.size() <= phrase_checks_max;
  const auto looked_at = static_cast<std::ptrdiff_t>(std::min(candidates.size(), phrase_checks_max));
  std::partial_sort(candidates.begin(), candidates.begin() + looked_at, candidates.end(), BetterCandidate);
  candidates.resize(static_cast<size_t>(looked_at));
  for (const Candidate& candidate : candidates) {
    ASSIGN_OR_RETURN(const bool holds, HoldsPhrases(db, candidate.record->entry_id, query.phrases));
    if (holds) collector->Add(candidate);
  }
  return all;
}

}  // namespace

absl::StatusOr<SearchResult> SearchIndex(Connection& connection, ColumnCache* columns, const IndexQuery& query,
                                         const IndexFilter& filter, const SearchWish& wish) {
  SearchResult result;
  if (filter.feed_ids.empty() && filter.readable_feed_ids.empty()) return result;
  ASSIGN_OR_RETURN(const ColumnView view, columns->View(connection));
  ASSIGN_OR_RETURN(ColumnFilter test, ColumnFilter::Make(connection, view, filter));
  Collector collector(view, filter, wish);
  std::vector<Candidate> for_phrases;
  const auto rank = [&](const RecordColumns& record, int64_t weight) {
    if (!wish.nearest_first) return RankOf(weight, record);
    const auto kilometres = test.kilometres().find(record.entry_id);
    return kilometres == test.kilometres().end() ? 0 : -static_cast<int64_t>(kilometres->second * kMetresPerKilometre);
  };
  RETURN_IF_ERROR(VisitMatches(connection, view, query, [&](const RecordColumns& record, int64_t weight) {
    const uint32_t misses = test.Misses(record);
    const uint32_t forgiven = wish.facets ? misses & (misses - 1) : misses;  // one condition, for that facet's counts
    if (misses == ColumnFilter::no_match || forgiven != 0) return;
    const Candidate found{{rank(record, weight), record.updated_unix_millis, record.entry_id}, &record, misses};
    if (query.phrases.empty()) return collector.Add(found);
    for_phrases.push_back(found);
  }));
  if (!query.phrases.empty()) {
    ASSIGN_OR_RETURN(result.complete, CollectPhrases(connection, query, std::move(for_phrases), &collector));
  }
  collector.Finish(&result);
  for (const RankedEntry& entry : result.entries) {
    const auto kilometres = test.kilometres().find(entry.entry_id);
    if (kilometres != test.kilometres().end()) result.kilometres.insert(*kilometres);
  }
  return result;
}

}  // namespace cairn
