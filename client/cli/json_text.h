// Messages as JSON for scripts: the --json twin of what people read.
#pragma once

#include <google/protobuf/message.h>

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"

namespace cairn {

using Json = nlohmann::ordered_json;

// The message with the field names of its .proto file. Numbers are numbers, times RFC 3339 texts, bytes hexadecimal,
// enumerations their names in lower case; fields that are not set have their default, absent ones are left out. A
// cairn.v1.Record is what `cairn export --format jsonl` writes.
Json ToJson(const google::protobuf::Message& message);

// The text on one line. Malformed UTF-8 is replaced, never refused: what is shown must not fail.
std::string JsonLine(const Json& json);
// The text on many lines, for one document.
std::string JsonDocument(const Json& json);

}  // namespace cairn
