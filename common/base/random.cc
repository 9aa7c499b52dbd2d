#include "common/base/random.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace cairn {

namespace {

class KernelRandom : public Random {
 public:
  void Fill(absl::Span<char> out) override {
    while (!out.empty()) {
      const ssize_t got = getrandom(out.data(), out.size(), 0);
      if (got < 0 && errno != EINTR) std::abort();
      if (got > 0) out.remove_prefix(static_cast<size_t>(got));
    }
  }
};

}  // namespace

uint64_t Random::Uint64() {
  uint64_t value = 0;
  Fill(absl::MakeSpan(reinterpret_cast<char*>(&value), sizeof value));
  return value;
}

uint64_t Random::Below(uint64_t bound) {
  // The high half of the product: the bias is at most bound / 2^64.
  return static_cast<uint64_t>((static_cast<unsigned __int128>(Uint64()) * bound) >> 64);
}

double Random::Unit() { return static_cast<double>(Uint64() >> 11) * 0x1.0p-53; }

Random* SystemRandom() {
  static KernelRandom* const random = new KernelRandom;
  return random;
}

void SeededRandom::Fill(absl::Span<char> out) {
  while (!out.empty()) {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;
    const size_t n = std::min(out.size(), sizeof z);
    std::memcpy(out.data(), &z, n);
    out.remove_prefix(n);
  }
}

}  // namespace cairn
