#include "common/crypto/set_digest.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/crypto/hash.h"

namespace cairn {

namespace {

constexpr absl::string_view element_domain = "cairn.v1.element\n";

void AppendBigEndian(std::string* out, uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out->push_back(static_cast<char>(value >> shift));
}

void AppendText(std::string* out, absl::string_view text) {
  AppendBigEndian(out, text.size(), 4);
  absl::StrAppend(out, text);
}

uint16_t LoadLane(const unsigned char* at) { return static_cast<uint16_t>(at[0] | at[1] << 8); }

// One a thread: making a context and fetching the algorithm costs as much as the expansion itself.
struct Shake {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
  std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm{EVP_MD_fetch(nullptr, "SHAKE128", nullptr), EVP_MD_free};
};

void Expand(absl::string_view input, unsigned char* out, size_t size) {
  thread_local const Shake shake;
  // Fails only without memory or without the algorithm; a digest of anything else would split the consortium.
  if (EVP_DigestInit_ex2(shake.context.get(), shake.algorithm.get(), nullptr) != 1 ||
      EVP_DigestUpdate(shake.context.get(), input.data(), input.size()) != 1 ||
      EVP_DigestFinalXOF(shake.context.get(), out, size) != 1) {
    std::abort();
  }
}

}  // namespace

std::string FeedPrefix(absl::string_view consortium, absl::string_view partner, absl::string_view audience,
                       uint32_t generation) {
  std::string out;
  AppendText(&out, consortium);
  AppendText(&out, partner);
  AppendText(&out, audience);
  AppendBigEndian(&out, generation, 4);
  return out;
}

SetDigest::SetDigest(const Element& element) {
  std::string input;
  input.reserve(element_domain.size() + element.feed_prefix.size() + 64);
  absl::StrAppend(&input, element_domain, element.feed_prefix);
  AppendBigEndian(&input, element.kind, 4);
  absl::StrAppend(&input, element.id16);
  AppendBigEndian(&input, element.seq, 8);
  absl::StrAppend(&input, element.payload_sha256);
  std::array<unsigned char, bytes> expanded;
  Expand(input, expanded.data(), expanded.size());
  for (size_t i = 0; i < lanes; ++i) lanes_[i] = LoadLane(expanded.data() + 2 * i);
}

absl::StatusOr<SetDigest> SetDigest::FromBytes(absl::string_view state) {
  if (state.size() != bytes) {
    return absl::InvalidArgumentError(absl::StrCat("set digest of ", state.size(), " bytes; it has ", bytes));
  }
  SetDigest digest;
  const auto* from = reinterpret_cast<const unsigned char*>(state.data());
  for (size_t i = 0; i < lanes; ++i) digest.lanes_[i] = LoadLane(from + 2 * i);
  return digest;
}

void SetDigest::Add(const SetDigest& other) {
  for (size_t i = 0; i < lanes; ++i) lanes_[i] = static_cast<uint16_t>(lanes_[i] + other.lanes_[i]);
}

void SetDigest::Remove(const SetDigest& other) {
  for (size_t i = 0; i < lanes; ++i) lanes_[i] = static_cast<uint16_t>(lanes_[i] - other.lanes_[i]);
}

std::string SetDigest::ToBytes() const {
  std::string out(bytes, '\0');
  for (size_t i = 0; i < lanes; ++i) {
    out[2 * i] = static_cast<char>(lanes_[i] & 0xff);
    out[2 * i + 1] = static_cast<char>(lanes_[i] >> 8);
  }
  return out;
}

std::string SetDigest::Digest() const { return Sha256(ToBytes()); }

}  // namespace cairn
