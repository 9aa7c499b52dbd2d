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

std::string NameOf(const CertificateClient& client) { return absl::StrCat("certificate ", client.name); }

}  // namespace

Authoriser::Authoriser(std::string own_partner, std::vector<CertificateClient> clients, TokenFinder* tokens,
                       AuditLog* audit)
    : own_partner_(std::move(own_partner)), tokens_(tokens), audit_(audit) {
  SetClients(std::move(clients));
}

std::vector<std::string> Authoriser::SetClients(std::vector<CertificateClient> clients) {
  absl::MutexLock lock(&mutex_);
  std::vector<std::shared_ptr<const CertificateClient>> next;
  for (CertificateClient& client : clients) {
    const auto same =
        std::find_if(clients_.begin(), clients_.end(), [&](const auto& known) { return *known == client; });
    next.push_back(same != clients_.end() ? *same : std::make_shared<CertificateClient>(std::move(client)));
  }
  clients_.swap(next);
  std::vector<std::string> gone;
  for (const auto& before : next) {
    if (std::find(clients_.begin(), clients_.end(), before) == clients_.end()) gone.push_back(NameOf(*before));
  }
  return gone;
}

std::shared_ptr<const CertificateClient> Authoriser::FindClient(const std::string& spki_sha256) const {
  absl::MutexLock lock(&mutex_);
  const auto found = std::find_if(clients_.begin(), clients_.end(),
                                  [&](const auto& known) { return known->spki_sha256 == spki_sha256; });
  return found == clients_.end() ? nullptr : *found;
}

// An operator stands in for the partner itself; everybody else reads what was given with the token.
Reader Authoriser::ReaderOf(Role role, std::vector<std::string> audiences) const {
  if (role == v1::OPERATOR) return Reader::LocalOperator(own_partner_);
  return Reader::Limited(own_partner_, std::move(audiences));
}

absl::StatusOr<Caller> Authoriser::Identify(const Credential& credential) const {
  if (credential.local) return Caller(v1::OPERATOR, "local", Reader::LocalOperator(own_partner_));
  if (!credential.bearer.empty()) {
    if (credential.bearer.size() > 1) return NoSuchToken();
    std::optional<TokenGrant> grant = tokens_->Find(credential.bearer.front());
    if (!grant.has_value()) return NoSuchToken();
    return Caller(grant->role, absl::StrCat("token ", grant->name), ReaderOf(grant->role, std::move(grant->audiences)),
                  grant->name);
  }
  if (credential.certificate_spki.empty()) return NoToken();
  std::shared_ptr<const CertificateClient> client = FindClient(credential.certificate_spki);
  if (client == nullptr) return NoToken();
  Reader reader = ReaderOf(client->role, client->audiences);
  return Caller(client->role, NameOf(*client), std::move(reader), "", client);
}

absl::StatusOr<Caller> Authoriser::Authorise(const Credential& credential, absl::string_view method) const {
  ASSIGN_OR_RETURN(Caller caller, Identify(credential));
  const std::optional<Role> least = LeastRole(method);
  const absl::Status allowed = least.has_value()
                                   ? caller.Require(*least, "this call")
                                   : WithReason(absl::PermissionDeniedError("this call is for nobody"), "NO_SUCH_CALL");
  if (allowed.ok()) return caller;
  if (audit_ != nullptr) audit_->Refused(caller, method, allowed);
  return allowed;
}

absl::Status Authoriser::StillValid(const Caller& caller) const {
  if (!caller.token().empty()) return tokens_->IsValid(caller.token()) ? absl::OkStatus() : NoSuchToken();
  if (caller.client_ == nullptr) return absl::OkStatus();
  absl::MutexLock lock(&mutex_);
  const bool known = std::find(clients_.begin(), clients_.end(), caller.client_) != clients_.end();
  return known ? absl::OkStatus() : NoToken();
}

}  // namespace cairn
