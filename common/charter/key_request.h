// How a partner asks for a new publishing key: the new key vouches for itself, and keys that the partner has used vouch
// for it. Not secret. As with a join request, governors make sure by another way that it came from the partner.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/charter.pb.h"
#include "common/crypto/keys.h"

namespace cairn {

// A request for `new_key`, signed by it and by each of `old_keys`. INVALID_ARGUMENT when `partner` is no id.
absl::StatusOr<v1::NewKeyRequest> MakeNewKeyRequest(absl::string_view partner, const SigningKey& new_key,
                                                    const std::vector<SigningKey>& old_keys);

// OK when the request is well formed and the new key signed it. Says nothing about old keys.
absl::Status CheckNewKeyRequest(const v1::NewKeyRequest& request);

// True when the holder of `old_public_key` signed the request.
bool VouchedForBy(const v1::NewKeyRequest& request, absl::string_view old_public_key);

// What two people compare on the phone, as JoinFingerprint.
std::string NewKeyFingerprint(const v1::NewKeyRequest& request);

}  // namespace cairn
