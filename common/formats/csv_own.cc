#include "common/formats/csv_own.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/formats/csv.h"
#include "common/formats/csv_text.h"
#include "common/formats/jsonl.h"
#include "common/formats/record_path.h"
#include "common/record/ids.h"
#include "common/record/kinds.h"
#include "common/record/serialise.h"

namespace cairn {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr absl::string_view kind_header = "kind";
constexpr absl::string_view rest_header = "cairn_record";
constexpr absl::string_view list_separator = ";";

// Of the lists that people change in a spreadsheet: so many elements, and these fields. The rest is in cairn_record.
struct ListColumns {
  const char* list;
  int elements;
  const char* fields;
};
constexpr ListColumns list_columns[] = {
    {"phones", 3, "number,type,description"},
    {"addresses", 1, "address_1,address_2,city,region,state_province,postal_code,country"},
    {"schedules", 1, "description"},
    {"service_at_locations", 1, "location_id"},
    {"sessions", 1, "start,end,time_zone,place,status"},
};

bool IsTextList(const FieldDescriptor* field) {
  return field->is_repeated() && field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
}

bool IsLanguageList(const FieldDescriptor* field) {
  return field->is_repeated() && field->message_type() == v1::Language::descriptor();
}

bool IsColumn(const FieldDescriptor* field) {
  if (field->is_map() || field->real_containing_oneof() != nullptr) return false;
  if (IsTextList(field) || IsLanguageList(field)) return true;
  const bool message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  return !field->is_repeated() && (!message || field->containing_type() == v1::Record::descriptor()) &&
         field->name() != "supplement";
}

void AddColumns(const Descriptor* descriptor, std::vector<std::string>* headers) {
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const std::string& name = descriptor->field(i)->name();
    const bool known = std::find(headers->begin(), headers->end(), name) != headers->end();
    if (IsColumn(descriptor->field(i)) && !known) headers->push_back(name);
  }
}

std::vector<std::string> MakeHeaders() {
  std::vector<std::string> headers = {std::string(kind_header)};
  AddColumns(v1::Record::descriptor(), &headers);
  for (const v1::RecordKind kind : AllKinds()) AddColumns(BodyField(kind)->message_type(), &headers);
  for (const ListColumns& list : list_columns) {
    for (int i = 0; i < list.elements; ++i) {
      for (const absl::string_view field : absl::StrSplit(list.fields, ',')) {
        headers.push_back(absl::StrCat(list.list, "[", i, "].", field));
      }
    }
  }
  headers.push_back(std::string(rest_header));
  return headers;
}

// The columns between kind and cairn_record.
const std::vector<std::string>& Headers() {
  static const auto* const headers = new std::vector<std::string>(MakeHeaders());
  return *headers;
}

// What a column is in a kind: a field or a list; neither where the kind has no such thing.
struct Target {
  std::optional<RecordPath> path;
  const FieldDescriptor* list = nullptr;
};

Target TargetOf(v1::RecordKind kind, const std::string& header) {
  Target target;
  if (header == kind_header || header == rest_header) return target;
  const FieldDescriptor* field = FindRecordField(kind, header);
  if (field != nullptr && (IsTextList(field) || IsLanguageList(field))) {
    target.list = field;
    return target;
  }
  absl::StatusOr<RecordPath> path = RecordPath::Parse(absl::StrCat(KindName(kind), ".", header));
  if (path.ok()) target.path = *std::move(path);
  return target;
}

using Targets = std::vector<Target>;

Targets TargetsOf(v1::RecordKind kind, const std::vector<std::string>& headers) {
  Targets targets;
  for (const std::string& header : headers) targets.push_back(TargetOf(kind, header));
  return targets;
}

const Targets& ExportTargets(v1::RecordKind kind) {
  static const auto* const all = [] {
    auto* targets = new std::map<v1::RecordKind, Targets>;
    for (const v1::RecordKind each : AllKinds()) (*targets)[each] = TargetsOf(each, Headers());
    return targets;
  }();
  return all->at(kind);
}

