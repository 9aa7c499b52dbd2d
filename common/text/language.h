// Language tags (BCP 47): canonical form, filtering, choice among translations.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace cairn {

// Canonical form of a tag: case of subtags, two-letter codes for three-letter ones ("pol" → "pl"), deprecated codes
// replaced ("iw" → "he", "mo" → "ro"), "pt_BR" → "pt-BR". Refused with INVALID_ARGUMENT: what is not well-formed,
// primary subtags that are no language known to ICU's ISO 639 list or to our list of sign and minority languages,
// regions that are no country; the message says what to write when `tag` is a language's name ("english" → "en",
// "polski" → "pl"). "und", "mul", "zxx" and private use (x-…, qaa-qtz) are accepted, the empty tag is not. Thread-safe.
absl::StatusOr<std::string> NormaliseLanguage(absl::string_view tag);

// The tag of the language that `name` names in English or in the language itself ("Polish", "polski"), compared folded;
// nullopt when none does.
std::optional<std::string> LanguageFromName(absl::string_view name);

// The language's name in English ("Portuguese (Brazil)"); the tag itself when ICU has none.
std::string LanguageName(absl::string_view tag);

// True when `tag` is `filter` or more special: "pt" is met by "pt-BR", "pt-BR" not by "pt". Compared without case.
bool LanguageMatches(absl::string_view filter, absl::string_view tag);

// Which of `available` a reader with `preferences` (best first) gets, as its index; nullopt when none suits, and the
// record's own language is shown. Per preference: the tag itself, then its parents (pt-BR → pt), then any relative
// (pt-PT for pt-BR). Earlier elements of `available` win.
std::optional<size_t> PickLanguage(absl::Span<const std::string> preferences,
                                   absl::Span<const absl::string_view> available);

}  // namespace cairn
