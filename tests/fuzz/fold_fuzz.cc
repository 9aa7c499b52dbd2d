// Arbitrary bytes as text: folding, words, tags and snippets.
//
// Input: a byte for the snippet's length and one for how the words match, the words up to the first line end, the text.
#include "common/text/fold.h"
#include "common/text/language.h"
#include "common/text/snippet.h"
#include "common/text/utf8.h"
#include "tests/fuzz/fuzz_check.h"

namespace cairn {
namespace {

constexpr absl::string_view kOpen = "\xee\x80\x80";
constexpr absl::string_view kClose = "\xee\x80\x81";
constexpr absl::string_view kEllipsis = "\xe2\x80\xa6";

void CheckFolding(absl::string_view text) {
  const std::string folded = FoldForSearch(text);
  FUZZ_CHECK(IsValidUtf8(folded), folded);
  FUZZ_CHECK(FoldForSearch(folded) == folded, absl::StrCat(folded, "\n", FoldForSearch(folded)));
  const std::vector<std::string> words = FoldedWords(text);
  FUZZ_CHECK(words == FoldedWords(folded), folded);
  for (const std::string& word : words) FUZZ_CHECK(FoldedWords(word) == std::vector<std::string>{word}, word);
}

void CheckPrefix(absl::string_view text, size_t max_bytes) {
  const absl::string_view prefix = Utf8Prefix(text, max_bytes);
  FUZZ_CHECK(prefix.size() <= max_bytes, text);
  if (IsValidUtf8(text)) FUZZ_CHECK(IsValidUtf8(prefix) && CodePointCount(prefix) <= prefix.size(), text);
}

void CheckSnippet(absl::string_view text, absl::string_view asked, size_t max_bytes, bool prefix) {
  std::string snippet = Snippet(text, {FoldedWords(asked), prefix}, max_bytes);
  FUZZ_CHECK(IsValidUtf8(snippet), snippet);
  size_t marks = 0;
  for (const absl::string_view mark : {kOpen, kClose}) {
    for (size_t at = snippet.find(mark.data()); at != std::string::npos; at = snippet.find(mark.data(), at + 1))
      marks += mark.size();
  }
  FUZZ_CHECK(snippet.size() <= max_bytes + marks + 2 * kEllipsis.size(), snippet);
}

void CheckTag(absl::string_view text) {
  const auto tag = NormaliseLanguage(text);
  if (!tag.ok()) return;
  const auto again = NormaliseLanguage(*tag);
  FUZZ_CHECK(again.ok() && *again == *tag, absl::StrCat(text, " became ", *tag));
  FUZZ_CHECK(LanguageMatches(*tag, *tag), *tag);
  LanguageName(*tag);
}

void RunOne(absl::string_view input) {
  if (input.size() < 2) return;
  const size_t max_bytes = static_cast<uint8_t>(input[0]);
  const bool prefix = (input[1] & 1) != 0;
  input.remove_prefix(2);
  const absl::string_view asked = TakeField(&input);
  CheckTag(asked);
  LanguageFromName(asked);
  CheckFolding(input);
  CheckPrefix(input, max_bytes);
  CheckSnippet(input, asked, max_bytes, prefix);
}

}  // namespace
}  // namespace cairn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cairn::RunOne(cairn::InputText(data, size));
  return 0;
}
