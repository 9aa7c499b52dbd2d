#include "common/formats/csv_plan.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/formats/csv_headers.h"
#include "common/formats/record_merge.h"
#include "common/record/ids.h"
#include "common/record/kinds.h"
#include "common/text/utf8.h"

namespace cairn {
namespace {

using google::protobuf::Message;

constexpr size_t label_bytes_max = 60;  // "toll free", not a sentence with a colon in it
constexpr size_t key_bytes_max = 400;   // leaves room below limits::source_id_bytes_max for the hash of a longer one
constexpr absl::string_view key_namespace = "0d6f6f0e-7a0f-4b7e-9b0b-8c1a5d1f3e52";

// The path up to its list, with the index: columns with the same one fill the same element.
std::string GroupName(const RecordPath& path, size_t list) {
  std::string name;
  for (size_t i = 0; i <= list; ++i) {
    absl::StrAppend(&name, path.steps()[i].field->name(), "[", path.steps()[i].index, "].");
  }
  return name;
}

bool IsField(const CsvColumn& column, v1::RecordKind kind, absl::string_view field) {
  if (!column.rule.to.has_value() || column.rule.to->kind() != kind) return false;
  const absl::string_view text = column.rule.to->text();
  return text.substr(text.find('.') + 1) == field;
}

// What names a record when nothing else does.
std::vector<const char*> NamingFields(v1::RecordKind kind) {
  if (kind != v1::LOCATION) return {"name"};
  return {"name",
          "addresses.address_1",
          "addresses[0].address_1",
          "addresses.city",
          "addresses[0].city",
          "addresses.postal_code",
          "addresses[0].postal_code"};
}

std::string Collapsed(absl::string_view text) {
  return absl::StrJoin(absl::StrSplit(text, absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty()), " ");
}

std::string BoundedKey(std::string key) {
  if (key.size() <= key_bytes_max) return key;
  return absl::StrCat(Utf8Prefix(key, key_bytes_max), " ", UuidV5(key_namespace, key).value_or(""));
}

// "fax: 555 0100" → label and value. A colon behind digits or in a sentence is part of the value.
void SplitLabel(std::string* label, std::string* text) {
  const size_t colon = text->find(':');
  if (colon == std::string::npos || colon == 0 || colon > label_bytes_max) return;
  if (std::any_of(text->begin(), text->begin() + static_cast<long>(colon), absl::ascii_isdigit)) return;
  *label = std::string(absl::StripAsciiWhitespace(absl::string_view(*text).substr(0, colon)));
  *text = std::string(absl::StripAsciiWhitespace(absl::string_view(*text).substr(colon + 1)));
}

// True when the list of texts at the end of the path has one.
bool HasTexts(const v1::Record& record, const RecordPath& path) {
  const Message* message = &record;
  for (size_t i = 0; i + 1 < path.steps().size(); ++i) {
    message = &message->GetReflection()->GetMessage(*message, path.steps()[i].field);
  }
  return message->GetReflection()->FieldSize(*message, path.steps().back().field) > 0;
}

absl::Status NoName(v1::RecordKind kind) {
  return absl::InvalidArgumentError(
      absl::StrCat("no column says what the ", KindName(kind),
                   " is called; name one in a mapping: `cairn publish --propose-mapping FILE` "
                   "writes a first one"));
}

}  // namespace

absl::StatusOr<CsvPlan> CsvPlan::Make(const CsvSheetRule& sheet, const std::vector<std::string>& headers) {
  CsvPlan plan;
  plan.sheet_ = sheet;
  for (const auto& [header, rule] : sheet.columns) {
    if (std::find(headers.begin(), headers.end(), header) != headers.end() || !rule.to.has_value()) continue;
    return absl::InvalidArgumentError(absl::StrCat("the mapping names the column ", Quoted(header),
                                                   ", which the file does not have; it has ",
                                                   Quoted(absl::StrJoin(headers, ", "), 600)));
  }
  for (const std::string& header : headers) {
    CsvColumn& column = plan.columns_.emplace_back();
    column.header = header;
    const auto rule = sheet.columns.find(header);
    if (rule != sheet.columns.end()) column.rule = rule->second;
  }
  RETURN_IF_ERROR(plan.Arrange());
  return plan;
}

absl::StatusOr<CsvPlan> CsvPlan::Guess(const std::vector<std::string>& headers) {
  CsvPlan plan;
  const HeaderGuess guess = GuessHeaders(headers);
  plan.sheet_.kind = guess.kind;
  for (size_t i = 0; i < headers.size(); ++i) {
    CsvColumn& column = plan.columns_.emplace_back();
    column.header = headers[i];
    if (guess.paths[i].empty()) continue;
    ASSIGN_OR_RETURN(column.rule.to, RecordPath::Parse(guess.paths[i]));
  }
  RETURN_IF_ERROR(plan.Arrange());
  return plan;
}

absl::Status CsvPlan::Arrange() {
  for (const v1::RecordKind kind :
       {v1::ORGANIZATION, v1::LOCATION, v1::SERVICE, v1::TRAINING, v1::RESOURCE, v1::ASSESSMENT, v1::COMMITMENT}) {
    Part part{kind, {}, {}};
    for (size_t i = 0; i < columns_.size(); ++i) {
      CsvColumn& column = columns_[i];
      if (!column.rule.to.has_value() || column.rule.to->kind() != kind) continue;
      const RecordPath& path = *column.rule.to;
      if (!column.rule.label_to.empty()) {
        ASSIGN_OR_RETURN(column.label, RecordPath::Parse(absl::StrCat(path.text().substr(0, path.text().rfind('.') + 1),
                                                                      column.rule.label_to)));
      }
      if (!path.list().has_value()) {
        part.single.push_back(i);
        continue;
      }
      const std::string name = GroupName(path, *path.list());
      auto group = std::find_if(part.groups.begin(), part.groups.end(), [&](const Group& g) { return g.name == name; });
      if (group == part.groups.end()) group = part.groups.insert(group, Group{*path.list(), name, {}});
      group->columns.push_back(i);
    }
    if (part.single.empty() && part.groups.empty()) continue;
    if (kind != sheet_.kind) kinds_.push_back(kind);
    parts_.push_back(std::move(part));
  }
  if (PartOf(sheet_.kind) == nullptr) return NoName(sheet_.kind);
  kinds_.push_back(sheet_.kind);
  const bool named = sheet_.kind == v1::LOCATION ||
                     std::any_of(columns_.begin(), columns_.end(),
                                 [&](const CsvColumn& column) { return IsField(column, sheet_.kind, "name"); });
  return named ? absl::OkStatus() : NoName(sheet_.kind);
}

const CsvPlan::Part* CsvPlan::PartOf(v1::RecordKind kind) const {
  for (const Part& part : parts_) {
    if (part.kind == kind) return &part;
  }
  return nullptr;
}

std::string CsvPlan::TextAt(v1::RecordKind kind, const char* field, const std::vector<std::string>& cells) const {
  for (size_t i = 0; i < columns_.size() && i < cells.size(); ++i) {
    if (IsField(columns_[i], kind, field) && !cells[i].empty()) return Collapsed(cells[i]);
  }
  return "";
}

std::string CsvPlan::KeyOf(v1::RecordKind kind, const std::vector<std::string>& cells) const {
  std::vector<std::string> words;
  if (kind == sheet_.kind && !sheet_.key.empty()) {
    for (size_t i = 0; i < columns_.size() && i < cells.size(); ++i) {
      const bool in_key = std::find(sheet_.key.begin(), sheet_.key.end(), columns_[i].header) != sheet_.key.end();
      if (in_key) words.push_back(Collapsed(cells[i]));
    }
    const bool empty = std::all_of(words.begin(), words.end(), [](const std::string& word) { return word.empty(); });
    return empty ? "" : BoundedKey(absl::StrJoin(words, " / "));
  }
  std::string id = TextAt(kind, "id", cells);
  if (!id.empty()) return BoundedKey(std::move(id));
  for (const char* field : NamingFields(kind)) words.push_back(TextAt(kind, field, cells));
  if (kind == v1::SERVICE && !words[0].empty()) words.push_back(KeyOf(v1::ORGANIZATION, cells));
  words.erase(std::remove(words.begin(), words.end(), ""), words.end());
  return BoundedKey(absl::StrJoin(words, " / "));
}

bool CsvPlan::NamesAreKeys(v1::RecordKind kind) const {
  if (kind == sheet_.kind && !sheet_.key.empty()) return false;
  return std::none_of(columns_.begin(), columns_.end(), [&](const CsvColumn& c) { return IsField(c, kind, "id"); });
}

bool CsvPlan::Describes(v1::RecordKind kind, const std::vector<std::string>& cells) const {
  for (size_t i = 0; i < columns_.size() && i < cells.size(); ++i) {
    const CsvColumn& column = columns_[i];
    const bool of_kind = column.rule.to.has_value() && column.rule.to->kind() == kind;
    if (of_kind && !cells[i].empty() && !IsField(column, kind, "id")) return true;
  }
  return kind == sheet_.kind;
}

bool CsvPlan::OnlyRefers(const std::vector<std::string>& cells) const {
  for (size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].empty()) continue;
    const bool to_field = i < columns_.size() && columns_[i].rule.to.has_value();
    if (!to_field || !absl::EndsWith(columns_[i].rule.to->text(), "_id")) return false;
  }
  return true;
}

