#include "tests/fakes/consortium.h"

#include <cstdlib>
#include <iostream>

#include "common/base/random.h"
#include "common/charter/charter_document.h"
#include "common/charter/charter_edit.h"
#include "common/crypto/hash.h"

namespace cairn {
namespace {

// Tests cannot go on without: say why and end.
template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) {
    std::cerr << value.status() << "\n";
    std::abort();
  }
  return *std::move(value);
}

SigningKey MakeKey(uint64_t seed) {
  SeededRandom random(seed);
  return Must(SigningKey::Generate(&random));
}

}  // namespace

TestConsortium::TestConsortium(int partners, uint64_t seed, std::string id)
    : id_(std::move(id)), governor_(MakeKey(seed * 1000)) {
  const absl::Time now = absl::FromUnixSeconds(1'790'000'000);
  v1::Governor governor;
  governor.set_name("secretariat");
  governor.set_public_key(governor_.public_key());
  v1::Charter charter = Must(NewCharter({id_, "Test consortium", {governor}, 1, now}));
  for (int i = 0; i < partners; ++i) {
    keys_.push_back(MakeKey(seed * 1000 + 1 + static_cast<uint64_t>(i)));
    v1::Partner* partner = charter.add_partners();
    partner->set_id(Partner(i));
    partner->set_name(absl::StrCat("Partner ", i));
    partner->set_country("PL");
    partner->set_role("ngo");
    partner->set_status(v1::ACTIVE);
    partner->set_generation(1);
    v1::PublishingKey* key = partner->add_publishing_keys();
    key->set_public_key(keys_.back().public_key());
    key->set_generation(1);
    v1::Node* node = partner->add_nodes();
    node->set_id(Node(i));
    node->set_endpoint(absl::StrCat(Node(i), ".example.org:7447"));
    node->set_spki_sha256(Sha256(absl::StrCat("pin of ", Node(i))));
  }
  v1::SignedCharter first = Must(MakeUnsigned(charter));
  SignCharter(&first, governor_);
  *chain_.add_versions() = std::move(first);
}

void TestConsortium::Change(const std::function<void(v1::Charter*)>& edit) {
  const v1::SignedCharter& newest = chain_.versions(chain_.versions_size() - 1);
  v1::Charter next = Must(Successor(newest, absl::FromUnixSeconds(1'790'000'000)));
  edit(&next);
  v1::SignedCharter signed_next = Must(MakeUnsigned(next));
  SignCharter(&signed_next, governor_);
  *chain_.add_versions() = std::move(signed_next);
}

}  // namespace cairn
