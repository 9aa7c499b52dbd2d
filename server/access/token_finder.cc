#include "server/access/token_finder.h"

#include <algorithm>

#include "common/crypto/hash.h"

namespace cairn {

ptrdiff_t PlaceOfToken(absl::Span<const TokenRow> tokens, absl::string_view secret) {
  const std::string hash = Sha256(secret);
  ptrdiff_t found = -1;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (EqualInConstantTime(tokens[i].sha256, hash)) found = static_cast<ptrdiff_t>(i);
  }
  return found;
}

bool IsValidToken(const TokenRow& token, absl::Time now) {
  return token.revoked_at == 0 && absl::ToUnixMillis(now) < token.expires_at;
}

bool HasValidToken(absl::Span<const TokenRow> tokens, absl::string_view name, absl::Time now) {
  return std::any_of(tokens.begin(), tokens.end(),
                     [&](const TokenRow& token) { return token.name == name && IsValidToken(token, now); });
}

void TokenCopy::Set(std::vector<TokenRow> tokens) {
  absl::MutexLock lock(&mutex_);
  tokens_ = std::move(tokens);
}

std::optional<TokenGrant> TokenCopy::Find(absl::string_view secret) {
  absl::MutexLock lock(&mutex_);
  const ptrdiff_t place = PlaceOfToken(tokens_, secret);
  if (place < 0) return std::nullopt;
  const TokenRow& token = tokens_[static_cast<size_t>(place)];
  if (!IsValidToken(token, clock_->Now())) return std::nullopt;
  return TokenGrant{token.name, static_cast<Role>(token.role), token.audiences};
}

bool TokenCopy::IsValid(absl::string_view name) const {
  absl::MutexLock lock(&mutex_);
  return HasValidToken(tokens_, name, clock_->Now());
}

}  // namespace cairn
