#include "client/cli/text_width.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

namespace cairn {
namespace {

// The next code point; U+FFFD for a malformed byte.
UChar32 NextCodePoint(absl::string_view text, int32_t* at) {
  UChar32 c;
  U8_NEXT_OR_FFFD(text.data(), *at, static_cast<int32_t>(text.size()), c);
  return c;
}

size_t WidthOf(UChar32 c) {
  const int8_t type = u_charType(c);
  if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_FORMAT_CHAR) return 0;
  const int32_t width = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
  return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

bool IsUnfitForTerminal(UChar32 c) {
  const bool reverses = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
  return u_charType(c) == U_CONTROL_CHAR || c == 0x2028 || c == 0x2029 || c == 0xfffd || reverses;
}

}  // namespace

size_t DisplayWidth(absl::string_view utf8) {
  size_t width = 0;
  for (int32_t at = 0; at < static_cast<int32_t>(utf8.size());) width += WidthOf(NextCodePoint(utf8, &at));
  return width;
}

std::string Printable(absl::string_view utf8) {
  std::string result;
  bool space = false;
  for (int32_t at = 0; at < static_cast<int32_t>(utf8.size());) {
    const int32_t begin = at;
    const UChar32 c = NextCodePoint(utf8, &at);
    if (c == ' ' || IsUnfitForTerminal(c)) {
      space = true;
      continue;
    }
    if (space && !result.empty()) result += ' ';
    space = false;
    result.append(utf8.substr(begin, at - begin).data(), at - begin);
  }
  return result;
}

std::string CutTo(absl::string_view utf8, size_t columns) {
  if (DisplayWidth(utf8) <= columns) return std::string(utf8);
  if (columns == 0) return "";
  size_t width = 0;
  int32_t end = 0;
  for (int32_t at = 0; at < static_cast<int32_t>(utf8.size()); end = at) {
    const size_t next = WidthOf(NextCodePoint(utf8, &at));
    if (width + next > columns - 1) break;
    width += next;
  }
  return std::string(absl::StripTrailingAsciiWhitespace(utf8.substr(0, end))) + "…";
}

std::string PadTo(absl::string_view utf8, size_t columns) {
  const size_t width = DisplayWidth(utf8);
  return std::string(utf8) + std::string(width < columns ? columns - width : 0, ' ');
}

std::vector<std::string> Wrap(absl::string_view utf8, size_t columns) {
  std::vector<std::string> lines;
  for (const absl::string_view paragraph : absl::StrSplit(utf8, '\n')) {
    std::string line;
    for (const absl::string_view word : absl::StrSplit(Printable(paragraph), ' ', absl::SkipEmpty())) {
      if (!line.empty() && DisplayWidth(line) + 1 + DisplayWidth(word) > columns) {
        lines.push_back(std::move(line));
        line.clear();
      }
      if (!line.empty()) line += ' ';
      line.append(word.data(), word.size());
    }
    if (!line.empty()) lines.push_back(std::move(line));
  }
  if (lines.empty()) lines.emplace_back();
  return lines;
}

}  // namespace cairn