Message* HolderOf(const FieldDescriptor* list, v1::Record* record) {
  return list->containing_type() == v1::Record::descriptor() ? record : MutableBodyOf(record);
}

// The texts of a list with separators between; nullopt when they would not come out again as they are.
std::optional<std::string> JoinedList(const FieldDescriptor* list, const Message& holder) {
  std::vector<std::string> texts;
  for (int i = 0; i < holder.GetReflection()->FieldSize(holder, list); ++i) {
    if (IsTextList(list)) {
      texts.push_back(holder.GetReflection()->GetRepeatedString(holder, list, i));
    } else {
      const auto& language =
          static_cast<const v1::Language&>(holder.GetReflection()->GetRepeatedMessage(holder, list, i));
      v1::Language code;
      code.set_code(language.code());
      if (code.ByteSizeLong() != language.ByteSizeLong()) return std::nullopt;
      texts.push_back(language.code());
    }
    const std::string& text = texts.back();
    const bool plain =
        !text.empty() && !absl::StrContains(text, list_separator) && absl::StripAsciiWhitespace(text) == text;
    if (!plain) return std::nullopt;
  }
  return absl::StrJoin(texts, absl::StrCat(list_separator, " "));
}

void SplitList(const FieldDescriptor* list, absl::string_view cell, Message* holder) {
  for (absl::string_view text : absl::StrSplit(cell, list_separator)) {
    text = absl::StripAsciiWhitespace(text);
    if (text.empty()) continue;
    if (IsTextList(list)) {
      holder->GetReflection()->AddString(holder, list, std::string(text));
    } else {
      static_cast<v1::Language*>(holder->GetReflection()->AddMessage(holder, list))->set_code(std::string(text));
    }
  }
}

// Takes a column's text out of the record.
std::string TakeOut(const Target& target, v1::Record* record) {
  if (target.list != nullptr) {
    Message* holder = HolderOf(target.list, record);
    const std::optional<std::string> joined = JoinedList(target.list, *holder);
    if (joined.has_value()) holder->GetReflection()->ClearField(holder, target.list);
    return joined.value_or("");
  }
  if (!target.path.has_value()) return "";
  const std::optional<std::string> text = target.path->Get(*record);
  if (!text.has_value()) return "";
  target.path->Clear(record);
  return *text;
}

// The record of a row's cells, guards removed, in the order of `headers`.
void FillRecord(const Targets& targets, const std::vector<std::string>& headers, const std::vector<std::string>& cells,
                v1::Record* record, std::vector<Problem>* problems) {
  for (size_t i = 0; i < targets.size() && i < cells.size(); ++i) {
    const Target& target = targets[i];
    if (cells[i].empty()) continue;
    if (target.list != nullptr) {
      SplitList(target.list, cells[i], HolderOf(target.list, record));
    } else if (target.path.has_value()) {
      const std::string wrong = target.path->Set(cells[i], 0, record);
      if (!wrong.empty()) problems->push_back({headers[i], cells[i], wrong, ""});
    }
  }
}

v1::Record EmptyRecord(v1::RecordKind kind) {
  v1::Record record;
  record.GetReflection()->MutableMessage(&record, BodyField(kind));
  return record;
}

class OwnCsvReader : public RecordReader {
 public:
  OwnCsvReader(CsvTable table, const ReaderContext& context)
      : context_(context),
        table_(std::move(table)),
        preamble_(std::make_shared<const std::string>(table_.header_text)) {
    for (size_t i = 0; i < table_.headers.size(); ++i) {
      if (table_.headers[i] == kind_header) kind_at_ = i;
      if (table_.headers[i] == rest_header) rest_at_ = i;
    }
    for (const v1::RecordKind kind : AllKinds()) targets_[kind] = TargetsOf(kind, table_.headers);
  }

