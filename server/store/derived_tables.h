// What derived.cc and derived_check.cc both know of a derived table. Internal to server/store.
#pragma once

#include <array>

#include "absl/strings/string_view.h"
#include "server/store/derived.h"

namespace cairn {

// The SQL of one derived table; parameters in the order in which a row is written.
struct DerivedTableSql {
  absl::string_view name;
  // entry_id (and in `record` feed_id), then the values.
  absl::string_view insert;
  // The rows of an entry: by entry_id, or where the table is keyed by value by (values, entry_id), a row at a time.
  absl::string_view remove;
  // The rows of an entry in order, values only; by value: whether a row exists.
  absl::string_view select;
  bool by_value = false;
};

inline constexpr size_t kDerivedTableCount = 18;

// In the order of DerivedTable.
extern const std::array<DerivedTableSql, kDerivedTableCount> kDerivedTables;

inline const DerivedTableSql& SqlOf(DerivedTable table) { return kDerivedTables[static_cast<size_t>(table)]; }

}  // namespace cairn
