#include "common/formats/hsds_mapper.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "cairn/v1/record.pb.h"
#include "common/record/phone.h"

namespace cairn {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

using ExtraMap = google::protobuf::Map<std::string, std::string>;

template <typename... Messages>
ExtraMap* ExtraAmong(Message* message) {
  ExtraMap* extra = nullptr;
  const Descriptor* descriptor = message->GetDescriptor();
  // The reflection of maps copies them; this does not.
  (void)((descriptor == Messages::descriptor() && (extra = static_cast<Messages*>(message)->mutable_extra())) || ...);
  return extra;
}

ExtraMap* MutableExtra(Message* message) {
  return ExtraAmong<v1::Phone, v1::Language, v1::Schedule, v1::ServiceAtLocation, v1::ServiceArea, v1::Address,
                    v1::Contact, v1::Url, v1::CostOption, v1::Accessibility, v1::OrganizationIdentifier, v1::Service,
                    v1::Location, v1::Organization, v1::TaxonomyTerm>(message);
}

bool AllObjects(const Json& value) {
  return value.is_array() && !value.empty() &&
         std::all_of(value.begin(), value.end(), [](const Json& element) { return element.is_object(); });
}

bool SetList(const FieldDescriptor* field, const Json& value, const TakeProperty& take, Message* message) {
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field->is_map() || !AllObjects(value)) return false;
  for (const Json& element : value) JsonToMessage(element, take, message->GetReflection()->AddMessage(message, field));
  return true;
}

// False, and nothing set, unless the value converts exactly.
bool SetField(const FieldDescriptor* field, const Json& value, const TakeProperty& take, Message* message) {
  const Reflection* reflection = message->GetReflection();
  if (field->is_repeated()) return SetList(field, value, take, message);
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (!value.is_string() || value.get_ref<const std::string&>().empty()) return false;
      reflection->SetString(message, field, value.get<std::string>());
      return true;
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      const std::optional<double> number = DoubleOf(value);
      if (number.has_value()) reflection->SetDouble(message, field, *number);
      return number.has_value();
    }
    case FieldDescriptor::CPPTYPE_UINT32: {
      if (!value.is_number_unsigned()) return false;
      const auto number = value.get<uint64_t>();
      if (number == 0 || number > std::numeric_limits<uint32_t>::max()) return false;
      reflection->SetUInt32(message, field, static_cast<uint32_t>(number));
      return true;
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      if (value != true) return false;
      reflection->SetBool(message, field, true);
      return true;
    default:
      return false;
  }
}

// Fields whose property is not simply their value.
bool TakeSpecial(const std::string& name, const Json& value, Message* message) {
  if (message->GetDescriptor() == v1::Phone::descriptor() && name == "number" && value.is_string()) {
    const auto& number = value.get_ref<const std::string&>();
    auto* phone = static_cast<v1::Phone*>(message);
    if (number.empty()) return false;
    phone->set_number(number);
    phone->set_as_entered(number);
    return true;
  }
  if (message->GetDescriptor() == v1::CostOption::descriptor() && name == "amount") {
    const std::optional<std::string> decimal = DecimalOf(value);
    if (decimal.has_value()) static_cast<v1::CostOption*>(message)->set_amount(*decimal);
    return decimal.has_value();
  }
  return false;
}

bool HasOwnProperty(const FieldDescriptor* field, const Descriptor* descriptor) {
  if (field->name() == "extra") return false;
  if (descriptor == v1::Phone::descriptor()) return field->name() != "as_entered" && field->name() != "number";
  return descriptor != v1::CostOption::descriptor() || field->name() != "amount";
}

// The number as it was typed while that still says the same; a corrected number replaces it.
std::string NumberShown(const v1::Phone& phone) {
  if (phone.as_entered().empty() || phone.as_entered() == phone.number()) return phone.number();
  const absl::StatusOr<PhoneNumber> entered = NormalisePhone(phone.as_entered(), phone.country());
  return entered.ok() && entered->number == phone.number() ? phone.as_entered() : phone.number();
}

Json AmountOf(const std::string& amount) {
  absl::StatusOr<Json> number = ParseJson(amount);
  return number.ok() && (number->is_number() || number->is_binary()) ? *std::move(number) : Json(amount);
}

void PutSpecial(const Message& message, Json* object) {
  if (message.GetDescriptor() == v1::Phone::descriptor()) {
    const auto& phone = static_cast<const v1::Phone&>(message);
    if (!phone.number().empty()) (*object)["number"] = NumberShown(phone);
  }
  if (message.GetDescriptor() == v1::CostOption::descriptor()) {
    const auto& option = static_cast<const v1::CostOption&>(message);
    if (!option.amount().empty()) (*object)["amount"] = AmountOf(option.amount());
  }
}

void PutField(const Message& message, const FieldDescriptor* field, const FinishObject& finish, Json* object) {
  const Reflection* reflection = message.GetReflection();
  if (field->is_repeated()) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return;
    Json& list = (*object)[field->name()] = Json::array();
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      list.push_back(MessageToJson(reflection->GetRepeatedMessage(message, field, i), finish));
    }
    return;
  }
  Json& value = (*object)[field->name()];
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) value = reflection->GetString(message, field);
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) value = NumberOf(reflection->GetDouble(message, field));
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_UINT32) value = reflection->GetUInt32(message, field);
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) value = reflection->GetBool(message, field);
}

}  // namespace

void SetExtra(const std::string& name, const Json& value, Message* message) {
  if (ExtraMap* extra = MutableExtra(message); extra != nullptr) (*extra)[name] = DumpJson(value);
}

const std::string* FindExtra(const Message& message, const std::string& name) {
  const ExtraMap* extra = MutableExtra(const_cast<Message*>(&message));
  if (extra == nullptr) return nullptr;
  const auto at = extra->find(name);
  return at == extra->end() ? nullptr : &at->second;
}

void PutExtra(const Message& message, Json* object) {
  const ExtraMap* extra = MutableExtra(const_cast<Message*>(&message));
  if (extra == nullptr) return;
  for (const auto& [name, text] : *extra) {
    if (!object->contains(name)) (*object)[name] = JsonOfExtra(text);
  }
}

void JsonToMessage(const Json& object, const TakeProperty& take, Message* message) {
  const Descriptor* descriptor = message->GetDescriptor();
  for (auto it = object.begin(); it != object.end(); ++it) {
    if (take(it.key(), *it, message) || TakeSpecial(it.key(), *it, message)) continue;
    const FieldDescriptor* field = descriptor->FindFieldByName(it.key());
    const bool set = field != nullptr && HasOwnProperty(field, descriptor) && SetField(field, *it, take, message);
    if (!set) SetExtra(it.key(), *it, message);
  }
}

Json MessageToJson(const Message& message, const FinishObject& finish) {
  Json object = Json::object();
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (HasOwnProperty(field, message.GetDescriptor())) PutField(message, field, finish, &object);
  }
  PutSpecial(message, &object);
  finish(message, &object);
  PutExtra(message, &object);
  return object;
}

}  // namespace cairn
