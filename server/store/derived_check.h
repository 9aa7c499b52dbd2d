// Proof that the derived tables are what the exchanged tables say: used by `verify --deep` and after a rebuild.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/store/database.h"
#include "server/store/derived.h"
#include "server/store/supplement_rows.h"

namespace cairn {

// Feed it every live entry once, then Finish, all inside one read transaction. Reads only. Not thread-safe.
//
// Rows are compared one by one. What has no entry (ghosts) shows in the totals. The text index is compared as a whole:
// the sum over its (record, column, word) of a 64-bit hash must be that of the words of all records, so a wrong word
// anywhere is found, though not where.
class DerivedCheck {
 public:
  // Compares the rows of one entry with `prepared`; appends a line a difference to `findings`. Errors are the
  // database's own.
  absl::Status Entry(Connection& connection, int64_t feed_id, int64_t entry_id, const PreparedRecord& prepared,
                     std::vector<std::string>* findings);

  // Compares the row of a supplement with what the entries make of it.
  absl::Status Supplement(Connection& connection, const SupplementView& expected, std::vector<std::string>* findings);

  // Compares the totals, `supplements` among them, and the text index.
  absl::Status Finish(Connection& connection, int64_t supplements, std::vector<std::string>* findings);

 private:
  absl::Status CountWords(Connection& connection, int64_t entry_id, const PreparedRecord& prepared);

  // By table; sums of hashes over the words.
  std::array<int64_t, 32> expected_rows_{};
  uint64_t expected_words_ = 0;
};

}  // namespace cairn
