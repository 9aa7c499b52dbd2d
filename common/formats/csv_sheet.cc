#include "common/formats/csv_sheet.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/record/ids.h"
#include "common/record/kinds.h"
#include "common/record/validate.h"

namespace cairn {
namespace {

using google::protobuf::Message;

constexpr uint32_t no_row = UINT32_MAX;
constexpr size_t lines_named_max = 5;  // of the rows of one record, in messages
// Ids are not what DropRefusedOptionals looks for; with a namespace they are no problems.
constexpr absl::string_view any_namespace = "00000000-0000-4000-8000-000000000000";

void Trim(std::vector<std::string>* cells) {
  for (std::string& cell : *cells) {
    absl::StripAsciiWhitespace(&cell);
    cell = UnguardFormula(cell);
  }
}

// The list that an element is taken out of, and which one.
struct Element {
  Message* parent;
  const google::protobuf::FieldDescriptor* list;
  int index;
};

// The outermost list element on the path.
Element ElementAt(const RecordPath& path, v1::Record* record) {
  Message* parent = record;
  for (size_t i = 0; i < *path.list(); ++i) {
    parent = parent->GetReflection()->MutableMessage(parent, path.steps()[i].field);
  }
  const RecordPath::Step& step = path.steps()[*path.list()];
  return {parent, step.field, step.index};
}

void RemoveElement(const Element& element) {
  const auto* reflection = element.parent->GetReflection();
  const int size = reflection->FieldSize(*element.parent, element.list);
  if (element.index >= size) return;
  for (int i = element.index; i + 1 < size; ++i) reflection->SwapElements(element.parent, element.list, i, i + 1);
  reflection->RemoveLast(element.parent, element.list);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RecordReader>> CsvSheetReader::Open(CsvTable table, const CsvSheetRule* sheet,
                                                                   const ReaderContext& context) {
  absl::StatusOr<CsvPlan> plan =
      sheet != nullptr ? CsvPlan::Make(*sheet, table.headers) : CsvPlan::Guess(table.headers);
  RETURN_IF_ERROR(Annotate(plan.status(), table.name()));
  std::unique_ptr<CsvSheetReader> reader(
      new CsvSheetReader(std::move(table), *std::move(plan), sheet != nullptr, context));
  RETURN_IF_ERROR(reader->Index());
  return std::unique_ptr<RecordReader>(std::move(reader));
}

uint64_t CsvSheetReader::Hash(const std::string& key) {
  return absl::HashOf(IsUuid(key) ? absl::AsciiStrToLower(key) : key);
}

absl::Status CsvSheetReader::Index() {
  preamble_ = std::make_shared<const std::string>(table_.header_text);
  chains_.resize(plan_.kinds().size());
  CsvRow row;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, table_.rows->Next(&row));
    if (!more) return absl::OkStatus();
    if (rows_.size() >= limits::import_file_records_max) {
      return absl::InvalidArgumentError(
          absl::StrCat(table_.name(), ": more than ", limits::import_file_records_max, " rows; split the file"));
    }
    RETURN_IF_ERROR(IndexRow(row));
  }
}

absl::Status CsvSheetReader::IndexRow(const CsvRow& row) {
  std::vector<std::string> cells = row.cells;
  Trim(&cells);
  const auto at = static_cast<uint32_t>(rows_.size());
  rows_.push_back({row.offset, static_cast<uint32_t>(row.bytes), static_cast<uint32_t>(row.line)});
  plan_.Count(cells);
  const bool longer = std::any_of(cells.begin() + static_cast<long>(std::min(cells.size(), table_.headers.size())),
                                  cells.end(), [](const std::string& cell) { return !cell.empty(); });
  if (longer && longer_rows_++ == 0) longer_line_ = row.line;
  for (size_t i = 0; i < chains_.size(); ++i) {
    Chains& chains = chains_[i];
    chains.next.push_back(no_row);
    const std::string key = plan_.KeyOf(plan_.kinds()[i], cells);
    if (key.empty() || !plan_.Describes(plan_.kinds()[i], cells)) continue;
    const auto [ends, fresh] = chains.ends.try_emplace(Hash(key), Chains::Ends{at, at});
    if (fresh) continue;
    chains.next[ends->second.last] = at;
    ends->second.last = at;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> CsvSheetReader::CellsAt(uint32_t row) const {
  ASSIGN_OR_RETURN(const std::string text, table_.decoded.file->TextAt(rows_[row].offset, rows_[row].bytes));
  std::vector<std::string> cells = ParseCsvRow(text, table_.separator);
  Trim(&cells);
  return cells;
}

absl::StatusOr<bool> CsvSheetReader::Next(ImportedRecord* out) {
  while (ready_.empty()) {
    if (at_ >= rows_.size()) return false;
    RETURN_IF_ERROR(ReadRow(at_++));
  }
  *out = std::move(ready_.back());
  ready_.pop_back();
  return true;
}

// Builds each record whose first row this is.
absl::Status CsvSheetReader::ReadRow(uint32_t row) {
  ASSIGN_OR_RETURN(const std::vector<std::string> cells, CellsAt(row));
  for (size_t i = 0; i < chains_.size(); ++i) {
    const v1::RecordKind kind = plan_.kinds()[i];
    const std::string key = plan_.KeyOf(kind, cells);
    if (key.empty() && kind == plan_.sheet().kind && plan_.OnlyRefers(cells)) {
      if (referring_rows_++ == 0) referring_line_ = rows_[row].line;
    } else if (key.empty() && kind == plan_.sheet().kind) {
      Refuse(row, {"", "", absl::StrCat("has neither an id nor a name for the ", KindName(kind)),
                   "give it a name, or take the row out"});
    }
    const auto ends = key.empty() ? chains_[i].ends.end() : chains_[i].ends.find(Hash(key));
    if (ends == chains_[i].ends.end() || ends->second.first != row) continue;
    RETURN_IF_ERROR(Build(kind, ends->first, key));
  }
  std::reverse(ready_.begin(), ready_.end());
  return absl::OkStatus();
}

void CsvSheetReader::Refuse(uint32_t row, Problem problem) {
  ImportedRecord& refused = ready_.emplace_back();
  refused.origin = Origin({row});
  refused.problems.push_back(std::move(problem));
  const auto source = SourceOf({row});
  if (source.ok()) refused.source = *source;
  refused.preamble = preamble_;
}

absl::Status CsvSheetReader::Build(v1::RecordKind kind, uint64_t key_hash, const std::string& key) {
  const size_t at =
      static_cast<size_t>(std::find(plan_.kinds().begin(), plan_.kinds().end(), kind) - plan_.kinds().begin());
  const Chains& chains = chains_[at];
  ImportedRecord imported;
  v1::Record& record = imported.record;
  record.GetReflection()->MutableMessage(&record, BodyField(kind));
  record.set_id(key);
  std::vector<uint32_t> rows;
  for (uint32_t row = chains.ends.at(key_hash).first; row != no_row; row = chains.next[row]) {
    ASSIGN_OR_RETURN(const std::vector<std::string> cells, CellsAt(row));
    plan_.AddRow(kind, cells, &record, &imported.warnings);
    rows.push_back(row);
  }
  plan_.AddDefaults(&record);
  DropRefusedOptionals(&record, &imported.warnings);
  imported.origin = Origin(rows);
  if (!context_.id_namespace.empty()) EnsureIds(&record, context_.id_namespace, &imported.problems);
  ASSIGN_OR_RETURN(imported.source, SourceOf(rows));
  imported.preamble = preamble_;
  ready_.push_back(std::move(imported));
  return absl::OkStatus();
}

bool CsvSheetReader::IsOptional(const RecordPath& path) {
  return std::any_of(plan_.columns().begin(), plan_.columns().end(), [&](const CsvColumn& column) {
    if (!column.rule.optional || column.rule.to->steps().size() != path.steps().size()) return false;
    return std::equal(path.steps().begin(), path.steps().end(), column.rule.to->steps().begin(),
                      [](const RecordPath::Step& a, const RecordPath::Step& b) { return a.field == b.field; });
  });
}

// What the rules of records refuse of columns that may be wrong: the whole element of a list, since a telephone
// number's description alone says nothing.
void CsvSheetReader::DropRefusedOptionals(v1::Record* record, std::vector<Problem>* warnings) {
  const bool any = std::any_of(plan_.columns().begin(), plan_.columns().end(),
                               [](const CsvColumn& column) { return column.rule.optional; });
  if (!any) return;
  v1::Record copy = *record;
  const std::string names(context_.id_namespace.empty() ? any_namespace : absl::string_view(context_.id_namespace));
  std::map<std::string, std::map<int, Element, std::greater<>>> elements;
  for (const Problem& problem : NormaliseAndValidate(&copy, {absl::UnixEpoch(), "", names, false})) {
    const absl::StatusOr<RecordPath> path = RecordPath::Parse(problem.path);
    if (!path.ok() || !IsOptional(*path)) continue;
    ++left_out_;
    warnings->push_back({problem.path, problem.value,
                         absl::StrCat(problem.problem, "; left out, as its column is optional"), problem.remedy});
    if (!path->list().has_value()) {
      path->Clear(record);
      continue;
    }
    const Element element = ElementAt(*path, record);
    elements[element.list->full_name()].emplace(element.index, element);
  }
  for (const auto& [list, by_index] : elements) {
    for (const auto& [index, element] : by_index) RemoveElement(element);  // the last one first
  }
}

std::string CsvSheetReader::Origin(const std::vector<uint32_t>& rows) const {
  std::vector<uint32_t> lines;
  for (size_t i = 0; i < rows.size() && i < lines_named_max; ++i) lines.push_back(rows_[rows[i]].line);
  return absl::StrCat(table_.name(), rows.size() > 1 ? " lines " : " line ", absl::StrJoin(lines, ", "),
                      rows.size() > lines_named_max ? ", …" : "");
}

absl::StatusOr<std::shared_ptr<const std::string>> CsvSheetReader::SourceOf(const std::vector<uint32_t>& rows) const {
  std::string source;
  for (const uint32_t row : rows) {
    if (source.size() + rows_[row].bytes > limits::import_line_bytes_max) return std::shared_ptr<const std::string>();
    ASSIGN_OR_RETURN(const std::string text, table_.decoded.file->TextAt(rows_[row].offset, rows_[row].bytes));
    absl::StrAppend(&source, text, absl::EndsWith(text, "\n") ? "" : "\n");
  }
  return std::make_shared<const std::string>(std::move(source));
}

std::vector<Problem> CsvSheetReader::Notes() const {
  std::vector<Problem> notes = {{"", "", absl::StrCat("read as ", HowRead(table_)), ""}};
  const auto add = [&](std::string text, std::string remedy = "") {
    notes.push_back({"", "", std::move(text), std::move(remedy)});
  };
  std::vector<std::string> used, unused, left_out;
  for (const CsvColumn& column : plan_.columns()) {
    if (column.rule.to.has_value()) {
      used.push_back(absl::StrCat(Quoted(column.header), " as ", column.rule.to->text()));
    } else {
      const bool by_mapping = plan_.sheet().columns.contains(column.header);
      (by_mapping ? left_out : unused).push_back(absl::StrCat(Quoted(column.header), " (", column.filled, " filled)"));
    }
    if (column.unused > 0) add(absl::StrCat("column ", Quoted(column.header), ": ", column.unused, " cells not used"));
  }
  if (!mapped_) {
    add(absl::StrCat("columns by their headers: ", absl::StrJoin(used, ", ")),
        "if this is not right, `cairn publish --propose-mapping FILE` writes a mapping to correct");
  }
  if (!unused.empty()) add(absl::StrCat("columns not used: ", absl::StrJoin(unused, ", ")));
  if (!left_out.empty()) add(absl::StrCat("columns not used, as the mapping says: ", absl::StrJoin(left_out, ", ")));
  if (longer_rows_ > 0) {
    add(absl::StrCat(longer_rows_, " rows have cells beyond the last column, first in line ", longer_line_,
                     "; not used"));
  }
  if (referring_rows_ > 0) {
    add(absl::StrCat(referring_rows_, " rows have only ids of other records, and none of a ",
                     KindName(plan_.sheet().kind), " of their own, first in line ", referring_line_, "; not used"));
  }
  if (left_out_ > 0) add(absl::StrCat(left_out_, " values of optional columns left out"));
  for (const std::string& assumed : plan_.Assumed()) add(assumed);
  for (const v1::RecordKind kind : plan_.kinds()) {
    if (!plan_.NamesAreKeys(kind)) continue;
    add(absl::StrCat("no column has the id of a ", KindName(kind),
                     ": it is known by its name, so that another name is another record"),
        "name a column that never changes as `key`, or as id, if there is one");
  }
  return notes;
}

}  // namespace cairn
