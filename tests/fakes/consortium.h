// A consortium with keys and a signed charter chain, made from a seed: what tests of several nodes start from.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cairn/v1/charter.pb.h"
#include "common/crypto/keys.h"

namespace cairn {

// Partners "p0", "p1" … with one node each, "p0-1", "p1-1" …, and one governor. Not thread-safe.
class TestConsortium {
 public:
  explicit TestConsortium(int partners, uint64_t seed = 1, std::string id = "test");

  const std::string& id() const { return id_; }
  int size() const { return static_cast<int>(keys_.size()); }
  // From version 1 to the newest.
  const v1::CharterChain& chain() const { return chain_; }
  const SigningKey& governor() const { return governor_; }
  const SigningKey& key(int partner) const { return keys_[static_cast<size_t>(partner)]; }
  static std::string Partner(int i) { return absl::StrCat("p", i); }
  static std::string Node(int i) { return absl::StrCat("p", i, "-1"); }

  // Appends a version that differs from the newest by `edit`, signed.
  void Change(const std::function<void(v1::Charter*)>& edit);

 private:
  std::string id_;
  SigningKey governor_;
  std::vector<SigningKey> keys_;
  v1::CharterChain chain_;
};

}  // namespace cairn
