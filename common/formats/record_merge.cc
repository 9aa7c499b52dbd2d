#include "common/formats/record_merge.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/limits.h"
#include "google/protobuf/util/message_differencer.h"

namespace cairn {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::util::MessageDifferencer;

bool HasEqual(const Message& message, const FieldDescriptor* field, const Message& element) {
  const Reflection* reflection = message.GetReflection();
  for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
    if (MessageDifferencer::Equals(reflection->GetRepeatedMessage(message, field, i), element)) return true;
  }
  return false;
}

bool HasEqual(const Message& message, const FieldDescriptor* field, const std::string& element) {
  const Reflection* reflection = message.GetReflection();
  for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
    if (reflection->GetRepeatedString(message, field, i) == element) return true;
  }
  return false;
}

void MergeList(const Message& part, const FieldDescriptor* field, Message* message, std::vector<Problem>* warnings) {
  const Reflection* reflection = message->GetReflection();
  for (int i = 0; i < reflection->FieldSize(part, field); ++i) {
    if (reflection->FieldSize(*message, field) >= limits::repeated_max) {
      warnings->push_back({field->name(), "",
                           absl::StrCat("more than ", limits::repeated_max, " of them; the rest is not used"),
                           "is the key of the rows the right one?"});
      return;
    }
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      const std::string text = reflection->GetRepeatedString(part, field, i);
      if (!HasEqual(*message, field, text)) reflection->AddString(message, field, text);
    } else {
      const Message& element = reflection->GetRepeatedMessage(part, field, i);
      if (!HasEqual(*message, field, element)) reflection->AddMessage(message, field)->CopyFrom(element);
    }
  }
}

// True: the two say the same of the field.
bool EqualField(const Message& one, const Message& other, const FieldDescriptor* field) {
  const Reflection* reflection = one.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->GetString(one, field) == reflection->GetString(other, field);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection->GetDouble(one, field) == reflection->GetDouble(other, field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection->GetUInt32(one, field) == reflection->GetUInt32(other, field);
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->GetBool(one, field) == reflection->GetBool(other, field);
    default:
      return MessageDifferencer::Equals(reflection->GetMessage(one, field), reflection->GetMessage(other, field));
  }
}

void CopyField(const Message& part, const FieldDescriptor* field, Message* message) {
  const Reflection* reflection = message->GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->SetString(message, field, reflection->GetString(part, field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection->SetDouble(message, field, reflection->GetDouble(part, field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection->SetUInt32(message, field, reflection->GetUInt32(part, field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->SetBool(message, field, reflection->GetBool(part, field));
    default:
      reflection->MutableMessage(message, field)->CopyFrom(reflection->GetMessage(part, field));
  }
}

std::string Shown(const Message& part, const FieldDescriptor* field) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_STRING ? part.GetReflection()->GetString(part, field) : "";
}

void MergeMessage(const Message& part, Message* message, std::vector<Problem>* warnings) {
  const Reflection* reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(part, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->is_repeated()) {
      MergeList(part, field, message, warnings);
    } else if (field->real_containing_oneof() != nullptr) {
      MergeMessage(reflection->GetMessage(part, field), reflection->MutableMessage(message, field), warnings);
    } else if (!reflection->HasField(*message, field)) {
      CopyField(part, field, message);
    } else if (!EqualField(part, *message, field)) {
      warnings->push_back({field->name(), Shown(part, field),
                           "an earlier row of the same record says something else, which is kept; this is not used",
                           "make the rows equal"});
    }
  }
}

}  // namespace

void MergeRecord(const v1::Record& part, v1::Record* record, std::vector<Problem>* warnings) {
  MergeMessage(part, record, warnings);
}

}  // namespace cairn
