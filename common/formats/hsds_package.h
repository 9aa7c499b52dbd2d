// HSDS 3.1 as a tabular data package: a zip of a table of CSV for each kind of object, and datapackage.json, which
// describes them. Import and export side by side; hsds_tables.h says which tables there are.
//
// A value stands in its column when text says it exactly; everything else of an object (unknown properties, nulls,
// empty lists, texts where a number belongs) stands as JSON in one further column, cairn_extra, which the descriptor
// declares. Objects without an id get one that follows from what they are part of, and lose it on import. So HSDS ->
// package -> HSDS loses nothing, as with hsds_json.h; and rows of other programs' packages keep columns that their
// descriptor declares.
//
// Reading holds 24 bytes for each row of a table, and one object; the tables stand unpacked in TMPDIR.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cairn/v1/record.pb.h"
#include "common/formats/hsds_json.h"
#include "common/formats/record_reader.h"
#include "nlohmann/json.hpp"

namespace cairn {

class InputFile;

// A reader of a package. INVALID_ARGUMENT: what zip_package.h refuses; no datapackage.json; a table that the package
// lacks, or that lacks its ids; a column that neither HSDS nor the descriptor names.
absl::StatusOr<std::unique_ptr<RecordReader>> OpenHsdsPackageReader(std::shared_ptr<InputFile> file,
                                                                    const ReaderContext& context);

// Writes records as a package, in any order. Memory: 8 bytes for each object. Not thread-safe.
class HsdsPackageExporter {
 public:
  static absl::StatusOr<std::unique_ptr<HsdsPackageExporter>> Make();

  // Kinds that HSDS has no word for are counted in skipped().
  absl::Status Add(const v1::Record& record);

  // Packs everything and hands it to `sink`. Call once, last.
  absl::Status Finish(const ExportSink& sink);

  uint64_t skipped() const { return skipped_; }

 private:
  struct Table {
    std::shared_ptr<InputFile> file;
    std::string pending;  // rows that are not written yet
    uint64_t rows = 0;
    absl::flat_hash_set<uint64_t> ids;
  };
  // Where an object hangs: cells to set, and what its id follows from when it has none.
  struct Parent {
    std::vector<std::pair<std::string, std::string>> links;
    std::string id_source;
  };

  absl::Status WriteObject(int table, nlohmann::json object, const Parent& parent);
  absl::Status WriteNested(int table, const std::string& id, bool first_of_id, nlohmann::json* object,
                           std::vector<std::string>* cells);
  absl::Status WriteRow(int table, const std::vector<std::string>& cells);
  absl::Status Flush(int table);

  std::vector<Table> tables_;
  uint64_t skipped_ = 0;
};

// The id of an object without one. `id_source`: its parent's id, table and place there, or its content.
std::string PackageIdOf(absl::string_view id_source);

// The column for what the others cannot say.
inline constexpr absl::string_view package_extra_column = "cairn_extra";
// Its property for Organization.location_ids, which HSDS tables have from the other side only.
inline constexpr absl::string_view package_locations_property = "cairn_location_ids";
// Before "organization_id" or "location_id": what an import had under that name beside a nested object that became a
// record.
inline constexpr absl::string_view package_given_prefix = "cairn_given_";

}  // namespace cairn
