#include "common/base/hex.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/errors.h"

namespace cairn {

std::string ToHex(absl::string_view bytes) { return absl::BytesToHexString(bytes); }

absl::StatusOr<std::string> FromHex(absl::string_view digits) {
  const bool hex = digits.size() % 2 == 0 && std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return absl::ascii_isxdigit(c); });
  if (!hex) return absl::InvalidArgumentError(absl::StrCat(Quoted(digits), " is not an even number of hexadecimal digits"));
  return absl::HexStringToBytes(digits);
}

std::string UuidToText(absl::string_view bytes16) {
  if (bytes16.size() != 16) return "";
  const std::string hex = ToHex(bytes16);
  const absl::string_view h = hex;
  return absl::StrCat(h.substr(0, 8), "-", h.substr(8, 4), "-", h.substr(12, 4), "-", h.substr(16, 4), "-", h.substr(20));
}

absl::StatusOr<std::string> UuidFromText(absl::string_view text) {
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen != (text[i] == '-')) { digits.clear(); break; }
    if (!hyphen) digits.push_back(text[i]);
  }
  absl::StatusOr<std::string> bytes = FromHex(digits);
  if (!bytes.ok() || text.size() != 36 || bytes->size() != 16) {
    return absl::InvalidArgumentError(absl::StrCat(Quoted(text), " is not a UUID; write it like 0f8fad5b-d9cb-469f-a165-70867728950e"));
  }
  return bytes;
}

}  // namespace cairn
