// Who has which token, for those who only ask.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/clock.h"
#include "server/access/caller.h"
#include "server/store/access_rows.h"

namespace cairn {

// What a valid token gives.
struct TokenGrant {
  std::string name;
  Role role;
  std::vector<std::string> audiences;
};

// Thread-safe.
class TokenFinder {
 public:
  virtual ~TokenFinder() = default;
  // What `secret` gives now; nullopt when it is no token, or one that ended. Looks at every token whatever it finds, so
  // that the time tells nothing.
  virtual std::optional<TokenGrant> Find(absl::string_view secret) = 0;
  // True until the token is revoked or expires.
  virtual bool IsValid(absl::string_view name) const = 0;
};

// The place of `secret`'s token in `tokens`, valid or not; -1: none.
ptrdiff_t PlaceOfToken(absl::Span<const TokenRow> tokens, absl::string_view secret);
bool IsValidToken(const TokenRow& token, absl::Time now);
bool HasValidToken(absl::Span<const TokenRow> tokens, absl::string_view name, absl::Time now);

// The tokens as they were last read from the file, in a process that does not write it. Uses are not noted.
class TokenCopy : public TokenFinder {
 public:
  explicit TokenCopy(Clock* clock) : clock_(clock) {}
  void Set(std::vector<TokenRow> tokens);
  std::optional<TokenGrant> Find(absl::string_view secret) override;
  bool IsValid(absl::string_view name) const override;

 private:
  Clock* const clock_;
  mutable absl::Mutex mutex_;
  std::vector<TokenRow> tokens_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cairn
