// SQL functions of Cairn's own, for the connections that search.
#pragma once

#include "absl/status/status.h"

struct sqlite3;

namespace cairn {

// Registers on a connection, after it was opened:
//   cairn_rank(record_text)           FTS5 auxiliary: 0 to 1,000, by the weightiest column that each word stands in.
//                                     Unlike bm25 it looks at this row alone, so its cost does not grow with the table.
//   cairn_occurs(rule, dtstart, day)  1 when the RFC 5545 rule that begins on `dtstart` falls on `day` (YYYY-MM-DD).
absl::Status RegisterSearchFunctions(sqlite3* db);

}  // namespace cairn
