#include "server/http/html_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/record/url.h"

namespace cairn {

std::string EscapedHtml(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::optional<std::string> SafeHref(absl::string_view address) {
  absl::StatusOr<std::string> url = NormaliseUrl(address, UrlSchemes::kWebMailOrPhone);
  if (!url.ok()) return std::nullopt;
  return *std::move(url);
}

std::string LinkHtml(absl::string_view address, absl::string_view label) {
  const std::optional<std::string> href = SafeHref(address);
  if (href) {
    return absl::StrCat("<a rel=\"noreferrer noopener nofollow\" href=\"", EscapedHtml(*href), "\"><bdi>",
                        EscapedHtml(label), "</bdi></a>");
  }
  const std::string shown = label == address ? std::string(address) : absl::StrCat(label, " ", address);
  return absl::StrCat("<bdi>", EscapedHtml(shown), "</bdi>");
}

}  // namespace cairn
