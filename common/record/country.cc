#include "common/record/country.h"

#include <unicode/locid.h>
#include <unicode/uloc.h>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/record/problem.h"
#include "common/text/fold.h"

namespace cairn {
namespace {

const absl::flat_hash_set<std::string>& Countries() {
  static const auto* const kCountries = [] {
    auto* countries = new absl::flat_hash_set<std::string>();
    for (const char* const* p = uloc_getISOCountries(); *p != nullptr; ++p) countries->insert(*p);
    return countries;
  }();
  return *kCountries;
}

std::string DisplayCountry(const icu::Locale& country, const icu::Locale& in) {
  icu::UnicodeString name;
  country.getDisplayCountry(in, name);
  std::string utf8;
  name.toUTF8String(utf8);
  return utf8;
}

// Folded names, three-letter codes and habits → code.
const absl::flat_hash_map<std::string, std::string>& CodesByName() {
  static const auto* const kCodes = [] {
    auto* codes = new absl::flat_hash_map<std::string, std::string>{
        {"uk", "GB"},        {"england", "GB"}, {"scotland", "GB"}, {"wales", "GB"},   {"great britain", "GB"},
        {"el", "GR"},        {"usa", "US"},     {"america", "US"},  {"holland", "NL"}, {"czech republic", "CZ"},
        {"macedonia", "MK"}, {"turkey", "TR"},  {"shqiperia", "AL"}};
    for (const char* const* p = uloc_getISOCountries(); *p != nullptr; ++p) {
      icu::Locale country("", *p);
      codes->emplace(FoldForSearch(DisplayCountry(country, icu::Locale::getEnglish())), *p);
      codes->emplace(FoldForSearch(country.getISO3Country()), *p);
      UErrorCode error = U_ZERO_ERROR;
      icu::Locale native = country;
      native.addLikelySubtags(error);
      if (U_SUCCESS(error)) codes->emplace(FoldForSearch(DisplayCountry(country, native)), *p);
    }
    return codes;
  }();
  return *kCodes;
}

}  // namespace

bool IsCountry(absl::string_view code) { return Countries().contains(code); }

absl::StatusOr<std::string> NormaliseCountry(absl::string_view text) {
  if (IsCountry(text)) return std::string(text);
  const absl::string_view stripped = absl::StripAsciiWhitespace(text);
  const std::string upper = absl::AsciiStrToUpper(stripped);
  if (IsCountry(upper)) return upper;
  const std::optional<std::string> named = CountryFromName(stripped);
  if (!named.has_value()) {
    return Refuse(text, "no country has this ISO 3166-1 code", "write two letters such as \"PL\"");
  }
  return Refuse(text, "not an ISO 3166-1 two-letter country code", absl::StrCat("write \"", *named, "\""));
}

std::optional<std::string> CountryFromName(absl::string_view name) {
  const auto found = CodesByName().find(FoldForSearch(name));
  if (found == CodesByName().end()) return std::nullopt;
  return found->second;
}

std::string CountryName(absl::string_view code) {
  if (!IsCountry(code)) return std::string(code);
  return DisplayCountry(icu::Locale("", std::string(code).c_str()), icu::Locale::getEnglish());
}

}  // namespace cairn
