#include "server/access/authoriser.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "server/access/method_roles.h"

namespace cairn {
namespace {

// One text for all that is wrong with a token: which it is, only its holder needs to know, from whoever gave it.
absl::Status NoSuchToken() {
  return WithReason(absl::UnauthenticatedError(
                        "the token is not valid: unknown, expired or revoked; ask the node's operator for another"),
                    "TOKEN_NOT_VALID");
}

absl::Status NoToken() {
  return WithReason(
      absl::UnauthenticatedError("this door needs a token (--token-file FILE) or a client certificate that "
                                 "the node's operator has given"),
      "TOKEN_MISSING");
}

}  // namespace

Authoriser::Authoriser(std::string own_partner, std::vector<CertificateClient> clients, TokenStore* tokens,
                       AuditLog* audit)
    : own_partner_(std::move(own_partner)), clients_(std::move(clients)), tokens_(tokens), audit_(audit) {}

// An operator stands in for the partner itself; everybody else reads what was given with the token.
Reader Authoriser::ReaderOf(Role role, std::vector<std::string> audiences) const {
  if (role == v1::OPERATOR) return Reader::LocalOperator(own_partner_);
  return Reader::Limited(own_partner_, std::move(audiences));
}

absl::StatusOr<Caller> Authoriser::Identify(const Credential& credential) const {
  if (credential.local) return Caller(v1::OPERATOR, "local", Reader::LocalOperator(own_partner_));
  if (!credential.bearer.empty()) {
    if (credential.bearer.size() > 1) return NoSuchToken();
    std::optional<TokenStore::Grant> grant = tokens_->Find(credential.bearer.front());
    if (!grant.has_value()) return NoSuchToken();
    return Caller(grant->role, absl::StrCat("token ", grant->name), ReaderOf(grant->role, std::move(grant->audiences)),
                  grant->name);
  }
  if (credential.certificate_spki.empty()) return NoToken();
  const auto client = std::find_if(clients_.begin(), clients_.end(), [&](const CertificateClient& known) {
    return known.spki_sha256 == credential.certificate_spki;
  });
  if (client == clients_.end()) return NoToken();
  return Caller(client->role, absl::StrCat("certificate ", client->name), ReaderOf(client->role, client->audiences));
}

absl::StatusOr<Caller> Authoriser::Authorise(const Credential& credential, absl::string_view method) const {
  ASSIGN_OR_RETURN(Caller caller, Identify(credential));
  const std::optional<Role> least = LeastRole(method);
  const absl::Status allowed = least.has_value()
                                   ? caller.Require(*least, "this call")
                                   : WithReason(absl::PermissionDeniedError("this call is for nobody"), "NO_SUCH_CALL");
  if (allowed.ok()) return caller;
  audit_->Refused(caller, method, allowed);
  return allowed;
}

absl::Status Authoriser::StillValid(const Caller& caller) const {
  if (caller.token().empty() || tokens_->IsValid(caller.token())) return absl::OkStatus();
  return NoSuchToken();
}

}  // namespace cairn