  absl::StatusOr<bool> Next(ImportedRecord* out) override {
    CsvRow row;
    ASSIGN_OR_RETURN(const bool more, table_.rows->Next(&row));
    if (!more) return false;
    *out = ImportedRecord();
    out->origin = absl::StrCat(table_.name(), " line ", row.line);
    out->preamble = preamble_;
    ASSIGN_OR_RETURN(std::string source, table_.decoded.file->TextAt(row.offset, row.bytes));
    if (!absl::EndsWith(source, "\n")) source.append("\n");
    out->source = std::make_shared<const std::string>(std::move(source));
    row.cells.resize(std::max(row.cells.size(), table_.headers.size()));
    for (std::string& cell : row.cells) cell = UnguardFormula(cell);
    ReadRow(row.cells, out);
    return true;
  }

  std::vector<Problem> Notes() const override {
    std::vector<std::string> unused;
    for (const std::string& header : table_.headers) {
      const auto& known = Headers();
      if (std::find(known.begin(), known.end(), header) == known.end()) unused.push_back(Quoted(header));
    }
    if (unused.empty()) return {};
    return {{"", "", absl::StrCat("columns not used: ", absl::StrJoin(unused, ", ")), ""}};
  }

 private:
  void ReadRow(const std::vector<std::string>& cells, ImportedRecord* out) {
    const absl::StatusOr<v1::RecordKind> kind = KindFromName(cells[kind_at_]);
    if (!kind.ok()) {
      out->problems.push_back({"kind", cells[kind_at_], "not a kind of record", std::string(kind.status().message())});
      return;
    }
    out->record = EmptyRecord(*kind);
    if (!cells[rest_at_].empty()) {
      out->problems = RecordFromJsonText(cells[rest_at_], &out->record);
      if (out->problems.empty() && KindOf(out->record) != *kind) {
        out->problems.push_back({"kind", cells[kind_at_],
                                 absl::StrCat("cairn_record holds a ", KindName(KindOf(out->record))),
                                 "leave kind and cairn_record as they were exported"});
      }
    }
    if (!out->problems.empty()) return;
    FillRecord(targets_.at(*kind), table_.headers, cells, &out->record, &out->problems);
    if (!context_.id_namespace.empty()) EnsureIds(&out->record, context_.id_namespace, &out->problems);
  }

  const ReaderContext context_;
  const CsvTable table_;
  const std::shared_ptr<const std::string> preamble_;
  std::map<v1::RecordKind, Targets> targets_;
  size_t kind_at_ = 0;
  size_t rest_at_ = 0;
};

}  // namespace

bool IsOwnCsv(const std::vector<std::string>& headers) {
  return std::find(headers.begin(), headers.end(), rest_header) != headers.end() &&
         std::find(headers.begin(), headers.end(), kind_header) != headers.end();
}

std::unique_ptr<RecordReader> MakeOwnCsvReader(CsvTable table, const ReaderContext& context) {
  return std::make_unique<OwnCsvReader>(std::move(table), context);
}

std::string CsvHeader() {
  std::string line = "\xEF\xBB\xBF";
  AppendCsvRow(Headers(), &line);
  return line;
}

absl::StatusOr<std::string> RecordToCsvRow(const v1::Record& record) {
  const v1::RecordKind kind = KindOf(record);
  if (kind == v1::RECORD_KIND_UNSPECIFIED) {
    return absl::InvalidArgumentError(absl::StrCat(
        "record ", Quoted(record.id()), " is of a kind that this program does not know; export it as jsonl"));
  }
  v1::Record rest = record;
  std::vector<std::string> cells = {std::string(KindName(kind))};
  const Targets& targets = ExportTargets(kind);
  for (size_t i = 1; i + 1 < targets.size(); ++i) cells.push_back(TakeOut(targets[i], &rest));
  v1::Record again = EmptyRecord(kind);
  std::vector<Problem> problems;
  FillRecord(targets, Headers(), cells, &again, &problems);
  cells.emplace_back();
  if (!problems.empty() || SerialiseRecord(again) != SerialiseRecord(record)) {
    ASSIGN_OR_RETURN(cells.back(), RecordToJsonText(rest));
  }
  for (std::string& cell : cells) cell = GuardFormula(cell);
  std::string line;
  AppendCsvRow(cells, &line);
  return line;
}

}  // namespace cairn
