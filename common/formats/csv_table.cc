#include "common/formats/csv_table.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/formats/csv_headers.h"

namespace cairn {
namespace {

// Excel's own first line that says the separator.
bool IsSeparatorLine(const CsvRow& row) {
  return row.line == 1 && !row.cells.empty() && row.cells[0] == "sep=" && row.cells.size() == 2 && row.cells[1].empty();
}

}  // namespace

absl::StatusOr<CsvTable> OpenCsvTable(std::shared_ptr<InputFile> file, absl::string_view encoding, char separator) {
  CsvTable table;
  ASSIGN_OR_RETURN(table.decoded, DecodeFile(std::move(file), encoding));
  table.separator = separator;
  if (separator == 0) {
    ASSIGN_OR_RETURN(table.separator, DetectSeparator(table.decoded.file));
  }
  table.rows = std::make_unique<CsvCursor>(table.decoded.file, table.separator);
  CsvRow row;
  ASSIGN_OR_RETURN(bool more, table.rows->Next(&row));
  if (more && IsSeparatorLine(row)) {
    ASSIGN_OR_RETURN(more, table.rows->Next(&row));
  }
  if (!more)
    return absl::InvalidArgumentError(absl::StrCat(table.name(), " has no row; the first one names the columns"));
  for (std::string& cell : row.cells) {
    cell = absl::StrJoin(absl::StrSplit(cell, absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty()), " ");
  }
  table.headers = NamedHeaders(row.cells);
  ASSIGN_OR_RETURN(table.header_text, table.decoded.file->TextAt(row.offset, row.bytes));
  return table;
}

std::string HowRead(const CsvTable& table) {
  const std::string separator = table.separator == '\t' ? "tabs" : Quoted(std::string(1, table.separator));
  return absl::StrCat(
      table.decoded.encoding,
      table.decoded.guessed ? " (found out by its letters; name another in the mapping if names look wrong)" : "", ", ",
      table.headers.size(), " columns separated by ", separator);
}

}  // namespace cairn
