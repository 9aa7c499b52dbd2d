// Spreadsheets as CSV: import of those that people have, and Cairn's own, import and export side by side.
//
// Import. A mapping (csv_mapping.h) or the headers (csv_headers.h) say what the columns mean; the encoding and the
// separator are found out (csv_encoding.h). The notes say all that was assumed, and every column and cell that was not
// used. A file is read twice: once to find the rows of each record, wherever they stand, and once to read them. Memory:
// some 30 bytes a row.
//
// Ids. A record's identifier in its owner's system is the key of its row: the cells of the mapping's `key`, else its
// id, else its name (of a service with its organization's, of a place with its address). A UUID is the record's id;
// from anything else the id is derived as everywhere (UUIDv5 of "kind/key" in the partner's namespace,
// common/record/ids.h), so that the same file published again changes nothing. A record known by its name is another
// record when its name changes: the report says so.
//
// Cairn's own CSV has a row a record and fixed columns for what people change in a spreadsheet; the last column,
// cairn_record, holds the rest of the record as JSON, so that a file that goes out and comes in loses nothing. Texts
// that a spreadsheet would take for formulas are guarded (csv_text.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cairn/v1/record.pb.h"
#include "common/formats/record_reader.h"

namespace cairn {

class InputFile;

// A reader of either. INVALID_ARGUMENT names file, line or header, and remedy.
absl::StatusOr<std::unique_ptr<RecordReader>> OpenCsvReader(std::shared_ptr<InputFile> file,
                                                            const ReaderContext& context);

// A first mapping for the file, as text of csv_mapping.h: each column with what its header is likely to mean, and, for
// the person who corrects it, how many cells it fills and an example.
absl::StatusOr<std::string> ProposeMapping(std::shared_ptr<InputFile> file);

// Cairn's own CSV: a byte order mark, without which Excel takes UTF-8 for something else, and the header.
std::string CsvHeader();
// One row, with its line end. INTERNAL when a text is not UTF-8.
absl::StatusOr<std::string> RecordToCsvRow(const v1::Record& record);

}  // namespace cairn
