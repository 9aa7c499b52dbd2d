// What to do with the columns of one spreadsheet: from the cells of a row to its part of a record.
//
// A record of a row's kind may have rows of its own for further telephone numbers, places or sessions, and a row of a
// service may also describe its organization and its place. So each row gives, for each kind that the columns speak of,
// a part of a record; parts with the same key are one record: the first text of a field counts, and lists are put
// together.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cairn/v1/record.pb.h"
#include "common/formats/csv_mapping.h"
#include "common/record/problem.h"

namespace cairn {

// One column.
struct CsvColumn {
  std::string header;
  CsvColumnRule rule;
  // Where the label of a value goes, when the rule has `label_to`.
  std::optional<RecordPath> label;
  // Rows in which the column has something, and those in which that could not be used.
  uint64_t filled = 0;
  uint64_t unused = 0;
};

// Not thread-safe: it counts what it could not use.
class CsvPlan {
 public:
  // Of a sheet of a mapping. INVALID_ARGUMENT: a column that the file does not have, or none that names the record.
  static absl::StatusOr<CsvPlan> Make(const CsvSheetRule& sheet, const std::vector<std::string>& headers);
  // From the headers alone. INVALID_ARGUMENT: no header says what the row is called.
  static absl::StatusOr<CsvPlan> Guess(const std::vector<std::string>& headers);

  const CsvSheetRule& sheet() const { return sheet_; }
  const std::vector<CsvColumn>& columns() const { return columns_; }
  // The kinds of which a row may have a part: those that others refer to first, the row's own last.
  const std::vector<v1::RecordKind>& kinds() const { return kinds_; }

  // What makes a part of that kind the same record in several rows, and its id in the owner's system: the key of the
  // sheet, else the id, else what the record is called. Empty: the row has none.
  std::string KeyOf(v1::RecordKind kind, const std::vector<std::string>& cells) const;
  // True: the row says more of that kind than which one it is.
  bool Describes(v1::RecordKind kind, const std::vector<std::string>& cells) const;
  // True: keys of that kind are names, which may change.
  bool NamesAreKeys(v1::RecordKind kind) const;

  // What AddDefaults sets though neither a column nor the sheet says it: what the model requires and spreadsheets lack.
  std::vector<std::string> Assumed() const;
  // Whether nothing in the row but ids of other records is filled: it relates some, and describes none.
  bool OnlyRefers(const std::vector<std::string>& cells) const;

  // Counts the filled cells of a row.
  void Count(const std::vector<std::string>& cells);

  // Adds the row's part to `record`, which has its body. Appends to `warnings` what could not be used.
  void AddRow(v1::RecordKind kind, const std::vector<std::string>& cells, v1::Record* record,
              std::vector<Problem>* warnings);

  // Sets what the sheet says of every record of that kind.
  void AddDefaults(v1::Record* record) const;

 private:
  // The columns that fill one element of a list, such as service.phones[1]; `list` is its place in their paths.
  struct Group {
    size_t list = 0;
    std::string name;
    std::vector<size_t> columns;
  };
  struct Part {
    v1::RecordKind kind;
    std::vector<size_t> single;  // columns outside of lists
    std::vector<Group> groups;
  };
  // One value of a cell.
  struct Value {
    std::string label, text;
  };

  absl::Status Arrange();
  const Part* PartOf(v1::RecordKind kind) const;
  std::string TextAt(v1::RecordKind kind, const char* field, const std::vector<std::string>& cells) const;
  std::vector<Value> ValuesOf(const CsvColumn& column, const std::string& cell) const;
  void AddSingle(size_t column, const std::string& cell, v1::Record* part, std::vector<Problem>* warnings);
  void AddGroup(const Group& group, const std::vector<std::string>& cells, v1::Record* part,
                std::vector<Problem>* warnings);
  void SetValue(size_t column, const Value& value, size_t from, google::protobuf::Message* message,
                std::vector<Problem>* warnings);
  void AddLinks(v1::RecordKind kind, const std::vector<std::string>& cells, v1::Record* part) const;

  CsvSheetRule sheet_;
  std::vector<CsvColumn> columns_;
  std::vector<Part> parts_;
  std::vector<v1::RecordKind> kinds_;
};

}  // namespace cairn