std::vector<std::string> CsvPlan::Assumed() const {
  const auto said = [this](absl::string_view path) {
    return std::any_of(
               columns_.begin(), columns_.end(),
               [&](const CsvColumn& column) { return column.rule.to.has_value() && column.rule.to->text() == path; }) ||
           std::any_of(sheet_.defaults.begin(), sheet_.defaults.end(),
                       [&](const auto& entry) { return entry.first.text() == path; });
  };
  std::vector<std::string> assumed;
  if (PartOf(v1::SERVICE) != nullptr && !said("service.status")) {
    assumed.push_back("nothing says the status of services: \"active\" is assumed");
  }
  if (PartOf(v1::LOCATION) != nullptr && !said("location.location_type")) {
    assumed.push_back("nothing says the type of locations: \"physical\" is assumed");
  }
  return assumed;
}

void CsvPlan::Count(const std::vector<std::string>& cells) {
  for (size_t i = 0; i < columns_.size() && i < cells.size(); ++i) columns_[i].filled += cells[i].empty() ? 0 : 1;
}

std::vector<CsvPlan::Value> CsvPlan::ValuesOf(const CsvColumn& column, const std::string& cell) const {
  std::vector<absl::string_view> texts = {cell};
  if (!column.rule.separator.empty()) texts = absl::StrSplit(cell, column.rule.separator);
  std::vector<Value> values;
  for (const absl::string_view piece : texts) {
    Value value;
    value.text = std::string(absl::StripAsciiWhitespace(piece));
    if (column.label.has_value()) SplitLabel(&value.label, &value.text);
    const auto replaced = column.rule.values.find(value.text);
    if (replaced != column.rule.values.end()) value.text = replaced->second;
    if (value.text.empty()) continue;
    if (!column.rule.scheme.empty() && !absl::StrContains(value.text, "://")) {
      value.text = absl::StrCat(column.rule.scheme, "://", value.text);
    }
    values.push_back(std::move(value));
    if (values.size() >= limits::csv_cell_values_max) break;
  }
  return values;
}

