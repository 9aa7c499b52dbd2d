#include "server/directory/request_filter.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/record/calendar.h"
#include "common/record/country.h"
#include "common/record/kinds.h"
#include "common/record/searchable.h"
#include "common/record/supplement.h"
#include "common/text/language.h"
#include "common/text/utf8.h"
#include "server/charter/may_sign.h"

namespace cairn {
namespace {

constexpr uint32_t kVerifyDaysWithoutCharter = 365;
constexpr double kWithinKilometresDefault = 25;
constexpr double kWithinKilometresMax = 20'000;  // half the equator: everywhere

absl::Status CheckCounts(const v1::RecordFilter& filter) {
  const std::pair<const char*, int> counts[] = {
      {"kinds", filter.kinds_size()},         {"countries", filter.countries_size()},
      {"languages", filter.languages_size()}, {"terms", filter.terms_size()},
      {"partners", filter.partners_size()},   {"modes", filter.modes_size()},
      {"freshness", filter.freshness_size()}, {"months", filter.months_size()}};
  for (const auto& [name, count] : counts) {
    if (count <= limits::filter_values_max) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("filter.", name, " has ", count, " values; give at most ", limits::filter_values_max));
  }
  return absl::OkStatus();
}

absl::Status CheckKinds(const v1::RecordFilter& filter) {
  for (int i = 0; i < filter.kinds_size(); ++i) {
    const auto& known = AllKinds();
    if (std::find(known.begin(), known.end(), filter.kinds(i)) != known.end()) continue;
    return absl::InvalidArgumentError(absl::StrCat("filter.kinds[", i, "] is ", filter.kinds(i),
                                                   ", which is no kind of record; give 1 (organization) to ",
                                                   known.size(), " or none"));
  }
  return absl::OkStatus();
}

absl::Status NormaliseNear(v1::RecordFilter* filter) {
  if (!filter->has_near()) {
    if (filter->within_km() == 0) return absl::OkStatus();
    return absl::InvalidArgumentError("filter.within_km is set without filter.near; give the centre as well");
  }
  const v1::GeoPoint& near = filter->near();
  if (!(std::abs(near.latitude()) <= 90)) {
    return absl::InvalidArgumentError(
        absl::StrCat("filter.near.latitude is ", near.latitude(), "; give degrees from -90 to 90"));
  }
  if (!(std::abs(near.longitude()) <= 180)) {
    return absl::InvalidArgumentError(
        absl::StrCat("filter.near.longitude is ", near.longitude(), "; give degrees from -180 to 180"));
  }
  if (filter->within_km() == 0) filter->set_within_km(kWithinKilometresDefault);
  if (!(filter->within_km() > 0 && filter->within_km() <= kWithinKilometresMax)) {
    return absl::InvalidArgumentError(
        absl::StrCat("filter.within_km is ", filter->within_km(), "; give more than 0 and at most 20000 kilometres"));
  }
  return absl::OkStatus();
}

constexpr const char* kModes[] = {"onsite", "online", "hybrid"};
// In the order of Freshness.
constexpr const char* kFreshness[] = {"verified", "overdue", "unverified"};

absl::Status CheckDates(const v1::RecordFilter& filter) {
  const std::pair<const char*, const std::string*> dates[] = {{"filter.on_date", &filter.on_date()},
                                                              {"filter.from_date", &filter.from_date()},
                                                              {"filter.to_date", &filter.to_date()}};
  for (const auto& [name, date] : dates) {
    if (!date->empty()) RETURN_IF_ERROR(Annotate(ParseDate(*date).status(), name));
  }
  if (filter.from_date().empty() || filter.to_date().empty() || filter.from_date() <= filter.to_date()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("filter.from_date is ", filter.from_date(),
                                                 ", after filter.to_date, which is ", filter.to_date(),
                                                 "; give the earlier date as from_date"));
}

// `values` in lower case; each must be one of `known`.
absl::Status NormaliseNames(absl::string_view field, absl::Span<const char* const> known,
                            google::protobuf::RepeatedPtrField<std::string>* values) {
  for (int i = 0; i < values->size(); ++i) {
    std::string& value = *values->Mutable(i);
    absl::AsciiStrToLower(&value);
    if (std::find(known.begin(), known.end(), value) != known.end()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("filter.", field, "[", i, "] is ", Quoted(value), "; give ", absl::StrJoin(known, ", ")));
  }
  return absl::OkStatus();
}

absl::Status CheckMonths(const v1::RecordFilter& filter) {
  for (int i = 0; i < filter.months_size(); ++i) {
    if (ParseDate(absl::StrCat(filter.months(i), "-01")).ok()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("filter.months[", i, "] is ", Quoted(filter.months(i)), ", which is no month; write YYYY-MM"));
  }
  return absl::OkStatus();
}

void SortUnique(google::protobuf::RepeatedPtrField<std::string>* values) {
  std::sort(values->begin(), values->end());
  values->erase(std::unique(values->begin(), values->end()), values->end());
}

}  // namespace

