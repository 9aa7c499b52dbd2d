#include "common/formats/csv.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/formats/csv_headers.h"
#include "common/formats/csv_mapping.h"
#include "common/formats/csv_own.h"
#include "common/formats/csv_sheet.h"
#include "common/formats/csv_table.h"
#include "common/record/kinds.h"
#include "common/text/utf8.h"

namespace cairn {
namespace {

constexpr size_t example_bytes_max = 60;  // enough to recognise a column
constexpr uint64_t rows_examined_max = 1'000;
constexpr uint64_t several_values_share = 5;  // one filled cell in so many with a separator makes it one

// What is seen of a column in its first rows.
struct ColumnLook {
  uint64_t filled = 0;
  std::string example;
  std::map<std::string, uint64_t> separators;  // cells that have it
};

void Look(const std::string& cell, ColumnLook* look) {
  if (cell.empty()) return;
  if (look->filled++ == 0) look->example = cell;
  for (const char* separator : {";", "\n", "|"}) {
    if (absl::StrContains(cell, separator)) ++look->separators[separator];
  }
}

absl::StatusOr<std::vector<ColumnLook>> LookAtColumns(CsvTable* table) {
  std::vector<ColumnLook> looks(table->headers.size());
  CsvRow row;
  for (uint64_t rows = 0; rows < rows_examined_max; ++rows) {
    ASSIGN_OR_RETURN(const bool more, table->rows->Next(&row));
    if (!more) break;
    for (size_t i = 0; i < looks.size() && i < row.cells.size(); ++i) Look(row.cells[i], &looks[i]);
  }
  return looks;
}

// A TOML basic string.
std::string TomlText(absl::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.append({'\\', c});
    } else if (byte < 0x20 || byte == 0x7F) {
      absl::StrAppend(&out, "\\u00", absl::Hex(byte, absl::kZeroPad2));
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

std::string SeparatorOf(const ColumnLook& look, const std::string& path) {
  const absl::StatusOr<RecordPath> parsed = RecordPath::Parse(path);
  if (!parsed.ok() || !parsed->list().has_value()) return "";
  for (const auto& [separator, cells] : look.separators) {
    if (cells * several_values_share >= look.filled) return separator;
  }
  return "";
}

std::string ColumnLine(const std::string& header, const std::string& path, const ColumnLook& look) {
  const std::string separator = SeparatorOf(look, path);
  const std::string rule =
      separator.empty() ? TomlText(path)
                        : absl::StrCat("{ to = ", TomlText(path),
                                       ", separator = ", separator == "\n" ? "\"\\n\"" : TomlText(separator), " }");
  std::string example(Utf8Prefix(look.example, example_bytes_max));
  std::replace(example.begin(), example.end(), '\n', ' ');
  std::replace(example.begin(), example.end(), '\r', ' ');
  return absl::StrCat(TomlText(header), " = ", rule, "  # ", look.filled, " filled",
                      look.filled > 0 ? absl::StrCat(", such as ", Quoted(example)) : "", "\n");
}

std::string BaseName(const std::string& path) {
  return path.substr(path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RecordReader>> OpenCsvReader(std::shared_ptr<InputFile> file,
                                                            const ReaderContext& context) {
  const CsvSheetRule* sheet = context.mapping == nullptr ? nullptr : context.mapping->SheetFor(file->name());
  ASSIGN_OR_RETURN(CsvTable table, OpenCsvTable(std::move(file), sheet == nullptr ? "" : sheet->encoding,
                                                sheet == nullptr ? '\0' : sheet->separator));
  if (sheet == nullptr && IsOwnCsv(table.headers)) return MakeOwnCsvReader(std::move(table), context);
  if (sheet == nullptr && context.mapping != nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(table.name(), ": the mapping has no [[sheet]] for ", Quoted(BaseName(table.name())),
                     "; write file = ", TomlText(BaseName(table.name())), " in one, or one without `file`"));
  }
  return CsvSheetReader::Open(std::move(table), sheet, context);
}

absl::StatusOr<std::string> ProposeMapping(std::shared_ptr<InputFile> file) {
  ASSIGN_OR_RETURN(CsvTable table, OpenCsvTable(std::move(file), "", 0));
  ASSIGN_OR_RETURN(const std::vector<ColumnLook> looks, LookAtColumns(&table));
  const HeaderGuess guess = GuessHeaders(table.headers);
  const std::string kind(KindName(guess.kind));
  std::string text = absl::StrCat(
      "# What the columns of ", Quoted(BaseName(table.name())),
      " mean. Correct it, then: cairn publish --mapping THIS FILE\n", "# A column with \"\" is not used. Read as ",
      HowRead(table), ".\n", "[[sheet]]\nfile = ", TomlText(BaseName(table.name())), "\nkind = ", TomlText(kind),
      "\n# key = [\"…\"]         # rows with equal cells here are one record; else its id, or its name\n"
      "# language = \"en\"      # of the texts\n"
      "# countries = [\"PL\"]   # also where telephone numbers are dialled\n\n[sheet.columns]\n");
  for (size_t i = 0; i < table.headers.size(); ++i) {
    text += ColumnLine(table.headers[i], guess.paths[i], looks[i]);
  }
  if (guess.kind == v1::SERVICE) text += "\n[sheet.defaults]\n\"service.status\" = \"active\"\n";
  return text;
}

}  // namespace cairn
