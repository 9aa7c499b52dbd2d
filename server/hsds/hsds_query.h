// What a request to the HSDS interface asks for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/directory/catalogue.h"
#include "server/http/http_message.h"

namespace cairn {

// The lists of the interface.
enum class HsdsList { kServices, kOrganizations, kPlaces, kTaxonomies, kTerms };

// The parameters of a list, as HSDS 3.1 names them.
std::vector<std::string> ParametersOf(HsdsList list);

struct HsdsQuery {
  CatalogueFilter filter;  // without terms
  std::string taxonomy_id;
  std::string taxonomy_term_id;
  std::string parent_id;
  bool top_only = false;
  uint64_t page = 1;  // from 1
  uint64_t per_page = 0;
  bool ndjson = false;  // all at once, a line each
  bool minimal = false;
  bool full = false;
  bool full_service = false;
};

// Reads those parameters that the list has. INVALID_ARGUMENT names the parameter, its value and what would be right.
absl::StatusOr<HsdsQuery> ParseHsdsQuery(HsdsList list, const HttpRequest& request);

}  // namespace cairn
