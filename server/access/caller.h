// Who calls, and what it may do.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/operations.pb.h"
#include "server/charter/may_read.h"

namespace cairn {

// Each role may do all that those before it may: READER < EDITOR < PUBLISHER < OPERATOR.
using Role = v1::AccessRole;

// "reader", as people write it; "nobody" for what is no role.
std::string RoleName(Role role);
// nullopt for anything that RoleName does not say.
std::optional<Role> RoleFromName(absl::string_view name);

struct CertificateClient;

// Somebody who was let in. Made by the Authoriser alone.
class Caller {
 public:
  Role role() const { return role_; }
  // What MayRead asks.
  const Reader& reader() const { return reader_; }
  // "local", "token NAME" or "certificate NAME": what the audit and limits call it.
  const std::string& name() const { return name_; }
  // Whoever may open the socket: no limits, and nobody that could be revoked.
  bool local() const { return name_ == "local"; }
  // Name of its token; empty: it has none.
  const std::string& token() const { return token_; }

  // OK when its role is at least `least`; PERMISSION_DENIED names the role that `doing` needs.
  absl::Status Require(Role least, absl::string_view doing) const;
  // OK when it may write to `audience`: only to what it may read, since what changes tells what is there.
  absl::Status RequireAudience(absl::string_view audience) const;

 private:
  friend class Authoriser;
  Caller(Role role, std::string name, Reader reader, std::string token = "",
         std::shared_ptr<const CertificateClient> client = nullptr)
      : role_(role),
        name_(std::move(name)),
        reader_(std::move(reader)),
        token_(std::move(token)),
        client_(std::move(client)) {}

  Role role_;
  std::string name_;
  Reader reader_;
  std::string token_;
  std::shared_ptr<const CertificateClient> client_;  // what let it in; null: not a certificate
};

}  // namespace cairn
