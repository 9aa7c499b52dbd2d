#include "server/http/router.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/errors.h"

namespace cairn {
namespace {

// One segment of a pattern.
struct Segment {
  bool place = false;
  bool rest = false;        // "{name...}"
  absl::string_view name;   // of the place
  absl::string_view fixed;  // the whole segment, or what follows the place
};

std::optional<Segment> ParseSegment(absl::string_view text) {
  if (!absl::StartsWith(text, "{")) {
    if (absl::StrContains(text, '{') || absl::StrContains(text, '}')) return std::nullopt;
    return Segment{false, false, "", text};
  }
  const size_t close = text.find('}');
  if (close == absl::string_view::npos) return std::nullopt;
  Segment segment{true, false, text.substr(1, close - 1), text.substr(close + 1)};
  segment.rest = absl::EndsWith(segment.name, "...");
  if (segment.rest) segment.name.remove_suffix(3);
  if (segment.name.empty() || (segment.rest && !segment.fixed.empty())) return std::nullopt;
  return segment;
}

// Empty: not well-formed.
std::vector<Segment> ParsePattern(absl::string_view pattern) {
  std::vector<Segment> segments;
  if (!absl::StartsWith(pattern, "/")) return segments;
  for (const absl::string_view text : absl::StrSplit(pattern.substr(1), '/')) {
    const std::optional<Segment> segment = ParseSegment(text);
    const bool after_rest = !segments.empty() && segments.back().rest;
    if (!segment.has_value() || after_rest) return {};
    segments.push_back(*segment);
  }
  return segments;
}

// What stands in the places; nullopt: `path` does not fit.
std::optional<NameValues> Fit(const std::vector<Segment>& pattern, absl::string_view path) {
  NameValues values;
  absl::string_view left = path.substr(1);
  for (size_t i = 0; i < pattern.size(); ++i) {
    const Segment& segment = pattern[i];
    const size_t slash = segment.rest ? absl::string_view::npos : left.find('/');
    const absl::string_view part = left.substr(0, slash);
    const bool last = i + 1 == pattern.size();
    if (last != (slash == absl::string_view::npos)) return std::nullopt;
    if (!last) left.remove_prefix(slash + 1);
    if (!segment.place) {
      if (part != segment.fixed) return std::nullopt;
      continue;
    }
    if (part.size() <= segment.fixed.size() || !absl::EndsWith(part, segment.fixed)) return std::nullopt;
    values.emplace_back(std::string(segment.name), std::string(part.substr(0, part.size() - segment.fixed.size())));
  }
  return values;
}

// True when `a` says more than `b` of the same path.
bool IsCloser(const std::vector<Segment>& a, const std::vector<Segment>& b) {
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a[i].place != b[i].place) return b[i].place;
    if (a[i].rest != b[i].rest) return b[i].rest;
    if (a[i].fixed.size() != b[i].fixed.size()) return a[i].fixed.size() > b[i].fixed.size();
  }
  return false;
}

}  // namespace

void Router::Add(Route route) {
  const bool twice =
      std::any_of(routes_.begin(), routes_.end(), [&](const Route& known) { return known.pattern == route.pattern; });
  if (twice || ParsePattern(route.pattern).empty() || route.handler == nullptr) {
    std::fprintf(stderr, "route %s: there twice, not well-formed, or without a handler\n", route.pattern.c_str());
    std::abort();
  }
  routes_.push_back(std::move(route));
}

Router::Match Router::Find(absl::string_view path) const {
  Match match;
  if (!absl::StartsWith(path, "/")) return match;
  std::vector<Segment> best;
  for (const Route& route : routes_) {
    std::vector<Segment> pattern = ParsePattern(route.pattern);
    std::optional<NameValues> values = Fit(pattern, path);
    if (!values.has_value() || (match.route != nullptr && !IsCloser(pattern, best))) continue;
    match.route = &route;
    match.path_values = *std::move(values);
    best = std::move(pattern);
  }
  return match;
}

std::vector<std::string> IgnoredParameters(const Route& route, const HttpRequest& request) {
  std::vector<std::string> ignored;
  for (const auto& [name, value] : request.query) {
    const auto is = [&n = name](const std::string& other) { return other == n; };
    if (std::any_of(route.parameters.begin(), route.parameters.end(), is)) continue;
    if (std::any_of(ignored.begin(), ignored.end(), is)) continue;
    ignored.push_back(name);
  }
  return ignored;
}

}  // namespace cairn
