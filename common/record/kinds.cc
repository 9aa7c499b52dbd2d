#include "common/record/kinds.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/record/problem.h"

namespace cairn {
namespace {

struct KindEntry {
  v1::RecordKind kind;
  absl::string_view name;
  v1::Record::BodyCase body;
};
constexpr KindEntry kKinds[] = {
    {v1::ORGANIZATION, "organization", v1::Record::kOrganization},
    {v1::SERVICE, "service", v1::Record::kService},
    {v1::LOCATION, "location", v1::Record::kLocation},
    {v1::TRAINING, "training", v1::Record::kTraining},
    {v1::RESOURCE, "resource", v1::Record::kResource},
    {v1::ASSESSMENT, "assessment", v1::Record::kAssessment},
    {v1::COMMITMENT, "commitment", v1::Record::kCommitment},
};

const std::string& NameOf(const v1::Record& record) {
  static const std::string* const kNone = new std::string();
  switch (record.body_case()) {
    case v1::Record::kOrganization:
      return record.organization().name();
    case v1::Record::kService:
      return record.service().name();
    case v1::Record::kLocation:
      return record.location().name();
    case v1::Record::kTraining:
      return record.training().name();
    case v1::Record::kResource:
      return record.resource().name();
    case v1::Record::kAssessment:
      return record.assessment().name();
    case v1::Record::kCommitment:
      return record.commitment().name();
    case v1::Record::BODY_NOT_SET:
      break;
  }
  return *kNone;
}

}  // namespace

absl::Span<const v1::RecordKind> AllKinds() {
  static constexpr v1::RecordKind kAll[] = {v1::ORGANIZATION, v1::SERVICE,    v1::LOCATION,  v1::TRAINING,
                                            v1::RESOURCE,     v1::ASSESSMENT, v1::COMMITMENT};
  return kAll;
}

v1::RecordKind KindOf(const v1::Record& record) {
  for (const KindEntry& entry : kKinds) {
    if (entry.body == record.body_case()) return entry.kind;
  }
  return v1::RECORD_KIND_UNSPECIFIED;
}

absl::string_view KindName(v1::RecordKind kind) {
  for (const KindEntry& entry : kKinds) {
    if (entry.kind == kind) return entry.name;
  }
  return "unknown";
}

absl::StatusOr<v1::RecordKind> KindFromName(absl::string_view name) {
  std::string names;
  for (const KindEntry& entry : kKinds) {
    const bool plural = name.size() == entry.name.size() + 1 && (name.back() == 's' || name.back() == 'S');
    if (absl::EqualsIgnoreCase(plural ? name.substr(0, entry.name.size()) : name, entry.name)) return entry.kind;
    absl::StrAppend(&names, names.empty() ? "" : ", ", entry.name);
  }
  return Refuse(name, "not a kind of record", absl::StrCat("write one of ", names));
}

std::string DisplayName(const v1::Record& record) {
  if (!NameOf(record).empty()) return NameOf(record);
  if (record.has_location() && record.location().addresses_size() > 0) {
    const v1::Address& address = record.location().addresses(0);
    const bool both = !address.address_1().empty() && !address.city().empty();
    const std::string text = absl::StrCat(address.address_1(), both ? ", " : "", address.city());
    if (!text.empty()) return text;
  }
  return record.id();
}

const google::protobuf::Message* BodyOf(const v1::Record& record) {
  const auto* oneof = v1::Record::descriptor()->FindOneofByName("body");
  const auto* field = record.GetReflection()->GetOneofFieldDescriptor(record, oneof);
  return field == nullptr ? nullptr : &record.GetReflection()->GetMessage(record, field);
}

google::protobuf::Message* MutableBodyOf(v1::Record* record) {
  const auto* oneof = v1::Record::descriptor()->FindOneofByName("body");
  const auto* field = record->GetReflection()->GetOneofFieldDescriptor(*record, oneof);
  return field == nullptr ? nullptr : record->GetReflection()->MutableMessage(record, field);
}

}  // namespace cairn
