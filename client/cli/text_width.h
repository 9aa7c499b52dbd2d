// Text on a terminal: how wide it is, and how it is cut, filled and wrapped. All of it in columns, not in bytes.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace cairn {

// Columns that the text takes: 2 for wide East Asian characters and most pictographs, 0 for marks and for characters
// without width.
size_t DisplayWidth(absl::string_view utf8);

// One line that a terminal can be given: control characters, line ends, malformed bytes and characters that reverse the
// direction of what follows become spaces; runs of spaces become one. What a partner wrote must not move the cursor.
std::string Printable(absl::string_view utf8);

// The text in at most `columns`; "…" at the end when something was cut.
std::string CutTo(absl::string_view utf8, size_t columns);

// The text with spaces behind it up to `columns`.
std::string PadTo(absl::string_view utf8, size_t columns);

// The words of the text in lines of at most `columns`; a longer word has a line of its own. At least one line. Line
// ends of the text begin new lines, everything else is made Printable.
std::vector<std::string> Wrap(absl::string_view utf8, size_t columns);

}  // namespace cairn
