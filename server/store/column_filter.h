// IndexFilter over the columns in memory, and what facets count. Internal to server/store. The twin of FilterSql, which
// serves lists and watches: the two must agree, and tests compare them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "server/store/index_queries.h"
#include "server/store/record_columns.h"

namespace cairn {

// The conditions that a facet shows the values of.
enum FacetField : uint32_t {
  kFacetKind,
  kFacetCountry,
  kFacetLanguage,
  kFacetTerm,
  kFacetPartner,
  kFacetMode,
  kFacetFreshness,
  kFacetMonth,
  kFacetFields,
};

// Tests records one by one, each distinct list of values once. Lives no longer than the view and the filter.
class ColumnFilter {
 public:
  static absl::StatusOr<ColumnFilter> Make(Connection& db, const ColumnView& view, const IndexFilter& filter);

  // The conditions of facets that the record does not meet, 1 << FacetField each: 0: it matches. `no_match` when it
  // misses any other one, above all when its feed may not be read.
  static constexpr uint32_t no_match = ~0U;
  uint32_t Misses(const RecordColumns& record);

  // With `near`: entry -> distance.
  const absl::flat_hash_map<int64_t, double>& kilometres() const { return kilometres_; }

 private:
  using Verdicts = std::vector<uint8_t>;  // by number: 0 not asked yet, 1 no, 2 yes

  // The lists of a column that hold a value that is wanted.
  struct Wanted {
    bool any = false;  // false: nothing is asked of the column
    std::vector<bool> values;
    Verdicts lists;
  };

  ColumnFilter(const ColumnView& view, const IndexFilter& filter) : view_(view), filter_(filter) {}
  template <typename Test>
  static Wanted Want(bool any, const ListColumn& column, const Test& test);
  static bool Holds(Wanted* wanted, const ListColumn& column, uint32_t list);
  template <typename Test>
  bool OfTimes(Verdicts* verdicts, uint32_t times, const Test& test);
  void NoteFeeds();
  void NoteSupplements();
  void NoteValues();
  bool IsHidden(const RecordColumns& record) const;
  bool MeetsTimes(const RecordColumns& record);
  bool MeetsRest(const RecordColumns& record);

  const ColumnView& view_;
  const IndexFilter& filter_;
  std::vector<uint8_t> feeds_;  // by feed id: 0 may not be read, 1 may, 2 is wanted as well
  // Of supplements that may be read: the record that each is laid over -> the one of them that shows.
  absl::flat_hash_map<int64_t, int64_t> shown_;
  absl::flat_hash_map<int64_t, double> kilometres_;
  uint32_t kinds_ = 0;  // 1 << kind
  Wanted countries_, languages_, terms_;
  Verdicts open_on_, open_now_, takes_place_, modes_, months_;
};

// The state of a record's verification.
Freshness FreshnessOf(const RecordColumns& record, const IndexFilter& filter);

// Counts records by the values of each facet.
class FacetCounter {
 public:
  explicit FacetCounter(const ColumnView& view);
  // A record that misses at most one facet's conditions counts: for all facets or for that one alone.
  void Count(const RecordColumns& record, uint32_t misses, const IndexFilter& filter);
  FacetCounts Take();

 private:
  const ColumnView& view_;
  std::array<uint64_t, 256> kinds_{};
  std::array<uint64_t, 3> freshness_{};
  absl::flat_hash_map<uint32_t, uint64_t> feeds_;
  std::vector<uint32_t> countries_, languages_, terms_, modes_, months_;  // by number of list or times
};

}  // namespace cairn
