// LtHash: a hash of a set that is kept up to date by one addition or subtraction an element (Lewi, Kim, Maykov, Weis:
// "Securing Update Propagation with Homomorphic Hashing", 2019; the variant lthash16 with 1,024 lanes of 16 bits).
//
// Exactly:
//   input      = "cairn.v1.element\n" ‖ FeedPrefix ‖ kind (4 bytes) ‖ id (16) ‖ seq (8) ‖ SHA-256 of the payload (32)
//   FeedPrefix = for consortium, partner, audience: length (4 bytes) ‖ bytes; then generation (4 bytes)
//   lanes      = SHAKE128(input), 2,048 bytes, read as 1,024 numbers
//   state      = sum of the lanes of all elements, lane by lane modulo 2^16; the empty set is all zeros
//   digest     = SHA-256 of the state as 2,048 bytes
// Numbers in the input are big-endian, lanes are little-endian. No input is a prefix of another one, and none can be
// read in two ways. tests/common/crypto/set_digest_vectors.json holds values computed by another implementation.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cairn {

// The part of an element that names its feed; computed once a feed.
std::string FeedPrefix(absl::string_view consortium, absl::string_view partner, absl::string_view audience,
                       uint32_t generation);

// A live entry. Tombstones are not elements.
struct Element {
  absl::string_view feed_prefix;     // from FeedPrefix
  uint32_t kind = 0;                 // RecordKind as a number, known or not
  absl::string_view id16;            // 16 bytes
  uint64_t seq = 0;                  // the entry's sequence number
  absl::string_view payload_sha256;  // 32 bytes
};

// The state of a set. 2 KiB, copied by value. Not thread-safe. It cannot tell a set from a multiset: whoever adds an
// element that is there, or removes one that is not, gets the digest of no set.
class SetDigest {
 public:
  static constexpr size_t lanes = 1024;
  static constexpr size_t bytes = lanes * 2;

  // The empty set.
  SetDigest() = default;
  // The set of one element: its expansion, the costly part (some 4 microseconds); needs no other state, so that it can
  // be done on any thread.
  explicit SetDigest(const Element& element);
  // From ToBytes. INVALID_ARGUMENT unless it is 2,048 bytes.
  static absl::StatusOr<SetDigest> FromBytes(absl::string_view state);

  void Add(const Element& element) { Add(SetDigest(element)); }
  void Remove(const Element& element) { Remove(SetDigest(element)); }
  // Union with, and difference of, a set; the other is disjoint or a subset respectively.
  void Add(const SetDigest& other);
  void Remove(const SetDigest& other);

  // The 2,048 bytes of the state.
  std::string ToBytes() const;
  // SHA-256 of those: what heads carry. 32 bytes.
  std::string Digest() const;

  friend bool operator==(const SetDigest&, const SetDigest&) = default;

 private:
  std::array<uint16_t, lanes> lanes_ = {};
};

}  // namespace cairn
