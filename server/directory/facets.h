// The counts of the index as the facets of directory.proto. Internal to server/directory.
#pragma once

#include <vector>

#include "cairn/v1/directory.pb.h"
#include "server/store/index_queries.h"

namespace cairn {

// All facets in their order, those without values too. `feeds`: those that may be read, to name the partners.
void AddFacets(const FacetCounts& counts, const std::vector<IndexedFeed>& feeds,
               google::protobuf::RepeatedPtrField<v1::Facet>* facets);

}  // namespace cairn
