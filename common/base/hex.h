// Bytes as hexadecimal text and UUIDs as text, in both directions.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cairn {

// Lower-case hexadecimal digits of `bytes`.
std::string ToHex(absl::string_view bytes);

// The bytes of an even number of hexadecimal digits in either case. INVALID_ARGUMENT otherwise.
absl::StatusOr<std::string> FromHex(absl::string_view digits);

// "00112233-4455-6677-8899-aabbccddeeff" for 16 bytes; empty for any other length.
std::string UuidToText(absl::string_view bytes16);

// The 16 bytes of a UUID in canonical text form, either case. INVALID_ARGUMENT otherwise.
absl::StatusOr<std::string> UuidFromText(absl::string_view text);

}  // namespace cairn
