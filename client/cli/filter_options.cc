#include "client/cli/filter_options.h"

#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "client/cli/context.h"
#include "client/cli/option_checks.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/record/country.h"
#include "common/record/kinds.h"
#include "common/text/language.h"

namespace cairn {
namespace {

absl::Status OptionError(absl::string_view option, const absl::Status& status) {
  return UsageError(absl::StrCat(option, ": ", status.message()));
}

absl::StatusOr<v1::GeoPoint> ParseNear(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, ',');
  double latitude = 0, longitude = 0;
  if (parts.size() == 2 && absl::SimpleAtod(parts[0], &latitude) && absl::SimpleAtod(parts[1], &longitude) &&
      std::abs(latitude) <= 90 && std::abs(longitude) <= 180) {
    v1::GeoPoint point;
    point.set_latitude(latitude);
    point.set_longitude(longitude);
    return point;
  }
  return UsageError(absl::StrCat("--near ", Quoted(text),
                                 ": not a position; write latitude,longitude in degrees, such as 52.23,21.01"));
}

absl::Status SetPlaceAndTime(const FilterOptions& options, v1::RecordFilter* filter) {
  if (!options.near.empty()) {
    ASSIGN_OR_RETURN(*filter->mutable_near(), ParseNear(options.near));
    filter->set_within_km(options.within_km);
  } else if (options.within_km != 0) {
    return UsageError("--within needs --near LAT,LON, the place to measure from");
  }
  for (const auto& [option, date] : {std::pair("--on ", &options.on_date), std::pair("--from ", &options.from_date),
                                     std::pair("--to ", &options.to_date)}) {
    absl::CivilDay day;
    if (date->empty() || (date->size() == 10 && absl::ParseCivilTime(*date, &day))) continue;
    return UsageError(absl::StrCat(option, Quoted(*date), ": not a date; write YYYY-MM-DD"));
  }
  if (!options.from_date.empty() && !options.to_date.empty() && options.from_date > options.to_date) {
    return UsageError(absl::StrCat("--from ", options.from_date, " is after --to ", options.to_date));
  }
  filter->set_on_date(options.on_date);
  filter->set_from_date(options.from_date);
  filter->set_to_date(options.to_date);
  filter->set_open_now(options.open_now);
  return absl::OkStatus();
}

}  // namespace

void AddFilterOptions(CLI::App* command, FilterOptions* options) {
  const auto many = [&](const char* name, std::vector<std::string>* values, const char* help, const char* type) {
    command->add_option(name, *values, help)->type_name(type)->delimiter(',')->take_all()->allow_extra_args(false);
  };
  many("--kind", &options->kinds,
       "organization, service, location, training, resource, assessment, commitment; several with commas", "KIND");
  many("--country", &options->countries, "Concerns this country, such as PL", "CC");
  many("--language", &options->languages, "Offered in this language, such as uk", "TAG");
  many("--term", &options->terms, "Has this taxonomy term: CODE or TAXONOMY:CODE", "TERM");
  many("--partner", &options->partners, "Published by this partner", "ID");
  command->add_option("--near", options->near, "Has a place near this position")->type_name("LAT,LON");
  command->add_option("--within", options->within_km, "Radius around --near in kilometres; 25 when not given")
      ->check(DecimalNumber(0.001, 20'000))
      ->type_name("KM");
  command->add_option("--on", options->on_date, "Open, or taking place, on this day")->type_name("YYYY-MM-DD");
  command->add_flag("--open-now", options->open_now, "Services that are open now, by their schedules");
  command->add_option("--from", options->from_date, "Trainings that take place on this day or later")
      ->type_name("YYYY-MM-DD");
  command->add_option("--to", options->to_date, "Trainings that take place on this day or earlier")
      ->type_name("YYYY-MM-DD");
  many("--mode", &options->modes, "Trainings that are onsite, online or hybrid", "MODE");
  many("--month", &options->months, "Trainings with a session in this month, such as 2026-11", "YYYY-MM");
  many("--freshness", &options->freshness, "verified (in time), overdue or unverified (never)", "STATE");
  command->add_flag("--stale", options->stale, "Only what nobody has verified in time");
}

absl::StatusOr<v1::RecordFilter> MakeFilter(const FilterOptions& options) {
  v1::RecordFilter filter;
  for (const std::string& name : options.kinds) {
    const absl::StatusOr<v1::RecordKind> kind = KindFromName(name);
    if (!kind.ok()) return OptionError("--kind", kind.status());
    filter.add_kinds(*kind);
  }
  for (const std::string& name : options.countries) {
    const absl::StatusOr<std::string> country = NormaliseCountry(name);
    if (!country.ok()) return OptionError("--country", country.status());
    filter.add_countries(*country);
  }
  for (const std::string& name : options.languages) {
    absl::StatusOr<std::string> tag = NormaliseLanguage(name);
    if (!tag.ok()) {
      const std::optional<std::string> by_name = LanguageFromName(name);
      if (!by_name) return OptionError("--language", tag.status());
      tag = *by_name;
    }
    filter.add_languages(*tag);
  }
  for (const std::string& term : options.terms) filter.add_terms(term);
  for (const std::string& partner : options.partners) filter.add_partners(partner);
  for (const std::string& mode : options.modes) filter.add_modes(mode);
  for (const std::string& month : options.months) filter.add_months(month);
  for (const std::string& state : options.freshness) filter.add_freshness(state);
  filter.set_stale_only(options.stale);
  RETURN_IF_ERROR(SetPlaceAndTime(options, &filter));
  return filter;
}

std::string ShellQuoted(const std::string& word) {
  static constexpr absl::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,@%+=";
  if (!word.empty() && absl::string_view(word).find_first_not_of(plain) == absl::string_view::npos) return word;
  return absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
}

std::string FilterArguments(const FilterOptions& options) {
  std::string typed;
  const auto add = [&](absl::string_view name, const std::string& value) {
    if (!value.empty()) absl::StrAppend(&typed, " ", name, " ", ShellQuoted(value));
  };
  add("--kind", absl::StrJoin(options.kinds, ","));
  add("--country", absl::StrJoin(options.countries, ","));
  add("--language", absl::StrJoin(options.languages, ","));
  add("--term", absl::StrJoin(options.terms, ","));
  add("--partner", absl::StrJoin(options.partners, ","));
  add("--near", options.near);
  add("--within", options.within_km == 0 ? "" : absl::StrCat(options.within_km));
  add("--on", options.on_date);
  add("--from", options.from_date);
  add("--to", options.to_date);
  add("--mode", absl::StrJoin(options.modes, ","));
  add("--month", absl::StrJoin(options.months, ","));
  add("--freshness", absl::StrJoin(options.freshness, ","));
  if (options.open_now) absl::StrAppend(&typed, " --open-now");
  if (options.stale) absl::StrAppend(&typed, " --stale");
  return typed;
}

}  // namespace cairn
