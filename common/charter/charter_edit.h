// Governance: each function makes the next version of a charter, unsigned, from the one in force. None changes its
// input; all number the version, refer to the one before and set `issued_at`. Errors name what would be right.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cairn/v1/charter.pb.h"

namespace cairn {

// How long a version is in date when nothing else is said: long enough for a yearly meeting of the governors.
inline constexpr absl::Duration charter_lifetime_default = absl::Hours(24 * 400);

// What a consortium begins with.
struct NewCharterOptions {
  std::string consortium;
  std::string consortium_name;
  std::vector<v1::Governor> governors;
  uint32_t threshold = 1;
  absl::Time now;
};
// Version 1, without partners.
absl::StatusOr<v1::Charter> NewCharter(const NewCharterOptions& options);

// The version after `previous` with the same content: what the edits below start from, and what renews a charter that
// runs out.
absl::StatusOr<v1::Charter> Successor(const v1::SignedCharter& previous, absl::Time now);

// Each of these takes a charter made by NewCharter or Successor and changes one thing in it, so that one version can
// carry several. INVALID_ARGUMENT when the result is no well-formed charter, NOT_FOUND for an unknown partner.

// Takes in the partner of a join request (active, generation 1), or a further node of a partner that is already in. The
// request is checked; ALREADY_EXISTS when partner and node are in as they are.
absl::StatusOr<v1::Charter> Admit(v1::Charter charter, const v1::JoinRequest& request);

// Nothing new of the partner is accepted until it is Reinstated.
absl::StatusOr<v1::Charter> Suspend(v1::Charter charter, absl::string_view partner);
absl::StatusOr<v1::Charter> Reinstate(v1::Charter charter, absl::string_view partner);
// The partner leaves for good and its entries are withdrawn everywhere; its nodes lose their pins and circles lose the
// partner. See RetireKeeping (key_edit.h) for entries that stay.
absl::StatusOr<v1::Charter> Retire(v1::Charter charter, absl::string_view partner);

// Takes one node out; its streams end.
absl::StatusOr<v1::Charter> RemoveNode(v1::Charter charter, absl::string_view node);
// The node shows another TLS key, of this SPKI hash or of a join request that it made anew. ALREADY_EXISTS when it is
// pinned; NOT_FOUND for a node that is none of the asking partner's.
absl::StatusOr<v1::Charter> SetPin(v1::Charter charter, absl::string_view node, absl::string_view spki_sha256);
absl::StatusOr<v1::Charter> SetPin(v1::Charter charter, const v1::JoinRequest& request);
// Changes where a node is dialled; empty: it only dials out.
absl::StatusOr<v1::Charter> SetEndpoint(v1::Charter charter, absl::string_view node, absl::string_view endpoint);

// The governors and the threshold from the next version on.
absl::StatusOr<v1::Charter> SetGovernors(v1::Charter charter, std::vector<v1::Governor> governors, uint32_t threshold);

// The partners of a circle; none removes the circle.
absl::StatusOr<v1::Charter> SetCircle(v1::Charter charter, absl::string_view circle,
                                      const std::vector<std::string>& partners);

// Takes partners out of the circle, then others in. NOT_FOUND for one that is to go and is not there. With nobody left
// the circle is removed.
absl::StatusOr<v1::Charter> ChangeCircle(v1::Charter charter, absl::string_view circle,
                                         const std::vector<std::string>& add, const std::vector<std::string>& remove);

// The bounds of a partner.
absl::StatusOr<v1::Charter> SetQuota(v1::Charter charter, absl::string_view partner, const v1::Quota& quota);

}  // namespace cairn
