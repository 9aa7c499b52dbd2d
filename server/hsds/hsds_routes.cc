#include "server/hsds/hsds_routes.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/record/ids.h"
#include "server/hsds/hsds_lists.h"
#include "server/hsds/hsds_objects.h"
#include "server/hsds/hsds_query.h"
#include "server/hsds/hsds_taxonomies.h"
#include "server/hsds/openapi.h"
#include "server/http/parameters.h"

namespace cairn {
namespace {

constexpr char json_type[] = "application/json";
constexpr char lines_type[] = "application/x-ndjson";
constexpr char profile_url[] = "https://docs.openreferral.org/en/latest/hsds/schema_reference.html";

using Shared = std::shared_ptr<Catalogue>;

absl::StatusOr<std::shared_ptr<const HsdsElements>> Find(const CatalogueReading& reading, HsdsList list,
                                                         const HsdsQuery& query) {
  if (list == HsdsList::kTaxonomies) return FindHsdsTaxonomies(reading, query);
  if (list == HsdsList::kTerms) return FindHsdsTerms(reading, query);
  return FindHsdsRecords(reading, list, query);
}

absl::StatusOr<HttpResponse> AnswerList(const Shared& catalogue, HsdsList list, const HttpRequest& request) {
  ASSIGN_OR_RETURN(const HsdsQuery query, ParseHsdsQuery(list, request));
  std::shared_ptr<const HsdsElements> elements;
  std::string page, through;
  RETURN_IF_ERROR(catalogue->Read(request.reader, [&](const CatalogueReading& reading) -> absl::Status {
    ASSIGN_OR_RETURN(elements, Find(reading, list, query));
    ASSIGN_OR_RETURN(const absl::Time time, reading.ChangedThrough());
    through = HsdsTime(time);
    if (query.ndjson) return absl::OkStatus();
    ASSIGN_OR_RETURN(page, HsdsPage(reading, *elements, query));
    return absl::OkStatus();
  }));
  HttpResponse response = query.ndjson
                              ? HttpResponse::Streaming(lines_type, HsdsLines(catalogue, request.reader, elements))
                              : HttpResponse::Of(json_type, std::move(page));
  response.With("X-Modified-Through", through);
  return response;
}

// The id in the path, in lower case. NOT_FOUND when it is none that a record could have.
absl::StatusOr<std::string> IdOfPath(const HttpRequest& request) {
  const absl::string_view id = request.PathValue("id");
  if (IsUuid(id)) return absl::AsciiStrToLower(id);
  return absl::NotFoundError(absl::StrCat("there is nothing with the id ", Quoted(id, 80),
                                          ", which is no UUID; give an id as the lists have it"));
}

absl::Status NoRecord(absl::string_view what, const std::string& id) {
  return absl::NotFoundError(absl::StrCat("there is no ", what, " ", id));
}

absl::StatusOr<Json> RecordById(const CatalogueReading& reading, const HttpRequest& request, v1::RecordKind kind,
                                const std::string& id) {
  ASSIGN_OR_RETURN(const std::optional<CatalogueRecord> record, reading.Find(kind, id));
  if (!record.has_value()) return NoRecord(kind == v1::SERVICE ? "service" : "organization", id);
  HsdsQuery query;
  query.full = true;
  ASSIGN_OR_RETURN(query.full_service, FlagParameter(request, "full_service"));
  return HsdsRecordObject(reading, query, *record);
}

absl::StatusOr<Json> PlaceById(const CatalogueReading& reading, const std::string& id) {
  ASSIGN_OR_RETURN(const std::vector<ServicePlace> places, reading.PlacesById(id));
  for (const ServicePlace& place : places) {
    ASSIGN_OR_RETURN(const std::optional<CatalogueRecord> service, reading.Record(place.entry_id, v1::SERVICE));
    if (!service.has_value()) continue;
    ASSIGN_OR_RETURN(std::optional<Json> object, HsdsPlaceObject(reading, *service, place.n, true));
    if (object.has_value()) return *std::move(object);
  }
  return NoRecord("service_at_location", id);
}

absl::StatusOr<Json> ById(const CatalogueReading& reading, HsdsList list, const HttpRequest& request,
                          const std::string& id) {
  switch (list) {
    case HsdsList::kServices:
      return RecordById(reading, request, v1::SERVICE, id);
    case HsdsList::kOrganizations:
      return RecordById(reading, request, v1::ORGANIZATION, id);
    case HsdsList::kPlaces:
      return PlaceById(reading, id);
    case HsdsList::kTaxonomies:
      return HsdsTaxonomyById(reading, id);
    case HsdsList::kTerms:
      return HsdsTermById(reading, id);
  }
  return absl::InternalError("a list that is none");
}

absl::StatusOr<HttpResponse> AnswerOne(const Shared& catalogue, HsdsList list, const HttpRequest& request) {
  ASSIGN_OR_RETURN(const std::string id, IdOfPath(request));
  std::string body;
  RETURN_IF_ERROR(catalogue->Read(request.reader, [&](const CatalogueReading& reading) -> absl::Status {
    ASSIGN_OR_RETURN(const Json object, ById(reading, list, request, id));
    body = absl::StrCat(DumpJson(object), "\n");
    return absl::OkStatus();
  }));
  return HttpResponse::Of(json_type, std::move(body));
}

absl::StatusOr<HttpResponse> AnswerRoot(const HttpRequest& request) {
  const Json about{{"version", hsds_version},
                   {"profile", profile_url},
                   {"openapi_url", absl::StrCat(request.base_url, "/hsds/openapi.json")}};
  return HttpResponse::Of(json_type, absl::StrCat(DumpJson(about), "\n"));
}

absl::StatusOr<HttpResponse> AnswerOpenApi(const HttpRequest& request) {
  return HttpResponse::Of(json_type, HsdsOpenApi(request.base_url));
}

}  // namespace

void AddHsdsRoutes(const EdgeParts& parts, Router* router) {
  const auto catalogue = std::make_shared<Catalogue>(parts.store, parts.charter, parts.clock);
  for (const char* root : {"/hsds", "/hsds/"}) router->Add({root, {}, DependsOn::kProgram, AnswerRoot});
  router->Add({"/hsds/openapi.json", {}, DependsOn::kProgram, AnswerOpenApi});
  // Numbers of changes move without any feed moving: what shows them has no time of its own.
  for (const HsdsRoute& route : HsdsRoutes()) {
    const HsdsList list = route.list;
    const auto handle = [catalogue, list, one = route.one](const HttpRequest& request) {
      return one ? AnswerOne(catalogue, list, request) : AnswerList(catalogue, list, request);
    };
    router->Add({absl::StrCat("/hsds", route.path), route.parameters, DependsOn::kFreshness, handle});
  }
}

}  // namespace cairn
