// SHA-256.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace cairn {

// The 32 bytes of SHA-256 (FIPS 180-4) of `bytes`. Thread-safe.
std::string Sha256(absl::string_view bytes);

}  // namespace cairn
