#include "common/formats/hsds_own.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace cairn {
namespace {

constexpr char language_property[] = "cairn_language";
constexpr char countries_property[] = "cairn_countries";
constexpr char verify_property[] = "cairn_verify_every_days";
constexpr char translations_property[] = "cairn_translations";
constexpr char extra_property[] = "cairn_extra";

bool IsText(const Json& value) { return value.is_string() && !value.get_ref<const std::string&>().empty(); }

bool AllTexts(const Json& values) { return !values.empty() && std::all_of(values.begin(), values.end(), IsText); }

bool IsTranslation(const Json& value) {
  if (!value.is_object() || value.size() != 2 || !value.contains("language") || !value.contains("texts")) return false;
  return IsText(value["language"]) && value["texts"].is_object() && AllTexts(value["texts"]);
}

bool TakeTranslations(const Json& value, v1::Record* record) {
  if (!value.is_array() || value.empty() || !std::all_of(value.begin(), value.end(), IsTranslation)) return false;
  for (const Json& from : value) {
    v1::Translation* translation = record->add_translations();
    translation->set_language(from["language"].get<std::string>());
    for (auto text = from["texts"].begin(); text != from["texts"].end(); ++text) {
      (*translation->mutable_texts())[text.key()] = text->get<std::string>();
    }
  }
  return true;
}

// As text, not as the value that it says: written anew, a number may have another form.
bool TakeExtra(const Json& value, v1::Record* record) {
  const auto is_text = [](const Json& text) { return text.is_string(); };
  if (!value.is_object() || value.empty() || !std::all_of(value.begin(), value.end(), is_text)) return false;
  for (auto property = value.begin(); property != value.end(); ++property) {
    (*record->mutable_extra())[property.key()] = property->get<std::string>();
  }
  return true;
}

}  // namespace

bool TakeOwnProperty(const std::string& name, const Json& value, v1::Record* record) {
  if (name == language_property && IsText(value)) {
    record->set_language(value.get<std::string>());
    return true;
  }
  if (name == countries_property && value.is_array() && AllTexts(value)) {
    for (const Json& country : value) record->add_countries(country.get<std::string>());
    return true;
  }
  if (name == verify_property && value.is_number_unsigned()) {
    const auto days = value.get<uint64_t>();
    if (days == 0 || days > std::numeric_limits<uint32_t>::max()) return false;
    record->set_verify_every_days(static_cast<uint32_t>(days));
    return true;
  }
  if (name == extra_property) return TakeExtra(value, record);
  return name == translations_property && TakeTranslations(value, record);
}

void PutOwnProperties(const v1::Record& record, Json* object) {
  if (!record.language().empty()) (*object)[language_property] = record.language();
  if (record.verify_every_days() > 0) (*object)[verify_property] = record.verify_every_days();
  for (const std::string& country : record.countries()) (*object)[countries_property].push_back(country);
  for (const v1::Translation& translation : record.translations()) {
    Json texts = Json::object();
    for (const auto& [path, text] : translation.texts()) texts[path] = text;
    (*object)[translations_property].push_back({{"language", translation.language()}, {"texts", std::move(texts)}});
  }
  for (const auto& [name, text] : record.extra()) (*object)[extra_property][name] = text;
}

}  // namespace cairn
