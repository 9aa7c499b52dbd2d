// The reader of spreadsheets that people have; the rules stand in csv.h.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/formats/csv_plan.h"
#include "common/formats/csv_table.h"
#include "common/formats/record_reader.h"

namespace cairn {

// Not thread-safe.
class CsvSheetReader : public RecordReader {
 public:
  static absl::StatusOr<std::unique_ptr<RecordReader>> Open(CsvTable table, const CsvSheetRule* sheet,
                                                            const ReaderContext& context);
  absl::StatusOr<bool> Next(ImportedRecord* out) override;
  std::vector<Problem> Notes() const override;

 private:
  struct RowPlace {
    uint64_t offset;
    uint32_t bytes;
    uint32_t line;
  };
  // The rows of the records of one kind: by the hash of the key the first and last one, and for each row the next one.
  struct Chains {
    struct Ends {
      uint32_t first, last;
    };
    absl::flat_hash_map<uint64_t, Ends> ends;
    std::vector<uint32_t> next;
  };

  CsvSheetReader(CsvTable table, CsvPlan plan, bool mapped, const ReaderContext& context)
      : context_(context), table_(std::move(table)), plan_(std::move(plan)), mapped_(mapped) {}

  // First pass: finds the rows of each record.
  absl::Status Index();
  absl::Status IndexRow(const CsvRow& row);
  absl::StatusOr<std::vector<std::string>> CellsAt(uint32_t row) const;
  absl::Status ReadRow(uint32_t row);
  absl::Status Build(v1::RecordKind kind, uint64_t key_hash, const std::string& key);
  void Refuse(uint32_t row, Problem problem);
  void DropRefusedOptionals(v1::Record* record, std::vector<Problem>* warnings);
  bool IsOptional(const RecordPath& path);
  absl::StatusOr<std::shared_ptr<const std::string>> SourceOf(const std::vector<uint32_t>& rows) const;
  std::string Origin(const std::vector<uint32_t>& rows) const;
  static uint64_t Hash(const std::string& key);

  const ReaderContext context_;
  const CsvTable table_;
  CsvPlan plan_;
  const bool mapped_;
  std::shared_ptr<const std::string> preamble_;
  std::vector<RowPlace> rows_;
  std::vector<Chains> chains_;  // as plan_.kinds()
  uint64_t longer_rows_ = 0;
  uint64_t referring_rows_ = 0;  // that hold ids of other records and nothing else
  uint32_t referring_line_ = 0;  // of the first of them
  uint64_t longer_line_ = 0;
  uint64_t left_out_ = 0;  // values of `optional` columns that were left out
  uint32_t at_ = 0;
  std::vector<ImportedRecord> ready_;  // last first
};

}  // namespace cairn
