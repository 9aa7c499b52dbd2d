// Folding: what makes *Łódź* found by `lodz`. The index and the queries use the same function, so the two agree by
// construction.
//
// A code point is folded without regard to its neighbours: Unicode NFKD, marks (Mn, Me) and format characters (Cf)
// dropped, full case folding, then the letters that Unicode does not decompose:
//   Latin     ł→l đ→d ð→d ø→o ħ→h ı→i ŧ→t ə→e ŋ→n þ→th æ→ae œ→oe (ß→ss is case folding); any letter with a stroke, hook
//   or tail → its base Greek     tonos and dialytika dropped, final ς→σ Cyrillic  a letter with a mark, upturn, stroke
//   or tail → its base: ё→е й→и ї→і ў→у ґ→г қ→к ң→н ө→о ү→у. Letters of their own stay
//             apart: и and і, е and є, ь and ъ
//   Arabic    tatweel dropped; vowel marks are Mn
//   Apostrophes (' ’ ʼ ʹ ʻ) → ', which separates words, so that all spellings of п'ять fold alike
// A malformed byte becomes a space, as do controls.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace cairn {

// Changes whenever a text may fold otherwise than before: an index built with another version must be rebuilt.
inline constexpr int kFoldVersion = 1;

// The folded form. Folding twice gives the same. Thread-safe; about 1 ns a byte of ASCII, 5 ns a byte of European text.
std::string FoldForSearch(absl::string_view utf8);

// Appends the folded form of `utf8` to `out`.
void FoldForSearch(absl::string_view utf8, std::string* out);

// The words of the folded text in order: runs of code points of the categories L*, N* and Co, as SQLite's FTS5
// tokenizer `unicode61 remove_diacritics 0` cuts them. Thread-safe.
std::vector<std::string> FoldedWords(absl::string_view utf8);

// True for a code point that is part of a word in the sense of FoldedWords.
bool IsWordCodePoint(char32_t code_point);

}  // namespace cairn