uint32_t VerifyDefaultDays(const CharterView& charter) {
  const uint32_t days = charter.charter().verify_every_days();
  return days == 0 ? kVerifyDaysWithoutCharter : days;
}

absl::StatusOr<std::vector<IndexedFeed>> ReadableFeeds(Connection& connection, const CharterView& charter,
                                                       const Reader& reader) {
  ASSIGN_OR_RETURN(std::vector<IndexedFeed> feeds, ReadFeeds(connection));
  const auto denied = [&](const IndexedFeed& f) {
    if (!MayRead(charter, reader, f.feed.partner, f.feed.audience)) return true;
    // What a revoked key signed is shown to nobody.
    return !f.key_id.empty() && !StandsFor(charter, {f.feed, f.key_id, f.seq, f.state_digest}).ok();
  };
  feeds.erase(std::remove_if(feeds.begin(), feeds.end(), denied), feeds.end());
  return feeds;
}

absl::StatusOr<v1::RecordFilter> NormaliseFilter(const v1::RecordFilter& filter) {
  RETURN_IF_ERROR(CheckCounts(filter));
  RETURN_IF_ERROR(CheckKinds(filter));
  v1::RecordFilter normal = filter;
  for (int i = 0; i < filter.countries_size(); ++i) {
    const absl::StatusOr<std::string> country = NormaliseCountry(filter.countries(i));
    if (!country.ok()) return Annotate(country.status(), absl::StrCat("filter.countries[", i, "]"));
    normal.set_countries(i, *country);
  }
  for (int i = 0; i < filter.languages_size(); ++i) {
    const absl::StatusOr<std::string> language = NormaliseLanguage(filter.languages(i));
    if (!language.ok()) return Annotate(language.status(), absl::StrCat("filter.languages[", i, "]"));
    normal.set_languages(i, *language);
  }
  for (int i = 0; i < filter.terms_size(); ++i) {
    v1::TaxonomyTerm term;
    term.set_code(filter.terms(i));
    // TermKey decides how case is removed; the colon in front is the missing taxonomy's.
    const std::string key = TermKey(term).substr(1);
    if (key.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("filter.terms[", i, "] is empty; give \"code\" or \"taxonomy:code\""));
    }
    normal.set_terms(i, key);
  }
  std::sort(normal.mutable_kinds()->begin(), normal.mutable_kinds()->end());
  RETURN_IF_ERROR(NormaliseNames("modes", kModes, normal.mutable_modes()));
  RETURN_IF_ERROR(NormaliseNames("freshness", kFreshness, normal.mutable_freshness()));
  RETURN_IF_ERROR(CheckMonths(normal));
  for (auto* values :
       {normal.mutable_countries(), normal.mutable_languages(), normal.mutable_terms(), normal.mutable_partners(),
        normal.mutable_modes(), normal.mutable_freshness(), normal.mutable_months()}) {
    SortUnique(values);
  }
  RETURN_IF_ERROR(NormaliseNear(&normal));
  RETURN_IF_ERROR(CheckDates(normal));
  return normal;
}

IndexFilter ToIndexFilter(const v1::RecordFilter& normalised, const std::vector<IndexedFeed>& readable,
                          const CharterView& charter, absl::Time now) {
  IndexFilter filter;
  const auto& partners = normalised.partners();
  for (const IndexedFeed& feed : readable) {
    filter.readable_feed_ids.push_back(feed.feed_id);
    if (partners.empty() || std::binary_search(partners.begin(), partners.end(), feed.feed.partner)) {
      filter.feed_ids.push_back(feed.feed_id);
    }
    filter.narrowest_only |= feed.feed.audience != audience_public;
  }
  filter.kinds.assign(normalised.kinds().begin(), normalised.kinds().end());
  filter.countries.assign(normalised.countries().begin(), normalised.countries().end());
  filter.languages.assign(normalised.languages().begin(), normalised.languages().end());
  filter.terms.assign(normalised.terms().begin(), normalised.terms().end());
  if (normalised.has_near()) {
    filter.near = NearFilter{normalised.near().latitude(), normalised.near().longitude(), normalised.within_km()};
  }
  filter.stale_only = normalised.stale_only();
  filter.now_unix_millis = absl::ToUnixMillis(now);
  filter.verify_default_days = VerifyDefaultDays(charter);
  filter.on_date = normalised.on_date();
  filter.open_now = normalised.open_now();
  filter.from_date = normalised.from_date();
  filter.to_date = normalised.to_date();
  filter.modes.assign(normalised.modes().begin(), normalised.modes().end());
  filter.months.assign(normalised.months().begin(), normalised.months().end());
  for (const std::string& state : normalised.freshness()) {
    const auto known = std::find(std::begin(kFreshness), std::end(kFreshness), state);
    filter.freshness.push_back(static_cast<Freshness>(known - std::begin(kFreshness)));
  }
  return filter;
}

std::string FreshnessName(Freshness freshness) { return kFreshness[static_cast<size_t>(freshness)]; }

std::string FilterFingerprint(const v1::RecordFilter& normalised) { return normalised.SerializeAsString(); }

}  // namespace cairn
