#include "server/hsds/hsds_query.h"

#include <limits>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "server/http/parameters.h"

namespace cairn {
namespace {

constexpr int64_t metres_max = 20'000'000;  // half the equator: everywhere
constexpr double metres_a_kilometre = 1000;

absl::Status ReadPage(const HttpRequest& request, HsdsQuery* query) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> page,
                   NumberParameter(request, "page", 1, std::numeric_limits<int64_t>::max()));
  ASSIGN_OR_RETURN(const std::optional<int64_t> size,
                   NumberParameter(request, "per_page", 1, limits::hsds_page_size_max));
  query->page = static_cast<uint64_t>(page.value_or(1));
  query->per_page = static_cast<uint64_t>(size.value_or(limits::hsds_page_size_default));
  ASSIGN_OR_RETURN(const std::optional<std::string> format, TextParameter(request, "format"));
  query->ndjson = format == "ndjson";
  if (!format.has_value() || *format == "json" || query->ndjson) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("format ", Quoted(*format, 40), " is not one of the formats; give json or ndjson"));
}

absl::Status ReadPlace(const HttpRequest& request, CatalogueFilter* filter) {
  ASSIGN_OR_RETURN(const std::optional<std::string> postcode, TextParameter(request, "postcode"));
  ASSIGN_OR_RETURN(const std::optional<int64_t> metres, NumberParameter(request, "proximity", 1, metres_max));
  filter->postal_code = postcode.value_or("");
  if (!metres.has_value()) return absl::OkStatus();
  if (!postcode.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("proximity ", *metres, " says how far, and nothing says from where; give postcode as well"));
  }
  filter->within_km = static_cast<double>(*metres) / metres_a_kilometre;
  return absl::OkStatus();
}

absl::Status ReadRecordFilter(HsdsList list, const HttpRequest& request, HsdsQuery* query) {
  query->filter.kind = list == HsdsList::kOrganizations ? v1::ORGANIZATION : v1::SERVICE;
  ASSIGN_OR_RETURN(const std::optional<absl::Time> since, TimeParameter(request, "modified_after"));
  if (since.has_value()) query->filter.changed_since = *since;
  ASSIGN_OR_RETURN(query->full, FlagParameter(request, "full"));
  ASSIGN_OR_RETURN(query->minimal, FlagParameter(request, "minimal"));
  if (list == HsdsList::kOrganizations) {
    ASSIGN_OR_RETURN(query->full_service, FlagParameter(request, "full_service"));
    query->filter.or_services_changed = !query->minimal && (query->full || query->full_service);
  } else {
    ASSIGN_OR_RETURN(const std::optional<std::string> id, UuidParameter(request, "organization_id"));
    query->filter.organization_id = id.value_or("");
  }
  return ReadPlace(request, &query->filter);
}

}  // namespace

std::vector<std::string> ParametersOf(HsdsList list) {
  switch (list) {
    case HsdsList::kServices:
    case HsdsList::kPlaces:
      return {"search", "page",        "per_page",         "format",          "modified_after", "minimal",
              "full",   "taxonomy_id", "taxonomy_term_id", "organization_id", "postcode",       "proximity"};
    case HsdsList::kOrganizations:
      return {"search", "page",        "per_page",         "format",       "modified_after", "minimal",
              "full",   "taxonomy_id", "taxonomy_term_id", "full_service", "postcode",       "proximity"};
    case HsdsList::kTaxonomies:
      return {"search", "page", "per_page", "format"};
    case HsdsList::kTerms:
      return {"search", "page", "per_page", "format", "taxonomy_id", "top_only", "parent_id"};
  }
  return {};
}

absl::StatusOr<HsdsQuery> ParseHsdsQuery(HsdsList list, const HttpRequest& request) {
  HsdsQuery query;
  RETURN_IF_ERROR(ReadPage(request, &query));
  ASSIGN_OR_RETURN(const std::optional<std::string> words, TextParameter(request, "search"));
  query.filter.words = words.value_or("");
  if (query.filter.words.size() > limits::query_bytes_max) {
    return absl::InvalidArgumentError(
        absl::StrCat("search has ", query.filter.words.size(), " bytes; give at most ", limits::query_bytes_max));
  }
  if (list == HsdsList::kTaxonomies) return query;
  ASSIGN_OR_RETURN(const std::optional<std::string> taxonomy, UuidParameter(request, "taxonomy_id"));
  query.taxonomy_id = taxonomy.value_or("");
  if (list == HsdsList::kTerms) {
    ASSIGN_OR_RETURN(query.top_only, FlagParameter(request, "top_only"));
    ASSIGN_OR_RETURN(const std::optional<std::string> parent, UuidParameter(request, "parent_id"));
    query.parent_id = parent.value_or("");
    return query;
  }
  ASSIGN_OR_RETURN(const std::optional<std::string> term, UuidParameter(request, "taxonomy_term_id"));
  query.taxonomy_term_id = term.value_or("");
  RETURN_IF_ERROR(ReadRecordFilter(list, request, &query));
  return query;
}

}  // namespace cairn
