// Text fields by path, and their translations.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cairn/v1/record.pb.h"

namespace cairn {

// The string field of the body at `path` ("name", "phones[0].description", "outcomes[2]"); nullptr when the path leads
// to no string field or beyond the end of a list. Valid as long as the body is not changed.
const std::string* FindText(const v1::Record& record, absl::string_view path);

// The text at `path` in the language that suits `preferences` best, see PickLanguage; the record's own text when none
// does or no translation of this field exists. nullopt when the path leads to no text.
std::optional<std::string> PickText(const v1::Record& record, absl::string_view path,
                                    absl::Span<const std::string> preferences);

}  // namespace cairn
