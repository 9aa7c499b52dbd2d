#include "common/formats/hsds_split.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/formats/hsds_mapper.h"
#include "common/formats/hsds_own.h"
#include "common/formats/hsds_terms.h"
#include "common/record/ids.h"

namespace cairn {
namespace {

using google::protobuf::Message;

struct Mark {
  absl::string_view property;
  HsdsShape shape;
};

// The first that an object has decides. Properties of one kind only come first.
constexpr std::array<Mark, 24> marks = {{
    {"service_id", HsdsShape::kServiceAtLocation},
    {"service", HsdsShape::kServiceAtLocation},
    {"location_type", HsdsShape::kLocation},
    {"latitude", HsdsShape::kLocation},
    {"addresses", HsdsShape::kLocation},
    {"accessibility", HsdsShape::kLocation},
    {"transportation", HsdsShape::kLocation},
    {"status", HsdsShape::kService},
    {"service_at_locations", HsdsShape::kService},
    {"organization", HsdsShape::kService},
    {"service_areas", HsdsShape::kService},
    {"cost_options", HsdsShape::kService},
    {"eligibility_description", HsdsShape::kService},
    {"application_process", HsdsShape::kService},
    {"location", HsdsShape::kServiceAtLocation},
    {"location_id", HsdsShape::kServiceAtLocation},
    {"services", HsdsShape::kOrganization},
    {"locations", HsdsShape::kOrganization},
    {"website", HsdsShape::kOrganization},
    {"organization_identifiers", HsdsShape::kOrganization},
    {"legal_status", HsdsShape::kOrganization},
    {"parent_organization_id", HsdsShape::kOrganization},
    {"organization_id", HsdsShape::kService},
    // Of the kinds that HSDS has, only an organization needs nothing but a name and a description.
    {"name", HsdsShape::kOrganization},
}};

constexpr absl::string_view id_remedy = "give it a UUID, or any text that stays the same in every export";

absl::string_view Word(HsdsShape shape) {
  switch (shape) {
    case HsdsShape::kService:
      return "service";
    case HsdsShape::kOrganization:
      return "organization";
    case HsdsShape::kLocation:
      return "location";
    case HsdsShape::kServiceAtLocation:
      return "service_at_location";
    default:
      return "object";
  }
}

std::string NeedsId(HsdsShape shape) {
  return absl::StrCat(shape == HsdsShape::kOrganization ? "an " : "a ", Word(shape), " needs an id");
}

bool AllHaveIds(const Json& list) {
  return list.is_array() && !list.empty() && std::all_of(list.begin(), list.end(), [](const Json& element) {
           return element.is_object() && !IdTextOf(element).empty();
         });
}

std::string Under(const std::string& path, absl::string_view name) {
  return path.empty() ? std::string(name) : absl::StrCat(path, ".", name);
}

}  // namespace

HsdsShape ShapeOf(absl::string_view list, absl::string_view object_text) {
  if (list == "services") return HsdsShape::kService;
  if (list == "organizations") return HsdsShape::kOrganization;
  if (list == "locations") return HsdsShape::kLocation;
  if (list == "service_at_locations") return HsdsShape::kServiceAtLocation;
  const auto properties = TopLevelProperties(object_text);
  for (const Mark& mark : marks) {
    const bool found = std::any_of(properties.begin(), properties.end(),
                                   [&](const auto& property) { return property.first == mark.property; });
    if (found) return mark.shape;
  }
  return HsdsShape::kUnknown;
}

std::string IdTextOf(const Json& object) {
  const auto id = object.is_object() ? object.find("id") : object.end();
  if (id == object.end()) return "";
  if (id->is_string()) return id->get<std::string>();
  return id->is_number_integer() ? id->dump() : "";
}

uint64_t KeyOf(HsdsShape shape, absl::string_view id) {
  return absl::HashOf(static_cast<int>(shape), IsUuid(id) ? absl::AsciiStrToLower(id) : std::string(id));
}

uint64_t HsdsSplitter::HashOf(const Json& object) { return std::max<uint64_t>(1, absl::HashOf(DumpJson(object))); }

std::vector<ImportedRecord> HsdsSplitter::Split(const Json& object, HsdsShape shape, const std::string& origin) {
  origin_ = origin;
  records_.clear();
  problems_.clear();
  warnings_.clear();
  fresh_.clear();
  if (shape == HsdsShape::kServiceAtLocation) {
    SplitPlace(object);
  } else if (const std::string id = IdTextOf(object); id.empty()) {
    Refuse("id", object.contains("id") ? DumpJson(object["id"]) : "", NeedsId(shape), id_remedy);
  } else {
    met_[KeyOf(shape, id)] = HashOf(object);
    Build(shape, object, "");
  }
  if (!problems_.empty()) {
    // What was split off is not emitted either, so it must not count as met.
    for (const uint64_t key : fresh_) met_.erase(key);
    records_.clear();
    records_.emplace_back();
    records_.back().origin = origin_;
    records_.back().problems = std::move(problems_);
  }
  if (!records_.empty()) records_.back().warnings = std::move(warnings_);
  return std::move(records_);
}

void HsdsSplitter::Refuse(const std::string& path, absl::string_view value, absl::string_view problem,
                          absl::string_view remedy) {
  problems_.push_back({path, std::string(value), std::string(problem), std::string(remedy)});
}

HsdsSplitter::Nested HsdsSplitter::Nest(HsdsShape shape, const Json& object, const std::string& path, std::string* id) {
  if (!object.is_object() || object.empty()) return Nested::kNotLinked;
  *id = IdTextOf(object);
  if (id->empty()) {
    Refuse(Under(path, "id"), "", NeedsId(shape), id_remedy);
    return Nested::kNotLinked;
  }
  // A mere reference.
  if (object.size() == 1) return Nested::kKept;
  const uint64_t hash = HashOf(object);
  const auto [at, fresh] = met_.emplace(KeyOf(shape, *id), hash);
  if (fresh) {
    fresh_.push_back(at->first);
    Build(shape, object, path);
    return Nested::kLinked;
  }
  if (at->second == hash) return Nested::kLinked;
  warnings_.push_back({path, *id,
                       absl::StrCat("this copy of the ", Word(shape), " differs from the one that is imported"),
                       "it is kept as it is where it stands; make the copies equal to have one record"});
  return Nested::kKept;
}

// True: the list must be kept verbatim besides its ids.
bool HsdsSplitter::NestList(HsdsShape shape, const Json& list, const std::string& path, std::vector<std::string>* ids) {
  bool keep = false;
  for (size_t i = 0; i < list.size(); ++i) {
    std::string id;
    keep = Nest(shape, list[i], absl::StrCat(path, "[", i, "]"), &id) == Nested::kKept || keep;
    ids->push_back(std::move(id));
  }
  return keep;
}

void HsdsSplitter::Build(HsdsShape shape, const Json& object, const std::string& path) {
  v1::Record record;
  if (shape == HsdsShape::kService) BuildService(object, path, &record);
  if (shape == HsdsShape::kOrganization) BuildOrganization(object, path, &record);
  if (shape == HsdsShape::kLocation) BuildLocation(object, &record);
  Emit(std::move(record), path);
}

void HsdsSplitter::Emit(v1::Record record, const std::string& path) {
  if (!context_.id_namespace.empty()) EnsureIds(&record, context_.id_namespace, &problems_);
  ImportedRecord imported;
  imported.record = std::move(record);
  imported.origin = path.empty() ? origin_ : absl::StrCat(origin_, ", ", path);
  records_.push_back(std::move(imported));
}

// What every aggregate has beside its body: id, the id before it was one, terms, what HSDS has no property for.
bool HsdsSplitter::TakeIdentity(const std::string& name, const Json& value, const Json& object, v1::Record* record) {
  if (name == "id") {
    record->set_id(IdTextOf(object));
    return true;
  }
  if (name == "source_id" && value.is_string() && !value.empty() && IsUuid(IdTextOf(object))) {
    record->set_source_id(value.get<std::string>());
    return true;
  }
  if (name == "attributes") return TermsFromAttributes(value, record);
  return TakeOwnProperty(name, value, record);
}

void HsdsSplitter::BuildService(const Json& object, const std::string& path, v1::Record* record) {
  v1::Service* service = record->mutable_service();
  if (!owner_.empty()) service->set_organization_id(owner_);
  const auto take = [&](const std::string& name, const Json& value, Message* message) {
    if (message != service) return false;
    if (name == "organization" || name == "organization_id") {
      return TakeReference(HsdsShape::kOrganization, name, value, Under(path, name), service->mutable_organization_id(),
                           service);
    }
    if (name != "service_at_locations") return TakeIdentity(name, value, object, record);
    const bool objects = value.is_array() && !value.empty() &&
                         std::all_of(value.begin(), value.end(), [](const Json& place) { return place.is_object(); });
    for (size_t i = 0; objects && i < value.size(); ++i) {
      FillPlace(value[i], absl::StrCat(Under(path, name), "[", i, "]"), service->add_service_at_locations());
    }
    return objects;
  };
  JsonToMessage(object, take, service);
  AddPlacesElsewhere(IdTextOf(object), service);
}

// `name` is "organization" (nested) or "organization_id"; properties come sorted, so the nested one comes first and its
// id is what counts.
bool HsdsSplitter::TakeReference(HsdsShape shape, const std::string& name, const Json& value, const std::string& path,
                                 std::string* id, Message* message) {
  if (name != Word(shape)) {
    if (id->empty()) return false;
    SetExtra(name, value, message);
    return true;
  }
  std::string nested_id;
  const Nested nested = Nest(shape, value, path, &nested_id);
  if (nested == Nested::kNotLinked) return false;
  *id = nested_id;
  if (nested == Nested::kKept) SetExtra(name, value, message);
  return true;
}

void HsdsSplitter::FillPlace(const Json& object, const std::string& path, v1::ServiceAtLocation* place) {
  const auto take = [&](const std::string& name, const Json& value, Message* message) {
    if (message != place || (name != "location" && name != "location_id")) return false;
    return TakeReference(HsdsShape::kLocation, name, value, Under(path, name), place->mutable_location_id(), place);
  };
  JsonToMessage(object, take, place);
}

void HsdsSplitter::AddPlacesElsewhere(const std::string& id, v1::Service* service) {
  const uint64_t key = KeyOf(HsdsShape::kService, id);
  for (Json& object : places_(key)) {
    const std::string path = absl::StrCat("service_at_location ", IdTextOf(object));
    if (const auto copy = object.find("service"); copy != object.end() && copy->is_object()) {
      std::string copy_id;
      if (Nest(HsdsShape::kService, *copy, Under(path, "service"), &copy_id) == Nested::kLinked) object.erase(copy);
    }
    FillPlace(object, path, service->add_service_at_locations());
  }
}

void HsdsSplitter::BuildOrganization(const Json& object, const std::string& path, v1::Record* record) {
  v1::Organization* organization = record->mutable_organization();
  const std::string id = IdTextOf(object);
  const auto take = [&](const std::string& name, const Json& value, Message* message) {
    if (message != organization) return false;
    if (name != "locations" && name != "services") return TakeIdentity(name, value, object, record);
    if (!AllHaveIds(value)) return false;
    const bool services = name == "services";
    const std::string outer = std::exchange(owner_, services ? id : "");
    std::vector<std::string> ids;
    const bool keep = NestList(services ? HsdsShape::kService : HsdsShape::kLocation, value, Under(path, name), &ids);
    owner_ = outer;
    if (!services) organization->mutable_location_ids()->Add(ids.begin(), ids.end());
    if (keep) SetExtra(name, value, organization);
    return true;
  };
  JsonToMessage(object, take, organization);
}

void HsdsSplitter::BuildLocation(const Json& object, v1::Record* record) {
  v1::Location* location = record->mutable_location();
  const auto take = [&](const std::string& name, const Json& value, Message* message) {
    return message == location && TakeIdentity(name, value, object, record);
  };
  JsonToMessage(object, take, location);
}

// A top-level service_at_location joins its service where that is built; here only a service nested in it is built.
void HsdsSplitter::SplitPlace(const Json& object) {
  const auto service = object.find("service");
  const bool nested = service != object.end() && service->is_object();
  const std::string id = ServiceIdOf(object);
  if (id.empty()) {
    Refuse("service_id", "", "a service_at_location needs the id of its service", "give service_id");
  } else if (nested && service->size() > 1 && !met_.contains(KeyOf(HsdsShape::kService, id))) {
    std::string unused;
    Nest(HsdsShape::kService, *service, "service", &unused);
  }
}

std::string HsdsSplitter::ServiceIdOf(const Json& place) {
  if (const auto service = place.find("service"); service != place.end() && service->is_object()) {
    return IdTextOf(*service);
  }
  const auto id = place.find("service_id");
  if (id == place.end()) return "";
  return IdTextOf(Json{{"id", *id}});
}

}  // namespace cairn
