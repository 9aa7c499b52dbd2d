#include "server/http/directory_routes.h"

#include <google/protobuf/util/json_util.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/record/kinds.h"
#include "server/http/query_filter.h"

namespace cairn {
namespace {

absl::StatusOr<HttpResponse> AnswerSearch(const DirectoryReader& directory, const HttpRequest& request) {
  ASSIGN_OR_RETURN(const v1::SearchRequest search, SearchRequestOf(request));
  ASSIGN_OR_RETURN(const v1::SearchResponse found, directory.Search(request.reader, search));
  return JsonOf(found);
}

absl::StatusOr<HttpResponse> AnswerFacets(const DirectoryReader& directory, const HttpRequest& request) {
  v1::GetFacetsRequest facets;
  ASSIGN_OR_RETURN(*facets.mutable_filter(), FilterOf(request));
  facets.set_query(std::string(request.Query("q")));
  ASSIGN_OR_RETURN(const bool prefix, FlagOf(request, "prefix"));
  facets.set_prefix(prefix);
  ASSIGN_OR_RETURN(const v1::GetFacetsResponse found, directory.GetFacets(request.reader, facets));
  return JsonOf(found);
}

absl::StatusOr<HttpResponse> AnswerList(const DirectoryReader& directory, const HttpRequest& request) {
  v1::ListRecordsRequest list;
  ASSIGN_OR_RETURN(*list.mutable_filter(), FilterOf(request));
  ASSIGN_OR_RETURN(const uint32_t limit, CountOf(request, "limit", limits::list_page_size_max));
  list.set_page_size(limit);
  list.set_page_token(std::string(request.Query("page_token")));
  ASSIGN_OR_RETURN(const v1::ListRecordsResponse found, directory.ListRecords(request.reader, list));
  return JsonOf(found);
}

absl::StatusOr<HttpResponse> AnswerRecord(const DirectoryReader& directory, const HttpRequest& request) {
  v1::GetRecordRequest get;
  get.set_id(std::string(request.PathValue("id")));
  get.set_partner(std::string(request.Query("partner")));
  if (!request.Query("kind").empty()) {
    const absl::StatusOr<v1::RecordKind> kind = KindFromName(request.Query("kind"));
    if (!kind.ok()) return Annotate(kind.status(), "parameter kind");
    get.set_kind(*kind);
  }
  ASSIGN_OR_RETURN(const v1::GetRecordResponse found, directory.GetRecord(request.reader, get));
  return JsonOf(found);
}

absl::StatusOr<HttpResponse> AnswerPartners(const DirectoryReader& directory, const HttpRequest& request) {
  ASSIGN_OR_RETURN(const v1::ListPartnersResponse found, directory.ListPartners(request.reader));
  return JsonOf(found);
}

// `"hits":[],"total":"0",` for what of lists and counts proto3's JSON leaves out of `message` itself: nothing found is
// an answer too, and its reader must not have to know that.
std::string EmptyLists(const google::protobuf::Message& message) {
  using Field = google::protobuf::FieldDescriptor;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::string text;
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const Field* field = message.GetDescriptor()->field(i);
    if (field->is_repeated() && !field->is_map() && reflection.FieldSize(message, field) == 0) {
      absl::StrAppend(&text, "\"", field->json_name(), "\":[],");
    } else if (!field->is_repeated() && field->cpp_type() == Field::CPPTYPE_UINT64 &&
               reflection.GetUInt64(message, field) == 0) {
      absl::StrAppend(&text, "\"", field->json_name(), "\":\"0\",");
    }
  }
  return text;
}

}  // namespace

absl::StatusOr<HttpResponse> JsonOf(const google::protobuf::Message& message) {
  std::string json;
  const auto printed = google::protobuf::util::MessageToJsonString(message, &json);
  if (!printed.ok()) {
    return absl::InternalError(absl::StrCat(message.GetTypeName(), " as JSON: ", std::string(printed.message())));
  }
  json.insert(1, EmptyLists(message));
  if (absl::EndsWith(json, ",}")) json.erase(json.size() - 2, 1);  // there was nothing else
  return HttpResponse::Of("application/json", std::move(json));
}

void AddDirectoryRoutes(const EdgeParts& parts, Router* router) {
  using Answer = absl::StatusOr<HttpResponse> (*)(const DirectoryReader&, const HttpRequest&);
  const auto add = [&](const char* pattern, std::vector<std::string> parameters, Answer answer) {
    router->Add({pattern, std::move(parameters), DependsOn::kFreshness,
                 [directory = parts.directory, answer](const HttpRequest& r) { return answer(*directory, r); }});
  };
  add("/api/search", SearchParameters(), &AnswerSearch);
  add("/api/facets", FilterParametersAnd({"q", "prefix"}), &AnswerFacets);
  add("/api/list", FilterParametersAnd({"limit", "page_token"}), &AnswerList);
  add("/api/records/{id}", {"kind", "partner"}, &AnswerRecord);
  add("/api/partners", {}, &AnswerPartners);
}

}  // namespace cairn
