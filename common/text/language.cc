#include "common/text/language.h"

#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/uloc.h>

#include <cstring>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/errors.h"
#include "common/text/fold.h"

namespace cairn {
namespace {

// Languages of ISO 639-3 that services name and ICU has no data for.
struct NamedLanguage {
  const char* tag;
  const char* name;
};
constexpr NamedLanguage kFurtherLanguages[] = {
    {"sgn", "Sign languages"},
    {"ils", "International Sign"},
    {"ase", "American Sign Language"},
    {"asq", "Austrian Sign Language"},
    {"bfi", "British Sign Language"},
    {"bqn", "Bulgarian Sign Language"},
    {"bzs", "Brazilian Sign Language"},
    {"csc", "Catalan Sign Language"},
    {"cse", "Czech Sign Language"},
    {"csn", "Colombian Sign Language"},
    {"csq", "Croatia Sign Language"},
    {"dse", "Dutch Sign Language"},
    {"dsl", "Danish Sign Language"},
    {"eso", "Estonian Sign Language"},
    {"fse", "Finnish Sign Language"},
    {"fsl", "French Sign Language"},
    {"gsg", "German Sign Language"},
    {"gss", "Greek Sign Language"},
    {"hsh", "Hungarian Sign Language"},
    {"icl", "Icelandic Sign Language"},
    {"isg", "Irish Sign Language"},
    {"ise", "Italian Sign Language"},
    {"lls", "Lithuanian Sign Language"},
    {"lsl", "Latvian Sign Language"},
    {"mdl", "Maltese Sign Language"},
    {"mfs", "Mexican Sign Language"},
    {"nsl", "Norwegian Sign Language"},
    {"psr", "Portuguese Sign Language"},
    {"pso", "Polish Sign Language"},
    {"rms", "Romanian Sign Language"},
    {"rsl", "Russian Sign Language"},
    {"sfb", "French Belgian Sign Language"},
    {"sgg", "Swiss-German Sign Language"},
    {"slf", "Swiss-Italian Sign Language"},
    {"sqk", "Albanian Sign Language"},
    {"ssp", "Spanish Sign Language"},
    {"ssr", "Swiss-French Sign Language"},
    {"svk", "Slovakian Sign Language"},
    {"swl", "Swedish Sign Language"},
    {"tsm", "Turkish Sign Language"},
    {"ukl", "Ukrainian Sign Language"},
    {"vgt", "Flemish Sign Language"},
    {"ysl", "Yugoslavian Sign Language"},
    {"rmc", "Carpathian Romani"},
    {"rmf", "Kalo Finnish Romani"},
    {"rml", "Baltic Romani"},
    {"rmn", "Balkan Romani"},
    {"rmo", "Sinte Romani"},
    {"rmy", "Vlax Romani"},
    {"rmw", "Welsh Romani"},
    {"aae", "Arbëreshë Albanian"},
    {"aat", "Arvanitika Albanian"},
    {"als", "Tosk Albanian"},
    {"arb", "Standard Arabic"},
    {"azj", "North Azerbaijani"},
    {"cmn", "Mandarin Chinese"},
    {"cnr", "Montenegrin"},
    {"ekk", "Standard Estonian"},
    {"kdr", "Karaim"},
    {"kmr", "Northern Kurdish"},
    {"lvs", "Standard Latvian"},
    {"pbu", "Northern Pashto"},
    {"pes", "Iranian Persian"},
    {"prs", "Dari"},
    {"rhg", "Rohingya"},
    {"swh", "Swahili (individual language)"},
    {"ydd", "Eastern Yiddish"},
};

// Names in use that ICU does not give.
constexpr NamedLanguage kFurtherNames[] = {
    {"fa", "farsi"},        {"es", "castilian"}, {"es", "castellano"},  {"zh", "mandarin"},       {"rom", "romany"},
    {"rom", "romani"},      {"nl", "flemish"},   {"ro", "moldovan"},    {"sgn", "sign language"}, {"ky", "kirghiz"},
    {"el", "modern greek"}, {"sl", "slovene"},   {"be", "belorussian"}, {"ku", "kurmanji"},
};

const absl::flat_hash_set<std::string>& KnownLanguages() {
  static const auto* const kKnown = [] {
    auto* known = new absl::flat_hash_set<std::string>();
    for (const char* const* p = uloc_getISOLanguages(); *p != nullptr; ++p) known->insert(*p);
    for (const NamedLanguage& language : kFurtherLanguages) known->insert(language.tag);
    return known;
  }();
  return *kKnown;
}

bool IsPrivateUse(absl::string_view primary) { return primary.size() == 3 && primary >= "qaa" && primary <= "qtz"; }

bool IsKnownRegion(absl::string_view region) {
  if (region.size() == 3) return true;  // UN M.49, such as 419 for Latin America
  for (const char* const* p = uloc_getISOCountries(); *p != nullptr; ++p) {
    if (region == *p) return true;
  }
  return false;
}

std::string DisplayLanguage(const icu::Locale& language, const icu::Locale& in) {
  icu::UnicodeString name;
  language.getDisplayLanguage(in, name);
  std::string utf8;
  name.toUTF8String(utf8);
  return utf8;
}

// Folded name → tag. English names win over native ones of other languages.
const absl::flat_hash_map<std::string, std::string>& TagsByName() {
  static const auto* const kTags = [] {
    auto* tags = new absl::flat_hash_map<std::string, std::string>();
    for (const NamedLanguage& language : kFurtherNames) tags->emplace(language.name, language.tag);
    for (const NamedLanguage& language : kFurtherLanguages) tags->emplace(FoldForSearch(language.name), language.tag);
    for (const bool native : {false, true}) {
      for (const char* const* p = uloc_getISOLanguages(); *p != nullptr; ++p) {
        const icu::Locale locale(*p);
        const std::string name = DisplayLanguage(locale, native ? locale : icu::Locale::getEnglish());
        if (name != *p) tags->emplace(FoldForSearch(name), *p);
      }
    }
    return tags;
  }();
  return *kTags;
}

absl::Status NotATag(absl::string_view text, absl::string_view problem) {
  std::string remedy = "; write one such as \"en\" or \"pt-BR\"";
  if (const auto tag = LanguageFromName(text); tag.has_value()) remedy = absl::StrCat("; write \"", *tag, "\"");
  return absl::InvalidArgumentError(absl::StrCat(Quoted(text), ": ", problem, remedy));
}

}  // namespace

absl::StatusOr<std::string> NormaliseLanguage(absl::string_view text) {
  if (KnownLanguages().contains(text)) return std::string(text);
  const std::string tag = absl::StrReplaceAll(absl::StripAsciiWhitespace(text), {{"_", "-"}});
  char buffer[ULOC_FULLNAME_CAPACITY];
  int32_t parsed = 0;
  UErrorCode error = U_ZERO_ERROR;
  uloc_forLanguageTag(tag.c_str(), buffer, sizeof(buffer), &parsed, &error);
  if (tag.empty() || U_FAILURE(error) || static_cast<size_t>(parsed) != tag.size()) {
    return NotATag(text, "not a BCP 47 language tag");
  }
  const icu::Locale locale(buffer);
  const auto canonical = locale.toLanguageTag<std::string>(error);
  if (U_FAILURE(error)) return NotATag(text, "not a BCP 47 language tag");
  const std::string primary = canonical.substr(0, canonical.find('-'));
  if (!KnownLanguages().contains(primary) && !IsPrivateUse(primary)) {
    return NotATag(text, primary.size() > 3 ? "not a BCP 47 language tag" : "no language has this code");
  }
  const absl::string_view region = locale.getCountry();
  if (!region.empty() && !IsKnownRegion(region)) return NotATag(text, absl::StrCat(Quoted(region), " is no country"));
  const absl::string_view script = locale.getScript();
  if (!script.empty() && u_getPropertyValueEnum(UCHAR_SCRIPT, locale.getScript()) == UCHAR_INVALID_CODE) {
    return NotATag(text, absl::StrCat(Quoted(script), " is no script"));
  }
  return canonical;
}

std::optional<std::string> LanguageFromName(absl::string_view name) {
  const auto found = TagsByName().find(FoldForSearch(absl::StripAsciiWhitespace(name)));
  if (found == TagsByName().end()) return std::nullopt;
  return found->second;
}

std::string LanguageName(absl::string_view tag) {
  for (const NamedLanguage& language : kFurtherLanguages) {
    if (tag == language.tag) return language.name;
  }
  UErrorCode error = U_ZERO_ERROR;
  const icu::Locale locale = icu::Locale::forLanguageTag(icu::StringPiece(tag.data(), tag.size()), error);
  if (U_FAILURE(error)) return std::string(tag);
  icu::UnicodeString name;
  locale.getDisplayName(icu::Locale::getEnglish(), name);
  std::string utf8;
  name.toUTF8String(utf8);
  return utf8.empty() ? std::string(tag) : utf8;
}

bool LanguageMatches(absl::string_view filter, absl::string_view tag) {
  return !filter.empty() && absl::StartsWithIgnoreCase(tag, filter) &&
         (tag.size() == filter.size() || tag[filter.size()] == '-');
}

std::optional<size_t> PickLanguage(absl::Span<const std::string> preferences,
                                   absl::Span<const absl::string_view> available) {
  for (const std::string& preference : preferences) {
    // The tag, then its parents, shortened by a subtag at a time (RFC 4647, lookup).
    for (absl::string_view range = preference; !range.empty();) {
      for (size_t i = 0; i < available.size(); ++i) {
        if (absl::EqualsIgnoreCase(range, available[i])) return i;
      }
      const size_t dash = range.rfind('-');
      range = dash == absl::string_view::npos ? absl::string_view() : range.substr(0, dash);
    }
    const absl::string_view primary = absl::string_view(preference).substr(0, preference.find('-'));
    for (size_t i = 0; i < available.size(); ++i) {
      if (LanguageMatches(primary, available[i])) return i;
    }
  }
  return std::nullopt;
}

}  // namespace cairn
