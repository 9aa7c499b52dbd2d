// What the pages that this program makes say, in the languages of the interface: from the same texts as the page's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace cairn {

// The texts of one language. Immutable; thread-safe.
class PageTexts {
 public:
  // The texts of `asked`, else of the first of `preferred` that there is, else English. Static.
  static const PageTexts& Choose(absl::string_view asked, absl::Span<const std::string> preferred);
  // Tags and own names of all languages.
  static std::vector<std::pair<std::string, std::string>> Languages();

  explicit PageTexts(std::string language);
  ~PageTexts();

  const std::string& language() const { return language_; }
  // The text of `key`, or of `group` and `key`; the key itself when there is none.
  std::string Get(absl::string_view key) const;
  std::string Get(absl::string_view group, absl::string_view key) const;
  // With one word in braces filled in.
  std::string Fill(absl::string_view key, absl::string_view word, absl::string_view value) const;
  // The form for a number.
  std::string Count(absl::string_view key, int64_t n) const;
  // Names in this language; the code itself when there is none.
  std::string CountryName(absl::string_view code) const;
  std::string LanguageNameOf(absl::string_view tag) const;
  // 0: Monday, to 6.
  std::string WeekdayName(int day) const;

 private:
  struct Rules;
  const std::string language_;
  const std::unique_ptr<Rules> rules_;
};

}  // namespace cairn
