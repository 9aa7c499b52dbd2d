// How a partner asks to be admitted. A request is not secret and proves one thing: whoever made it holds the publishing
// key in it. Governors make sure by another way that it came from the partner, for instance by reading out its
// fingerprint.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/charter.pb.h"
#include "common/crypto/keys.h"

namespace cairn {

// Who asks.
struct JoinOptions {
  std::string partner;      // id
  std::string name;         // the organisation's
  std::string country;      // ISO 3166-1 alpha-2
  std::string role;         // of PartnerRoles
  std::string node;         // id
  std::string endpoint;     // "host:port", or empty: it only dials out
  std::string spki_sha256;  // of the node's TLS key, 32 bytes
};

// A request signed by the publishing key. INVALID_ARGUMENT says which of the options is wrong.
absl::StatusOr<v1::JoinRequest> MakeJoinRequest(const JoinOptions& options, const SigningKey& publishing_key);

// OK when the request is well formed (one node, one key) and its signature is that of its key.
absl::Status CheckJoinRequest(const v1::JoinRequest& request);

// What two people compare on the phone: the first 32 hexadecimal digits of the SHA-256 of the request, in groups of
// four.
std::string JoinFingerprint(const v1::JoinRequest& request);

// The same of any bytes that two people compare.
std::string GroupedFingerprint(absl::string_view bytes);

}  // namespace cairn
