#include "common/formats/hsds_strict.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/formats/hsds_schema.h"
#include "common/record/ids.h"
#include "common/record/searchable.h"

namespace cairn {
namespace {

using Type = HsdsProperty::Type;

// The namespace of taxonomies, which belong to nobody.
constexpr char taxonomy_namespace[] = "7c0cf9d4-6d9c-5c1e-9d0b-2f4f0f6f3a51";
constexpr char every_day[] = "MO,TU,WE,TH,FR,SA,SU";
constexpr int months_a_year = 12;

std::string TextOf(const Json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

bool IsNumber(const Json& value) { return value.is_number() || value.is_binary(); }  // see json_text.h

std::string TermIdOf(const Json& term) {
  v1::TaxonomyTerm parsed;
  parsed.set_taxonomy(TextOf(term, "taxonomy"));
  parsed.set_code(TextOf(term, "code"));
  parsed.set_name(TextOf(term, "name"));
  return TaxonomyTermId(parsed);
}

// As ids.h derives it.
std::string PlaceIdOf(const Json& place, absl::string_view service_id) {
  v1::ServiceAtLocation parsed;
  parsed.set_id(TextOf(place, "id"));
  parsed.set_location_id(TextOf(place, "location_id"));
  const auto location = place.find("location");
  if (parsed.location_id().empty() && location != place.end()) parsed.set_location_id(TextOf(*location, "id"));
  return ServiceAtLocationId(service_id, parsed);
}

// What HSDS has no word for, in its words. Only rules that say nothing besides: others keep theirs as source_freq.
void TranslateRule(Json* schedule) {
  const std::string freq = TextOf(*schedule, "freq");
  if (freq != "DAILY" && freq != "YEARLY") return;
  for (const char* rule : {"byday", "byweekno", "bymonthday", "byyearday"}) {
    if (!TextOf(*schedule, rule).empty()) return;
  }
  const auto at = schedule->find("interval");
  const double interval = at == schedule->end() ? 1 : DoubleOf(*at).value_or(0);
  if (interval < 1 || (freq == "DAILY" && interval != 1)) return;
  (*schedule)["freq"] = freq == "DAILY" ? "WEEKLY" : "MONTHLY";
  if (freq == "DAILY") {
    (*schedule)["byday"] = every_day;
  } else {
    (*schedule)["interval"] = NumberOf(interval * months_a_year);
  }
}

class Strictness {
 public:
  explicit Strictness(absl::string_view id) : id_(id) {}

  void Apply(const HsdsObject& shape, const std::string& path, Json* object) const {
    if (shape.name == "schedule") TranslateRule(object);
    for (const HsdsProperty& property : shape.properties) {
      if (property.name == "id") {
        SetId(shape, path, object);
        continue;
      }
      Correct(property, path, object);
      if (property.required && !object->contains(property.name)) (*object)[property.name] = Missing(property, *object);
    }
    if (shape.name == "taxonomy_term" && !object->contains("taxonomy_id")) {
      (*object)["taxonomy_id"] = TaxonomyId(TextOf(*object, "taxonomy"));
    }
  }

 private:
  std::string Derived(const std::string& path) const { return UuidV5(id_, path).value_or(""); }

  void SetId(const HsdsObject& shape, const std::string& path, Json* object) const {
    const Json given = object->contains("id") ? (*object)["id"] : Json();
    if (given.is_string() && IsUuid(given.get_ref<const std::string&>())) return;
    const std::string id = path.empty()                          ? std::string(id_)
                           : shape.name == "taxonomy_term"       ? TermIdOf(*object)
                           : shape.name == "service_at_location" ? PlaceIdOf(*object, id_)
                                                                 : Derived(path);
    const bool says_something = !given.is_null() && given != "";
    if (says_something && !object->contains("source_id")) (*object)["source_id"] = given;
    (*object)["id"] = id;
  }

  Json Missing(const HsdsProperty& property, const Json& object) const {
    if (property.type == Type::kChoice) return property.choices.front();
    if (property.type == Type::kNumber) return 0;
    if (property.type == Type::kTime) return "1970-01-01T00:00:00Z";
    if (property.type == Type::kObject) {
      Json made = Json::object();
      Apply(*FindHsdsObject(property.shape), property.name, &made);
      return made;
    }
    // A term is named by its code where it has no name.
    return property.name == "name" ? TextOf(object, "code") : std::string();
  }

  // Erases or moves what the property cannot hold.
  void Correct(const HsdsProperty& property, const std::string& path, Json* object) const {
    const auto at = object->find(property.name);
    if (at == object->end()) return;
    const std::string inner = path.empty() ? property.name : absl::StrCat(path, "/", property.name);
    if (property.type == Type::kObject && at->is_object()) {
      // A part that is a record of its own has an id of its own, and what is within it is derived from that.
      const std::string own = TextOf(*at, "id");
      if (IsUuid(own)) return Strictness(own).Apply(*FindHsdsObject(property.shape), "", &*at);
      return Apply(*FindHsdsObject(property.shape), inner, &*at);
    }
    if (property.type == Type::kList && at->is_array()) return CorrectList(property, inner, &*at);
    if (Fits(property, &*at)) return;
    Json value = std::move(*at);
    object->erase(at);
    const bool empty = value.is_null() || value == "" || (value.is_array() && value.empty());
    if (!empty) (*object)[absl::StrCat("source_", property.name)] = std::move(value);
  }

  void CorrectList(const HsdsProperty& property, const std::string& path, Json* list) const {
    const HsdsObject& shape = *FindHsdsObject(property.shape);
    list->erase(std::remove_if(list->begin(), list->end(), [](const Json& element) { return !element.is_object(); }),
                list->end());
    size_t n = 0;
    for (Json& element : *list) {
      const std::string own = TextOf(element, "id");
      const std::string inner = absl::StrCat(path, "/", n++);
      if (shape.name == "location" && IsUuid(own)) {
        Strictness(own).Apply(shape, "", &element);
      } else {
        Apply(shape, inner, &element);
      }
    }
  }

  // True when the value is, or was made, one of the type.
  static bool Fits(const HsdsProperty& property, Json* value) {
    switch (property.type) {
      case Type::kNumber: {
        if (IsNumber(*value)) return true;
        double number = 0;
        if (!value->is_string() || !absl::SimpleAtod(value->get_ref<const std::string&>(), &number)) return false;
        *value = NumberOf(number);
        return true;
      }
      case Type::kUuid:
        return value->is_string() && IsUuid(value->get_ref<const std::string&>());
      case Type::kChoice:
        return value->is_string() && std::find(property.choices.begin(), property.choices.end(),
                                               value->get_ref<const std::string&>()) != property.choices.end();
      case Type::kObject:
      case Type::kList:
        return false;
      default:
        if (value->is_boolean() || IsNumber(*value)) *value = DumpJson(*value);
        return value->is_string();
    }
  }

  const std::string id_;
};

}  // namespace

void MakeStrict(absl::string_view shape, absl::string_view id, Json* object) {
  Strictness(id).Apply(*FindHsdsObject(shape), "", object);
}

void KeepPlainProperties(absl::string_view shape, Json* object) {
  for (const HsdsProperty& property : FindHsdsObject(shape)->properties) {
    if (property.type == Type::kList || property.type == Type::kObject) object->erase(property.name);
  }
}

std::string TaxonomyId(absl::string_view taxonomy) {
  return UuidV5(taxonomy_namespace, absl::AsciiStrToLower(taxonomy)).value_or("");
}

std::string TaxonomyTermId(const v1::TaxonomyTerm& term) {
  if (IsUuid(term.id())) return absl::AsciiStrToLower(term.id());
  return UuidV5(taxonomy_namespace, TermKey(term)).value_or("");
}

}  // namespace cairn