void CsvPlan::SetValue(size_t column, const Value& value, size_t from, Message* message,
                       std::vector<Problem>* warnings) {
  const std::string wrong = columns_[column].rule.to->Set(value.text, from, message);
  if (!value.label.empty() && columns_[column].label.has_value()) {
    columns_[column].label->Set(value.label, from, message);
  }
  if (wrong.empty()) return;
  ++columns_[column].unused;
  warnings->push_back({columns_[column].header, value.text, absl::StrCat(wrong, "; not used"), ""});
}

void CsvPlan::AddSingle(size_t column, const std::string& cell, v1::Record* part, std::vector<Problem>* warnings) {
  if (IsField(columns_[column], columns_[column].rule.to->kind(), "id")) return;  // the key says it
  for (const Value& value : ValuesOf(columns_[column], cell)) SetValue(column, value, 0, part, warnings);
}

// Slot by slot: the first values of all its columns are one element, the second ones the next. A column with one value
// says it of all.
void CsvPlan::AddGroup(const Group& group, const std::vector<std::string>& cells, v1::Record* part,
                       std::vector<Problem>* warnings) {
  std::vector<std::pair<size_t, std::vector<Value>>> filled;
  size_t slots = 0;
  for (const size_t column : group.columns) {
    if (column >= cells.size() || cells[column].empty()) continue;
    filled.emplace_back(column, ValuesOf(columns_[column], cells[column]));
    slots = std::max(slots, filled.back().second.size());
  }
  for (size_t slot = 0; slot < slots; ++slot) {
    Message* element = nullptr;
    for (const auto& [column, values] : filled) {
      if (slot >= values.size() && values.size() != 1) continue;
      const RecordPath& path = *columns_[column].rule.to;
      const bool texts = group.list + 1 == path.steps().size();
      if (!texts && element == nullptr) {
        Message* parent = part;
        for (size_t i = 0; i < group.list; ++i) {
          parent = parent->GetReflection()->MutableMessage(parent, path.steps()[i].field);
        }
        element = parent->GetReflection()->AddMessage(parent, path.steps()[group.list].field);
      }
      const Value& value = values[std::min(slot, values.size() - 1)];
      SetValue(column, value, texts ? 0 : group.list + 1, texts ? part : element, warnings);
    }
    if (element == nullptr) continue;
    for (const auto& [path, text] : sheet_.defaults) {
      const bool here =
          path.list().has_value() && *path.list() == group.list && GroupName(path, group.list) == group.name;
      if (here && !path.Get(*element, group.list + 1).has_value()) path.Set(text, group.list + 1, element);
    }
  }
}

