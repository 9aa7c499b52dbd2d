// What is wrong with a record, said to the person who typed it.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace cairn {

// One thing that is wrong.
struct Problem {
  // The field: "service.phones[0].number", "countries[1]", "translations[0].texts[name]".
  std::string path;
  // The value found; empty when it is missing.
  std::string value;
  // What is wrong: "not a number that can be dialled in PL".
  std::string problem;
  // What would be right: "write 116111 or +48 22 1234567". May be empty.
  std::string remedy;
};

// `service.phones[0].number "116-111x": not a number that can be dialled in PL; write 116111 or +48 22 1234567`.
std::string ToString(const Problem& problem);

// OK when there is none; else INVALID_ARGUMENT naming the first three and how many more there are.
absl::Status ToStatus(absl::Span<const Problem> problems);

// The error of a value that is refused, `"value": problem; remedy`, as all normalisers of this folder and
// NormaliseLanguage give it. INVALID_ARGUMENT.
absl::Status Refuse(absl::string_view value, absl::string_view problem, absl::string_view remedy);

// The parts of such an error.
Problem ToProblem(absl::string_view path, absl::string_view value, const absl::Status& refused);

}  // namespace cairn
