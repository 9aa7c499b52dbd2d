// The text of the table that says which derived rows have changed.
#pragma once

#include "absl/strings/string_view.h"

namespace cairn {

// How many neighbouring entry ids share a block.
inline constexpr int64_t record_block_entries = 512;

inline constexpr absl::string_view kBlocksSchema = R"sql(
-- DERIVED. How often the rows of `record` and its sister tables with entry_id / 512 = block have changed. Whoever keeps
-- a copy of them in memory compares the version that its own transaction sees: equal means that nothing has changed.
-- Rows are never deleted, so that no version comes twice.
CREATE TABLE record_block (
  block INTEGER PRIMARY KEY,
  version INTEGER NOT NULL
) STRICT;
INSERT INTO record_block (block, version) SELECT DISTINCT entry_id / 512, 1 FROM record ORDER BY entry_id / 512;
)sql";

}  // namespace cairn
