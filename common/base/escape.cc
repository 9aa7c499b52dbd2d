#include "common/base/escape.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"

namespace cairn {

std::string EscapeForeign(absl::string_view utf8) {
  std::string text = absl::Utf8SafeCEscape(utf8);
  // All begin with one of these bytes, and most texts have neither.
  if (text.find_first_of("\xd8\xe2") == std::string::npos) return text;
  return absl::StrReplaceAll(text, {{"\u061c", "\\u061c"},
                                    {"\u200e", "\\u200e"},
                                    {"\u200f", "\\u200f"},
                                    {"\u2028", "\\u2028"},
                                    {"\u2029", "\\u2029"},
                                    {"\u202a", "\\u202a"},
                                    {"\u202b", "\\u202b"},
                                    {"\u202c", "\\u202c"},
                                    {"\u202d", "\\u202d"},
                                    {"\u202e", "\\u202e"},
                                    {"\u2066", "\\u2066"},
                                    {"\u2067", "\\u2067"},
                                    {"\u2068", "\\u2068"},
                                    {"\u2069", "\\u2069"}});
}

}  // namespace cairn
