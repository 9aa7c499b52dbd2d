// From records to rows of the directory's tables.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "cairn/v1/directory.pb.h"
#include "common/tables/directory_tables.h"

namespace cairn {

// NULL, INTEGER, REAL, BOOLEAN or text; dates as YYYY-MM-DD and moments as YYYY-MM-DD HH:MM:SS (UTC) are text too.
using TableValue = std::variant<std::monostate, int64_t, double, bool, std::string>;

// One row, with a value for each column of its table in order.
struct TableRow {
  TableId table = TableId::kPartner;
  std::vector<TableValue> values;

  bool operator==(const TableRow&) const = default;
};

// The rows of a record, in order of table; none for a kind that this program does not know. Whatever its owner signed,
// the values fit their columns: what is no date is NULL in a column of dates, text holds no U+0000, and numbers are
// finite. Pure; thread-safe.
std::vector<TableRow> RowsOf(const v1::DirectoryRecord& record);

// The row of a partner.
TableRow RowOf(const v1::PartnerSummary& partner);

}  // namespace cairn
