#include "common/formats/record_path.h"

#include <charconv>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/formats/json_text.h"
#include "common/record/country.h"
#include "common/record/kinds.h"
#include "common/text/language.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/time_util.h"

namespace cairn {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::Timestamp;
using google::protobuf::util::TimeUtil;

bool IsTimestamp(const FieldDescriptor* field) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && field->message_type() == Timestamp::descriptor();
}

std::string FieldNames(const Descriptor* descriptor) {
  std::string names;
  for (int i = 0; i < descriptor->field_count(); ++i) {
    if (descriptor->field(i)->real_containing_oneof() != nullptr) continue;
    absl::StrAppend(&names, names.empty() ? "" : ", ", descriptor->field(i)->name());
  }
  return names;
}

absl::Status NoSuchField(absl::string_view path, absl::string_view name, const Descriptor* descriptor) {
  return absl::InvalidArgumentError(absl::StrCat(Quoted(path), ": no field ", Quoted(name), " in ", descriptor->name(),
                                                 "; it has ", FieldNames(descriptor)));
}

// "phones[1]" → name and index. False: the brackets are not right.
bool SplitIndex(absl::string_view word, std::string* name, int* index) {
  *index = 0;
  const size_t open = word.find('[');
  *name = std::string(word.substr(0, open));
  if (open == absl::string_view::npos) return true;
  absl::string_view digits = word.substr(open + 1);
  return absl::ConsumeSuffix(&digits, "]") && absl::SimpleAtoi(digits, index) && *index >= 0 &&
         *index < limits::repeated_max;
}

// Country and language fields, which people fill with names.
std::string CodeOf(const FieldDescriptor* field, const std::string& value) {
  const std::string& name = field->name();
  if (name == "country" || name == "countries") {
    const std::optional<std::string> code = CountryFromName(value);
    return code.value_or(value);
  }
  const bool language = name == "language" || (field->is_repeated() && name == "languages") ||
                        (name == "code" && field->containing_type() == v1::Language::descriptor());
  if (!language || NormaliseLanguage(value).ok()) return value;
  return LanguageFromName(value).value_or(value);
}

std::optional<bool> TruthOf(absl::string_view value) {
  const std::string lower = absl::AsciiStrToLower(value);
  if (lower == "true" || lower == "yes" || lower == "1") return true;
  if (lower == "false" || lower == "no" || lower == "0") return false;
  return std::nullopt;
}

std::optional<Timestamp> TimeOf(absl::string_view value) {
  Timestamp time;
  const std::string text = value.size() == 10 ? absl::StrCat(value, "T00:00:00Z") : std::string(value);
  if (!TimeUtil::FromString(text, &time)) return std::nullopt;
  return time;
}

std::optional<double> NumberIn(absl::string_view value) {
  const std::string text =
      absl::StrContains(value, '.') ? std::string(value) : absl::StrReplaceAll(value, {{",", "."}});
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::string SetScalar(const FieldDescriptor* field, const std::string& value, Message* message) {
  const Reflection* reflection = message->GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (field->is_repeated()) {
        reflection->AddString(message, field, CodeOf(field, value));
      } else {
        reflection->SetString(message, field, CodeOf(field, value));
      }
      return "";
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      const std::optional<double> number = NumberIn(value);
      if (!number.has_value()) return "is no number";
      reflection->SetDouble(message, field, *number);
      return "";
    }
    case FieldDescriptor::CPPTYPE_UINT32: {
      uint32_t number = 0;
      if (!absl::SimpleAtoi(value, &number)) return "is no whole number";
      reflection->SetUInt32(message, field, number);
      return "";
    }
    case FieldDescriptor::CPPTYPE_BOOL: {
      const std::optional<bool> truth = TruthOf(value);
      if (!truth.has_value()) return "is neither yes nor no";
      reflection->SetBool(message, field, *truth);
      return "";
    }
    default: {
      const std::optional<Timestamp> time = TimeOf(value);
      if (!time.has_value()) return "is no time such as 2026-01-31 or 2026-01-31T12:00:00Z";
      reflection->MutableMessage(message, field)->CopyFrom(*time);
      return "";
    }
  }
}

std::string ShortestNumber(double number) {
  char digits[64];
  const auto end = std::to_chars(digits, digits + sizeof(digits), number);
  return std::string(digits, end.ptr);
}

std::optional<std::string> ScalarText(const FieldDescriptor* field, const Message& message) {
  const Reflection* reflection = message.GetReflection();
  if (field->is_repeated() || !reflection->HasField(message, field)) return std::nullopt;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->GetString(message, field);
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      const double number = reflection->GetDouble(message, field);
      if (!std::isfinite(number)) return std::nullopt;
      return ShortestNumber(number);
    }
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(reflection->GetUInt32(message, field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return std::string(reflection->GetBool(message, field) ? "true" : "false");
    default:
      break;
  }
  if (!IsTimestamp(field)) return std::nullopt;
  const auto& time = static_cast<const Timestamp&>(reflection->GetMessage(message, field));
  const bool valid = time.seconds() >= TimeUtil::kTimestampMinSeconds &&
                     time.seconds() <= TimeUtil::kTimestampMaxSeconds && time.nanos() >= 0 &&
                     time.nanos() < 1'000'000'000;
  if (!valid) return std::nullopt;
  return TimeUtil::ToString(time);
}

}  // namespace

