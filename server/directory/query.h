// What a person typed, as what the index is asked. Internal to server/directory.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/directory.pb.h"
#include "server/store/index_queries.h"

namespace cairn {

// `any` is false for an empty query, which means the filter alone; a query of nothing but signs has no words and finds
// nothing.
struct Query {
  bool any = false;
  // In this order, until one finds something: numbers and addresses put together, the words as typed; then, unless a
  // beginning was asked for from the start, the same with the last word as the beginning of one, as people type. At
  // least one.
  std::vector<IndexQuery> attempts;
  size_t typed = 0;         // the attempt with the words as typed
  std::string fingerprint;  // equal for queries that mean the same
};

// INVALID_ARGUMENT: too long. `prefix`: as SearchRequest.prefix.
absl::StatusOr<Query> ParseQuery(absl::string_view text, bool prefix);

// What a page token of a search belongs to.
std::string SearchFingerprint(const Query& query, v1::SearchOrder order, const v1::RecordFilter& normalised);

// The query as a person would type it.
std::string QueryText(const IndexQuery& query);

}  // namespace cairn
