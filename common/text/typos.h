// Spellings that one slip of the finger turns into a word.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace cairn {

// The words that differ from `folded` (a word of FoldedWords) by one letter: two neighbours swapped, one left out, one
// changed, one added; in this order, without `folded` itself, each once. Letters to change and add are those of the
// word's own script: Latin a to z, and Greek, Cyrillic, Hebrew, Arabic, Armenian, Georgian. Empty for a word of fewer
// than four letters, which is one letter away from too many, of more than 32, or with a digit: a number that is almost
// right is another number. Some 60 for each letter. Thread-safe.
std::vector<std::string> OneLetterEdits(absl::string_view folded);

}  // namespace cairn
