// UTF-8: checking, counting and cutting text.
#pragma once

#include <cstddef>

#include "absl/strings/string_view.h"

namespace cairn {

// True when `bytes` is well-formed UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF). Thread-safe.
bool IsValidUtf8(absl::string_view bytes);

// Number of code points of well-formed text.
size_t CodePointCount(absl::string_view utf8);

// The longest prefix of at most `max_bytes` bytes that does not cut a code point.
absl::string_view Utf8Prefix(absl::string_view utf8, size_t max_bytes);

}  // namespace cairn
