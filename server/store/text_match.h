// Words as the text index takes them. Internal to server/store.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/store/database.h"

namespace cairn {

// Words as an FTS5 expression. Each is quoted, so that nothing in it is an operator. Empty when no word is left.
absl::StatusOr<std::string> MatchExpression(Connection& db, absl::Span<const std::string> words, bool last_is_prefix);

// True when `words` follow each other in one of the texts of the record that entry_id is the row of (of a supplement:
// merged with what it is laid over).
absl::StatusOr<bool> HoldsPhrases(Connection& db, int64_t entry_id, absl::Span<const std::vector<std::string>> phrases);

}  // namespace cairn
