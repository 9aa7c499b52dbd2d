#include "common/record/problem.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/base/errors.h"

namespace cairn {

std::string ToString(const Problem& problem) {
  std::string text = problem.path;
  if (!problem.value.empty()) absl::StrAppend(&text, text.empty() ? "" : " ", Quoted(problem.value));
  absl::StrAppend(&text, text.empty() ? "" : ": ", problem.problem);
  if (!problem.remedy.empty()) absl::StrAppend(&text, "; ", problem.remedy);
  return text;
}

absl::Status ToStatus(absl::Span<const Problem> problems) {
  constexpr size_t kNamed = 3;
  if (problems.empty()) return absl::OkStatus();
  const auto named = problems.subspan(0, std::min(kNamed, problems.size()));
  std::string text =
      absl::StrJoin(named, "\n", [](std::string* out, const Problem& p) { absl::StrAppend(out, ToString(p)); });
  if (problems.size() > kNamed) absl::StrAppend(&text, "\nand ", problems.size() - kNamed, " more");
  return absl::InvalidArgumentError(text);
}

absl::Status Refuse(absl::string_view value, absl::string_view problem, absl::string_view remedy) {
  return absl::InvalidArgumentError(absl::StrCat(Quoted(value), ": ", problem, remedy.empty() ? "" : "; ", remedy));
}

Problem ToProblem(absl::string_view path, absl::string_view value, const absl::Status& refused) {
  const std::string prefix = absl::StrCat(Quoted(value), ": ");
  const absl::string_view text = absl::StripPrefix(refused.message(), prefix);
  const size_t split = text.find("; ");
  Problem problem{std::string(path), std::string(value), std::string(text.substr(0, split)), ""};
  if (split != absl::string_view::npos) problem.remedy = std::string(text.substr(split + 2));
  return problem;
}

}  // namespace cairn
