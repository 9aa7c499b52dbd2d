// The part of DirectoryReader that looks for words.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/record/kinds.h"
#include "common/record/searchable.h"
#include "common/record/texts.h"
#include "common/text/snippet.h"
#include "server/directory/directory_reader.h"
#include "server/directory/facets.h"
#include "server/directory/query.h"
#include "server/directory/reading.h"
#include "server/directory/request_filter.h"
#include "server/directory/token.h"

namespace cairn {
namespace {

constexpr uint32_t kSearchPageSizeDefault = 20;
constexpr size_t kSnippetBytesMax = 200;  // two lines
constexpr char kMarkOpen[] = "\xee\x80\x80";

// Where a page of results ends.
struct SearchKey {
  size_t attempt = 0;  // of Query::attempts; their number: the corrected query
  RankedEntry last;
};

absl::StatusOr<std::optional<SearchKey>> SearchKeyFrom(const Reading& reading, const std::string& token,
                                                       const std::string& fingerprint, size_t attempts) {
  if (token.empty()) return std::optional<SearchKey>();
  ASSIGN_OR_RETURN(const std::string page_key, reading.PageKey());
  ASSIGN_OR_RETURN(TokenReader reader, TokenReader::OpenSealed(token, "search", fingerprint, "page_token", page_key));
  SearchKey key;
  // The fingerprint holds the words, but another version of this program may make fewer attempts of them.
  key.attempt = std::min<size_t>(reader.Number(), attempts);
  key.last.rank = static_cast<int64_t>(reader.Number());
  key.last.updated_unix_millis = static_cast<int64_t>(reader.Number());
  key.last.entry_id = static_cast<int64_t>(reader.Number());
  RETURN_IF_ERROR(reader.End());
  return std::optional<SearchKey>(key);
}

absl::StatusOr<std::string> SearchToken(const Reading& reading, const SearchKey& key, const std::string& fingerprint) {
  ASSIGN_OR_RETURN(const std::string page_key, reading.PageKey());
  TokenWriter writer;
  writer.Number(key.attempt).Number(static_cast<uint64_t>(key.last.rank));
  writer.Number(static_cast<uint64_t>(key.last.updated_unix_millis)).Number(static_cast<uint64_t>(key.last.entry_id));
  return writer.Seal("search", fingerprint, page_key);
}

// What was found, and by which query.
struct Found {
  SearchResult result;
  size_t attempt = 0;
  IndexQuery query;
};

// Runs one attempt.
absl::StatusOr<Found> FindBy(const Reading& reading, const Query& query, size_t attempt, const IndexFilter& filter,
                             const SearchWish& wish) {
  Found found;
  found.attempt = attempt;
  if (attempt < query.attempts.size()) {
    found.query = query.attempts[attempt];
  } else {
    ASSIGN_OR_RETURN(const std::optional<IndexQuery> corrected,
                     CorrectedQuery(*reading.connection, reading.columns, query.attempts[query.typed], filter));
    if (!corrected) return found;
    found.query = *corrected;
  }
  if (query.any && found.query.words.empty()) return found;
  ASSIGN_OR_RETURN(found.result, SearchIndex(*reading.connection, reading.columns, found.query, filter, wish));
  return found;
}

// One more than the page at least when there is more. Without anything found: the attempt whose facets show what there
// is under other conditions.
absl::StatusOr<Found> Find(const Reading& reading, const Query& query, const IndexFilter& filter,
                           const std::optional<SearchKey>& after, SearchWish wish) {
  if (after) {
    wish.after = after->last;
    return FindBy(reading, query, after->attempt, filter, wish);
  }
  ASSIGN_OR_RETURN(Found best, FindBy(reading, query, 0, filter, wish));
  if (!query.any) return best;
  for (size_t attempt = 1; best.result.total == 0 && attempt <= query.attempts.size(); ++attempt) {
    ASSIGN_OR_RETURN(Found next, FindBy(reading, query, attempt, filter, wish));
    const bool more = next.result.total > 0 || (next.result.any_in_facets && !best.result.any_in_facets);
    if (more) best = std::move(next);
  }
  return best;
}

// What stands in corrected_query.
std::string CorrectionOf(const Query& query, const Found& found) {
  return found.attempt < query.attempts.size() ? "" : QueryText(found.query);
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

absl::Status AddHits(const Reading& reading, const Found& found, uint32_t page_size, const std::string& fingerprint,
                     const std::vector<std::string>& languages, v1::SearchResponse* response) {
  const SnippetWords words{found.query.words, found.query.last_is_prefix};
  const SearchResult& result = found.result;
  const size_t on_page = std::min<size_t>(result.entries.size(), page_size);
  size_t shown = 0;
  for (size_t bytes = 0; shown < on_page && bytes < limits::page_bytes_max; ++shown) {
    ASSIGN_OR_RETURN(const std::optional<IndexedEntry> entry,
                     ReadEntry(*reading.connection, result.entries[shown].entry_id));
    if (!entry) continue;
    bytes += entry->payload.size();
    RETURN_IF_ERROR(AddHit(reading, *entry, result, words, languages, response));
  }
  if (result.entries.size() > shown) {
    const SearchKey last{found.attempt, result.entries[shown - 1]};
    ASSIGN_OR_RETURN(*response->mutable_next_page_token(), SearchToken(reading, last, fingerprint));
  }
  return absl::OkStatus();
}

absl::Status CheckOrder(const v1::SearchRequest& request) {
  if (request.order() == v1::SEARCH_ORDER_BEST) return absl::OkStatus();
  if (request.order() != v1::SEARCH_ORDER_NEAREST) {
    return absl::InvalidArgumentError(
        absl::StrCat("order is ", request.order(), "; give 0 (best first) or 1 (nearest first)"));
  }
  if (request.filter().has_near()) return absl::OkStatus();
  return absl::InvalidArgumentError("order is nearest first without filter.near; give the place to measure from");
}

}  // namespace

absl::StatusOr<v1::SearchResponse> DirectoryReader::Search(const Reader& reader,
                                                           const v1::SearchRequest& request) const {
  ASSIGN_OR_RETURN(const uint32_t page_size,
                   PageSize(request.page_size(), kSearchPageSizeDefault, limits::search_page_size_max));
  ASSIGN_OR_RETURN(const Query query, ParseQuery(request.query(), request.prefix()));
  RETURN_IF_ERROR(CheckOrder(request));
  ASSIGN_OR_RETURN(const v1::RecordFilter normalised, NormaliseFilter(request.filter()));
  const std::string fingerprint = SearchFingerprint(query, request.order(), normalised);
  const std::vector<std::string> languages(request.display_languages().begin(), request.display_languages().end());
  SearchWish wish;
  wish.limit = page_size + 1;
  wish.nearest_first = request.order() == v1::SEARCH_ORDER_NEAREST;
  v1::SearchResponse response;
  RETURN_IF_ERROR(Read(reader, [&](const Reading& reading) -> absl::Status {
    ASSIGN_OR_RETURN(const std::optional<SearchKey> after,
                     SearchKeyFrom(reading, request.page_token(), fingerprint, query.attempts.size()));
    wish.facets = request.with_facets() && !after;
    const IndexFilter filter = reading.Filter(normalised);
    ASSIGN_OR_RETURN(const Found found, Find(reading, query, filter, after, wish));
    response.set_total(found.result.total);
    response.set_total_is_lower_bound(!found.result.complete);
    response.set_corrected_query(CorrectionOf(query, found));
    if (wish.facets) AddFacets(found.result.facets, reading.feeds, response.mutable_facets());
    return AddHits(reading, found, page_size, fingerprint, languages, &response);
  }));
  return response;
}

absl::StatusOr<v1::GetFacetsResponse> DirectoryReader::GetFacets(const Reader& reader,
                                                                 const v1::GetFacetsRequest& request) const {
  ASSIGN_OR_RETURN(const Query query, ParseQuery(request.query(), request.prefix()));
  ASSIGN_OR_RETURN(const v1::RecordFilter normalised, NormaliseFilter(request.filter()));
  SearchWish wish;
  wish.limit = 0;
  wish.facets = true;
  v1::GetFacetsResponse response;
  RETURN_IF_ERROR(Read(reader, [&](const Reading& reading) -> absl::Status {
    const IndexFilter filter = reading.Filter(normalised);
    ASSIGN_OR_RETURN(const Found found, Find(reading, query, filter, std::nullopt, wish));
    response.set_corrected_query(CorrectionOf(query, found));
    AddFacets(found.result.facets, reading.feeds, response.mutable_facets());
    return absl::OkStatus();
  }));
  return response;
}

}  // namespace cairn