// The organization and the place that the row also names.
void CsvPlan::AddLinks(v1::RecordKind kind, const std::vector<std::string>& cells, v1::Record* part) const {
  const std::string organization = kind == v1::ORGANIZATION ? "" : KeyOf(v1::ORGANIZATION, cells);
  const std::string location = kind == v1::SERVICE ? KeyOf(v1::LOCATION, cells) : "";
  if (!location.empty()) part->mutable_service()->add_service_at_locations()->set_location_id(location);
  if (organization.empty()) return;
  for (const char* field : {"organization_id", "provider_id", "publisher_id"}) {
    const absl::StatusOr<RecordPath> path = RecordPath::Parse(absl::StrCat(KindName(kind), ".", field));
    if (path.ok() && !path->Get(*part).has_value()) path->Set(organization, 0, part);
  }
}

void CsvPlan::AddRow(v1::RecordKind kind, const std::vector<std::string>& cells, v1::Record* record,
                     std::vector<Problem>* warnings) {
  const Part& columns = *PartOf(kind);
  v1::Record part;
  for (const size_t column : columns.single) {
    if (column < cells.size() && !cells[column].empty()) AddSingle(column, cells[column], &part, warnings);
  }
  for (const Group& group : columns.groups) AddGroup(group, cells, &part, warnings);
  AddLinks(kind, cells, &part);
  MergeRecord(part, record, warnings);
}

void CsvPlan::AddDefaults(v1::Record* record) const {
  const v1::RecordKind kind = KindOf(*record);
  for (const auto& [path, text] : sheet_.defaults) {
    if (path.kind() != kind) continue;
    // Of a list of messages, AddGroup has set what its elements lack.
    const bool texts = path.list().has_value() && *path.list() + 1 == path.steps().size();
    const bool empty = texts ? !HasTexts(*record, path) : !path.list().has_value() && !path.Get(*record).has_value();
    if (empty) path.Set(text, 0, record);
  }
  if (record->language().empty()) record->set_language(sheet_.language);
  if (record->countries().empty()) record->mutable_countries()->Add(sheet_.countries.begin(), sheet_.countries.end());
  // See Assumed.
  if (record->has_service() && record->service().status().empty()) record->mutable_service()->set_status("active");
  if (record->has_location() && record->location().location_type().empty()) {
    record->mutable_location()->set_location_type("physical");
  }
  if (!record->has_training()) return;
  for (v1::TrainingSession& session : *record->mutable_training()->mutable_sessions()) {
    if (session.id().empty()) session.set_id(Collapsed(absl::StrCat(session.start(), " ", session.place())));
  }
}

}  // namespace cairn
