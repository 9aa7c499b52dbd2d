// Text of unknown origin in messages and logs.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace cairn {

// The text on one line, as a terminal, a log and a reader can be given it: control characters and those that reverse
// the direction of what follows are escaped ("\\n", "\\u202e"). UTF-8 stays.
std::string EscapeForeign(absl::string_view utf8);

}  // namespace cairn
