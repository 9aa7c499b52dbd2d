// CSV as text (RFC 4180): cutting a file into rows, and writing cells.
//
// Reading is as forgiving as the programs that write such files: any of the line ends, quotes in the middle of a cell,
// rows that are shorter or longer than the first. Memory: one row, at most limits::import_line_bytes_max.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/formats/input_file.h"

namespace cairn {

// One row of a file.
struct CsvRow {
  std::vector<std::string> cells;
  // Where it begins in the file and how many bytes it has there, its line end included.
  uint64_t offset = 0;
  uint64_t bytes = 0;
  // The line where it begins, from 1.
  uint64_t line = 0;
};

// Walks over the rows of a file in UTF-8; blank rows and a byte order mark are passed over. Not thread-safe.
class CsvCursor {
 public:
  CsvCursor(std::shared_ptr<InputFile> file, char separator) : cursor_(std::move(file)), separator_(separator) {}

  // False at the end. INVALID_ARGUMENT, which is final, names the line: a row longer than limits::import_line_bytes_max
  // or of more than limits::csv_columns_max cells, a quotation mark that is never closed, a zero byte.
  absl::StatusOr<bool> Next(CsvRow* out);

 private:
  ByteCursor cursor_;
  const char separator_;
};

// The cells of the text of one row, as CsvCursor found them at their place in the file.
std::vector<std::string> ParseCsvRow(absl::string_view text, char separator);

// A spreadsheet takes a cell that begins with = + - @ tab or CR for a formula and may run it. Guarded, such a text has
// an apostrophe before it, as has a text for which that could not be told from a guarded one; UnguardFormula undoes
// exactly this.
std::string GuardFormula(absl::string_view text);
std::string UnguardFormula(absl::string_view cell);

// Appends the cells, in quotes where one needs them, and CRLF.
void AppendCsvRow(const std::vector<std::string>& cells, std::string* out);

}  // namespace cairn
