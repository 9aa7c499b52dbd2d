// A spreadsheet opened for reading: its encoding and separator found out, its header read.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/formats/csv_encoding.h"
#include "common/formats/csv_text.h"

namespace cairn {

struct CsvTable {
  DecodedFile decoded;
  char separator = ',';
  // As messages call them: trimmed, numbered where empty or equal.
  std::vector<std::string> headers;
  // The text of the header's row, with its line end.
  std::string header_text;
  // Reads the rows below the header.
  std::unique_ptr<CsvCursor> rows;

  const std::string& name() const { return decoded.file->name(); }
};

// `encoding` and `separator` as DecodeFile and CsvCursor take them; empty and 0: to be found out. INVALID_ARGUMENT:
// there is no row at all, or what those two refuse.
absl::StatusOr<CsvTable> OpenCsvTable(std::shared_ptr<InputFile> file, absl::string_view encoding, char separator);

// How the file was read, for a note: `Windows-1257 (found out by its letters), columns separated by ";"`.
std::string HowRead(const CsvTable& table);

}  // namespace cairn
