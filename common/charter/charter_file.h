// Charters and requests as files that survive mail and copy-and-paste: base64 between BEGIN and END lines, as in
// PEM (RFC 7468). Text before BEGIN and after END is for people and is not read.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/charter.pb.h"

namespace cairn {

// "-----BEGIN CAIRN CHARTER-----" ... A draft is a chain whose last version lacks signatures.
std::string ArmourChain(const v1::CharterChain& chain);
// INVALID_ARGUMENT when it is something else, cut off, or larger than limits::charter_file_bytes_max. Nothing is
// verified; that is CheckChain's.
absl::StatusOr<v1::CharterChain> ChainFromText(absl::string_view text);

// "-----BEGIN CAIRN JOIN REQUEST-----" ...
std::string ArmourJoinRequest(const v1::JoinRequest& request);
absl::StatusOr<v1::JoinRequest> JoinRequestFromText(absl::string_view text);

// "-----BEGIN CAIRN NEW KEY REQUEST-----" ...
std::string ArmourNewKeyRequest(const v1::NewKeyRequest& request);
absl::StatusOr<v1::NewKeyRequest> NewKeyRequestFromText(absl::string_view text);

}  // namespace cairn
