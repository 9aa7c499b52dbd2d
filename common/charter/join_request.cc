#include "common/charter/join_request.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "common/charter/charter_document.h"
#include "common/crypto/hash.h"

namespace cairn {

namespace {

// The rules for a partner are those of a charter that holds it.
absl::Status CheckPartnerAlone(const v1::Partner& partner) {
  v1::Charter charter;
  charter.set_consortium("any");
  charter.set_consortium_name("any");
  charter.set_version(1);
  charter.set_threshold(1);
  v1::Governor* governor = charter.add_governors();
  governor->set_name("any");
  governor->set_public_key(std::string(public_key_bytes, 'k'));
  *charter.add_partners() = partner;
  return Annotate(ToStatus(ValidateCharter(charter)), "join request");
}

// Only what a newcomer may ask for: anything else in a signed request could slip by the governors.
absl::Status CheckShape(const v1::Partner& partner) {
  if (partner.publishing_keys_size() != 1 || partner.nodes_size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat("join request with ", partner.publishing_keys_size(), " keys and ",
                                                   partner.nodes_size(), " nodes; it has one of each"));
  }
  if (partner.status() != v1::ACTIVE || partner.generation() != 1 || partner.has_quota() || partner.entries_kept() ||
      partner.publishing_keys(0).revoked() || partner.publishing_keys(0).ranges_size() != 0) {
    return absl::InvalidArgumentError(
        "join request that asks for a status, generation, quota or key ranges of its own; these are the governors' to "
        "decide");
  }
  return CheckPartnerAlone(partner);
}

}  // namespace

absl::StatusOr<v1::JoinRequest> MakeJoinRequest(const JoinOptions& options, const SigningKey& publishing_key) {
  v1::JoinRequest request;
  v1::Partner* partner = request.mutable_partner();
  partner->set_id(options.partner);
  partner->set_name(options.name);
  partner->set_country(options.country);
  partner->set_role(options.role);
  partner->set_status(v1::ACTIVE);
  partner->set_generation(1);
  v1::PublishingKey* key = partner->add_publishing_keys();
  key->set_public_key(publishing_key.public_key());
  key->set_generation(1);
  v1::Node* node = partner->add_nodes();
  node->set_id(options.node);
  node->set_endpoint(options.endpoint);
  node->set_spki_sha256(options.spki_sha256);
  RETURN_IF_ERROR(CheckShape(*partner));
  request.set_signature(publishing_key.Sign(join_domain, partner->SerializeAsString()));
  return request;
}

absl::Status CheckJoinRequest(const v1::JoinRequest& request) {
  RETURN_IF_ERROR(CheckShape(request.partner()));
  const std::string& key = request.partner().publishing_keys(0).public_key();
  if (!VerifySignature(key, join_domain, request.partner().SerializeAsString(), request.signature())) {
    return absl::InvalidArgumentError(
        absl::StrCat("join request of ", Quoted(request.partner().id()),
                     ": its signature is not that of its key; it was altered or cut off, ask for it again"));
  }
  return absl::OkStatus();
}

std::string JoinFingerprint(const v1::JoinRequest& request) {
  return GroupedFingerprint(absl::StrCat(join_domain, request.partner().SerializeAsString()));
}

std::string GroupedFingerprint(absl::string_view bytes) {
  const std::string digits = ToHex(Sha256(bytes));
  std::string grouped = digits.substr(0, 4);
  for (size_t i = 4; i < 32; i += 4) absl::StrAppend(&grouped, " ", digits.substr(i, 4));
  return grouped;
}

}  // namespace cairn
