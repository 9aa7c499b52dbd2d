#include "server/http/query_filter.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/record/kinds.h"

namespace cairn {
namespace {

absl::Status Refuse(absl::string_view name, absl::string_view value, absl::string_view right) {
  return absl::InvalidArgumentError(absl::StrCat("parameter ", name, " ", Quoted(value), ": ", right));
}

template <typename Field>
void AddAll(const HttpRequest& request, absl::string_view name, Field* field) {
  for (std::string& value : request.QueryAll(name)) {
    if (!value.empty()) *field->Add() = std::move(value);
  }
}

absl::Status ReadNear(const HttpRequest& request, v1::RecordFilter* filter) {
  const absl::string_view near = request.Query("near");
  if (!near.empty()) {
    const std::vector<absl::string_view> parts = absl::StrSplit(near, ',');
    double latitude = 0;
    double longitude = 0;
    if (parts.size() != 2 || !absl::SimpleAtod(parts[0], &latitude) || !absl::SimpleAtod(parts[1], &longitude)) {
      return Refuse("near", near, "write latitude and longitude in degrees, such as 56.95,24.11");
    }
    filter->mutable_near()->set_latitude(latitude);
    filter->mutable_near()->set_longitude(longitude);
  }
  const absl::string_view within = request.Query("within_km");
  double kilometres = 0;
  if (within.empty()) return absl::OkStatus();
  if (!absl::SimpleAtod(within, &kilometres)) return Refuse("within_km", within, "write a number of kilometres");
  filter->set_within_km(kilometres);
  return absl::OkStatus();
}

}  // namespace

const std::vector<std::string>& FilterParameters() {
  static const std::vector<std::string> names = {"kind",  "country",   "language", "term", "partner",
                                                 "mode",  "freshness", "month",    "near", "within_km",
                                                 "stale", "open_now",  "on",       "from", "to"};
  return names;
}

std::vector<std::string> FilterParametersAnd(const std::vector<std::string>& more) {
  std::vector<std::string> names = FilterParameters();
  names.insert(names.end(), more.begin(), more.end());
  return names;
}

absl::StatusOr<bool> FlagOf(const HttpRequest& request, absl::string_view name) {
  const absl::string_view value = request.Query(name);
  if (!value.empty() && value != "0" && value != "1") return Refuse(name, value, "write 1, or leave it out");
  return value == "1";
}

absl::StatusOr<v1::RecordFilter> FilterOf(const HttpRequest& request) {
  v1::RecordFilter filter;
  for (const std::string& name : request.QueryAll("kind")) {
    if (name.empty()) continue;
    const absl::StatusOr<v1::RecordKind> kind = KindFromName(name);
    if (!kind.ok()) return Annotate(kind.status(), "parameter kind");
    filter.add_kinds(*kind);
  }
  AddAll(request, "country", filter.mutable_countries());
  AddAll(request, "language", filter.mutable_languages());
  AddAll(request, "term", filter.mutable_terms());
  AddAll(request, "partner", filter.mutable_partners());
  RETURN_IF_ERROR(ReadNear(request, &filter));
  AddAll(request, "mode", filter.mutable_modes());
  AddAll(request, "freshness", filter.mutable_freshness());
  AddAll(request, "month", filter.mutable_months());
  filter.set_on_date(std::string(request.Query("on")));
  filter.set_from_date(std::string(request.Query("from")));
  filter.set_to_date(std::string(request.Query("to")));
  ASSIGN_OR_RETURN(const bool stale, FlagOf(request, "stale"));
  filter.set_stale_only(stale);
  ASSIGN_OR_RETURN(const bool open_now, FlagOf(request, "open_now"));
  filter.set_open_now(open_now);
  return filter;
}

std::vector<std::string> SearchParameters() {
  return FilterParametersAnd({"q", "prefix", "sort", "facets", "limit", "page_token", "display_language"});
}

absl::StatusOr<v1::SearchRequest> SearchRequestOf(const HttpRequest& request) {
  v1::SearchRequest search;
  ASSIGN_OR_RETURN(*search.mutable_filter(), FilterOf(request));
  ASSIGN_OR_RETURN(const uint32_t limit, CountOf(request, "limit", limits::search_page_size_max));
  search.set_page_size(limit);
  search.set_query(std::string(request.Query("q")));
  search.set_page_token(std::string(request.Query("page_token")));
  ASSIGN_OR_RETURN(const bool prefix, FlagOf(request, "prefix"));
  search.set_prefix(prefix);
  ASSIGN_OR_RETURN(const bool facets, FlagOf(request, "facets"));
  search.set_with_facets(facets);
  const absl::string_view sort = request.Query("sort");
  if (!sort.empty() && sort != "best" && sort != "distance") return Refuse("sort", sort, "write best or distance");
  if (sort == "distance") search.set_order(v1::SEARCH_ORDER_NEAREST);
  for (const std::string& tag : DisplayLanguagesOf(request)) search.add_display_languages(tag);
  return search;
}

absl::StatusOr<uint32_t> CountOf(const HttpRequest& request, absl::string_view name, uint32_t max) {
  const absl::string_view text = request.Query(name);
  uint32_t count = 0;
  if (text.empty()) return count;
  if (!absl::SimpleAtoi(text, &count) || count == 0 || count > max) {
    return Refuse(name, text, absl::StrCat("write a whole number from 1 to ", max));
  }
  return count;
}

absl::Status InParameters(const absl::Status& status) {
  if (status.code() != absl::StatusCode::kInvalidArgument) return status;
  static constexpr std::pair<absl::string_view, absl::string_view> names[] = {
      {"filter.kinds", "parameter kind"},
      {"filter.countries", "parameter country"},
      {"filter.languages", "parameter language"},
      {"filter.terms", "parameter term"},
      {"filter.partners", "parameter partner"},
      {"filter.modes", "parameter mode"},
      {"filter.freshness", "parameter freshness"},
      {"filter.months", "parameter month"},
      {"filter.on_date", "parameter on"},
      {"filter.from_date", "parameter from"},
      {"filter.to_date", "parameter to"},
      {"filter.within_km", "parameter within_km"},
      {"filter.near.latitude", "latitude of parameter near"},
      {"filter.near.longitude", "longitude of parameter near"},
      {"filter.near", "parameter near"},
      {"query has", "parameter q has"},
      {"order is nearest first", "parameter sort is distance"},
      {"as from_date", "as from"}};
  std::string text(status.message());
  for (const auto& [field, parameter] : names) {
    const size_t at = absl::string_view(text).find(field);
    // What somebody sent stands between quotes, and is left as it is.
    if (at == std::string::npos || absl::StrContains(text.substr(0, at), '"')) continue;
    size_t end = at + field.size();
    if (end < text.size() && text[end] == '[') end = text.find(']', end) + 1;  // which of several: its value tells
    text.replace(at, end - at, parameter.data(), parameter.size());
  }
  absl::Status renamed(status.code(), text);
  status.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) { renamed.SetPayload(type, payload); });
  return renamed;
}

std::vector<std::string> DisplayLanguagesOf(const HttpRequest& request) {
  std::vector<std::string> given;
  for (std::string& tag : request.QueryAll("display_language")) {
    if (!tag.empty()) given.push_back(std::move(tag));
  }
  return given.empty() ? request.display_languages : given;
}

}  // namespace cairn
