#include "common/formats/jsonl.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/formats/element_source.h"
#include "common/formats/json_text.h"
#include "common/record/ids.h"
#include "common/text/utf8.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/json_util.h"

namespace cairn {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// Levenshtein distance of two short names.
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

std::string NearestName(const Descriptor* descriptor, absl::string_view name) {
  name = name.substr(0, 100);
  const FieldDescriptor* nearest = descriptor->field(0);
  for (int i = 1; i < descriptor->field_count(); ++i) {
    if (Distance(name, descriptor->field(i)->name()) < Distance(name, nearest->name())) nearest = descriptor->field(i);
  }
  return nearest->name();
}

const FieldDescriptor* FindField(const Descriptor* descriptor, const std::string& name) {
  const FieldDescriptor* field = descriptor->FindFieldByName(name);
  return field != nullptr ? field : descriptor->FindFieldByCamelcaseName(name);
}

void CheckNames(const Json& object, const Descriptor* descriptor, const std::string& path,
                std::vector<Problem>* problems);

// What was found and what would be right, or nothing: the library's words are for programmers. Values that only it can
// judge (the digits of a number in quotes, a time) are left to it.
void CheckType(const Json& value, const FieldDescriptor* field, bool element, const std::string& path,
               std::vector<Problem>* problems) {
  const auto wrong = [&](absl::string_view remedy) {
    const absl::string_view found = value.is_string()    ? "a text"
                                    : value.is_boolean() ? "true or false"
                                    : value.is_array()   ? "a list"
                                    : value.is_object()  ? "an object"
                                                         : "a number";
    problems->push_back({path, std::string(Utf8Prefix(DumpJson(value), 60)), std::string(found), std::string(remedy)});
  };
  if (value.is_null()) return;
  if (field->is_map()) return value.is_object() ? void() : wrong("write an object in braces: {\"name\": \"text\"}");
  if (field->is_repeated() && !element) return value.is_array() ? void() : wrong("write a list in brackets: [ ]");
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return value.is_string() ? void() : wrong("write text in quotes");
    case FieldDescriptor::CPPTYPE_BOOL:
      return value.is_boolean() ? void() : wrong("write true or false without quotes");
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (field->message_type() == google::protobuf::Timestamp::descriptor()) {
        return value.is_string() ? void() : wrong("write a time in quotes, such as \"2026-01-31T12:00:00Z\"");
      }
      return value.is_object() ? void() : wrong("write an object in braces: { }");
    default:
      return value.is_number() || value.is_string() ? void() : wrong("write a number");
  }
}

void CheckValue(const Json& value, const FieldDescriptor* field, const std::string& path,
                std::vector<Problem>* problems) {
  CheckType(value, field, /*element=*/false, path, problems);
  if (field->is_repeated() && !field->is_map() && value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) {
      CheckType(value[i], field, /*element=*/true, absl::StrCat(path, "[", i, "]"), problems);
    }
  }
  const Descriptor* type = field->message_type();
  if (type == nullptr || field->is_map() || type == google::protobuf::Timestamp::descriptor()) return;
  if (value.is_object()) CheckNames(value, type, path, problems);
  if (!value.is_array()) return;
  for (size_t i = 0; i < value.size(); ++i) {
    if (value[i].is_object()) CheckNames(value[i], type, absl::StrCat(path, "[", i, "]"), problems);
  }
}

// The library stops at the first unknown name and does not say which is meant.
void CheckNames(const Json& object, const Descriptor* descriptor, const std::string& path,
                std::vector<Problem>* problems) {
  for (auto it = object.begin(); it != object.end(); ++it) {
    const std::string here = path.empty() ? it.key() : absl::StrCat(path, ".", it.key());
    const FieldDescriptor* field = FindField(descriptor, it.key());
    if (field == nullptr) {
      problems->push_back({here, "", absl::StrCat("unknown name in ", path.empty() ? "a record" : path),
                           absl::StrCat("the nearest known one is ", NearestName(descriptor, it.key()))});
    } else {
      CheckValue(*it, field, here, problems);
    }
  }
}

std::string BodyNames() {
  const auto* body = v1::Record::descriptor()->FindOneofByName("body");
  std::string names;
  for (int i = 0; i < body->field_count(); ++i) absl::StrAppend(&names, i > 0 ? ", " : "", body->field(i)->name());
  return names;
}

