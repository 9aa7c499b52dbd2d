// The tables of a data package, unpacked and indexed: which rows are part of which object.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/formats/csv_table.h"
#include "common/formats/hsds_tables.h"
#include "common/formats/json_text.h"
#include "common/record/problem.h"

namespace cairn {

class ZipReader;

// Not thread-safe.
class PackageTables {
 public:
  struct RowPlace {
    uint64_t offset = 0;
    uint32_t bytes = 0;
    uint32_t line = 0;
  };
  // A row that cannot be used, and why.
  struct BadRow {
    std::string origin;
    Problem problem;
  };

  // INVALID_ARGUMENT as OpenHsdsPackageReader.
  static absl::StatusOr<std::unique_ptr<PackageTables>> Open(ZipReader* zip, const std::string& archive);

  // The rows of a table, in their order, without those in bad_rows().
  const std::vector<RowPlace>& RowsOf(int table) const;

  // The whole object of a row with all that is part of it. INVALID_ARGUMENT: too large to be one.
  absl::StatusOr<Json> ObjectOf(int table, const RowPlace& row) const;

  std::string Origin(int table, const RowPlace& row) const;

  // Rows without an id or with one that another row has, and rows that are part of nothing in the package.
  const std::vector<BadRow>& bad_rows() const { return bad_rows_; }
  // What of the package is not used.
  const std::vector<Problem>& notes() const { return notes_; }

 private:
  using Index = absl::flat_hash_map<uint64_t, std::vector<RowPlace>>;
  struct Table {
    CsvTable csv;
    std::vector<RowPlace> rows;
    absl::flat_hash_map<uint64_t, RowPlace> by_id;  // the first of an id
    std::vector<Index> lists;                       // as HsdsTable::lists of this table: by its ids, rows of the others
  };
  struct Budget {
    size_t bytes = 0;
  };

  absl::Status OpenTable(ZipReader* zip, const std::string& path, const Json& resource, int table);
  absl::Status CheckColumns(int table, const CsvTable& csv, const Json& resource) const;
  absl::Status IndexTable(int table);
  bool IndexLinks(int table, const std::vector<std::string>& cells, const RowPlace& place);
  void FindOrphans();
  absl::StatusOr<std::vector<std::string>> CellsAt(int table, const RowPlace& row) const;
  std::string CellOf(int table, const std::vector<std::string>& cells, absl::string_view column) const;
  absl::StatusOr<Json> Build(int table, const RowPlace& row, const HsdsNested* link, std::string* id,
                             Budget* budget) const;
  absl::Status AddLists(int table, const RowPlace& row, const std::string& id, Json* object, Budget* budget) const;
  absl::Status AddRows(int table, Json* object, Budget* budget) const;

  std::map<int, Table> tables_;
  std::vector<BadRow> bad_rows_;
  std::vector<Problem> notes_;
};

}  // namespace cairn
