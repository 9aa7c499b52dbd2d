#include "server/store/access_rows.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"

namespace cairn {

absl::Status InsertToken(Connection& db, const TokenRow& token) {
  RETURN_IF_ERROR(
      db.Execute("INSERT INTO token (name, sha256, role, audiences, created_at, expires_at, revoked_at, last_used_at) "
                 "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING",
                 token.name, Blob{token.sha256}, token.role, absl::StrJoin(token.audiences, " "), token.created_at,
                 token.expires_at, token.revoked_at, token.last_used_at));
  if (db.changes() == 1) return absl::OkStatus();
  return absl::AlreadyExistsError(absl::StrCat("token ", Quoted(token.name),
                                               ": the name was given before; choose another, such as ", token.name,
                                               "-2, so that the audit tells them apart"));
}

absl::Status RevokeToken(Connection& db, absl::string_view name, int64_t revoked_at) {
  RETURN_IF_ERROR(
      db.Execute("UPDATE token SET revoked_at = CASE revoked_at WHEN 0 THEN ? ELSE revoked_at END "
                 "WHERE name = ?",
                 revoked_at, name));
  if (db.changes() == 1) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("token ", Quoted(name), ": there is none of that name; see `token list`"));
}

absl::Status SetTokenUsed(Connection& db, absl::string_view name, int64_t used_at) {
  return db.Execute("UPDATE token SET last_used_at = ? WHERE name = ?", used_at, name);
}

absl::Status PurgeTokens(Connection& db, int64_t ended_before) {
  return db.Execute("DELETE FROM token WHERE CASE revoked_at WHEN 0 THEN expires_at ELSE revoked_at END < ?",
                    ended_before);
}

absl::StatusOr<std::vector<TokenRow>> ReadTokens(Connection& db) {
  Statement row = db.Prepare(
      "SELECT name, sha256, role, audiences, created_at, expires_at, revoked_at, last_used_at FROM token "
      "ORDER BY name");
  std::vector<TokenRow> tokens;
  while (row.Step()) {
    TokenRow& token = tokens.emplace_back();
    token.name = row.String(0);
    token.sha256 = row.String(1);
    token.role = static_cast<int>(row.Int64(2));
    token.audiences = absl::StrSplit(row.Text(3), ' ', absl::SkipEmpty());
    token.created_at = row.Int64(4);
    token.expires_at = row.Int64(5);
    token.revoked_at = row.Int64(6);
    token.last_used_at = row.Int64(7);
  }
  RETURN_IF_ERROR(row.status());
  return tokens;
}

absl::Status AppendAudit(Connection& db, const AuditRow& row) {
  return db.Execute(
      "INSERT INTO audit (at, refused, role, caller, method, description, result) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)",
      row.at, row.refused, row.role, row.caller, row.method, row.description, row.result);
}

absl::StatusOr<std::vector<AuditRow>> ReadAudit(Connection& db, int64_t since, uint32_t limit) {
  Statement row = db.Prepare(
      "SELECT at, refused, role, caller, method, description, result FROM audit WHERE at >= ? "
      "ORDER BY audit_id DESC LIMIT ?");
  row.Bind(since, limit);
  std::vector<AuditRow> rows;
  while (row.Step()) {
    AuditRow& read = rows.emplace_back();
    read.at = row.Int64(0);
    read.refused = row.Int64(1) != 0;
    read.role = static_cast<int>(row.Int64(2));
    read.caller = row.String(3);
    read.method = row.String(4);
    read.description = row.String(5);
    read.result = row.String(6);
  }
  RETURN_IF_ERROR(row.status());
  return rows;
}

absl::Status PurgeAudit(Connection& db, const AuditBounds& bounds) {
  // Rows are in the order of their numbers; the first that is young enough ends the search.
  RETURN_IF_ERROR(
      db.Execute("DELETE FROM audit WHERE audit_id < coalesce((SELECT audit_id FROM audit WHERE at >= ? "
                 "ORDER BY audit_id LIMIT 1), 9223372036854775807)",
                 bounds.not_before));
  for (const bool refused : {false, true}) {
    RETURN_IF_ERROR(
        db.Execute("DELETE FROM audit WHERE refused = ?1 AND audit_id <= (SELECT audit_id FROM audit "
                   "WHERE refused = ?1 ORDER BY audit_id DESC LIMIT 1 OFFSET ?2)",
                   refused, refused ? bounds.refusals_max : bounds.changes_max));
  }
  return absl::OkStatus();
}

}  // namespace cairn
