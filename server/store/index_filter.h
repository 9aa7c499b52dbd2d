// IndexFilter as SQL. Internal to server/store.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "server/store/database.h"
#include "server/store/derived.h"
#include "server/store/index_queries.h"

namespace cairn {

// Conditions on `record r`, and the values to bind to them. A condition that few records meet is looked up first and
// becomes a set of entries, from which the query starts; one that many meet is tested record by record.
class FilterSql {
 public:
  // With `only`, the conditions are for these entries alone.
  static absl::StatusOr<FilterSql> Make(Connection& db, const IndexFilter& filter,
                                        const std::vector<int64_t>* only = nullptr);

  // "r.feed_id IN (...) AND ...": no leading or trailing keyword. Always the same text for the same conditions, so that
  // statements are prepared once.
  const std::string& where() const { return where_; }
  // Binds the values from parameter `index` on; returns the next free one.
  int Bind(Statement& statement, int index) const;
  // True: the conditions name the entries, and r.entry_id is the way in.
  bool few() const { return few_; }
  // With `near`: entry -> distance.
  const absl::flat_hash_map<int64_t, double>& kilometres() const { return kilometres_; }
  absl::flat_hash_map<int64_t, double>& kilometres() { return kilometres_; }

 private:
  using Entries = std::vector<int64_t>;  // sorted

  void And(absl::string_view condition, std::vector<DerivedValue> values);
  void Narrow(Entries entries);
  absl::Status AddSet(Connection& db, absl::string_view collect, absl::string_view test, const std::string& wanted);
  absl::Status AddLanguages(Connection& db, const IndexFilter& filter);
  absl::Status AddTerms(Connection& db, const IndexFilter& filter);
  absl::Status AddNear(Connection& db, const IndexFilter& filter);
  absl::Status AddDate(const IndexFilter& filter);

  std::string where_;
  std::vector<DerivedValue> values_;
  std::optional<Entries> entries_;
  bool few_ = false;
  bool given_ = false;  // `only` was given: it is small, nothing is gained by looking up more
  absl::flat_hash_map<int64_t, double> kilometres_;
};

// "[1,2]", for json_each: a list as one parameter.
std::string JsonList(const std::vector<int64_t>& numbers);

}  // namespace cairn
