// Identifiers: UUIDs by name (RFC 4122, version 5) for what an import names otherwise.
// The same import twice gives the same ids, so that it changes nothing.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/record.pb.h"
#include "common/record/problem.h"

namespace cairn {

// True for a UUID in canonical text form, either case.
bool IsUuid(absl::string_view text);

// UUIDv5 of `name` in the namespace `namespace_uuid` (canonical text). INVALID_ARGUMENT when the namespace is no UUID.
absl::StatusOr<std::string> UuidV5(absl::string_view namespace_uuid, absl::string_view name);

// The namespace of a partner's own identifiers: UUIDv5 of "consortium/partner" in the namespace of Cairn.
std::string PartnerNamespace(absl::string_view consortium, absl::string_view partner);

// The id of the record that `source_id` names in its owner's system: UUIDv5 of "kind/source_id". `partner_namespace`
// must be a UUID (PartnerNamespace makes one).
std::string DeriveId(absl::string_view partner_namespace, v1::RecordKind kind, absl::string_view source_id);

// `id` when it is a UUID (lower-cased), else DeriveId of it. Empty stays empty.
std::string IdOf(absl::string_view partner_namespace, v1::RecordKind kind, absl::string_view id);

// The id of a service at a place: its own when that is a UUID (lower-cased), else UUIDv5 of it, or of the place when it
// has none, in the namespace of the service's id. Empty when the service's id is no UUID.
std::string ServiceAtLocationId(absl::string_view service_id, const v1::ServiceAtLocation& place);

// Brings the record's id and every reference of its body to UUIDs, in place:
// - `id`, when not a UUID, moves to `source_id` and is replaced; when empty and `source_id` is set, it is derived from
// that;
// - references (organization_id, location_ids, service_id, ...) that are no UUIDs are derived with the kind they refer
// to;
//   accompanies_ids, whose kind is open, must be UUIDs or "kind/source-id";
// - session ids that are no UUIDs are derived within the training; the original goes to the session's `extra["id"]` as
// JSON. Idempotent. Appends to `problems` what cannot be brought so (nothing to derive from, an unknown kind). With an
// empty `partner_namespace` nothing is derived, and all that is no UUID is a problem.
void EnsureIds(v1::Record* record, absl::string_view partner_namespace, std::vector<Problem>* problems);

// A reference to another record.
struct Reference {
  // Path of the field, such as "service.organization_id".
  std::string path;
  // The kind referred to; unspecified for accompanies_ids.
  v1::RecordKind kind;
  // The UUID.
  std::string id;
};

// All references in the body, in the order of the protocol.
std::vector<Reference> ReferencesOf(const v1::Record& record);

}  // namespace cairn