// The library would speak of a "oneof".
void CheckBody(const Json& object, std::vector<Problem>* problems) {
  std::string bodies;
  int count = 0;
  for (auto it = object.begin(); it != object.end(); ++it) {
    const FieldDescriptor* field = FindField(v1::Record::descriptor(), it.key());
    if (field == nullptr || field->real_containing_oneof() == nullptr || it->is_null()) continue;
    absl::StrAppend(&bodies, count++ > 0 ? ", " : "", field->name());
  }
  if (count > 1) {
    problems->push_back({"", "", absl::StrCat("a record has one body; this has ", count, ": ", bodies),
                         "write a record for each, with an id of its own"});
  }
}

class JsonlReader : public RecordReader {
 public:
  JsonlReader(std::shared_ptr<InputFile> file, const ReaderContext& context)
      : context_(context), source_(MakeLineSource(std::move(file))) {}

  absl::StatusOr<bool> Next(ImportedRecord* out) override {
    Element element;
    ASSIGN_OR_RETURN(const bool more, source_->Next(&element));
    if (!more) return false;
    *out = ImportedRecord();
    out->origin = std::move(element.origin);
    out->problems = std::move(element.problems);
    if (!out->problems.empty()) return true;
    out->source = std::make_shared<const std::string>(std::move(element.text));
    out->problems = RecordFromJsonText(*out->source, &out->record);
    if (out->problems.empty() && !context_.id_namespace.empty()) {
      EnsureIds(&out->record, context_.id_namespace, &out->problems);
    }
    return true;
  }

 private:
  const ReaderContext context_;
  const std::unique_ptr<ElementSource> source_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RecordReader>> OpenJsonlReader(std::shared_ptr<InputFile> file,
                                                              const ReaderContext& context) {
  return std::make_unique<JsonlReader>(std::move(file), context);
}

std::vector<Problem> RecordFromJsonText(absl::string_view text, v1::Record* record) {
  const absl::StatusOr<Json> value = ParseJson(text);
  if (!value.ok()) return {{"", "", std::string(value.status().message()), ""}};
  if (!value->is_object())
    return {{"", std::string(text.substr(0, 60)), "not a JSON object", "write one record a line"}};
  std::vector<Problem> problems;
  CheckNames(*value, v1::Record::descriptor(), "", &problems);
  CheckBody(*value, &problems);
  if (!problems.empty()) return problems;
  record->Clear();
  // The value was checked for depth, so the library's recursion is bounded.
  const auto parsed = google::protobuf::util::JsonStringToMessage({text.data(), text.size()}, record);
  if (!parsed.ok()) {
    problems.push_back({"", "", std::string(parsed.message().data(), parsed.message().size()),
                        "record.proto says what each field takes"});
  } else if (record->body_case() == v1::Record::BODY_NOT_SET) {
    problems.push_back({"", "", "the record has no body", absl::StrCat("give one of ", BodyNames())});
  }
  return problems;
}

namespace {

// protobuf writes the entries of a map in any order; the same record must give the same text.
void SortMaps(nlohmann::ordered_json* json) {
  for (auto& [key, value] : json->items()) {
    if (value.is_object() && (key == "extra" || key == "texts")) {
      std::map<std::string, nlohmann::ordered_json> sorted;
      for (auto& [name, entry] : value.items()) sorted[name] = std::move(entry);
      value = sorted;
    } else if (value.is_structured()) {
      SortMaps(&value);
    }
  }
}

std::string InStableOrder(const std::string& text) {
  nlohmann::ordered_json json = nlohmann::ordered_json::parse(text, nullptr, false);
  SortMaps(&json);
  return json.dump();
}

}  // namespace

absl::StatusOr<std::string> RecordToJsonText(const v1::Record& record) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string text;
  const auto printed = google::protobuf::util::MessageToJsonString(record, &text, options);
  if (printed.ok()) return InStableOrder(text);
  return absl::InternalError(absl::StrCat("record ", Quoted(record.id()), " cannot be written as JSON: ",
                                          std::string(printed.message().data(), printed.message().size())));
}

}  // namespace cairn
