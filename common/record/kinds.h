// The kinds of record: names, bodies, display names.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cairn/v1/record.pb.h"

namespace cairn {

// Every kind that this program knows, in the order of the protocol. RECORD_KIND_UNSPECIFIED is not among them.
absl::Span<const v1::RecordKind> AllKinds();

// The kind by the body that is set; RECORD_KIND_UNSPECIFIED when none is.
v1::RecordKind KindOf(const v1::Record& record);

// "service"; "unknown" for a kind that this program does not know. A static string.
absl::string_view KindName(v1::RecordKind kind);

// The kind of a name in any case, singular or plural ("service", "Services"). INVALID_ARGUMENT lists the names.
absl::StatusOr<v1::RecordKind> KindFromName(absl::string_view name);

// What a list shows for the record: its name (of a location without one: its address's first line and city); the id
// when there is nothing.
std::string DisplayName(const v1::Record& record);

// The message in the oneof `body`; nullptr when none is set. Valid as long as `record` and its body are not changed.
const google::protobuf::Message* BodyOf(const v1::Record& record);
google::protobuf::Message* MutableBodyOf(v1::Record* record);

// Calls `visit` with the body that is set, as its own type; not at all when none is.
template <typename Visit>
void VisitBody(const v1::Record& record, const Visit& visit) {
  switch (record.body_case()) {
    case v1::Record::kOrganization:
      return visit(record.organization());
    case v1::Record::kService:
      return visit(record.service());
    case v1::Record::kLocation:
      return visit(record.location());
    case v1::Record::kTraining:
      return visit(record.training());
    case v1::Record::kResource:
      return visit(record.resource());
    case v1::Record::kAssessment:
      return visit(record.assessment());
    case v1::Record::kCommitment:
      return visit(record.commitment());
    case v1::Record::BODY_NOT_SET:
      return;
  }
}

}  // namespace cairn
