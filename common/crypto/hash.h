// SHA-256, and comparing what is secret.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace cairn {

// The 32 bytes of SHA-256 (FIPS 180-4) of `bytes`. Thread-safe.
std::string Sha256(absl::string_view bytes);

// Whether both are the same, in a time that depends on their sizes alone. Thread-safe.
bool EqualInConstantTime(absl::string_view a, absl::string_view b);

}  // namespace cairn
