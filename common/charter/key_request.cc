#include "common/charter/key_request.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/charter/charter_document.h"
#include "common/charter/join_request.h"

namespace cairn {

namespace {

constexpr int old_signatures_max = 16;  // a partner has a handful of key files

std::string SignedBytes(const v1::NewKeyRequest& request) {
  return absl::StrCat(request.partner(), "\n", request.public_key());
}

}  // namespace

absl::StatusOr<v1::NewKeyRequest> MakeNewKeyRequest(absl::string_view partner, const SigningKey& new_key,
                                                    const std::vector<SigningKey>& old_keys) {
  if (!IsCharterId(partner)) {
    return absl::InvalidArgumentError(absl::StrCat("partner ", Quoted(partner), ": not the id of a partner"));
  }
  v1::NewKeyRequest request;
  request.set_partner(std::string(partner));
  request.set_public_key(new_key.public_key());
  const std::string bytes = SignedBytes(request);
  request.set_signature(new_key.Sign(new_key_domain, bytes));
  for (const SigningKey& old : old_keys) {
    v1::OldKeySignature* by = request.add_by_old_keys();
    by->set_key_id(KeyId(old.public_key()));
    by->set_signature(old.Sign(new_key_domain, bytes));
  }
  return request;
}

absl::Status CheckNewKeyRequest(const v1::NewKeyRequest& request) {
  if (!IsCharterId(request.partner()) || request.public_key().size() != public_key_bytes ||
      request.by_old_keys_size() > old_signatures_max) {
    return absl::InvalidArgumentError(absl::StrCat("request for a new key of ", Quoted(request.partner()),
                                                   ": not well formed; `cairn node new-key` makes one"));
  }
  if (!VerifySignature(request.public_key(), new_key_domain, SignedBytes(request), request.signature())) {
    return absl::InvalidArgumentError(
        absl::StrCat("request for a new key of ", Quoted(request.partner()),
                     ": its signature is not that of the new key; it was altered or cut off, ask for it again"));
  }
  return absl::OkStatus();
}

bool VouchedForBy(const v1::NewKeyRequest& request, absl::string_view old_public_key) {
  const std::string key_id = KeyId(old_public_key);
  return std::any_of(request.by_old_keys().begin(), request.by_old_keys().end(), [&](const v1::OldKeySignature& by) {
    return by.key_id() == key_id &&
           VerifySignature(old_public_key, new_key_domain, SignedBytes(request), by.signature());
  });
}

std::string NewKeyFingerprint(const v1::NewKeyRequest& request) {
  return GroupedFingerprint(absl::StrCat(new_key_domain, SignedBytes(request)));
}

}  // namespace cairn
