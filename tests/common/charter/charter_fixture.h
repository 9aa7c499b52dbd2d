// Three governors, two of whom must sign, and one partner: what tests of governance start from.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/charter/charter_document.h"
#include "common/charter/charter_edit.h"
#include "common/charter/charter_text.h"
#include "common/charter/join_request.h"
#include "common/charter/key_edit.h"
#include "common/charter/key_request.h"
#include "common/crypto/hash.h"

namespace cairn {

inline SigningKey KeyFromSeed(uint64_t seed) {
  SeededRandom random(seed);
  return *SigningKey::Generate(&random);
}

inline v1::SignedCharter SignedBy(const v1::Charter& charter, const std::vector<SigningKey>& keys) {
  v1::SignedCharter out = *MakeUnsigned(charter);
  for (const SigningKey& key : keys) SignCharter(&out, key);
  return out;
}

class GovernanceTest : public ::testing::Test {
 protected:
  GovernanceTest() {
    charter_ = *NewCharter({"example",
                            "Example network",
                            {Governor("secretariat", a_), Governor("treasurer", b_), Governor("chair", c_)},
                            2,
                            now_});
    charter_ = *Admit(charter_, Request(old_key_));
    first_ = SignedBy(charter_, {a_, b_});
  }

  static v1::Governor Governor(const std::string& name, const SigningKey& key) {
    v1::Governor governor;
    governor.set_name(name);
    governor.set_public_key(key.public_key());
    return governor;
  }
  static v1::JoinRequest Request(const SigningKey& key, const std::string& partner = "pl-x",
                                 const std::string& tls = "tls") {
    return *MakeJoinRequest({partner, "Organisation", "PL", "ngo", partner + "-1", partner + ".example.org:7447",
                             Sha256(absl::StrCat(tls, partner))},
                            key);
  }

  v1::Charter Next() { return *Successor(first_, now_ + absl::Hours(1)); }
  const v1::Partner& PartnerOf(const v1::Charter& charter) { return charter.partners(0); }
  static std::string IdOf(const SigningKey& key) { return KeyId(key.public_key()); }
  // What the signers of `next` must not overlook, in one text.
  std::string Dangers(const v1::Charter& next) {
    return absl::StrJoin(DescribeDangers(charter_, next, now_ + absl::Hours(1)), "\n");
  }

  const absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
  const SigningKey a_ = KeyFromSeed(1), b_ = KeyFromSeed(2), c_ = KeyFromSeed(3), stranger_ = KeyFromSeed(4);
  const SigningKey old_key_ = KeyFromSeed(10), new_key_ = KeyFromSeed(11);
  const LastGood good_{"public", 8, Sha256("good")};
  v1::Charter charter_;
  v1::SignedCharter first_;
};

}  // namespace cairn
