#include "server/http/accept_language.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/limits.h"
#include "common/text/language.h"

namespace cairn {

std::vector<std::string> ParseAcceptLanguage(absl::string_view header) {
  std::vector<std::pair<double, std::string>> weighed;
  for (const absl::string_view item : absl::StrSplit(header, ',', absl::SkipWhitespace())) {
    if (weighed.size() >= limits::http_languages_max) break;
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(item, absl::MaxSplits(';', 1));
    const absl::StatusOr<std::string> tag = NormaliseLanguage(absl::StripAsciiWhitespace(parts.first));
    absl::string_view weight = absl::StripAsciiWhitespace(parts.second);
    double q = 1;
    if (absl::ConsumePrefix(&weight, "q=") && !absl::SimpleAtod(weight, &q)) continue;
    if (tag.ok() && q > 0) weighed.emplace_back(q, *tag);
  }
  std::stable_sort(weighed.begin(), weighed.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> tags;
  for (auto& [q, tag] : weighed) {
    if (std::find(tags.begin(), tags.end(), tag) == tags.end()) tags.push_back(std::move(tag));
  }
  return tags;
}

}  // namespace cairn
