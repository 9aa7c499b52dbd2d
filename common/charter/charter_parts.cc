#include "common/charter/charter_parts.h"

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/charter/charter_document.h"

namespace cairn {

absl::StatusOr<v1::Charter> CheckedCharter(v1::Charter charter) {
  RETURN_IF_ERROR(ToStatus(ValidateCharter(charter)));
  return charter;
}

absl::StatusOr<v1::Partner*> PartnerIn(v1::Charter* charter, absl::string_view id) {
  for (v1::Partner& partner : *charter->mutable_partners()) {
    if (partner.id() == id) return &partner;
  }
  return absl::NotFoundError(absl::StrCat("partner ", Quoted(id),
                                          ": not in this charter; `cairn charter inspect` lists "
                                          "its partners"));
}

absl::StatusOr<v1::Node*> NodeIn(v1::Charter* charter, absl::string_view id) {
  for (v1::Partner& partner : *charter->mutable_partners()) {
    for (v1::Node& node : *partner.mutable_nodes()) {
      if (node.id() == id) return &node;
    }
  }
  return absl::NotFoundError(absl::StrCat("node ", Quoted(id), ": not in this charter"));
}

}  // namespace cairn
