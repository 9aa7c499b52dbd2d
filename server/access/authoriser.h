// Lets callers in, or refuses them: who they are, and whether their role is enough for what they ask.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "server/access/audit_log.h"
#include "server/access/caller.h"
#include "server/access/token_finder.h"

namespace cairn {

// Somebody who may come with a certificate.
struct CertificateClient {
  std::string spki_sha256;  // of the certificate's public key, 32 bytes
  std::string name;
  Role role = v1::ACCESS_ROLE_UNSPECIFIED;
  std::vector<std::string> audiences;
  friend bool operator==(const CertificateClient&, const CertificateClient&) = default;
};

// What somebody showed at the door.
struct Credential {
  bool local = false;               // came over the socket, which the file's permissions guard
  std::vector<std::string> bearer;  // "Bearer TOKEN" headers, without "Bearer "; one is right
  std::string certificate_spki;     // SHA-256 of the key of a certificate that TLS verified; empty: none
};

// The only maker of a Caller. Thread-safe. What is passed in must outlive it.
//
// Denied unless a rule here allows it: an rpc without a row in the table of method_roles.cc, no token and no known
// certificate, more than one token, one that ended, and a role below the row's. A token that is wrong is refused even
// beside a certificate that is right.
class Authoriser {
 public:
  // `audit` nullptr: refusals leave no row, in a process that cannot write one.
  Authoriser(std::string own_partner, std::vector<CertificateClient> clients, TokenFinder* tokens, AuditLog* audit);

  // Replaces those who may come with a certificate; calls of one who is no more among them as it was end as those of a
  // revoked token do. Returns what such callers were named.
  std::vector<std::string> SetClients(std::vector<CertificateClient> clients);

  // Who calls `method`, "/package.Service/Method". UNAUTHENTICATED or PERMISSION_DENIED; a refusal of somebody known is
  // audited. Texts say nothing that the caller did not know but the role needed.
  absl::StatusOr<Caller> Authorise(const Credential& credential, absl::string_view method) const;

  // OK as long as the caller's token or certificate is valid; for what runs long. UNAUTHENTICATED afterwards.
  absl::Status StillValid(const Caller& caller) const;

 private:
  std::shared_ptr<const CertificateClient> FindClient(const std::string& spki_sha256) const;
  absl::StatusOr<Caller> Identify(const Credential& credential) const;
  Reader ReaderOf(Role role, std::vector<std::string> audiences) const;

  const std::string own_partner_;
  TokenFinder* const tokens_;
  AuditLog* const audit_;
  mutable absl::Mutex mutex_;
  std::vector<std::shared_ptr<const CertificateClient>> clients_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cairn
