#include "server/http/query_filter.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/errors.h"
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
  static const std::vector<std::string> names = {"kind", "country",   "language", "term", "partner",
                                                 "near", "within_km", "stale",    "on"};
  return names;
}

std::vector<std::string> FilterParametersAnd(const std::vector<std::string>& more) {
  std::vector<std::string> names = FilterParameters();
  names.insert(names.end(), more.begin(), more.end());
  return names;
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
  filter.set_on_date(std::string(request.Query("on")));
  const absl::string_view stale = request.Query("stale");
  if (!stale.empty() && stale != "0" && stale != "1") return Refuse("stale", stale, "write 1, or leave it out");
  filter.set_stale_only(stale == "1");
  return filter;
}

absl::StatusOr<uint32_t> CountOf(const HttpRequest& request, absl::string_view name) {
  const absl::string_view text = request.Query(name);
  uint32_t count = 0;
  if (text.empty()) return count;
  if (!absl::SimpleAtoi(text, &count) || count == 0) return Refuse(name, text, "write a whole number from 1 on");
  return count;
}

std::vector<std::string> DisplayLanguagesOf(const HttpRequest& request) {
  std::vector<std::string> given;
  for (std::string& tag : request.QueryAll("display_language")) {
    if (!tag.empty()) given.push_back(std::move(tag));
  }
  return given.empty() ? request.display_languages : given;
}

}  // namespace cairn
