#include "server/metrics/metrics_route.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace cairn {
namespace {

constexpr char content_type[] = "text/plain; version=0.0.4; charset=utf-8";

absl::Status MayWatch(const HttpRequest& request) {
  if (request.may_watch) return absl::OkStatus();
  constexpr char remedy[] = "a token of role editor or more: cairn token create --name prometheus --role editor";
  if (request.authorised) return absl::PermissionDeniedError(absl::StrCat("metrics need ", remedy));
  return absl::UnauthenticatedError(absl::StrCat("metrics need \"Authorization: Bearer TOKEN\" with ", remedy));
}

absl::StatusOr<HttpResponse> AnswerMetrics(const EdgeParts& parts, const MetricsRouteOptions& options,
                                           const HttpRequest& request) {
  RETURN_IF_ERROR(MayWatch(request));
  NodeMetrics::Shown shown;
  if (options.status != nullptr) {
    ASSIGN_OR_RETURN(shown.status, options.status(request.reader));
  }
  ASSIGN_OR_RETURN(const v1::GetFacetsResponse counts,
                   parts.directory->GetFacets(request.reader, v1::GetFacetsRequest()));
  for (const v1::Facet& facet : counts.facets()) {
    if (facet.name() != "kind") continue;
    for (const v1::FacetValue& value : facet.values()) shown.records_by_kind[value.value()] = value.count();
  }
  shown.sizes = parts.store->sizes();
  if (options.queued_writes != nullptr) shown.write_queue = options.queued_writes();
  if (options.http_load != nullptr) shown.http_load = options.http_load();
  return HttpResponse::Of(content_type, options.metrics->Text(shown));
}

}  // namespace

void AddMetricsRoute(const EdgeParts& parts, MetricsRouteOptions options, Router* router) {
  router->Add({"/metrics", {}, DependsOn::kMoment, [parts, options = std::move(options)](const HttpRequest& request) {
                 return AnswerMetrics(parts, options, request);
               }});
}

}  // namespace cairn
