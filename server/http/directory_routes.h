// The rpcs of cairn.v1.Directory as paths, answered by the same DirectoryReader.
#pragma once

#include <google/protobuf/message.h>

#include "absl/status/statusor.h"
#include "server/http/edge_parts.h"
#include "server/http/router.h"

namespace cairn {

// /api/search      q, limit, page_token, display_language and filters    SearchResponse
// /api/facets      q and filters                                         GetFacetsResponse
// /api/list        limit, page_token and filters                         ListRecordsResponse
// /api/records/{id}    kind, partner                                     GetRecordResponse
// /api/partners                                                          ListPartnersResponse
// Filters are those of query_filter.h.
void AddDirectoryRoutes(const EdgeParts& parts, Router* router);

// Protocol Buffers' JSON: lowerCamelCase, 64-bit numbers as texts, what has its default left out but for
// the lists and counts of `message` itself.
absl::StatusOr<HttpResponse> JsonOf(const google::protobuf::Message& message);

}  // namespace cairn
