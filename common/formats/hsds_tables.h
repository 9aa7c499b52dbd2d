// The tables of HSDS 3.1 as a tabular data package: which columns they have, and which object nests which.
//
// The one description from which hsds_datapackage.cc writes and reads. A nested list is the rows of another table whose
// link column names the object; `attributes` and `metadata` are linked by two columns, the second naming the table.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace cairn {

struct HsdsColumn {
  std::string name;
  bool number = false;
};

// A property of an object that is a list of rows elsewhere, or one row.
struct HsdsNested {
  std::string property;
  // Index in HsdsTables().
  int table = 0;
  // Of a list: the column there that holds this object's id. Of one row: the column here that holds that row's id.
  std::string link;
  // Of a list: the column there that holds this table's name; empty: there is none.
  std::string link_table;
};

struct HsdsTable {
  std::string name;
  std::vector<HsdsColumn> columns;
  std::vector<HsdsNested> lists;
  std::vector<HsdsNested> rows;

  // -1: there is no such column.
  int ColumnAt(absl::string_view column) const;
  // The list that a property is; nullptr: it is none.
  const HsdsNested* ListOf(absl::string_view property) const;
  const HsdsNested* RowOf(absl::string_view property) const;
};

const std::vector<HsdsTable>& HsdsTables();

// The table of a name, singular or plural ("service", "services"); -1: HSDS has none such.
int HsdsTableAt(absl::string_view name);

}  // namespace cairn
