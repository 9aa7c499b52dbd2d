#include "common/formats/csv_mapping.h"

#include <toml++/toml.h>

#include <algorithm>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/formats/csv_encoding.h"
#include "common/record/kinds.h"

namespace cairn {
namespace {

using Names = std::vector<absl::string_view>;

// Reads tables, with the file's name and the line before every error.
class Reader {
 public:
  explicit Reader(const std::string& name) : name_(name) {}

  absl::Status Sheet(const toml::table& table, CsvSheetRule* sheet) const;
  absl::Status Keys(const toml::table& table, const Names& names) const;
  absl::Status Error(const toml::node& node, absl::string_view text) const {
    return absl::InvalidArgumentError(absl::StrCat(name_, " line ", node.source().begin.line, ": ", text));
  }

 private:
  absl::Status Text(const toml::table& table, const char* key, std::string* value) const;
  absl::Status Texts(const toml::table& table, const char* key, std::vector<std::string>* values) const;
  absl::Status Column(const toml::node& node, const std::string& header, CsvColumnRule* rule) const;
  absl::Status ColumnTable(const toml::table& table, const std::string& header, CsvColumnRule* rule) const;
  absl::Status Columns(const toml::table& table, CsvSheetRule* sheet) const;
  absl::Status Defaults(const toml::table& table, CsvSheetRule* sheet) const;
  absl::Status Path(const toml::node& node, const std::string& text, std::optional<RecordPath>* path) const;

  const std::string& name_;
};

absl::Status Reader::Keys(const toml::table& table, const Names& names) const {
  for (const auto& [key, node] : table) {
    const absl::string_view name(key.str().data(), key.str().size());
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return Error(node, absl::StrCat("unknown key ", Quoted(name), "; known are ", absl::StrJoin(names, ", ")));
    }
  }
  return absl::OkStatus();
}

absl::Status Reader::Text(const toml::table& table, const char* key, std::string* value) const {
  const toml::node* node = table.get(key);
  if (node == nullptr) return absl::OkStatus();
  if (!node->is_string()) return Error(*node, absl::StrCat(key, ": write a text in quotes"));
  *value = node->as_string()->get();
  return absl::OkStatus();
}

absl::Status Reader::Texts(const toml::table& table, const char* key, std::vector<std::string>* values) const {
  const toml::node* node = table.get(key);
  if (node == nullptr) return absl::OkStatus();
  const toml::array* array = node->as_array();
  if (array == nullptr) return Error(*node, absl::StrCat(key, ": write a list of texts, [\"…\"]"));
  for (const toml::node& element : *array) {
    if (!element.is_string()) return Error(element, absl::StrCat(key, ": write a list of texts, [\"…\"]"));
    values->push_back(element.as_string()->get());
  }
  return absl::OkStatus();
}

absl::Status Reader::Path(const toml::node& node, const std::string& text, std::optional<RecordPath>* path) const {
  absl::StatusOr<RecordPath> parsed = RecordPath::Parse(text);
  if (!parsed.ok()) return Error(node, parsed.status().message());
  *path = *std::move(parsed);
  return absl::OkStatus();
}

absl::Status Reader::ColumnTable(const toml::table& table, const std::string& header, CsvColumnRule* rule) const {
  RETURN_IF_ERROR(Keys(table, {"to", "separator", "label_to", "scheme", "values", "optional"}));
  std::string to;
  RETURN_IF_ERROR(Text(table, "to", &to));
  if (to.empty())
    return Error(table, absl::StrCat("column ", Quoted(header), ": needs `to`, such as \"service.name\""));
  RETURN_IF_ERROR(Path(table, to, &rule->to));
  RETURN_IF_ERROR(Text(table, "separator", &rule->separator));
  RETURN_IF_ERROR(Text(table, "label_to", &rule->label_to));
  RETURN_IF_ERROR(Text(table, "scheme", &rule->scheme));
  if (!rule->separator.empty() && !rule->to->list().has_value()) {
    return Error(table, absl::StrCat("column ", Quoted(header), ": ", to,
                                     " is no list and takes one value; leave out `separator`"));
  }
  if (!rule->label_to.empty()) {
    const std::string beside = absl::StrCat(to.substr(0, to.rfind('.') + 1), rule->label_to);
    std::optional<RecordPath> label;
    RETURN_IF_ERROR(Path(table, beside, &label));
  }
  if (const toml::node* optional = table.get("optional"); optional != nullptr) {
    if (!optional->is_boolean()) return Error(*optional, "optional: write true or false");
    rule->optional = optional->as_boolean()->get();
  }
  const toml::node* values = table.get("values");
  if (values == nullptr) return absl::OkStatus();
  if (!values->is_table()) return Error(*values, "values: write { \"old\" = \"new\" }");
  for (const auto& [old, node] : *values->as_table()) {
    if (!node.is_string()) return Error(node, "values: write texts in quotes");
    rule->values[std::string(old.str())] = node.as_string()->get();
  }
  return absl::OkStatus();
}

absl::Status Reader::Column(const toml::node& node, const std::string& header, CsvColumnRule* rule) const {
  if (node.is_table()) return ColumnTable(*node.as_table(), header, rule);
  if (!node.is_string()) {
    return Error(node, absl::StrCat("column ", Quoted(header), ": write a path in quotes, or { to = \"…\", … }"));
  }
  const std::string to = node.as_string()->get();
  return to.empty() ? absl::OkStatus() : Path(node, to, &rule->to);
}

absl::Status Reader::Columns(const toml::table& table, CsvSheetRule* sheet) const {
  const toml::node* columns = table.get("columns");
  if (columns == nullptr || !columns->is_table()) return Error(table, "a sheet needs [sheet.columns]");
  for (const auto& [header, node] : *columns->as_table()) {
    const std::string name(header.str());
    RETURN_IF_ERROR(Column(node, name, &sheet->columns[name]));
  }
  for (const std::string& key : sheet->key) {
    if (!sheet->columns.contains(key))
      return Error(table, absl::StrCat("key ", Quoted(key), ": no such column in this sheet"));
  }
  return absl::OkStatus();
}

absl::Status Reader::Defaults(const toml::table& table, CsvSheetRule* sheet) const {
  const toml::node* defaults = table.get("defaults");
  if (defaults == nullptr) return absl::OkStatus();
  if (!defaults->is_table()) return Error(*defaults, "defaults: write [sheet.defaults]");
  for (const auto& [key, node] : *defaults->as_table()) {
    if (!node.is_string()) return Error(node, "defaults: write texts in quotes");
    std::optional<RecordPath> path;
    RETURN_IF_ERROR(Path(node, std::string(key.str()), &path));
    sheet->defaults.emplace_back(*path, node.as_string()->get());
  }
  return absl::OkStatus();
}

absl::Status Reader::Sheet(const toml::table& table, CsvSheetRule* sheet) const {
  RETURN_IF_ERROR(
      Keys(table, {"file", "kind", "key", "separator", "encoding", "language", "countries", "columns", "defaults"}));
  std::string kind = "service", separator, encoding;
  RETURN_IF_ERROR(Text(table, "file", &sheet->file));
  RETURN_IF_ERROR(Text(table, "kind", &kind));
  RETURN_IF_ERROR(Text(table, "separator", &separator));
  RETURN_IF_ERROR(Text(table, "encoding", &encoding));
  RETURN_IF_ERROR(Text(table, "language", &sheet->language));
  RETURN_IF_ERROR(Texts(table, "countries", &sheet->countries));
  RETURN_IF_ERROR(Texts(table, "key", &sheet->key));
  const absl::StatusOr<v1::RecordKind> known = KindFromName(kind);
  if (!known.ok()) return Error(table, absl::StrCat("kind ", Quoted(kind), ": ", known.status().message()));
  sheet->kind = *known;
  if (separator.size() > 1) return Error(table, "separator: write one character, such as \";\" or \"\\t\"");
  if (!separator.empty()) sheet->separator = separator[0];
  if (!encoding.empty()) {
    const absl::StatusOr<std::string> name = EncodingFromName(encoding);
    if (!name.ok()) return Error(table, name.status().message());
    sheet->encoding = *name;
  }
  RETURN_IF_ERROR(Columns(table, sheet));
  return Defaults(table, sheet);
}

// The library speaks in exceptions; they end here.
absl::StatusOr<toml::table> ParseToml(absl::string_view text, const std::string& name) {
  try {
    return toml::parse(std::string_view(text.data(), text.size()), name);
  } catch (const toml::parse_error& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " line ", error.source().begin.line, ": not TOML: ", std::string(error.description())));
  }
}

}  // namespace

