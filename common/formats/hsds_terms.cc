#include "common/formats/hsds_terms.h"

#include <optional>
#include <string>
#include <utility>

#include "common/base/limits.h"
#include "common/formats/hsds_mapper.h"

namespace cairn {
namespace {

// The rest of an attribute that had a taxonomy_term, and of one that had label and value. No property is named so.
constexpr char term_form[] = "hsds:attribute";
constexpr char label_form[] = "hsds:labelled_attribute";

bool TakeNothing(const std::string&, const Json&, google::protobuf::Message*) { return false; }

bool IsText(const Json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_string() && !at->get_ref<const std::string&>().empty();
}

std::optional<v1::TaxonomyTerm> TermOf(Json attribute) {
  v1::TaxonomyTerm term;
  if (!attribute.is_object()) return std::nullopt;
  if (const auto nested = attribute.find("taxonomy_term"); nested != attribute.end()) {
    if (!nested->is_object() || nested->contains(term_form) || nested->contains(label_form)) return std::nullopt;
    JsonToMessage(*nested, TakeNothing, &term);
    if (term.code().empty() && term.name().empty()) return std::nullopt;
    attribute.erase("taxonomy_term");
    if (!attribute.empty()) SetExtra(term_form, attribute, &term);
    return term;
  }
  if (!IsText(attribute, "label") || !IsText(attribute, "value")) return std::nullopt;
  term.set_taxonomy(attribute["label"].get<std::string>());
  term.set_name(attribute["value"].get<std::string>());
  attribute.erase("label");
  attribute.erase("value");
  SetExtra(label_form, attribute, &term);
  return term;
}

Json RestOf(const v1::TaxonomyTerm& term, const char* form) {
  const auto at = term.extra().find(form);
  Json rest = at == term.extra().end() ? Json() : JsonOfExtra(at->second);
  return rest.is_object() ? rest : Json::object();
}

}  // namespace

bool TermsFromAttributes(const Json& attributes, v1::Record* record) {
  if (!attributes.is_array() || attributes.empty() || attributes.size() > limits::terms_max) return false;
  v1::Record converted;
  for (const Json& attribute : attributes) {
    std::optional<v1::TaxonomyTerm> term = TermOf(attribute);
    if (!term.has_value()) return false;
    *converted.add_terms() = *std::move(term);
  }
  record->mutable_terms()->Swap(converted.mutable_terms());
  return true;
}

Json AttributeOf(const v1::TaxonomyTerm& term) {
  if (term.extra().contains(label_form)) {
    Json attribute = RestOf(term, label_form);
    attribute["label"] = term.taxonomy();
    attribute["value"] = term.name();
    return attribute;
  }
  Json attribute = RestOf(term, term_form);
  Json nested = MessageToJson(term, [](const google::protobuf::Message&, Json*) {});
  nested.erase(term_form);
  attribute["taxonomy_term"] = std::move(nested);
  return attribute;
}

}  // namespace cairn
