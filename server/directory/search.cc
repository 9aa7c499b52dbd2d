// The part of DirectoryReader that looks for words.
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/record/contact_words.h"
#include "common/record/kinds.h"
#include "common/record/searchable.h"
#include "common/record/texts.h"
#include "common/text/fold.h"
#include "common/text/snippet.h"
#include "common/text/utf8.h"
#include "server/directory/directory_reader.h"
#include "server/directory/reading.h"
#include "server/directory/request_filter.h"
#include "server/directory/token.h"

namespace cairn {
namespace {

constexpr uint32_t kSearchPageSizeDefault = 20;
constexpr size_t kPrefixLettersMin = 3;   // fewer begin too many words
constexpr size_t kSnippetBytesMax = 200;  // two lines
constexpr int kFacetValuesMax = 100;
constexpr char kMarkOpen[] = "\xee\x80\x80";

// One way to look for what was typed.
struct Attempt {
  std::vector<std::string> words;
  bool last_is_prefix = false;
};

// What was asked for. `any` is false for an empty query, which means the filter alone; a query of nothing but signs has
// no words and finds nothing.
struct Query {
  bool any = false;
  std::vector<std::string> words;  // as typed
  // In this order, until one finds something: numbers and addresses put together, the words as typed; then the same
  // with the last word as the beginning of one, as people type. At least one.
  std::vector<Attempt> attempts;
};

void AddAttempt(std::vector<std::string> words, Query* query) {
  if (query->attempts.empty() || query->attempts.back().words != words) query->attempts.push_back({std::move(words)});
}

absl::StatusOr<Query> ParseQuery(const std::string& text) {
  if (text.size() > limits::query_bytes_max) {
    return absl::InvalidArgumentError(
        absl::StrCat("query has ", text.size(), " bytes; give at most ", limits::query_bytes_max));
  }
  Query query;
  query.any = !absl::StripAsciiWhitespace(text).empty();
  query.words = FoldedWords(text);
  if (query.words.size() > static_cast<size_t>(limits::query_words_max)) {
    return absl::InvalidArgumentError(
        absl::StrCat("query has ", query.words.size(), " words; give at most ", limits::query_words_max));
  }
  AddAttempt(FoldedWords(FoldContacts(text)), &query);
  AddAttempt(query.words, &query);
  const size_t whole = query.attempts.size();
  for (size_t i = 0; i < whole; ++i) {
    const std::vector<std::string>& words = query.attempts[i].words;
    if (words.empty() || CodePointCount(words.back()) < kPrefixLettersMin) continue;
    query.attempts.push_back({words, /*last_is_prefix=*/true});
  }
  return query;
}

// Where a page of results ends.
struct SearchKey {
  size_t attempt = 0;  // of Query::attempts
  RankedEntry last;
};

absl::StatusOr<std::optional<SearchKey>> SearchKeyFrom(const std::string& token, const std::string& fingerprint,
                                                       size_t attempts) {
  if (token.empty()) return std::optional<SearchKey>();
  ASSIGN_OR_RETURN(TokenReader reader, TokenReader::Open(token, "search", fingerprint, "page_token"));
  SearchKey key;
  // The fingerprint holds the words, so that only a forged token names an attempt that is none.
  key.attempt = std::min<size_t>(reader.Number(), attempts - 1);
  key.last.rank = static_cast<int64_t>(reader.Number());
  key.last.updated_unix_millis = static_cast<int64_t>(reader.Number());
  key.last.entry_id = static_cast<int64_t>(reader.Number());
  RETURN_IF_ERROR(reader.End());
  return std::optional<SearchKey>(key);
}

std::string SearchToken(const SearchKey& key, const std::string& fingerprint) {
  TokenWriter writer;
  writer.Number(key.attempt).Number(static_cast<uint64_t>(key.last.rank));
  writer.Number(static_cast<uint64_t>(key.last.updated_unix_millis)).Number(static_cast<uint64_t>(key.last.entry_id));
  return writer.Finish("search", fingerprint);
}

// What is left of the results after the last page, one more than the page at least when there is more. `*attempt` is
// the one that found them.
absl::StatusOr<SearchResult> Find(Connection& db, const Query& query, const IndexFilter& filter,
                                  const std::optional<SearchKey>& after, size_t page_size, size_t* attempt) {
  *attempt = after ? after->attempt : 0;
  if (!query.any) {
    return NewestEntries(db, filter, after ? std::optional<RankedEntry>(after->last) : std::nullopt, page_size + 1);
  }
  const auto search = [&] {
    return SearchEntries(db, query.attempts[*attempt].words, query.attempts[*attempt].last_is_prefix, filter);
  };
  ASSIGN_OR_RETURN(SearchResult result, search());
  while (!after && result.entries.empty() && *attempt + 1 < query.attempts.size()) {
    ++*attempt;
    ASSIGN_OR_RETURN(result, search());
  }
  if (after) {
    const auto next = std::upper_bound(result.entries.begin(), result.entries.end(), after->last, Better);
    result.entries.erase(result.entries.begin(), next);
  }
  return result;
}

// The passage that shows best why the record was found: of its description in the reader's language, else of any text.
std::string SnippetOf(const v1::Record& record, const SnippetWords& words, const std::vector<std::string>& languages) {
  std::string description;
  for (const char* path : {"description", "result", "action"}) {
    if (description.empty()) description = PickText(record, path, languages).value_or("");
  }
  const std::string shown = Snippet(description, words, kSnippetBytesMax);
  if (words.words.empty() || shown.find(kMarkOpen) != std::string::npos) return shown;
  const SearchableText text = SearchableTextOf(record);
  for (const std::string* other : {&text.body, &text.keywords}) {
    std::string found = Snippet(*other, words, kSnippetBytesMax);
    if (found.find(kMarkOpen) != std::string::npos) return found;
  }
  return shown;
}

absl::Status AddHit(const Reading& reading, const IndexedEntry& entry, const SearchResult& result,
                    const SnippetWords& words, const std::vector<std::string>& languages,
                    v1::SearchResponse* response) {
  v1::SearchHit* hit = response->add_hits();
  ASSIGN_OR_RETURN(*hit->mutable_record(), reading.View(entry));
  const v1::Record& record = hit->record().record();
  hit->set_title(PickText(record, "name", languages).value_or(""));
  if (hit->title().empty()) hit->set_title(DisplayName(record));
  hit->set_snippet(SnippetOf(record, words, languages));
  const auto distance = result.kilometres.find(entry.entry_id);
  if (distance != result.kilometres.end()) hit->set_distance_km(distance->second);
  return absl::OkStatus();
}

template <typename Values>
void AddFacet(const char* name, const Values& counts, v1::GetFacetsResponse* response) {
  std::vector<std::pair<std::string, uint64_t>> sorted(counts.begin(), counts.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (sorted.size() > kFacetValuesMax) sorted.resize(kFacetValuesMax);
  v1::Facet* facet = response->add_facets();
  facet->set_name(name);
  for (const auto& [value, count] : sorted) {
    v1::FacetValue* added = facet->add_values();
    added->set_value(value);
    added->set_count(count);
  }
}

}  // namespace

absl::StatusOr<v1::SearchResponse> DirectoryReader::Search(const Reader& reader,
                                                           const v1::SearchRequest& request) const {
  ASSIGN_OR_RETURN(const uint32_t page_size,
                   PageSize(request.page_size(), kSearchPageSizeDefault, limits::search_page_size_max));
  ASSIGN_OR_RETURN(const Query query, ParseQuery(request.query()));
  ASSIGN_OR_RETURN(const v1::RecordFilter normalised, NormaliseFilter(request.filter()));
  const std::string fingerprint = absl::StrCat(query.any, " ", absl::StrJoin(query.attempts[0].words, " "), "\n",
                                               absl::StrJoin(query.words, " "), "\n", FilterFingerprint(normalised));
  ASSIGN_OR_RETURN(const std::optional<SearchKey> after,
                   SearchKeyFrom(request.page_token(), fingerprint, query.attempts.size()));
  const std::vector<std::string> languages(request.display_languages().begin(), request.display_languages().end());
  v1::SearchResponse response;
  RETURN_IF_ERROR(Read(reader, [&](const Reading& reading) -> absl::Status {
    size_t attempt = 0;
    ASSIGN_OR_RETURN(const SearchResult result,
                     Find(*reading.connection, query, reading.Filter(normalised), after, page_size, &attempt));
    response.set_total(result.total);
    response.set_total_is_lower_bound(!result.complete);
    const SnippetWords words{query.attempts[attempt].words, query.attempts[attempt].last_is_prefix};
    const size_t on_page = std::min<size_t>(result.entries.size(), page_size);
    size_t shown = 0;
    for (size_t bytes = 0; shown < on_page && bytes < limits::page_bytes_max; ++shown) {
      ASSIGN_OR_RETURN(const std::optional<IndexedEntry> entry,
                       ReadEntry(*reading.connection, result.entries[shown].entry_id));
      if (!entry) continue;
      bytes += entry->payload.size();
      RETURN_IF_ERROR(AddHit(reading, *entry, result, words, languages, &response));
    }
    if (result.entries.size() > shown) {
      response.set_next_page_token(SearchToken({attempt, result.entries[shown - 1]}, fingerprint));
    }
    return absl::OkStatus();
  }));
  return response;
}

absl::StatusOr<v1::GetFacetsResponse> DirectoryReader::GetFacets(const Reader& reader,
                                                                 const v1::GetFacetsRequest& request) const {
  ASSIGN_OR_RETURN(const Query query, ParseQuery(request.query()));
  ASSIGN_OR_RETURN(const v1::RecordFilter normalised, NormaliseFilter(request.filter()));
  v1::GetFacetsResponse response;
  RETURN_IF_ERROR(Read(reader, [&](const Reading& reading) -> absl::Status {
    FacetCounts counts;
    const bool nothing_asked = query.any && query.words.empty();
    if (!nothing_asked) {
      const IndexFilter filter = reading.Filter(normalised);
      for (const Attempt& attempt : query.attempts) {
        ASSIGN_OR_RETURN(counts, CountFacets(*reading.connection, attempt.words, attempt.last_is_prefix, filter));
        if (!counts.kinds.empty()) break;
      }
    }
    std::map<std::string, uint64_t> kinds;
    for (const auto& [kind, count] : counts.kinds)
      kinds[std::string(KindName(static_cast<v1::RecordKind>(kind)))] = count;
    std::map<std::string, uint64_t> partners;
    for (const IndexedFeed& feed : reading.feeds) {
      const auto counted = counts.feeds.find(feed.feed_id);
      if (counted != counts.feeds.end()) partners[feed.feed.partner] += counted->second;
    }
    AddFacet("kind", kinds, &response);
    AddFacet("country", counts.countries, &response);
    AddFacet("language", counts.languages, &response);
    AddFacet("term", counts.terms, &response);
    AddFacet("partner", partners, &response);
    return absl::OkStatus();
  }));
  return response;
}

}  // namespace cairn