const FieldDescriptor* BodyField(v1::RecordKind kind) {
  return v1::Record::descriptor()->FindFieldByName(std::string(KindName(kind)));
}

const FieldDescriptor* FindRecordField(v1::RecordKind kind, const std::string& name) {
  const FieldDescriptor* field = BodyField(kind)->message_type()->FindFieldByName(name);
  if (field != nullptr) return field;
  field = v1::Record::descriptor()->FindFieldByName(name);
  return field != nullptr && field->real_containing_oneof() == nullptr ? field : nullptr;
}

absl::StatusOr<RecordPath> RecordPath::Parse(absl::string_view text) {
  RecordPath path;
  path.text_ = std::string(text);
  const size_t dot = text.find('.');
  const absl::StatusOr<v1::RecordKind> kind = KindFromName(text.substr(0, dot));
  RETURN_IF_ERROR(Annotate(kind.status(), absl::StrCat("path ", Quoted(text))));
  path.kind_ = *kind;
  const Descriptor* at = nullptr;
  for (absl::string_view rest = dot == absl::string_view::npos ? "" : text.substr(dot + 1); !rest.empty();) {
    const size_t end = rest.find('.');
    Step step;
    std::string name;
    if (!SplitIndex(rest.substr(0, end), &name, &step.index)) {
      return absl::InvalidArgumentError(absl::StrCat(Quoted(text), ": write an index from 0 to ",
                                                     limits::repeated_max - 1, " in brackets, such as phones[1]"));
    }
    step.field = at == nullptr ? FindRecordField(*kind, name) : at->FindFieldByName(name);
    const Descriptor* body = BodyField(*kind)->message_type();
    if (step.field == nullptr) return NoSuchField(text, name, at == nullptr ? body : at);
    if (at == nullptr && step.field->containing_type() == body) path.steps_.push_back({BodyField(*kind), 0});
    path.steps_.push_back(step);
    rest = end == absl::string_view::npos ? "" : rest.substr(end + 1);
    if (step.field->is_map()) {
      path.extra_name_ = std::string(rest);
      break;
    }
    const bool message = step.field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !IsTimestamp(step.field);
    at = message ? step.field->message_type() : nullptr;
    if (at == nullptr && !rest.empty())
      return absl::InvalidArgumentError(absl::StrCat(Quoted(text), ": ", name, " has no fields"));
  }
  if (path.steps_.empty() || at != nullptr || (path.steps_.back().field->is_map() && path.extra_name_.empty())) {
    return absl::InvalidArgumentError(absl::StrCat(Quoted(text), ": does not lead to a value; go on with one of ",
                                                   FieldNames(at != nullptr ? at : BodyField(*kind)->message_type())));
  }
  return path;
}

std::optional<size_t> RecordPath::list() const {
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (steps_[i].field->is_repeated() && !steps_[i].field->is_map()) return i;
  }
  return std::nullopt;
}

std::string RecordPath::Set(absl::string_view value, size_t from, Message* message) const {
  for (size_t i = from; i + 1 < steps_.size(); ++i) {
    const Reflection* reflection = message->GetReflection();
    const Step& step = steps_[i];
    if (!step.field->is_repeated()) {
      message = reflection->MutableMessage(message, step.field);
      continue;
    }
    while (reflection->FieldSize(*message, step.field) <= step.index) reflection->AddMessage(message, step.field);
    message = reflection->MutableRepeatedMessage(message, step.field, step.index);
  }
  const FieldDescriptor* field = steps_.back().field;
  if (!field->is_map()) return SetScalar(field, std::string(value), message);
  Message* entry = nullptr;
  const Reflection* reflection = message->GetReflection();
  for (int i = 0; i < reflection->FieldSize(*message, field) && entry == nullptr; ++i) {
    Message* at = reflection->MutableRepeatedMessage(message, field, i);
    if (at->GetReflection()->GetString(*at, at->GetDescriptor()->map_key()) == extra_name_) entry = at;
  }
  if (entry == nullptr) entry = reflection->AddMessage(message, field);
  entry->GetReflection()->SetString(entry, entry->GetDescriptor()->map_key(), extra_name_);
  entry->GetReflection()->SetString(entry, entry->GetDescriptor()->map_value(), DumpJson(Json(std::string(value))));
  return "";
}

std::optional<std::string> RecordPath::Get(const Message& top, size_t from) const {
  const Message* message = &top;
  for (size_t i = from; i + 1 < steps_.size(); ++i) {
    const Reflection* reflection = message->GetReflection();
    const Step& step = steps_[i];
    if (step.field->is_repeated()) {
      if (reflection->FieldSize(*message, step.field) <= step.index) return std::nullopt;
      message = &reflection->GetRepeatedMessage(*message, step.field, step.index);
    } else {
      if (!reflection->HasField(*message, step.field)) return std::nullopt;
      message = &reflection->GetMessage(*message, step.field);
    }
  }
  return ScalarText(steps_.back().field, *message);
}

void RecordPath::Clear(Message* message) const {
  if (!Get(*message).has_value()) return;
  for (size_t i = 0; i + 1 < steps_.size(); ++i) {
    const Reflection* reflection = message->GetReflection();
    const Step& step = steps_[i];
    message = step.field->is_repeated() ? reflection->MutableRepeatedMessage(message, step.field, step.index)
                                        : reflection->MutableMessage(message, step.field);
  }
  message->GetReflection()->ClearField(message, steps_.back().field);
}

}  // namespace cairn
