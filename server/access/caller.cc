#include "server/access/caller.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/errors.h"

namespace cairn {

std::string RoleName(Role role) {
  if (role < v1::READER || role > v1::OPERATOR) return "nobody";
  return absl::AsciiStrToLower(v1::AccessRole_Name(role));
}

std::optional<Role> RoleFromName(absl::string_view name) {
  for (const Role role : {v1::READER, v1::EDITOR, v1::PUBLISHER, v1::OPERATOR}) {
    if (name == RoleName(role)) return role;
  }
  return std::nullopt;
}

absl::Status Caller::Require(Role least, absl::string_view doing) const {
  if (role_ >= least) return absl::OkStatus();
  return WithReason(
      absl::PermissionDeniedError(absl::StrCat(doing, " needs the role ", RoleName(least), "; ", name_, " is ",
                                               RoleName(role_), "; ask the node's operator for another token")),
      "ROLE_TOO_LOW");
}

// The same words for an audience that does not exist: whoever may not read it does not learn which there are.
absl::Status Caller::RequireAudience(absl::string_view audience) const {
  if (audience.empty() || reader_.MayAsk(audience)) return absl::OkStatus();
  return WithReason(
      absl::PermissionDeniedError(absl::StrCat("audience ", Quoted(audience), ": not one of those that ", name_,
                                               " was given; ask the node's operator for a token "
                                               "with it")),
      "AUDIENCE_NOT_GIVEN");
}

}  // namespace cairn
