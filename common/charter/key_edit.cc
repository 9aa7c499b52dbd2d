#include "common/charter/key_edit.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/charter/charter_edit.h"
#include "common/charter/charter_parts.h"
#include "common/charter/join_request.h"
#include "common/charter/key_request.h"
#include "common/crypto/keys.h"

namespace cairn {

namespace {

bool MaySignNow(const v1::Partner& partner, const v1::PublishingKey& key) {
  return key.generation() == partner.generation() && !key.revoked();
}

std::string KeyIdsOf(const v1::Partner& partner) {
  return absl::StrJoin(partner.publishing_keys(), ", ", [](std::string* out, const v1::PublishingKey& key) {
    absl::StrAppend(out, KeyId(key.public_key()));
  });
}

absl::StatusOr<v1::PublishingKey*> FindKey(v1::Partner* partner, absl::string_view key_id) {
  for (v1::PublishingKey& key : *partner->mutable_publishing_keys()) {
    if (KeyId(key.public_key()) == key_id && key.generation() == partner->generation()) return &key;
  }
  return absl::NotFoundError(absl::StrCat("key ", Quoted(key_id), ": partner ", partner->id(),
                                          " has none of that id in ", "generation ", partner->generation(),
                                          "; its keys are ", KeyIdsOf(*partner)));
}

// Nothing of this audience but the state named, whatever the key's ranges said before.
void EndAt(const LastGood& good, v1::PublishingKey* key) {
  v1::KeyRange* range = nullptr;
  for (v1::KeyRange& there : *key->mutable_ranges()) {
    if (there.audience() == good.audience) range = &there;
  }
  if (range == nullptr) range = key->add_ranges();
  range->set_audience(good.audience);
  if (range->from_seq() > good.seq) range->set_from_seq(0);
  range->set_until_seq(good.seq);
  range->set_until_digest(good.state_digest);
}

// Whichever of the keys of the generation signed the state: all of them stand for it.
void EndGenerationAt(const std::vector<LastGood>& last_good, v1::Partner* partner) {
  for (v1::PublishingKey& key : *partner->mutable_publishing_keys()) {
    if (!MaySignNow(*partner, key)) continue;
    for (const LastGood& good : last_good) EndAt(good, &key);
  }
}

absl::Status AddKey(const NewKey& new_key, v1::Partner* partner) {
  for (const v1::PublishingKey& key : partner->publishing_keys()) {
    if (key.public_key() != new_key.public_key) continue;
    return absl::AlreadyExistsError(absl::StrCat("key ", KeyId(new_key.public_key), ": partner ", partner->id(),
                                                 " has it already; a new one is made by `cairn node new-key`"));
  }
  v1::PublishingKey* added = partner->add_publishing_keys();
  added->set_public_key(new_key.public_key);
  added->set_generation(partner->generation());
  return absl::OkStatus();
}

// A machine that was set up anew keeps its id and shows another TLS key.
void TakeNodes(const NewKey& new_key, v1::Partner* partner) {
  for (const v1::Node& node : new_key.nodes) {
    v1::Node* place = nullptr;
    for (v1::Node& there : *partner->mutable_nodes()) {
      if (there.id() == node.id()) place = &there;
    }
    *(place == nullptr ? partner->add_nodes() : place) = node;
  }
}

absl::Status CheckIsOf(const NewKey& new_key, absl::string_view partner) {
  if (new_key.partner == partner) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the new key is asked for by partner ", Quoted(new_key.partner), ", not by ", Quoted(partner)));
}

}  // namespace

absl::StatusOr<NewKey> NewKeyOf(const v1::JoinRequest& request) {
  RETURN_IF_ERROR(CheckJoinRequest(request));
  const v1::Partner& partner = request.partner();
  return NewKey{partner.id(), partner.publishing_keys(0).public_key(), {partner.nodes(0)}};
}

absl::StatusOr<NewKey> NewKeyOf(const v1::NewKeyRequest& request) {
  RETURN_IF_ERROR(CheckNewKeyRequest(request));
  return NewKey{request.partner(), request.public_key(), {}};
}

absl::StatusOr<v1::Charter> RotateKey(v1::Charter charter, const v1::NewKeyRequest& request) {
  ASSIGN_OR_RETURN(const NewKey new_key, NewKeyOf(request));
  ASSIGN_OR_RETURN(v1::Partner* const partner, PartnerIn(&charter, new_key.partner));
  const bool asked = std::any_of(partner->publishing_keys().begin(), partner->publishing_keys().end(),
                                 [&](const v1::PublishingKey& key) {
                                   return MaySignNow(*partner, key) && VouchedForBy(request, key.public_key());
                                 });
  if (!asked) {
    return absl::PermissionDeniedError(
        absl::StrCat("new key ", KeyId(new_key.public_key), " of ", Quoted(new_key.partner),
                     ": signed by none of the partner's keys that may sign now (", KeyIdsOf(*partner),
                     "); when the key is lost, begin a new generation"));
  }
  RETURN_IF_ERROR(AddKey(new_key, partner));
  return CheckedCharter(std::move(charter));
}

absl::StatusOr<v1::Charter> DropKey(v1::Charter charter, absl::string_view id, absl::string_view key_id) {
  ASSIGN_OR_RETURN(v1::Partner* const partner, PartnerIn(&charter, id));
  ASSIGN_OR_RETURN(v1::PublishingKey* const key, FindKey(partner, key_id));
  auto* const keys = partner->mutable_publishing_keys();
  const auto may_sign = [&](const v1::PublishingKey& k) { return &k != key && MaySignNow(*partner, k); };
  if (std::none_of(keys->begin(), keys->end(), may_sign)) {
    return absl::InvalidArgumentError(absl::StrCat("key ", key_id, " is the only one that ", Quoted(id),
                                                   " may sign with; add the new one first, with `cairn charter "
                                                   "rotate-key`"));
  }
  keys->erase(std::find_if(keys->begin(), keys->end(), [&](const v1::PublishingKey& k) { return &k == key; }));
  return CheckedCharter(std::move(charter));
}

absl::StatusOr<v1::Charter> RevokeKey(v1::Charter charter, const Revocation& revocation) {
  RETURN_IF_ERROR(CheckIsOf(revocation.new_key, revocation.partner));
  ASSIGN_OR_RETURN(v1::Partner* const partner, PartnerIn(&charter, revocation.partner));
  ASSIGN_OR_RETURN(v1::PublishingKey* const key, FindKey(partner, revocation.key_id));
  key->set_revoked(true);
  key->clear_ranges();
  for (const LastGood& good : revocation.last_good) EndAt(good, key);
  if (revocation.new_generation) {
    // The other keys of the generation may have signed the last good state as well.
    EndGenerationAt(revocation.last_good, partner);
    partner->set_generation(partner->generation() + 1);
  }
  RETURN_IF_ERROR(AddKey(revocation.new_key, partner));
  TakeNodes(revocation.new_key, partner);
  return CheckedCharter(std::move(charter));
}

absl::StatusOr<v1::Charter> NewGeneration(v1::Charter charter, const NewKey& new_key,
                                          const std::vector<LastGood>& last_good) {
  ASSIGN_OR_RETURN(v1::Partner* const partner, PartnerIn(&charter, new_key.partner));
  EndGenerationAt(last_good, partner);
  partner->set_generation(partner->generation() + 1);
  RETURN_IF_ERROR(AddKey(new_key, partner));
  TakeNodes(new_key, partner);
  return CheckedCharter(std::move(charter));
}

absl::StatusOr<v1::Charter> RetireKeeping(v1::Charter charter, absl::string_view id,
                                          const std::vector<LastGood>& last_good) {
  ASSIGN_OR_RETURN(charter, Retire(std::move(charter), id));
  ASSIGN_OR_RETURN(v1::Partner* const partner, PartnerIn(&charter, id));
  partner->set_entries_kept(true);
  EndGenerationAt(last_good, partner);
  return CheckedCharter(std::move(charter));
}

}  // namespace cairn
