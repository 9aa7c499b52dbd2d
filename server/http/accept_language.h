// What readers want to read.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace cairn {

// The tags of an Accept-Language header, best first, in canonical form; what is no language is left out, as is what
// comes after the first limits::http_languages_max.
std::vector<std::string> ParseAcceptLanguage(absl::string_view header);

}  // namespace cairn
