#include "common/record/texts.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/record/kinds.h"
#include "common/text/language.h"

namespace cairn {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// "phones[0]" as its name and index; index -1 without brackets. False when malformed.
bool SplitStep(absl::string_view step, absl::string_view* name, int* index) {
  const size_t bracket = step.find('[');
  *name = step.substr(0, bracket);
  *index = -1;
  if (bracket == absl::string_view::npos) return true;
  const absl::string_view rest = step.substr(bracket + 1);
  if (rest.size() < 2 || rest.back() != ']') return false;
  const absl::string_view digits = rest.substr(0, rest.size() - 1);
  // One spelling an index, so that a path has one form.
  if (digits.find_first_not_of("0123456789") != absl::string_view::npos || (digits.size() > 1 && digits[0] == '0')) {
    return false;
  }
  return absl::SimpleAtoi(digits, index);
}

}  // namespace

const std::string* FindText(const v1::Record& record, absl::string_view path) {
  const Message* message = BodyOf(record);
  const std::vector<absl::string_view> steps = absl::StrSplit(path, '.');
  for (size_t i = 0; i < steps.size() && message != nullptr; ++i) {
    absl::string_view name;
    int index = -1;
    if (!SplitStep(steps[i], &name, &index)) return nullptr;
    const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(std::string(name));
    if (field == nullptr || field->is_map() || field->is_repeated() != (index >= 0)) return nullptr;
    const auto* reflection = message->GetReflection();
    if (index >= 0 && index >= reflection->FieldSize(*message, field)) return nullptr;
    const bool last = i + 1 == steps.size();
    if (last) {
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return nullptr;
      std::string scratch;  // generated messages hand out their own string, never the scratch
      return index >= 0 ? &reflection->GetRepeatedStringReference(*message, field, index, &scratch)
                        : &reflection->GetStringReference(*message, field, &scratch);
    }
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return nullptr;
    message =
        index >= 0 ? &reflection->GetRepeatedMessage(*message, field, index) : &reflection->GetMessage(*message, field);
  }
  return nullptr;
}

std::optional<std::string> PickText(const v1::Record& record, absl::string_view path,
                                    absl::Span<const std::string> preferences) {
  const std::string* own = FindText(record, path);
  if (own == nullptr) return std::nullopt;
  std::vector<absl::string_view> languages = {record.language()};
  std::vector<const std::string*> texts = {own};
  for (const v1::Translation& translation : record.translations()) {
    const auto found = translation.texts().find(std::string(path));
    if (found == translation.texts().end()) continue;
    languages.push_back(translation.language());
    texts.push_back(&found->second);
  }
  return *texts[PickLanguage(preferences, languages).value_or(0)];
}

}  // namespace cairn
