// A problem of a record as the protocol carries it. Internal to server/publish.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "cairn/v1/publishing.pb.h"
#include "common/record/problem.h"
#include "common/text/utf8.h"

namespace cairn {

// `index`: place of the record in the batch. The value is shortened to 120 bytes.
inline v1::RecordProblem ProblemOf(absl::string_view origin, absl::string_view id, uint64_t index,
                                   const Problem& problem) {
  constexpr size_t value_bytes_max = 120;
  v1::RecordProblem out;
  out.set_origin(std::string(origin));
  out.set_id(std::string(id));
  out.set_field(problem.path);
  out.set_value(std::string(Utf8Prefix(problem.value, value_bytes_max)));
  out.set_problem(problem.problem);
  out.set_remedy(problem.remedy);
  out.set_index(index);
  return out;
}

}  // namespace cairn
