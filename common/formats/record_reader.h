// Import: one streaming interface for every format. Station on the data's way: before validation (common/record).
//
// Readers produce records as the file has them; normalising and validating come later. Memory does not grow with the
// file: one element at a time, plus 16 bytes for each aggregate of an HSDS file that has been met. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/record.pb.h"
#include "common/record/problem.h"

namespace cairn {

struct CsvMapping;

// What one step of a reader found: a record, or why there is none.
struct ImportedRecord {
  // Meaningful while `problems` is empty.
  v1::Record record;
  // Where it stood: "services.ndjson line 14", "directory.json services[3] (line 812)".
  std::string origin;
  // Not empty: this element cannot be read and gives no record; the reader goes on behind it.
  std::vector<Problem> problems;
  // What the owner should know of a record that is imported all the same.
  std::vector<Problem> warnings;
  // The element's text as it stands in the file, for a file of rejects that can be corrected and read again. Shared by
  // the records that were split from one element. Null when it is longer than limits::import_line_bytes_max.
  std::shared_ptr<const std::string> source;
  // What must stand once before the sources of a file, such as the header of a table. May be null.
  std::shared_ptr<const std::string> preamble;
};

class RecordReader {
 public:
  virtual ~RecordReader() = default;

  // True: `*out` was replaced. False: the end. An error concerns the whole file (cut off, unreadable, not of this
  // format), names file, line, byte and remedy, and is final.
  virtual absl::StatusOr<bool> Next(ImportedRecord* out) = 0;

  // What its owner should know of the file as a whole: how it was read, and what of it was not used. Complete when Next
  // has returned false.
  virtual std::vector<Problem> Notes() const { return {}; }
};

enum class ImportFormat { kAuto, kHsdsJson, kHsdsNdjson, kJsonl, kCsv, kHsdsPackage };

// "auto", "hsds-json", "hsds-ndjson", "jsonl", "csv", "hsds-datapackage". INVALID_ARGUMENT lists them.
absl::StatusOr<ImportFormat> ImportFormatFromName(absl::string_view name);
absl::string_view ImportFormatName(ImportFormat format);

struct ReaderContext {
  // PartnerNamespace of the owner (common/record/ids.h): ids and references that are not UUIDs are derived in it.
  // Empty: they stay as the file has them, for EnsureIds to derive later; both ways give the same ids.
  std::string id_namespace;
  // What the columns of spreadsheets mean. Null: their headers tell.
  std::shared_ptr<const CsvMapping> mapping;
};

// Opens `path`, or standard input for "-". What cannot be read twice (a pipe) is first copied to an unlinked file in
// TMPDIR. kAuto looks at the first JSON value, never at the name; what does not begin as JSON and has columns is CSV,
// and a zip archive is a data package.
// NOT_FOUND, PERMISSION_DENIED; INVALID_ARGUMENT when the file is empty, is none of these, or is in UTF-16.
absl::StatusOr<std::unique_ptr<RecordReader>> OpenRecordReader(const std::string& path, ImportFormat format,
                                                               const ReaderContext& context);

}  // namespace cairn
