#include "server/http/http_target.h"

#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/text/utf8.h"

namespace cairn {
namespace {

std::optional<int> HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

absl::Status Refuse(absl::string_view what, absl::string_view raw, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(what, " ", Quoted(raw), ": ", why));
}

absl::StatusOr<std::string> Decode(absl::string_view raw, bool plus_is_space, absl::string_view what) {
  std::string text;
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '+' && plus_is_space) {
      text += ' ';
    } else if (raw[i] != '%') {
      text += raw[i];
    } else {
      const std::optional<int> high = i + 1 < raw.size() ? HexValue(raw[i + 1]) : std::nullopt;
      const std::optional<int> low = i + 2 < raw.size() ? HexValue(raw[i + 2]) : std::nullopt;
      if (!high || !low)
        return Refuse(what, raw, "a \"%\" must be followed by two hexadecimal digits; write %25 for it");
      text += static_cast<char>(*high * 16 + *low);
      i += 2;
    }
  }
  if (!IsValidUtf8(text)) return Refuse(what, raw, "not UTF-8");
  return text;
}

// Tabs and line ends may stand in what people search for, nowhere else.
bool HasControl(absl::string_view text, bool with_white_space) {
  for (const char c : text) {
    if (with_white_space && (c == '\t' || c == '\n' || c == '\r')) continue;
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) return true;
  }
  return false;
}

bool IsDots(absl::string_view segment) { return segment == "." || segment == ".."; }

absl::StatusOr<std::string> ParsePath(absl::string_view raw) {
  std::string path;
  for (const absl::string_view raw_segment : absl::StrSplit(raw.substr(1), '/')) {
    ASSIGN_OR_RETURN(const std::string segment, Decode(raw_segment, false, "path"));
    if (IsDots(segment)) return Refuse("path", raw, "it leads out of where it stands; write it whole");
    if (absl::StrContains(segment, '/') || absl::StrContains(segment, '\\')) {
      return Refuse("path", raw, "a slash hides in a segment");
    }
    if (HasControl(segment, false)) return Refuse("path", raw, "control characters");
    absl::StrAppend(&path, "/", segment);
  }
  return path;
}

absl::StatusOr<NameValues> ParseQuery(absl::string_view raw) {
  NameValues query;
  for (const absl::string_view pair : absl::StrSplit(raw, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(pair, absl::MaxSplits('=', 1));
    ASSIGN_OR_RETURN(std::string name, Decode(parts.first, true, "query"));
    ASSIGN_OR_RETURN(std::string value, Decode(parts.second, true, absl::StrCat("query parameter ", Quoted(name))));
    if (HasControl(name, false) || HasControl(value, true)) return Refuse("query", pair, "control characters");
    query.emplace_back(std::move(name), std::move(value));
  }
  return query;
}

}  // namespace

absl::StatusOr<HttpTarget> ParseTarget(absl::string_view target, absl::string_view host) {
  if (target == "*") return HttpTarget{"*", {}};
  absl::string_view origin = target;
  if (!absl::StartsWith(origin, "/")) {
    const bool absolute = absl::ConsumePrefix(&origin, "http://") || absl::ConsumePrefix(&origin, "https://");
    const size_t end = origin.find_first_of("/?");
    if (!absolute || host.empty() || !absl::EqualsIgnoreCase(origin.substr(0, end), host)) {
      return Refuse("request target", target, "not a path, and not an address of this host");
    }
    origin.remove_prefix(end == absl::string_view::npos ? origin.size() : end);
  }
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(origin, absl::MaxSplits('?', 1));
  HttpTarget parsed;
  ASSIGN_OR_RETURN(parsed.path, ParsePath(parts.first.empty() ? "/" : parts.first));
  ASSIGN_OR_RETURN(parsed.query, ParseQuery(parts.second));
  return parsed;
}

std::string PercentEncoded(absl::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || absl::StrContains("-._~", c)) {
      encoded += c;
    } else {
      absl::StrAppend(&encoded, "%", std::string(1, digits[byte / 16]), std::string(1, digits[byte % 16]));
    }
  }
  return encoded;
}

}  // namespace cairn
