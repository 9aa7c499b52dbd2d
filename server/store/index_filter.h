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

// How many entries a condition may have to be looked up beforehand: a page of a list is found faster by testing records
// on the way as soon as some thousand match.
inline constexpr size_t filter_page_entries_max = 2'500;

// Conditions on `record r`, and the values to bind to them. A condition that few records meet is looked up first and
// becomes a set of entries, from which the query starts; one that many meet is tested record by record.
class FilterSql {
 public:
  // Looks up conditions of at most `entries_max` entries.
  static absl::StatusOr<FilterSql> Make(Connection& db, const IndexFilter& filter,
                                        size_t entries_max = filter_page_entries_max);
  // The conditions for the entries `only`.
  static absl::StatusOr<FilterSql> MakeFor(Connection& db, const IndexFilter& filter, const std::vector<int64_t>& only);

  // "r.feed_id IN (...) AND ...": no leading or trailing keyword. Always the same text for the same conditions, so that
  // statements are prepared once.
  const std::string& where() const { return where_; }
  // Binds the values from parameter `index` on; returns the next free one.
  int Bind(Statement& statement, int index) const;
  // True: the conditions name the entries, and r.entry_id is the way in.
  bool few() const { return few_; }

 private:
  using Entries = std::vector<int64_t>;  // sorted

  void And(absl::string_view condition, std::vector<DerivedValue> values);
  void Narrow(Entries entries);
  void NameEntries();
  absl::StatusOr<bool> LookUp(Connection& db, absl::string_view collect, const std::string& wanted);
  absl::Status AddSet(Connection& db, absl::string_view collect, absl::string_view test, const std::string& wanted);
  absl::Status AddAll(Connection& db, const IndexFilter& filter);
  absl::Status AddFeeds(Connection& db, const IndexFilter& filter);
  absl::Status AddKinds(Connection& db, const IndexFilter& filter);
  absl::Status AddLanguages(Connection& db, const IndexFilter& filter);
  absl::Status AddTerms(Connection& db, const IndexFilter& filter);
  absl::Status AddNear(Connection& db, const IndexFilter& filter);
  absl::Status AddDate(const IndexFilter& filter);
  absl::Status AddTimes(const IndexFilter& filter);
  void AddFreshness(const IndexFilter& filter);

  std::string where_;
  std::vector<DerivedValue> values_;
  std::optional<Entries> entries_;
  bool few_ = false;
  size_t entries_max_ = 0;  // 0: nothing is gained by looking up
};

// With `filter.near`: the entries within it -> distance. Looks at the locations of `filter.readable_feed_ids`.
absl::StatusOr<absl::flat_hash_map<int64_t, double>> KilometresFrom(Connection& db, const IndexFilter& filter);

// "[1,2]", for json_each: a list as one parameter.
std::string JsonList(const std::vector<int64_t>& numbers);

}  // namespace cairn
