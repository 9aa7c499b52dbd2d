// Passages of a text around the words that a search found.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace cairn {

// What a search looked for: words as FoldedWords gives them.
struct SnippetWords {
  std::vector<std::string> words;
  // True: the last word also matches words that it begins (search as one types).
  bool last_is_prefix = false;
};

// Around a matched word, by default U+E000 and U+E001: private code points that a reader replaces by its own emphasis.
struct SnippetMarks {
  absl::string_view open = "\xee\x80\x80";
  absl::string_view close = "\xee\x80\x81";
};

// The passage of `original` with the most different words of `wanted`, earliest first, matched words between marks. At
// most `max_bytes` of the original, marks and ellipses ("…") come on top; cut at word and UTF-8 boundaries. Without a
// match: the beginning. Control characters, U+E000 and U+E001 of the text itself become spaces, runs of white space one
// space. Thread-safe.
std::string Snippet(absl::string_view original, const SnippetWords& wanted, size_t max_bytes, SnippetMarks marks = {});

}  // namespace cairn
