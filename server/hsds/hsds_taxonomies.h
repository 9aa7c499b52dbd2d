// Taxonomies and their terms, as far as records that the reader may see use them.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/formats/json_text.h"
#include "server/directory/catalogue.h"
#include "server/hsds/hsds_lists.h"
#include "server/hsds/hsds_query.h"

namespace cairn {

// Gives the query's filter the terms that its taxonomy_id and taxonomy_term_id stand for.
absl::Status AddTerms(const CatalogueReading& reading, HsdsQuery* query);

// The taxonomies, or the terms, that the query finds: `search` is part of a name, code or description.
absl::StatusOr<std::shared_ptr<const HsdsElements>> FindHsdsTaxonomies(const CatalogueReading& reading,
                                                                       const HsdsQuery& query);
absl::StatusOr<std::shared_ptr<const HsdsElements>> FindHsdsTerms(const CatalogueReading& reading,
                                                                  const HsdsQuery& query);

// One by its id. NOT_FOUND: no record that the reader may see uses it.
absl::StatusOr<Json> HsdsTaxonomyById(const CatalogueReading& reading, const std::string& id);
absl::StatusOr<Json> HsdsTermById(const CatalogueReading& reading, const std::string& id);

}  // namespace cairn
