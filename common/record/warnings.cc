#include "common/record/warnings.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/record/phone.h"

namespace cairn {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void CheckPhone(const std::string& path, const v1::Phone& phone, std::vector<Problem>* warnings) {
  if (phone.country().empty()) return;
  const auto other = OtherCountryOf(phone);
  if (!other.has_value()) return;
  const std::string owner = other->empty() ? "no country" : *other;
  warnings->push_back({absl::StrCat(path, ".country"), phone.country(),
                       absl::StrCat("the number ", phone.number(), " is one of ", owner, ", and is kept as such"),
                       absl::StrCat("write that country, or the number with the calling code of ", phone.country())});
}

// Every phone, wherever it hangs.
void Walk(const std::string& path, const Message& message, std::vector<Problem>* warnings) {
  if (message.GetDescriptor() == v1::Phone::descriptor()) {
    CheckPhone(path, static_cast<const v1::Phone&>(message), warnings);
    return;
  }
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) continue;
    const std::string at = absl::StrCat(path, path.empty() ? "" : ".", field->name());
    if (!field->is_repeated()) {
      if (reflection->HasField(message, field)) Walk(at, reflection->GetMessage(message, field), warnings);
      continue;
    }
    for (int k = 0; k < reflection->FieldSize(message, field); ++k) {
      Walk(absl::StrCat(at, "[", k, "]"), reflection->GetRepeatedMessage(message, field, k), warnings);
    }
  }
}

}  // namespace

std::vector<Problem> WarningsOf(const v1::Record& record) {
  std::vector<Problem> warnings;
  Walk("", record, &warnings);
  return warnings;
}

}  // namespace cairn
