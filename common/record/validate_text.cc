#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/limits.h"
#include "common/record/validate_parts.h"
#include "common/text/utf8.h"

namespace cairn {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsForbidden(unsigned char c) { return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f; }

// C1 controls (U+0080 to U+009F) are bytes of Windows code pages read as Latin-1.
bool HasC1(absl::string_view text) {
  for (size_t i = text.find('\xc2'); i != absl::string_view::npos; i = text.find('\xc2', i + 1)) {
    if (i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return true;
  }
  return false;
}

void CheckExtra(const Message& message, const FieldDescriptor* field, size_t* extra_bytes, Checker* c) {
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
    const Message& entry = reflection->GetRepeatedMessage(message, field, i);
    const auto* entry_reflection = entry.GetReflection();
    std::string scratch;
    const std::string key = entry_reflection->GetStringReference(entry, entry.GetDescriptor()->map_key(), &scratch);
    const std::string& value =
        entry_reflection->GetStringReference(entry, entry.GetDescriptor()->map_value(), &scratch);
    *extra_bytes += key.size() + value.size();
    if (!IsValidUtf8(key) || !nlohmann::json::accept(value)) {
      c->Report(absl::StrCat("extra[", key, "]"), value, "not JSON text",
                "write JSON, such as \"words\" in quotes or 12");
    }
  }
}

std::string WithLineFeeds(const std::string& text) { return absl::StrReplaceAll(text, {{"\r\n", "\n"}, {"\r", "\n"}}); }

void ReportText(absl::string_view field, absl::string_view text, Checker* c) {
  if (text.size() > limits::text_bytes_max) {
    c->Report(field, Utf8Prefix(text, 40), absl::StrCat("text of ", text.size(), " bytes"),
              absl::StrCat("write at most ", limits::text_bytes_max, " bytes"));
  }
  if (!IsValidUtf8(text)) {
    c->Report(field, text, "not UTF-8", "save the file as UTF-8");
  } else if (HasC1(text)) {
    c->Report(field, text, "has control characters of a text read in a wrong encoding", "save the file as UTF-8");
  } else if (std::any_of(text.begin(), text.end(), IsForbidden)) {
    c->Report(field, text, "has control characters", "leave them out; line breaks and tabs are allowed");
  }
}

void WalkString(Message* message, const FieldDescriptor* field, int index, Checker* c) {
  const auto* reflection = message->GetReflection();
  const auto name = [&] { return index < 0 ? field->name() : absl::StrCat(field->name(), "[", index, "]"); };
  std::string scratch;
  const std::string& text = index < 0 ? reflection->GetStringReference(*message, field, &scratch)
                                      : reflection->GetRepeatedStringReference(*message, field, index, &scratch);
  if (!absl::StrContains(text, '\r')) {
    ReportText(index < 0 ? field->name() : name(), text, c);
    return;
  }
  const std::string lines = WithLineFeeds(text);
  index < 0 ? reflection->SetString(message, field, lines)
            : reflection->SetRepeatedString(message, field, index, lines);
  ReportText(name(), lines, c);
}

void Walk(Message* message, size_t* extra_bytes, Checker* c) {
  const auto* reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->is_map()) {
      if (field->name() == "extra") CheckExtra(*message, field, extra_bytes, c);
      continue;
    }
    const int size = field->is_repeated() ? reflection->FieldSize(*message, field) : 1;
    c->Count(field->name(), size, limits::repeated_max);
    for (int i = 0; i < size; ++i) {
      const int index = field->is_repeated() ? i : -1;
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        Checker::At at(c, field->name(), index);
        Walk(index < 0 ? reflection->MutableMessage(message, field)
                       : reflection->MutableRepeatedMessage(message, field, i),
             extra_bytes, c);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        WalkString(message, field, index, c);
      }
    }
  }
}

}  // namespace

void CheckText(absl::string_view field, std::string* text, Checker* c) {
  if (absl::StrContains(*text, '\r')) *text = WithLineFeeds(*text);
  ReportText(field, *text, c);
}

void CheckTexts(v1::Record* record, Checker* c) {
  size_t extra_bytes = 0;
  Walk(record, &extra_bytes, c);
  if (extra_bytes > limits::extra_bytes_max) {
    c->Report("extra", "", absl::StrCat(extra_bytes, " bytes of further properties in all"),
              absl::StrCat("leave out what nobody reads; at most ", limits::extra_bytes_max, " bytes"));
  }
}

}  // namespace cairn
