// SQL functions of Cairn's own, for the connections that search.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/store/statement.h"

struct sqlite3;

namespace cairn {

// Registers on a connection, after it was opened:
//   cairn_rank(record_text)           FTS5 auxiliary: 0 to 1,000, by the weightiest column that each word stands in.
//                                     Unlike bm25 it looks at this row alone, so its cost does not grow with the table.
//   cairn_occurs(rule, dtstart, day)  1 when the RFC 5545 rule that begins on `dtstart` falls on `day` (YYYY-MM-DD).
//   cairn_open(first_date, last_date, weekdays, rule, dtstart, opens_at, closes_at, time_zone, countries, now)
//                                     1 when the row of service_schedule with these values is open at `now`
//                                     (milliseconds since 1970), in its time zone or that of the countries of the
//                                     record (record_times.h).
absl::Status RegisterSearchFunctions(sqlite3* db);

// The text index's own tokenizer, so that a query and a check cut words exactly as the index did, whatever Unicode
// version the packaged SQLite knows. Not thread-safe; must not outlive the connection it was made from.
class IndexTokenizer {
 public:
  static absl::StatusOr<std::unique_ptr<IndexTokenizer>> Make(sqlite3* db);
  ~IndexTokenizer();
  IndexTokenizer(const IndexTokenizer&) = delete;
  IndexTokenizer& operator=(const IndexTokenizer&) = delete;

  // Calls `visit` with each word of `folded`, in order.
  absl::Status Split(absl::string_view folded, const std::function<void(absl::string_view)>& visit) const;

 private:
  struct Impl;
  explicit IndexTokenizer(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace cairn
