// The node's tokens: made, found, revoked. Only their hashes are kept.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "server/access/audit_log.h"
#include "server/access/caller.h"
#include "server/access/token_finder.h"
#include "server/charter/charter_view.h"
#include "server/store/access_rows.h"
#include "server/store/store.h"

namespace cairn {

// A token is "cairn_" and 256 random bits in base64url; it is in the answer of Create and nowhere else. All tokens are
// also in memory (limits::tokens_max), so that a call costs no read. Thread-safe. What is passed in must outlive it.
class TokenStore : public TokenFinder {
 public:
  struct Options {
    std::string partner;  // this node's own
    Store* store;
    std::function<std::shared_ptr<const CharterView>()> charter;
    const AuditLog* audit;
    Clock* clock;
    Random* random;
  };
  static absl::StatusOr<std::unique_ptr<TokenStore>> Load(Options options);

  // See Operations.CreateToken. Listener and pin are left empty.
  absl::StatusOr<v1::CreateTokenResponse> Create(const Caller& caller, const v1::CreateTokenRequest& request);
  // See Operations.RevokeToken. Once it returns, Find and IsValid know.
  absl::StatusOr<v1::AccessToken> Revoke(const Caller& caller, absl::string_view name);
  v1::ListTokensResponse List() const;

  // Notes the use, too.
  std::optional<TokenGrant> Find(absl::string_view secret) override;
  bool IsValid(absl::string_view name) const override;

 private:
  explicit TokenStore(Options options) : options_(std::move(options)) {}

  absl::Status CheckRequest(const v1::CreateTokenRequest& request) const;
  absl::Status CheckAudience(absl::string_view audience) const;
  void NoteUse(TokenRow* token) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsValid(const TokenRow& token) const;

  const Options options_;
  absl::Mutex changing_;  // one Create or Revoke at a time; held while the disk is written, Find does not wait for it
  mutable absl::Mutex mutex_;
  std::vector<TokenRow> tokens_ ABSL_GUARDED_BY(mutex_);  // in order of name
};

}  // namespace cairn
