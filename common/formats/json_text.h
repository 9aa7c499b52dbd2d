// JSON text and values: bounded, strict, and exact to the last digit.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace cairn {

// Objects sort their properties, so that equal values have equal texts. A number with more digits than a double keeps
// for certain stands as `binary` with its text as bytes; ParseJson makes such values and DumpJson writes them.
using Json = nlohmann::json;

// The value of a JSON text. INVALID_ARGUMENT: not UTF-8 (says at which byte), not JSON, nested deeper than
// limits::import_json_depth_max, a property given twice in one object. Never recursive over the input.
absl::StatusOr<Json> ParseJson(absl::string_view text);

// The text of a value on one line, properties sorted.
std::string DumpJson(const Json& value);

// `text` as JSON when it is, else as a JSON string: for `extra`, whose values other programs may have made.
Json JsonOfExtra(const std::string& text);

// Of a number, an exact one or not: the nearest double. nullopt for anything else.
std::optional<double> DoubleOf(const Json& value);
// A double as the shortest JSON number: without a fraction when it has none.
Json NumberOf(double value);

// Of a number: plain decimal notation ("12.5", "1000"). nullopt for anything else, and at 10^15 and beyond.
std::optional<std::string> DecimalOf(const Json& value);

// Offset of the first byte that is not UTF-8; nullopt when all are.
std::optional<size_t> FirstBadUtf8(absl::string_view text);

// The properties of an object's text at its top level, with the texts of their values, without parsing them.
// Empty when the text is no object. Views into `text`; names as they are written, escapes included.
std::vector<std::pair<absl::string_view, absl::string_view>> TopLevelProperties(absl::string_view text);

}  // namespace cairn
