// Finding things in a charter that is being changed; for the sources of charter_edit.h and key_edit.h.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/charter.pb.h"

namespace cairn {

// The charter when it is well formed: what every edit ends with. INVALID_ARGUMENT otherwise.
absl::StatusOr<v1::Charter> CheckedCharter(v1::Charter charter);

// The partner or node of that id; never null. NOT_FOUND says what would be right.
absl::StatusOr<v1::Partner*> PartnerIn(v1::Charter* charter, absl::string_view id);
absl::StatusOr<v1::Node*> NodeIn(v1::Charter* charter, absl::string_view id);

}  // namespace cairn
