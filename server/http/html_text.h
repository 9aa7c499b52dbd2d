// Other people's text inside a page of ours.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace cairn {

// The text with everything that means something to HTML replaced, for element content and for attributes in quotes.
std::string EscapedHtml(absl::string_view text);

// The address to put into an href, or nullopt when it may only be shown: http, https, mailto and tel, as records may
// hold them, and no other.
std::optional<std::string> SafeHref(absl::string_view address);

// `<a href="...">label</a>` for a safe address, else the label's text with the address. Both may be anybody's.
std::string LinkHtml(absl::string_view address, absl::string_view label);

}  // namespace cairn
