#include "common/text/snippet.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <bitset>

#include "common/text/fold.h"
#include "common/text/utf8.h"

namespace cairn {
namespace {

constexpr absl::string_view kEllipsis = "\xe2\x80\xa6";
// A person's query has at most limits::query_words_max words; more are matched as the last of these.
constexpr size_t kWordsMax = 64;
// A long description is searched this far; a snippet from beyond helps nobody more.
constexpr size_t kScannedBytesMax = 64 * 1024;

// A word of the original text: [begin, end), and which wanted word it matches.
struct Span {
  size_t begin;
  size_t end;
  int matched = -1;
};

bool IsMarkOfOurs(UChar32 c) { return c == 0xe000 || c == 0xe001; }

bool StartsWord(UChar32 c) { return c >= 0 && !IsMarkOfOurs(c) && IsWordCodePoint(static_cast<char32_t>(c)); }

bool ContinuesWord(UChar32 c) {
  constexpr uint32_t kMarks = U_GC_M_MASK | U_GC_CF_MASK;
  return StartsWord(c) || (c >= 0 && (U_GET_GC_MASK(c) & kMarks) != 0);
}

int MatchOf(absl::string_view original_word, const SnippetWords& wanted) {
  for (const std::string& folded : FoldedWords(original_word)) {
    for (size_t i = 0; i < wanted.words.size(); ++i) {
      const bool prefix = wanted.last_is_prefix && i + 1 == wanted.words.size();
      const std::string& word = wanted.words[i];
      if (folded == word || (prefix && !word.empty() && folded.compare(0, word.size(), word) == 0)) {
        return static_cast<int>(std::min(i, kWordsMax - 1));
      }
    }
  }
  return -1;
}

std::vector<Span> SplitWords(absl::string_view text, const SnippetWords& wanted) {
  std::vector<Span> spans;
  const auto size = static_cast<int64_t>(text.size());
  int64_t start = -1;
  const auto close = [&](int64_t end) {
    Span span{static_cast<size_t>(start), static_cast<size_t>(end)};
    span.matched = MatchOf(text.substr(span.begin, span.end - span.begin), wanted);
    spans.push_back(span);
    start = -1;
  };
  for (int64_t i = 0; i < size;) {
    const int64_t at = i;
    UChar32 c;
    U8_NEXT(text.data(), i, size, c);
    const bool inside = start >= 0 ? ContinuesWord(c) : StartsWord(c);
    if (inside && start < 0) start = at;
    if (!inside && start >= 0) close(at);
  }
  if (start >= 0) close(size);
  return spans;
}

// First and last word of the passage with the most different matches that fits; {0, 0} when nothing matches.
std::pair<size_t, size_t> BestPassage(const std::vector<Span>& spans, size_t max_bytes) {
  std::pair<size_t, size_t> best{0, 0};
  size_t best_count = 0;
  for (size_t first = 0; first < spans.size(); ++first) {
    if (spans[first].matched < 0) continue;
    std::bitset<kWordsMax> seen;
    size_t last = first;
    for (size_t i = first; i < spans.size() && spans[i].end - spans[first].begin <= max_bytes; ++i) {
      if (spans[i].matched < 0) continue;
      seen.set(static_cast<size_t>(spans[i].matched));
      last = i;
    }
    if (seen.count() > best_count) {
      best_count = seen.count();
      best = {first, last};
    }
  }
  return best;
}

// Widens the passage by whole words: a third of the room before it, for context, the rest behind.
void Widen(const std::vector<Span>& spans, size_t max_bytes, size_t* first, size_t* last) {
  const auto bytes = [&](size_t a, size_t b) { return spans[b].end - spans[a].begin; };
  const size_t room = max_bytes > bytes(*first, *last) ? max_bytes - bytes(*first, *last) : 0;
  const size_t with_context = bytes(*first, *last) + room / 3;
  while (*first > 0 && bytes(*first - 1, *last) <= with_context) --*first;
  while (*last + 1 < spans.size() && bytes(*first, *last + 1) <= max_bytes) ++*last;
  while (*first > 0 && bytes(*first - 1, *last) <= max_bytes) --*first;
}

// The text with what must not be shown as spaces, and each run of white space as one.
void AppendClean(absl::string_view text, std::string* out) {
  const auto size = static_cast<int64_t>(text.size());
  for (int64_t i = 0; i < size;) {
    const int64_t at = i;
    UChar32 c;
    U8_NEXT(text.data(), i, size, c);
    const bool blank = c < 0 || u_isUWhiteSpace(c) || u_charType(c) == U_CONTROL_CHAR || IsMarkOfOurs(c);
    if (!blank) {
      out->append(text.data() + at, i - at);
    } else if (!out->empty() && out->back() != ' ') {
      out->push_back(' ');
    }
  }
}

}  // namespace

std::string Snippet(absl::string_view original, const SnippetWords& wanted, size_t max_bytes, SnippetMarks marks) {
  const absl::string_view text = Utf8Prefix(original, kScannedBytesMax);
  const std::vector<Span> spans = SplitWords(text, wanted);
  std::string out;
  if (spans.empty()) {
    AppendClean(Utf8Prefix(text, max_bytes), &out);
    return out;
  }
  auto [first, last] = BestPassage(spans, max_bytes);
  Widen(spans, max_bytes, &first, &last);
  // Punctuation at the very ends of the text is kept when it fits.
  size_t begin = first == 0 && spans[last].end <= max_bytes ? 0 : spans[first].begin;
  size_t end = spans[last].end;
  if (last + 1 == spans.size() && text.size() - begin <= max_bytes) end = text.size();
  const bool cut_before = begin > 0 && first > 0;
  const bool cut_after = end < original.size() && (last + 1 < spans.size() || text.size() < original.size());
  if (end - begin > max_bytes) end = begin + Utf8Prefix(text.substr(begin), max_bytes).size();
  if (cut_before) out += std::string(kEllipsis);
  size_t at = begin;
  for (size_t i = first; i <= last; ++i) {
    if (spans[i].matched < 0 || spans[i].end > end) continue;
    AppendClean(text.substr(at, spans[i].begin - at), &out);
    out.append(marks.open.data(), marks.open.size());
    AppendClean(text.substr(spans[i].begin, spans[i].end - spans[i].begin), &out);
    out.append(marks.close.data(), marks.close.size());
    at = spans[i].end;
  }
  AppendClean(text.substr(at, end - at), &out);
  while (!out.empty() && out.back() == ' ') out.pop_back();
  if (cut_after || end < spans[last].end) out += std::string(kEllipsis);
  return out;
}

}  // namespace cairn
