// What the columns of a spreadsheet mean: a file in TOML that its owner writes once, or that is proposed from the file.
//
//   [[sheet]]                         # one for each spreadsheet; `file` chooses by the file's name
//   file = "services.csv"
//   kind = "service"                  # what a row is
//   key = ["Number"]                  # rows with equal cells here are one record; without it its id, or its name
//   separator = ";"                   # found out when not given, as is the encoding
//   encoding = "windows-1257"
//   language = "lv"                   # of the texts
//   countries = ["LV"]                # also where telephone numbers are dialled
//   [sheet.columns]
//   "Title" = "service.name"          # see record_path.h
//   "Notes" = ""                      # known, and not to be used
//   "Telephone" = { to = "service.phones.number", separator = ";", label_to = "description", optional = true }
//   "Open?" = { to = "service.status", values = { "Yes" = "active", "No" = "inactive" } }
//   "Web" = { to = "service.url", scheme = "https" }
//   [sheet.defaults]                  # for records, and for list elements that have something else
//   "service.status" = "active"
//
// Of a column: `separator` is between several values of one cell, each an element of its list ("\n": one a line);
// `label_to` is the field beside it that takes what stands before a colon ("fax: 555 0100"); `scheme` is written before
// web addresses that have none; `values` replaces whole values, by nothing when the new one is empty; `optional` says
// that a value that the rules of records refuse is left out and reported, where otherwise the record is refused.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/record.pb.h"
#include "common/formats/record_path.h"

namespace cairn {

struct CsvColumnRule {
  // nullopt: not to be used.
  std::optional<RecordPath> to;
  // What stands between values; empty: a cell is one value.
  std::string separator;
  // The name of the field beside `to` for a value's label; empty: a colon is part of the value.
  std::string label_to;
  std::string scheme;
  std::map<std::string, std::string> values;
  bool optional = false;
};

struct CsvSheetRule {
  std::string file;
  v1::RecordKind kind = v1::SERVICE;
  std::vector<std::string> key;
  // 0: to be found out.
  char separator = 0;
  // Empty: to be found out.
  std::string encoding;
  std::string language;
  std::vector<std::string> countries;
  // By header.
  std::map<std::string, CsvColumnRule> columns;
  std::vector<std::pair<RecordPath, std::string>> defaults;
};

struct CsvMapping {
  std::vector<CsvSheetRule> sheets;

  // The sheet for a file of that path: the one that names it, else one that names no file; nullptr: none is.
  const CsvSheetRule* SheetFor(absl::string_view path) const;
};

// Reads the text of a mapping; `name` is the file that it came from. INVALID_ARGUMENT names line, key, and what would
// be right.
absl::StatusOr<CsvMapping> ParseCsvMapping(absl::string_view text, const std::string& name);

}  // namespace cairn
