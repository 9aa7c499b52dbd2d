// Where a cell of a table goes in a record: "service.phones[1].number".
//
// The first word is a kind; then fields of its body or of the record itself ("service.name", "service.language",
// "location.addresses.city", "training.sessions.start", "service.terms.name"). A list takes an index; without one it is
// 0. "service.extra.NAME" keeps a text in the body's `extra` under NAME.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/record.pb.h"
#include "google/protobuf/message.h"

namespace cairn {

class RecordPath {
 public:
  // One field on the way. `index` counts for lists only.
  struct Step {
    const google::protobuf::FieldDescriptor* field = nullptr;
    int index = 0;
  };

  // INVALID_ARGUMENT names the word that is no field, and those that are.
  static absl::StatusOr<RecordPath> Parse(absl::string_view text);

  v1::RecordKind kind() const { return kind_; }
  const std::string& text() const { return text_; }
  // From the record downwards.
  const std::vector<Step>& steps() const { return steps_; }
  // The name within `extra`, when the path ends there.
  const std::string& extra_name() const { return extra_name_; }
  // The place in steps() of the outermost list; nullopt: there is none on the way.
  std::optional<size_t> list() const;

  // Sets the field of `message`, which the first `from` steps lead to, making list elements as needed. The value is
  // text as people write it: 12,5 and 12.5; yes and no; 2026-01-31 for a time; a language or country by its name. The
  // text says why a value was not taken; empty: it was.
  std::string Set(absl::string_view value, size_t from, google::protobuf::Message* message) const;

  // The text of the field of `message`, which the first `from` steps lead to; nullopt when nothing is set there.
  std::optional<std::string> Get(const google::protobuf::Message& message, size_t from = 0) const;

  // Clears the field of a record, where it is set.
  void Clear(google::protobuf::Message* message) const;

 private:
  v1::RecordKind kind_ = v1::RECORD_KIND_UNSPECIFIED;
  std::string text_;
  std::vector<Step> steps_;
  std::string extra_name_;
};

// The field `name` of the record's body, or else of the record itself; nullptr: there is none.
const google::protobuf::FieldDescriptor* FindRecordField(v1::RecordKind kind, const std::string& name);

// The body of that kind in Record's oneof; nullptr for unknown kinds.
const google::protobuf::FieldDescriptor* BodyField(v1::RecordKind kind);

}  // namespace cairn
