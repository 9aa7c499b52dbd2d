#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/formats/hsds_json.h"
#include "common/formats/hsds_mapper.h"
#include "common/formats/hsds_own.h"
#include "common/formats/hsds_split.h"
#include "common/formats/hsds_terms.h"

namespace cairn {
namespace {

using google::protobuf::Message;

constexpr std::array<absl::string_view, 3> sections = {"services", "organizations", "locations"};

// -1: HSDS has no word for it.
int SectionOf(const v1::Record& record) {
  switch (record.body_case()) {
    case v1::Record::kService:
      return 0;
    case v1::Record::kOrganization:
      return 1;
    case v1::Record::kLocation:
      return 2;
    default:
      return -1;
  }
}

HsdsShape ShapeOfKind(v1::RecordKind kind) {
  return kind == v1::ORGANIZATION ? HsdsShape::kOrganization : HsdsShape::kLocation;
}

// Writes one aggregate and what it nests. The first failure of the lookup is kept in `status`.
class Nester {
 public:
  explicit Nester(const RecordLookup& lookup) : lookup_(lookup) {}

  Json Write(const v1::Record& record);
  absl::Status status;

 private:
  void Finish(const v1::Record& record, const Message& message, Json* object);
  void NestInto(v1::RecordKind kind, const std::string& id, const Message& message, const char* property, Json* object);
  void NestLocations(const v1::Organization& organization, Json* object);
  std::optional<Json> Find(v1::RecordKind kind, const std::string& id);

  const RecordLookup& lookup_;
};

Json Nester::Write(const v1::Record& record) {
  const auto finish = [&](const Message& message, Json* object) { Finish(record, message, object); };
  const Message& body = record.has_service()        ? static_cast<const Message&>(record.service())
                        : record.has_organization() ? static_cast<const Message&>(record.organization())
                                                    : static_cast<const Message&>(record.location());
  Json object = MessageToJson(body, finish);
  object["id"] = record.id();
  if (!record.source_id().empty()) object["source_id"] = record.source_id();
  PutOwnProperties(record, &object);
  if (record.terms().empty()) return object;
  Json& attributes = object["attributes"];
  if (!attributes.is_array()) attributes = Json::array();
  for (const v1::TaxonomyTerm& term : record.terms()) attributes.push_back(AttributeOf(term));
  return object;
}

void Nester::Finish(const v1::Record& record, const Message& message, Json* object) {
  if (&message == &record.service()) {
    NestInto(v1::ORGANIZATION, record.service().organization_id(), message, "organization", object);
  } else if (message.GetDescriptor() == v1::ServiceAtLocation::descriptor()) {
    NestInto(v1::LOCATION, static_cast<const v1::ServiceAtLocation&>(message).location_id(), message, "location",
             object);
  } else if (&message == &record.organization()) {
    NestLocations(record.organization(), object);
  }
}

std::optional<Json> Nester::Find(v1::RecordKind kind, const std::string& id) {
  if (id.empty() || !status.ok()) return std::nullopt;
  const absl::StatusOr<std::optional<v1::Record>> found = lookup_(kind, id);
  status = found.status();
  if (!found.ok() || !found->has_value()) return std::nullopt;
  return Write(**found);
}

// The nested object says the id, so the property "…_id" goes unless the import had both. A copy that differs is in
// `extra`, as is anything that could not be linked to (a null), which says nothing.
void Nester::NestInto(v1::RecordKind kind, const std::string& id, const Message& message, const char* property,
                      Json* object) {
  if (const std::string* kept = FindExtra(message, property); kept != nullptr) {
    if (!IdTextOf(JsonOfExtra(*kept)).empty()) object->erase(absl::StrCat(property, "_id"));
    return;
  }
  std::optional<Json> nested = Find(kind, id);
  if (!nested.has_value()) return;
  object->erase(absl::StrCat(property, "_id"));
  (*object)[property] = *std::move(nested);
}

void Nester::NestLocations(const v1::Organization& organization, Json* object) {
  if (organization.location_ids().empty() || FindExtra(organization, "locations") != nullptr) return;
  Json& list = (*object)["locations"] = Json::array();
  for (const std::string& id : organization.location_ids()) {
    std::optional<Json> nested = Find(v1::LOCATION, id);
    list.push_back(nested.has_value() ? *std::move(nested) : Json{{"id", id}});
  }
}

}  // namespace

absl::StatusOr<Json> RecordToHsdsObject(const v1::Record& record, const RecordLookup& lookup) {
  if (SectionOf(record) < 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "record ", Quoted(record.id()), " is no service, organization or location: HSDS cannot carry it; use jsonl"));
  }
  Nester nester(lookup);
  Json object = nester.Write(record);
  RETURN_IF_ERROR(nester.status);
  return object;
}

absl::StatusOr<std::string> RecordToHsdsJson(const v1::Record& record, const RecordLookup& lookup) {
  ASSIGN_OR_RETURN(const Json object, RecordToHsdsObject(record, lookup));
  return DumpJson(object);
}

HsdsExporter::HsdsExporter(Form form, RecordLookup lookup, ExportSink sink)
    : form_(form), lookup_(std::move(lookup)), sink_(std::move(sink)) {}

absl::Status HsdsExporter::Add(const v1::Record& record) {
  const int section = SectionOf(record);
  if (section < 0) {
    ++skipped_;
    return absl::OkStatus();
  }
  if (section < section_) {
    return absl::FailedPreconditionError(absl::StrCat("a record of ", sections[static_cast<size_t>(section)], " after ",
                                                      sections[static_cast<size_t>(section_)],
                                                      "; add services, then organizations, then locations"));
  }
  RETURN_IF_ERROR(OpenSection(section));
  const HsdsShape shape = section == 1 ? HsdsShape::kOrganization : HsdsShape::kLocation;
  if (section > 0 && nested_.contains(KeyOf(shape, record.id()))) return absl::OkStatus();
  const RecordLookup noting = [this](v1::RecordKind kind, absl::string_view id) {
    absl::StatusOr<std::optional<v1::Record>> found = lookup_(kind, id);
    if (found.ok() && found->has_value()) nested_.insert(KeyOf(ShapeOfKind(kind), (*found)->id()));
    return found;
  };
  ASSIGN_OR_RETURN(const std::string json, RecordToHsdsJson(record, noting));
  return WriteElement(json);
}

// Ends the list that is open, if any, and begins those up to `section`. NDJSON has no sections to write.
absl::Status HsdsExporter::OpenSection(int section) {
  for (; section_ < section; section_empty_ = true) {
    ++section_;
    if (form_ == Form::kNdjson) continue;
    const absl::string_view before = section_ == 0 ? "{\n" : section_empty_ ? "],\n" : "\n],\n";
    RETURN_IF_ERROR(sink_(absl::StrCat(before, "\"", sections[static_cast<size_t>(section_)], "\": [")));
  }
  return absl::OkStatus();
}

absl::Status HsdsExporter::WriteElement(const std::string& json) {
  if (form_ == Form::kNdjson) return sink_(absl::StrCat(json, "\n"));
  const absl::string_view before = section_empty_ ? "\n" : ",\n";
  section_empty_ = false;
  return sink_(absl::StrCat(before, json));
}

absl::Status HsdsExporter::Finish() {
  if (form_ == Form::kNdjson) return absl::OkStatus();
  RETURN_IF_ERROR(OpenSection(static_cast<int>(sections.size()) - 1));
  return sink_(section_empty_ ? "]\n}\n" : "\n]\n}\n");
}

}  // namespace cairn
