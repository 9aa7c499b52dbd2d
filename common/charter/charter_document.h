// The charter as a document: what makes a version well formed, and what makes a chain of versions trusted. Used by
// nodes and by the command line alike; knows no disk and no network.
//
// Trust moves from version to version as in the root role of The Update Framework: version n+1 is valid when at least
// the threshold of version n's governors and at least its own threshold of its own governors signed it. A key counts
// once, however often it signed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/charter.pb.h"
#include "common/crypto/keys.h"
#include "common/record/problem.h"

namespace cairn {

// --- names

// True for ids of consortia, partners, nodes and circles: lower-case letters, digits and hyphens, 1 to 64, a letter or
// digit at both ends.
bool IsCharterId(absl::string_view id);

// True for "public", "consortium" and "circle:" followed by an id.
bool IsAudience(absl::string_view audience);

// True for "host:port" with a port from 1 to 65535; an IPv6 address stands in brackets.
bool IsEndpoint(absl::string_view endpoint);

// The roles that a partner may have, in the order of the protocol.
const std::vector<absl::string_view>& PartnerRoles();

// --- one version

// Everything that is wrong with the content, in the order of the fields; none: it may be signed. Checks every rule of
// charter.proto: names, lengths, uniqueness of partners, nodes, pins, keys and circles, the threshold, references.
std::vector<Problem> ValidateCharter(const v1::Charter& charter);

// The content of a version, validated. INVALID_ARGUMENT says what is wrong. Signatures are not looked at.
absl::StatusOr<v1::Charter> ParseCharter(const v1::SignedCharter& signed_charter);

// A version without signatures from its content. Fails as ParseCharter does.
absl::StatusOr<v1::SignedCharter> MakeUnsigned(const v1::Charter& charter);

// SHA-256 of the body: what the next version refers to. 32 bytes.
std::string CharterSha256(const v1::SignedCharter& signed_charter);

// --- signatures

// Adds the signature of `key`; a second one of the same key changes nothing. The caller decides whether the key is a
// governor's.
void SignCharter(v1::SignedCharter* signed_charter, const SigningKey& key);

// How many of `governors` validly signed, each key once. Signatures by others are passed over.
uint32_t CountSignatures(const v1::SignedCharter& signed_charter, const v1::Charter& governors_of);

// Adds to `into` the signatures that `from` has on the same body. INVALID_ARGUMENT when the bodies differ.
absl::Status MergeSignatures(v1::SignedCharter* into, const v1::SignedCharter& from);

// --- chains

// OK when the version may be where trust starts: well formed and signed by its own threshold. That it is the right one,
// only whoever handed it over knows.
absl::Status CheckFirst(const v1::SignedCharter& first);

// OK when `next` follows from `previous`, which must be trusted: same consortium, version one more, hash of the version
// before, both thresholds. PERMISSION_DENIED for missing signatures, INVALID_ARGUMENT for the rest.
absl::Status CheckSuccessor(const v1::SignedCharter& previous, const v1::SignedCharter& next);

// CheckFirst of the first version and CheckSuccessor of every other one; the text names the version that fails.
// INVALID_ARGUMENT for an empty chain.
absl::Status CheckChain(const v1::CharterChain& chain);

}  // namespace cairn