const CsvSheetRule* CsvMapping::SheetFor(absl::string_view path) const {
  const absl::string_view name = path.substr(path.rfind('/') == absl::string_view::npos ? 0 : path.rfind('/') + 1);
  const CsvSheetRule* any = nullptr;
  for (const CsvSheetRule& sheet : sheets) {
    if (sheet.file == name) return &sheet;
    if (sheet.file.empty() && any == nullptr) any = &sheet;
  }
  return any;
}

absl::StatusOr<CsvMapping> ParseCsvMapping(absl::string_view text, const std::string& name) {
  if (text.size() > limits::csv_mapping_bytes_max) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": a mapping has at most ", limits::csv_mapping_bytes_max, " bytes"));
  }
  ASSIGN_OR_RETURN(const toml::table root, ParseToml(text, name));
  const Reader reader(name);
  RETURN_IF_ERROR(reader.Keys(root, {"sheet"}));
  const toml::node* sheets = root.get("sheet");
  if (sheets == nullptr || !sheets->is_array() || sheets->as_array()->empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": has no [[sheet]]; `cairn publish --propose-mapping FILE` writes one"));
  }
  CsvMapping mapping;
  for (const toml::node& node : *sheets->as_array()) {
    if (!node.is_table()) return reader.Error(node, "write [[sheet]]");
    RETURN_IF_ERROR(reader.Sheet(*node.as_table(), &mapping.sheets.emplace_back()));
  }
  return mapping;
}

}  // namespace cairn
