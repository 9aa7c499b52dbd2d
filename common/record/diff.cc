#include "common/record/diff.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include <deque>
#include <map>
#include <set>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "common/record/serialise.h"

namespace cairn {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string TimeText(const Message& message) {
  const auto& time = static_cast<const google::protobuf::Timestamp&>(message);
  const absl::Time moment = absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
  return absl::FormatTime(absl::RFC3339_full, moment, absl::UTCTimeZone());
}

bool IsTime(const FieldDescriptor* field) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         field->message_type() == google::protobuf::Timestamp::descriptor();
}

// A single value as text; `index` -1 for fields that are not lists.
std::string ScalarText(const Message& m, const FieldDescriptor* f, int index) {
  const auto* r = m.GetReflection();
  const bool one = index < 0;
  switch (f->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return one ? r->GetString(m, f) : r->GetRepeatedString(m, f, index);
    case FieldDescriptor::CPPTYPE_BOOL:
      return (one ? r->GetBool(m, f) : r->GetRepeatedBool(m, f, index)) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::StrFormat("%.15g", one ? r->GetDouble(m, f) : r->GetRepeatedDouble(m, f, index));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(one ? r->GetUInt32(m, f) : r->GetRepeatedUInt32(m, f, index));
    default:
      return one && IsTime(f) ? TimeText(r->GetMessage(m, f)) : "";
  }
}

// The key by which elements of a list are matched: `id`, of translations the language; empty when there is none.
std::string KeyOf(const Message& element) {
  const bool translation = element.GetDescriptor() == v1::Translation::descriptor();
  const FieldDescriptor* field = element.GetDescriptor()->FindFieldByName(translation ? "language" : "id");
  return field == nullptr ? "" : element.GetReflection()->GetString(element, field);
}

class Differ {
 public:
  explicit Differ(std::vector<FieldChange>* changes) : changes_(changes) {}

  // Either may be null: then all of the other was added or removed.
  void Compare(const std::string& path, const Message* before, const Message* after) {
    const auto* descriptor = (before != nullptr ? before : after)->GetDescriptor();
    for (int i = 0; i < descriptor->field_count(); ++i) {
      const FieldDescriptor* field = descriptor->field(i);
      const std::string at = absl::StrCat(path, path.empty() ? "" : ".", field->name());
      if (at == "updated_at") continue;
      if (field->is_map()) {
        CompareMaps(at, field, before, after);
      } else if (field->is_repeated()) {
        CompareLists(at, field, before, after);
      } else {
        CompareSingle(at, field, before, after);
      }
    }
  }

 private:
  static bool Has(const Message* message, const FieldDescriptor* field) {
    return message != nullptr && message->GetReflection()->HasField(*message, field);
  }
  static int Size(const Message* message, const FieldDescriptor* field) {
    return message == nullptr ? 0 : message->GetReflection()->FieldSize(*message, field);
  }

  void Add(const std::string& path, std::string before, std::string after) {
    if (before != after) changes_->push_back({path, std::move(before), std::move(after)});
  }

  void CompareSingle(const std::string& at, const FieldDescriptor* field, const Message* before, const Message* after) {
    const bool had = Has(before, field), has = Has(after, field);
    if (!had && !has) return;
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !IsTime(field)) {
      Compare(at, had ? &before->GetReflection()->GetMessage(*before, field) : nullptr,
              has ? &after->GetReflection()->GetMessage(*after, field) : nullptr);
    } else {
      Add(at, had ? ScalarText(*before, field, -1) : "", has ? ScalarText(*after, field, -1) : "");
    }
  }

  void CompareMaps(const std::string& at, const FieldDescriptor* field, const Message* before, const Message* after) {
    const auto read = [field](const Message* message) {
      std::map<std::string, std::string> entries;
      for (int i = 0; i < Size(message, field); ++i) {
        const Message& entry = message->GetReflection()->GetRepeatedMessage(*message, field, i);
        entries[ScalarText(entry, entry.GetDescriptor()->map_key(), -1)] =
            ScalarText(entry, entry.GetDescriptor()->map_value(), -1);
      }
      return entries;
    };
    auto old_entries = read(before), new_entries = read(after);
    std::set<std::string> keys;
    for (const auto& [key, value] : old_entries) keys.insert(key);
    for (const auto& [key, value] : new_entries) keys.insert(key);
    for (const std::string& key : keys) Add(absl::StrCat(at, "[", key, "]"), old_entries[key], new_entries[key]);
  }

  void CompareLists(const std::string& at, const FieldDescriptor* field, const Message* before, const Message* after) {
    const int old_size = Size(before, field), new_size = Size(after, field);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) return CompareElements(at, field, before, after);
    for (int i = 0; i < std::max(old_size, new_size); ++i) {
      Add(absl::StrCat(at, "[", i, "]"), i < old_size ? ScalarText(*before, field, i) : "",
          i < new_size ? ScalarText(*after, field, i) : "");
    }
  }

  void CompareElements(const std::string& at, const FieldDescriptor* field, const Message* before,
                       const Message* after) {
    const auto element = [field](const Message* m, int i) {
      return &m->GetReflection()->GetRepeatedMessage(*m, field, i);
    };
    const int old_size = Size(before, field), new_size = Size(after, field);
    // Nothing forbids two elements of one id: they meet in their order.
    absl::flat_hash_map<std::string, std::deque<int>> old_by_key;
    for (int i = 0; i < old_size; ++i) {
      const std::string key = KeyOf(*element(before, i));
      if (!key.empty()) old_by_key[key].push_back(i);
    }
    // Elements with a key meet their like; those without meet what stands at their place, if that has no key either.
    std::vector<bool> matched(old_size, false);
    std::vector<int> order;
    for (int i = 0; i < new_size; ++i) {
      const std::string key = KeyOf(*element(after, i));
      int partner = -1;
      if (key.empty()) {
        if (i < old_size && KeyOf(*element(before, i)).empty()) partner = i;
      } else if (const auto found = old_by_key.find(key); found != old_by_key.end() && !found->second.empty()) {
        partner = found->second.front();
        found->second.pop_front();
        order.push_back(partner);
      }
      if (partner >= 0) matched[partner] = true;
      Compare(absl::StrCat(at, "[", i, "]"), partner < 0 ? nullptr : element(before, partner), element(after, i));
    }
    for (int i = 0; i < old_size; ++i) {
      if (!matched[i]) Compare(absl::StrCat(at, "[", i, "]"), element(before, i), nullptr);
    }
    if (!std::is_sorted(order.begin(), order.end())) {
      Add(at, KeysOf(field, before), KeysOf(field, after));
    }
  }

  static std::string KeysOf(const FieldDescriptor* field, const Message* message) {
    std::vector<std::string> keys;
    for (int i = 0; i < Size(message, field); ++i) {
      keys.push_back(KeyOf(message->GetReflection()->GetRepeatedMessage(*message, field, i)));
    }
    return absl::StrJoin(keys, ", ");
  }

  std::vector<FieldChange>* const changes_;
};

}  // namespace

std::vector<FieldChange> DiffRecords(const v1::Record& before, const v1::Record& after) {
  std::vector<FieldChange> changes;
  Differ(&changes).Compare("", &before, &after);
  return changes;
}

bool SameContent(const v1::Record& a, const v1::Record& b) {
  if (a.body_case() != b.body_case() || a.id() != b.id()) return false;
  v1::Record left = a, right = b;
  left.clear_updated_at();
  right.clear_updated_at();
  return SerialiseRecord(left) == SerialiseRecord(right);
}

}  // namespace cairn
