#include "common/text/utf8.h"

#include <cstdint>
#include <cstring>

namespace cairn {
namespace {

// Length of the well-formed sequence at `p`, 0 when there is none (Unicode 15, table 3-7).
size_t SequenceLength(const unsigned char* p, size_t left) {
  const auto continues = [&](size_t i) { return (p[i] & 0xc0) == 0x80; };
  if (p[0] < 0x80) return 1;
  if (p[0] < 0xc2 || p[0] > 0xf4) return 0;
  if (p[0] < 0xe0) return left >= 2 && continues(1) ? 2 : 0;
  if (p[0] < 0xf0) {
    if (left < 3 || !continues(1) || !continues(2)) return 0;
    if (p[0] == 0xe0 && p[1] < 0xa0) return 0;
    if (p[0] == 0xed && p[1] > 0x9f) return 0;
    return 3;
  }
  if (left < 4 || !continues(1) || !continues(2) || !continues(3)) return 0;
  if (p[0] == 0xf0 && p[1] < 0x90) return 0;
  if (p[0] == 0xf4 && p[1] > 0x8f) return 0;
  return 4;
}

}  // namespace

bool IsValidUtf8(absl::string_view bytes) {
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  size_t left = bytes.size();
  while (left > 0) {
    // Eight ASCII bytes at a time: most texts are mostly ASCII.
    uint64_t word;
    while (left >= 8 && (std::memcpy(&word, p, 8), (word & 0x8080808080808080u) == 0)) p += 8, left -= 8;
    if (left == 0) break;
    const size_t length = SequenceLength(p, left);
    if (length == 0) return false;
    p += length;
    left -= length;
  }
  return true;
}

size_t CodePointCount(absl::string_view utf8) {
  size_t count = 0;
  for (const char c : utf8) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

absl::string_view Utf8Prefix(absl::string_view utf8, size_t max_bytes) {
  if (utf8.size() <= max_bytes) return utf8;
  while (max_bytes > 0 && (static_cast<unsigned char>(utf8[max_bytes]) & 0xc0) == 0x80) --max_bytes;
  return utf8.substr(0, max_bytes);
}

}  // namespace cairn
