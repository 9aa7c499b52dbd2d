#include "server/http/page_texts.h"

#include <unicode/dtfmtsym.h>
#include <unicode/locid.h>
#include <unicode/plurrule.h>
#include <unicode/unistr.h>

#include <array>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "server/http/web_assets.h"

namespace cairn {
namespace {

constexpr std::array<std::pair<const char*, const char*>, 5> languages = {
    {{"en", "English"}, {"pl", "Polski"}, {"lv", "Latviešu"}, {"sq", "Shqip"}, {"es", "Español"}}};

const nlohmann::json& Messages() {
  static const auto* const messages = [] {
    const WebAsset* const asset = FindWebAsset("messages.json");
    return new nlohmann::json(
        nlohmann::json::parse(asset == nullptr ? "{}" : UnpackedAsset(*asset), nullptr, /*allow_exceptions=*/false));
  }();
  return *messages;
}

std::string PrimaryOf(absl::string_view tag) {
  return absl::AsciiStrToLower(std::vector<std::string>(absl::StrSplit(tag, '-')).front());
}

}  // namespace

struct PageTexts::Rules {
  icu::Locale locale;
  std::unique_ptr<icu::PluralRules> plurals;
  const nlohmann::json* texts;
};

PageTexts::PageTexts(std::string language) : language_(std::move(language)), rules_(std::make_unique<Rules>()) {
  UErrorCode status = U_ZERO_ERROR;
  rules_->locale = icu::Locale(language_.c_str());
  rules_->plurals.reset(icu::PluralRules::forLocale(rules_->locale, status));
  static const auto* const none = new nlohmann::json(nlohmann::json::object());
  const auto found = Messages().find(language_);
  rules_->texts = found == Messages().end() ? none : &*found;
}

PageTexts::~PageTexts() = default;

const PageTexts& PageTexts::Choose(absl::string_view asked, absl::Span<const std::string> preferred) {
  static const auto* const all = [] {
    auto* texts = new std::vector<std::unique_ptr<PageTexts>>();
    for (const auto& [tag, name] : languages) texts->push_back(std::make_unique<PageTexts>(tag));
    return texts;
  }();
  std::vector<std::string> wanted = {PrimaryOf(asked)};
  for (const std::string& tag : preferred) wanted.push_back(PrimaryOf(tag));
  for (const std::string& tag : wanted) {
    for (const auto& texts : *all) {
      if (texts->language() == tag) return *texts;
    }
  }
  return *all->front();
}

std::vector<std::pair<std::string, std::string>> PageTexts::Languages() { return {languages.begin(), languages.end()}; }

std::string PageTexts::Get(absl::string_view key) const {
  const auto found = rules_->texts->find(std::string(key));
  return found == rules_->texts->end() || !found->is_string() ? std::string(key) : found->get<std::string>();
}

std::string PageTexts::Get(absl::string_view group, absl::string_view key) const {
  const auto found = rules_->texts->find(std::string(group));
  if (found == rules_->texts->end() || !found->is_object()) return std::string(key);
  const auto text = found->find(std::string(key));
  return text == found->end() || !text->is_string() ? std::string(key) : text->get<std::string>();
}

std::string PageTexts::Fill(absl::string_view key, absl::string_view word, absl::string_view value) const {
  return absl::StrReplaceAll(Get(key), {{absl::StrCat("{", word, "}"), value}});
}

std::string PageTexts::Count(absl::string_view key, int64_t n) const {
  std::string form = "other";
  if (rules_->plurals != nullptr) {
    form.clear();
    rules_->plurals->select(static_cast<double>(n)).toUTF8String(form);
  }
  const std::string text = Get(key, form);
  return absl::StrReplaceAll(text == form ? Get(key, "other") : text, {{"{n}", absl::StrCat(n)}});
}

std::string PageTexts::CountryName(absl::string_view code) const {
  icu::UnicodeString name;
  icu::Locale("und", std::string(code).c_str()).getDisplayCountry(rules_->locale, name);
  std::string text;
  name.toUTF8String(text);
  return text.empty() ? std::string(code) : text;
}

std::string PageTexts::WeekdayName(int day) const {
  UErrorCode status = U_ZERO_ERROR;
  const icu::DateFormatSymbols symbols(rules_->locale, status);
  int32_t count = 0;
  const icu::UnicodeString* const names =
      symbols.getWeekdays(count, icu::DateFormatSymbols::STANDALONE, icu::DateFormatSymbols::WIDE);
  const int32_t at = day == 6 ? UCAL_SUNDAY : UCAL_MONDAY + day;
  std::string text;
  if (U_SUCCESS(status) && at < count) names[at].toUTF8String(text);
  return text;
}

std::string PageTexts::LanguageNameOf(absl::string_view tag) const {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Locale named = icu::Locale::forLanguageTag(std::string(tag), status);
  if (U_FAILURE(status)) return std::string(tag);
  icu::UnicodeString name;
  named.getDisplayName(rules_->locale, name);
  std::string text;
  name.toUTF8String(text);
  return text.empty() ? std::string(tag) : text;
}

}  // namespace cairn
