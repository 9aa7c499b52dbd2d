// Randomness, passed in so that tests and simulations own it.
#pragma once

#include <cstdint>

#include "absl/types/span.h"

namespace cairn {

// A source of random bytes. Implementations are thread-safe unless they say otherwise.
class Random {
 public:
  virtual ~Random() = default;
  // Overwrites `out` with random bytes.
  virtual void Fill(absl::Span<char> out) = 0;

  // A uniform number below 2^64.
  uint64_t Uint64();
  // A uniform number in [0, bound); 0 when `bound` is 0.
  uint64_t Below(uint64_t bound);
  // A uniform number in [0, 1).
  double Unit();
};

// The kernel's generator, fit for keys. Ends the program when the kernel has none, as nothing safe could follow.
Random* SystemRandom();

// The same numbers for the same seed, on every machine (SplitMix64; Steele, Lea, Flood 2014). Never for keys. Not
// thread-safe.
class SeededRandom : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  void Fill(absl::Span<char> out) override;

 private:
  uint64_t state_;
};

}  // namespace cairn
