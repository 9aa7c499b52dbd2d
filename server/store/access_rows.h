// Tokens and the audit on disk. What they mean is the business of server/access.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/store/database.h"

namespace cairn {

// A row of table token. Times are ms since 1970.
struct TokenRow {
  std::string name;
  std::string sha256;
  int role = 0;
  std::vector<std::string> audiences;
  int64_t created_at = 0;
  int64_t expires_at = 0;
  int64_t revoked_at = 0;    // 0: it is not revoked
  int64_t last_used_at = 0;  // 0: never
};

// A row of table audit. Times are ms since 1970.
struct AuditRow {
  int64_t at = 0;
  bool refused = false;
  int role = 0;
  std::string caller;
  std::string method;
  std::string description;
  std::string result;
};

// ALREADY_EXISTS when the name was given before.
absl::Status InsertToken(Connection& db, const TokenRow& token);
// NOT_FOUND when there is no such token.
absl::Status RevokeToken(Connection& db, absl::string_view name, int64_t revoked_at);
absl::Status SetTokenUsed(Connection& db, absl::string_view name, int64_t used_at);
// Forgets those that ended before `ended_before`.
absl::Status PurgeTokens(Connection& db, int64_t ended_before);
// All of them, in order of name.
absl::StatusOr<std::vector<TokenRow>> ReadTokens(Connection& db);

absl::Status AppendAudit(Connection& db, const AuditRow& row);
// At most `limit` rows from `since` on, newest first.
absl::StatusOr<std::vector<AuditRow>> ReadAudit(Connection& db, int64_t since, uint32_t limit);

// How much of the audit is kept.
struct AuditBounds {
  int64_t not_before = 0;     // ms since 1970
  uint64_t changes_max = 0;   // the newest so many of what was done
  uint64_t refusals_max = 0;  // and of what was refused
};
// Forgets what lies beyond the bounds.
absl::Status PurgeAudit(Connection& db, const AuditBounds& bounds);

}  // namespace cairn
