#include "server/hsds/openapi.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/limits.h"
#include "common/formats/hsds_schema.h"
#include "common/formats/json_text.h"

namespace cairn {
namespace {

struct Parameter {
  const char* name;
  const char* type;
  const char* format;  // empty: none
  const char* description;
};
constexpr Parameter parameters[] = {
    {"search", "string", "", "Words that all stand in the record; of taxonomies and terms, part of a name."},
    {"page", "integer", "", "Which page, from 1. A page beyond the last one is empty."},
    {"per_page", "integer", "", "How many a page; more than 1,000 counts as 1,000."},
    {"format", "string", "", "json: by pages; ndjson: everything at once, a line each."},
    {"modified_after", "string", "date-time", "What this node has changed at or after this time."},
    {"minimal", "boolean", "", "Only id and modified_date."},
    {"full", "boolean", "", "With everything that belongs to it nested."},
    {"full_service", "boolean", "", "With full services nested in the organization."},
    {"taxonomy_id", "string", "uuid", "Classified by a term of this taxonomy; of terms: of this taxonomy."},
    {"taxonomy_term_id", "string", "uuid", "Classified by this term."},
    {"organization_id", "string", "uuid", "Offered by this organization."},
    {"postcode", "string", "", "At a place with this postal code."},
    {"proximity", "integer", "", "With postcode: within so many metres of the centre of its places instead."},
    {"top_only", "boolean", "", "Only terms without a parent."},
    {"parent_id", "string", "uuid", "Only terms below this one."},
};

Json Typed(const char* type) {
  Json schema = Json::object();
  schema["type"] = type;
  return schema;
}

Json Reference(absl::string_view shape) {
  Json reference = Json::object();
  reference["$ref"] = absl::StrCat("#/components/schemas/", shape);
  return reference;
}

Json SchemaOf(const HsdsProperty& property) {
  switch (property.type) {
    case HsdsProperty::Type::kUuid:
      return {{"type", "string"}, {"format", "uuid"}};
    case HsdsProperty::Type::kUri:
      return {{"type", "string"}, {"format", "uri"}};
    case HsdsProperty::Type::kEmail:
      return {{"type", "string"}, {"format", "email"}};
    case HsdsProperty::Type::kTime:
      return {{"type", "string"}, {"format", "date-time"}};
    case HsdsProperty::Type::kNumber:
      return Typed("number");
    case HsdsProperty::Type::kChoice:
      return {{"type", "string"}, {"enum", property.choices}};
    case HsdsProperty::Type::kObject:
      return Reference(property.shape);
    case HsdsProperty::Type::kList:
      return {{"type", "array"}, {"items", Reference(property.shape)}};
    case HsdsProperty::Type::kText:
      break;
  }
  return Typed("string");
}

Json SchemaOf(const HsdsObject& object) {
  Json schema{{"type", "object"}, {"properties", Json::object()}, {"required", Json::array()}};
  for (const HsdsProperty& property : object.properties) {
    schema["properties"][property.name] = SchemaOf(property);
    if (property.required) schema["required"].push_back(property.name);
  }
  return schema;
}

Json PageSchema() {
  Json properties{{"total_items", Typed("integer")}, {"total_pages", Typed("integer")},
                  {"page_number", Typed("integer")}, {"size", Typed("integer")},
                  {"first_page", Typed("boolean")},  {"last_page", Typed("boolean")},
                  {"empty", Typed("boolean")},       {"contents", Typed("array")}};
  Json required = Json::array();
  for (const auto& [name, schema] : properties.items()) required.push_back(name);
  return Json{{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}

Json Schemas() {
  Json schemas = Json::object();
  for (const HsdsObject& object : HsdsObjects()) schemas[object.name] = SchemaOf(object);
  schemas["page"] = PageSchema();
  schemas["minimal"] = Json{{"type", "object"},
                            {"properties",
                             {{"id", {{"type", "string"}, {"format", "uuid"}}},
                              {"modified_date", {{"type", "string"}, {"format", "date-time"}}}}},
                            {"required", {"id", "modified_date"}}};
  schemas["problem"] = Json{{"type", "object"},
                            {"properties",
                             {{"type", Typed("string")},
                              {"title", Typed("string")},
                              {"status", Typed("integer")},
                              {"detail", Typed("string")},
                              {"reason", Typed("string")}}},
                            {"required", {"type", "title", "status"}}};
  return schemas;
}

Json Content(const char* type, Json schema) { return Json{{type, {{"schema", std::move(schema)}}}}; }

Json ContentOf(const HsdsRoute& route) {
  if (route.one) return Content("application/json", Reference(route.shape));
  const bool records = route.list != HsdsList::kTaxonomies && route.list != HsdsList::kTerms;
  const Json element =
      records ? Json{{"anyOf", {Reference(route.shape), Reference("minimal")}}} : Reference(route.shape);
  const Json list{{"type", "object"}, {"properties", {{"contents", {{"type", "array"}, {"items", element}}}}}};
  Json content = Content("application/json", Json{{"allOf", {Reference("page"), list}}});
  content["application/x-ndjson"] = {{"schema", element}};
  return content;
}

Json Responses(Json content) {
  const Json problem = Content("application/problem+json", Reference("problem"));
  return Json{{"200", {{"description", "What was asked for."}, {"content", std::move(content)}}},
              {"default", {{"description", "What is wrong, and what would be right."}, {"content", problem}}}};
}

Json OperationOf(const HsdsRoute& route) {
  Json list = Json::array();
  if (route.one) {
    list.push_back({{"name", "id"}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}});
  }
  for (const std::string& name : route.parameters) {
    list.push_back({{"$ref", absl::StrCat("#/components/parameters/", name)}});
  }
  return Json{{"parameters", std::move(list)}, {"responses", Responses(ContentOf(route))}};
}

Json ParameterSchemas() {
  Json all = Json::object();
  for (const Parameter& parameter : parameters) {
    Json schema = Typed(parameter.type);
    if (*parameter.format != '\0') schema["format"] = parameter.format;
    all[parameter.name] = Json{{"name", parameter.name},
                               {"in", "query"},
                               {"required", false},
                               {"description", parameter.description},
                               {"schema", std::move(schema)}};
  }
  return all;
}

Json RootOperation() {
  const Json text = Typed("string");
  const Json schema{{"type", "object"},
                    {"properties", {{"version", text}, {"profile", text}, {"openapi_url", text}}},
                    {"required", {"version", "profile", "openapi_url"}}};
  return Json{{"responses", Responses(Content("application/json", schema))}};
}

void AddPair(const char* name, HsdsList list, const char* shape, std::vector<std::string> of_one,
             std::vector<HsdsRoute>* routes) {
  routes->push_back({absl::StrCat("/", name), list, false, ParametersOf(list), shape});
  routes->push_back({absl::StrCat("/", name, "/{id}"), list, true, std::move(of_one), shape});
}

}  // namespace

std::vector<HsdsRoute> HsdsRoutes() {
  std::vector<HsdsRoute> routes;
  AddPair("services", HsdsList::kServices, "service", {}, &routes);
  AddPair("organizations", HsdsList::kOrganizations, "organization", {"full_service"}, &routes);
  AddPair("service_at_locations", HsdsList::kPlaces, "service_at_location", {}, &routes);
  AddPair("taxonomies", HsdsList::kTaxonomies, "taxonomy", {}, &routes);
  AddPair("taxonomy_terms", HsdsList::kTerms, "taxonomy_term", {}, &routes);
  return routes;
}

std::string HsdsOpenApi(absl::string_view base_url) {
  Json document{{"openapi", "3.1.0"},
                {"info",
                 {{"title", "Partner directory"},
                  {"version", hsds_version},
                  {"description", "The directory as Human Services Data, read only (Open Referral HSDS 3.1)."}}},
                {"servers", Json::array({{{"url", absl::StrCat(base_url, "/hsds")}}})},
                {"components", {{"schemas", Schemas()}, {"parameters", ParameterSchemas()}}}};
  document["paths"]["/"]["get"] = RootOperation();
  for (const HsdsRoute& route : HsdsRoutes()) document["paths"][route.path]["get"] = OperationOf(route);
  return absl::StrCat(document.dump(1), "\n");
}

}  // namespace cairn
