#include "server/http/status_routes.h"

#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "server/http/problem_json.h"

namespace cairn {
namespace {

absl::StatusOr<HttpResponse> AnswerStatus(const EdgeParts& parts, const StatusRoutesOptions& options) {
  ASSIGN_OR_RETURN(const v1::ListPartnersResponse partners, parts.directory->ListPartners(Reader::Anonymous()));
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(partners, &json).ok()) {
    return absl::InternalError("partners cannot be written as JSON");
  }
  const std::shared_ptr<const CharterView> charter = parts.charter();
  nlohmann::ordered_json status{{"partner", parts.partner},
                                {"version", options.version},
                                {"ready", options.ready().ok()},
                                {"now", absl::FormatTime(absl::RFC3339_sec, parts.clock->Now(), absl::UTCTimeZone())},
                                {"consortium", charter->charter().consortium()},
                                {"charterVersion", charter->version()}};
  status["partners"] = nlohmann::ordered_json::parse(json)["partners"];
  return HttpResponse::Of("application/json", status.dump(2) + "\n");
}

}  // namespace

absl::Status CheckReadable(const EdgeParts& parts) {
  if (parts.charter()->empty()) return absl::UnavailableError("there is no charter yet");
  return parts.store->Read([](Connection& connection) { return GetMeta(connection, "derived_version").status(); },
                           absl::Seconds(1));
}

absl::Status CheckWriting(const absl::Status& write_health) {
  if (write_health.ok() || absl::IsResourceExhausted(write_health)) return absl::OkStatus();
  return absl::UnavailableError("the disk failed: nothing new is taken in until the node is started again");
}

std::string WritingRemark(const absl::Status& write_health) {
  return absl::IsResourceExhausted(write_health) ? "the disk is full: nothing new is taken in until there is room" : "";
}

void AddStatusRoutes(const EdgeParts& parts, const StatusRoutesOptions& options, Router* router) {
  router->Add({"/healthz", {}, DependsOn::kMoment, [](const HttpRequest&) {
                 return HttpResponse::Of("text/plain; charset=utf-8", "ok\n");
               }});
  router->Add({"/readyz", {}, DependsOn::kMoment, [options](const HttpRequest&) -> absl::StatusOr<HttpResponse> {
                 const absl::Status ready = options.ready();
                 if (!ready.ok()) return Problem(503, ready.message());
                 const std::string remark = options.remark ? options.remark() : "";
                 return HttpResponse::Of("text/plain; charset=utf-8",
                                         remark.empty() ? "ready\n" : absl::StrCat("ready; ", remark, "\n"));
               }});
  router->Add({"/status.json", {}, DependsOn::kMoment, [parts, options](const HttpRequest&) {
                 return AnswerStatus(parts, options);
               }});
}

}  // namespace cairn
