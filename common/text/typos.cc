#include "common/text/typos.h"

#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/container/flat_hash_set.h"

namespace cairn {
namespace {

constexpr int kLettersMin = 4;
constexpr int kLettersMax = 32;

// The folded letters of a script.
struct Alphabet {
  char32_t first;
  char32_t last;
};
constexpr std::array<Alphabet, 8> kAlphabets = {{{U'a', U'z'},
                                                 {0x03b1, 0x03c9},    // Greek
                                                 {0x0430, 0x044f},    // Cyrillic, with
                                                 {0x0454, 0x0456},    // Ukrainian є, (ѕ,) і
                                                 {0x05d0, 0x05ea},    // Hebrew
                                                 {0x0621, 0x064a},    // Arabic
                                                 {0x0561, 0x0586},    // Armenian
                                                 {0x10d0, 0x10f0}}};  // Georgian
constexpr size_t kCyrillic = 2;

bool IsOf(const Alphabet& alphabet, char32_t c) { return c >= alphabet.first && c <= alphabet.last; }

// The letters of the script that most of the word is in: one look-alike of another script is such a slip itself.
std::u32string LettersFor(const std::u32string& word) {
  std::array<std::ptrdiff_t, kAlphabets.size()> used{};
  for (size_t i = 0; i < kAlphabets.size(); ++i) {
    used[i] = std::count_if(word.begin(), word.end(), [i](char32_t c) { return IsOf(kAlphabets[i], c); });
  }
  used[kCyrillic] += used[kCyrillic + 1];
  const auto most = std::max_element(used.begin(), used.end());
  std::u32string letters;
  if (*most == 0) return letters;
  const auto add = [&](const Alphabet& alphabet) {
    for (char32_t c = alphabet.first; c <= alphabet.last; ++c) {
      const auto point = static_cast<UChar32>(c);
      if (u_isalpha(point) && u_foldCase(point, U_FOLD_CASE_DEFAULT) == point) letters.push_back(c);
    }
  };
  const auto i = static_cast<size_t>(most - used.begin());
  add(kAlphabets[i]);
  if (i == kCyrillic) add(kAlphabets[kCyrillic + 1]);
  return letters;
}

std::u32string CodePoints(absl::string_view utf8) {
  const icu::UnicodeString text =
      icu::UnicodeString::fromUTF8(icu::StringPiece(utf8.data(), static_cast<int32_t>(utf8.size())));
  std::u32string points;
  for (int32_t at = 0; at < text.length(); at = text.moveIndex32(at, 1)) {
    points.push_back(static_cast<char32_t>(text.char32At(at)));
  }
  return points;
}

// Collects spellings, each once.
class Spellings {
 public:
  explicit Spellings(std::u32string word) { seen_.insert(std::move(word)); }
  void Add(const std::u32string& word) {
    if (!seen_.insert(word).second) return;
    std::string utf8;
    icu::UnicodeString::fromUTF32(reinterpret_cast<const UChar32*>(word.data()), static_cast<int32_t>(word.size()))
        .toUTF8String(utf8);
    words_.push_back(std::move(utf8));
  }
  std::vector<std::string> Take() { return std::move(words_); }

 private:
  absl::flat_hash_set<std::u32string> seen_;
  std::vector<std::string> words_;
};

}  // namespace

std::vector<std::string> OneLetterEdits(absl::string_view folded) {
  const std::u32string word = CodePoints(folded);
  const auto digit = [](char32_t c) { return u_isdigit(static_cast<UChar32>(c)); };
  if (word.size() < kLettersMin || word.size() > kLettersMax || std::any_of(word.begin(), word.end(), digit)) return {};
  Spellings spellings(word);
  for (size_t at = 0; at + 1 < word.size(); ++at) {
    std::u32string swapped = word;
    std::swap(swapped[at], swapped[at + 1]);
    spellings.Add(swapped);
  }
  for (size_t at = 0; at < word.size(); ++at) spellings.Add(std::u32string(word).erase(at, 1));
  const std::u32string letters = LettersFor(word);
  for (size_t at = 0; at < word.size(); ++at) {
    for (const char32_t letter : letters) spellings.Add(std::u32string(word).replace(at, 1, 1, letter));
  }
  for (size_t at = 0; at <= word.size(); ++at) {
    for (const char32_t letter : letters) spellings.Add(std::u32string(word).insert(at, 1, letter));
  }
  return spellings.Take();
}

}  // namespace cairn
