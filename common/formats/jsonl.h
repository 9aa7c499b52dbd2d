// Cairn's own JSON lines: every kind, one record a line, nothing lost, import and export side by side.
//
// A line is the protobuf JSON form of cairn.v1.Record with the field names of record.proto (snake_case):
//   {"id":"…","language":"pl","service":{"name":"…","status":"active"}}
// The body's name says the kind. Unknown names are errors that name the nearest known one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/record.pb.h"
#include "common/formats/record_reader.h"
#include "common/record/problem.h"

namespace cairn {

class InputFile;

// A reader of JSON lines.
absl::StatusOr<std::unique_ptr<RecordReader>> OpenJsonlReader(std::shared_ptr<InputFile> file,
                                                              const ReaderContext& context);

// The record of one line's text. Problems (not JSON, nested too deep, unknown name, wrong type, no body) leave
// `*record` unspecified.
std::vector<Problem> RecordFromJsonText(absl::string_view text, v1::Record* record);

// One line, without the line end. INTERNAL when a text is not UTF-8.
absl::StatusOr<std::string> RecordToJsonText(const v1::Record& record);

}  // namespace cairn
