// The text of the tables that say who may do what at this node, and who did. They never leave it.
#pragma once

#include "absl/strings/string_view.h"

namespace cairn {

inline constexpr absl::string_view kAccessSchema = R"sql(
CREATE TABLE token (
  -- Local. Tokens of administrators and readers. The token itself is nowhere: it was shown once.
  name TEXT NOT NULL PRIMARY KEY,       -- given by the operator; never given twice, so that audit means one token
  sha256 BLOB NOT NULL UNIQUE,          -- of the token
  role INTEGER NOT NULL,                -- cairn.v1.AccessRole
  audiences TEXT NOT NULL,              -- that it may read besides the public one, with a space between them
  created_at INTEGER NOT NULL,          -- ms since 1970
  expires_at INTEGER NOT NULL,          -- ms since 1970
  revoked_at INTEGER NOT NULL,          -- ms since 1970; 0: it is not revoked
  last_used_at INTEGER NOT NULL         -- ms since 1970, some minutes old at most; 0: never
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  -- Local. Who changed what at this node, and who tried what was refused. Rows are only added, and go with age.
  audit_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,                  -- ms since 1970
  refused INTEGER NOT NULL,             -- 1: it was not allowed
  role INTEGER NOT NULL,                -- cairn.v1.AccessRole
  caller TEXT NOT NULL,                 -- "local", "token NAME" or "certificate NAME"
  method TEXT NOT NULL,                 -- the rpc: Publishing.Withdraw
  description TEXT NOT NULL,            -- what: ids, counts, audience, sequence number; never contents
  result TEXT NOT NULL                  -- ok, or the code of the error
) STRICT;
CREATE INDEX audit_by_refused ON audit (refused, audit_id);
)sql";

}  // namespace cairn
