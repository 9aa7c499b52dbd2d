#include "server/store/index_filter.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "common/base/status_macros.h"
#include "common/record/calendar.h"
#include "common/text/language.h"

namespace cairn {
namespace {

constexpr int kTaxonomiesMax = 1'000;
constexpr double kEarthKilometres = 6371.0088;
constexpr double kRadians = 3.14159265358979323846 / 180;

constexpr char kFeedsLive[] =
    "SELECT coalesce(sum(live_count), 0) FROM feed WHERE feed_id IN (SELECT value FROM json_each(?))";
constexpr char kCollectFeeds[] =
    "SELECT entry_id FROM entry WHERE feed_id IN (SELECT value FROM json_each(?)) ORDER BY feed_id LIMIT ?";
constexpr char kCollectKinds[] =
    "SELECT entry_id FROM record WHERE kind IN (SELECT value FROM json_each(?)) ORDER BY kind LIMIT ?";
constexpr char kCollectCountries[] =
    "SELECT entry_id FROM record_country WHERE country IN (SELECT value FROM json_each(?)) ORDER BY country LIMIT ?";
constexpr char kTestCountries[] =
    "EXISTS (SELECT 1 FROM record_country c WHERE c.country IN (SELECT value FROM json_each(?)) "
    "AND c.entry_id = r.entry_id)";
constexpr char kNextLanguage[] = "SELECT language FROM record_language WHERE language > ? ORDER BY language LIMIT 1";
constexpr char kCollectLanguages[] =
    "SELECT entry_id FROM record_language WHERE language IN (SELECT value FROM json_each(?)) "
    "ORDER BY language LIMIT ?";
constexpr char kTestLanguages[] =
    "EXISTS (SELECT 1 FROM record_language l WHERE l.language IN (SELECT value FROM json_each(?)) "
    "AND l.entry_id = r.entry_id)";
constexpr char kNextTaxonomy[] =
    "SELECT taxonomy FROM record_term WHERE code = ? AND taxonomy > ? ORDER BY taxonomy LIMIT 1";
constexpr char kCollectTerms[] =
    "SELECT t.entry_id FROM json_each(?) v CROSS JOIN record_term t "
    "ON t.code = v.value ->> 0 AND t.taxonomy = v.value ->> 1 ORDER BY v.key LIMIT ?";
constexpr char kTestTerms[] =
    "EXISTS (SELECT 1 FROM json_each(?) v CROSS JOIN record_term t "
    "ON t.code = v.value ->> 0 AND t.taxonomy = v.value ->> 1 AND t.entry_id = r.entry_id)";
constexpr char kSelectPlaces[] =
    "SELECT g.entry_id, l.id, l.latitude, l.longitude FROM location_geo g "
    "CROSS JOIN location l ON l.entry_id = g.entry_id CROSS JOIN record r ON r.entry_id = g.entry_id "
    "WHERE g.latitude_max >= ? AND g.latitude_min <= ? AND g.longitude_max >= ? AND g.longitude_min <= ? "
    "AND r.feed_id IN (SELECT value FROM json_each(?)) ORDER BY g.entry_id";
constexpr char kSelectAtPlace[] = "SELECT entry_id FROM record_place WHERE location_id = ? ORDER BY entry_id";
// Neither laid under a supplement that is searched as well, nor one of two supplements of the same.
constexpr char kNarrowestOnly[] =
    "NOT EXISTS (SELECT 1 FROM supplement s JOIN record n ON n.entry_id = s.entry_id "
    "WHERE s.base_entry_id = r.entry_id AND n.feed_id IN (SELECT value FROM json_each(?))) "
    "AND NOT EXISTS (SELECT 1 FROM supplement mine JOIN supplement s ON s.base_entry_id = mine.base_entry_id "
    "JOIN record n ON n.entry_id = s.entry_id WHERE mine.entry_id = r.entry_id AND s.entry_id > mine.entry_id "
    "AND n.feed_id IN (SELECT value FROM json_each(?)))";
constexpr char kTestStale[] =
    "(r.verified_unix_millis IS NULL OR r.verified_unix_millis + "
    "CASE r.verify_every_days WHEN 0 THEN ? ELSE r.verify_every_days END * 86400000 < ?)";
constexpr char kTestDate[] =
    "(r.kind = 2 AND EXISTS (SELECT 1 FROM service_schedule s WHERE s.entry_id = r.entry_id AND s.first_date <= ? "
    "AND s.last_date >= ? AND (s.weekdays & ? <> 0 OR (s.weekdays IS NULL AND cairn_occurs(s.rule, s.dtstart, ?)))) "
    "OR r.kind = 4 AND EXISTS (SELECT 1 FROM training_session t WHERE t.entry_id = r.entry_id "
    "AND t.status NOT IN ('cancelled', 'postponed') AND substr(t.starts_at, 1, 10) <= ? "
    "AND substr(CASE t.ends_at WHEN '' THEN t.starts_at ELSE t.ends_at END, 1, 10) >= ?))";

constexpr char kTestOpen[] =
    "(r.kind = 2 AND NOT EXISTS (SELECT 1 FROM service v WHERE v.entry_id = r.entry_id "
    "AND v.status IN ('inactive', 'defunct', 'temporarily closed')) "
    "AND EXISTS (SELECT 1 FROM service_schedule s WHERE s.entry_id = r.entry_id AND cairn_open(s.first_date, "
    "s.last_date, s.weekdays, s.rule, s.dtstart, s.opens_at, s.closes_at, s.time_zone, r.countries, ?)))";
constexpr char kTestRange[] =
    "(r.kind = 4 AND EXISTS (SELECT 1 FROM training_session t WHERE t.entry_id = r.entry_id "
    "AND t.status NOT IN ('cancelled', 'postponed') AND substr(t.starts_at, 1, 10) <= ? "
    "AND substr(CASE t.ends_at WHEN '' THEN t.starts_at ELSE t.ends_at END, 1, 10) >= ?))";
constexpr char kTestModes[] =
    "(EXISTS (SELECT 1 FROM training t WHERE t.entry_id = r.entry_id AND t.mode IN (SELECT value FROM json_each(?))) "
    "OR EXISTS (SELECT 1 FROM training_session t WHERE t.entry_id = r.entry_id "
    "AND t.status NOT IN ('cancelled', 'postponed') AND t.mode IN (SELECT value FROM json_each(?))))";
constexpr char kTestMonths[] =
    "EXISTS (SELECT 1 FROM training_session t CROSS JOIN json_each(?) m WHERE t.entry_id = r.entry_id "
    "AND t.status NOT IN ('cancelled', 'postponed') AND substr(t.starts_at, 1, 7) <= m.value "
    "AND substr(CASE t.ends_at WHEN '' THEN t.starts_at ELSE t.ends_at END, 1, 7) >= m.value)";
// In the numbers of Freshness.
constexpr char kTestFreshness[] =
    "CASE WHEN r.verified_unix_millis IS NULL THEN 2 WHEN r.verified_unix_millis + "
    "CASE r.verify_every_days WHEN 0 THEN ? ELSE r.verify_every_days END * 86400000 < ? THEN 1 ELSE 0 END "
    "IN (SELECT value FROM json_each(?))";

std::string JsonTexts(const nlohmann::json& texts) {
  return texts.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

double Haversine(double latitude1, double longitude1, double latitude2, double longitude2) {
  const double a = std::sin((latitude2 - latitude1) * kRadians / 2);
  const double b = std::sin((longitude2 - longitude1) * kRadians / 2);
  const double h = a * a + std::cos(latitude1 * kRadians) * std::cos(latitude2 * kRadians) * b * b;
  return 2 * kEarthKilometres * std::asin(std::min(1.0, std::sqrt(h)));
}

struct Box {
  double south, north, west, east;
};

// Boxes that cover the circle: two where it crosses the date line, the whole round where it holds a pole.
std::vector<Box> Cover(const NearFilter& near) {
  const double margin = 1e-3;  // degrees; the R*Tree rounds
  const double degrees = near.kilometres / kEarthKilometres / kRadians + margin;
  const double south = near.latitude - degrees;
  const double north = near.latitude + degrees;
  if (south <= -90 || north >= 90) return {{south, north, -180, 180}};
  const double width =
      std::asin(std::min(1.0, std::sin(degrees * kRadians) / std::cos(near.latitude * kRadians))) / kRadians + margin;
  const double west = near.longitude - width;
  const double east = near.longitude + width;
  if (west < -180) return {{south, north, -180, east}, {south, north, west + 360, 180}};
  if (east > 180) return {{south, north, west, 180}, {south, north, -180, east - 360}};
  return {{south, north, west, east}};
}

}  // namespace

std::string JsonList(const std::vector<int64_t>& numbers) {
  return absl::StrCat("[", absl::StrJoin(numbers, ","), "]");
}

void FilterSql::And(absl::string_view condition, std::vector<DerivedValue> values) {
  absl::StrAppend(&where_, where_.empty() ? "" : " AND ", condition);
  for (DerivedValue& value : values) values_.push_back(std::move(value));
}

void FilterSql::Narrow(Entries entries) {
  std::sort(entries.begin(), entries.end());
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  if (entries_) {
    Entries both;
    std::set_intersection(entries.begin(), entries.end(), entries_->begin(), entries_->end(), std::back_inserter(both));
    entries = std::move(both);
  }
  entries_ = std::move(entries);
}

// `collect` lists the entries that meet the condition on `wanted`, up to a limit. False: there are too many.
absl::StatusOr<bool> FilterSql::LookUp(Connection& db, absl::string_view collect, const std::string& wanted) {
  if (entries_max_ == 0) return false;
  {
    // Skipping rows costs a third of fetching them, which would be for nothing.
    Statement probe = db.Prepare(absl::StrCat(collect, " OFFSET ?"));
    probe.Bind(wanted, 1, entries_max_);
    const bool too_many = probe.Step();
    RETURN_IF_ERROR(probe.status());
    if (too_many) return false;
  }
  Entries entries;
  Statement select = db.Prepare(collect);
  select.Bind(wanted, entries_max_);
  while (select.Step()) entries.push_back(select.Int64(0));
  RETURN_IF_ERROR(select.status());
  Narrow(std::move(entries));
  return true;
}

// `test` tests one record.
absl::Status FilterSql::AddSet(Connection& db, absl::string_view collect, absl::string_view test,
                               const std::string& wanted) {
  ASSIGN_OR_RETURN(const bool looked_up, LookUp(db, collect, wanted));
  if (!looked_up) And(test, {wanted});
  return absl::OkStatus();
}

// The feed is always tested as well, so that nothing else decides over what is read.
absl::Status FilterSql::AddFeeds(Connection& db, const IndexFilter& filter) {
  const std::string wanted = JsonList(filter.feed_ids);
  And("r.feed_id IN (SELECT value FROM json_each(?))", {wanted});
  if (filter.narrowest_only) And(kNarrowestOnly, {wanted, wanted});
  Statement live = db.Prepare(kFeedsLive);
  live.Bind(wanted);
  const bool few = live.Step() && static_cast<size_t>(live.Int64(0)) <= entries_max_;
  RETURN_IF_ERROR(live.status());
  return few ? LookUp(db, kCollectFeeds, wanted).status() : absl::OkStatus();
}

absl::Status FilterSql::AddKinds(Connection& db, const IndexFilter& filter) {
  return AddSet(db, kCollectKinds, "r.kind IN (SELECT value FROM json_each(?))",
                JsonList({filter.kinds.begin(), filter.kinds.end()}));
}

absl::Status FilterSql::AddLanguages(Connection& db, const IndexFilter& filter) {
  nlohmann::json wanted = nlohmann::json::array();
  std::string tag;
  for (bool more = true; more;) {
    Statement next = db.Prepare(kNextLanguage);
    next.Bind(tag);
    more = next.Step();
    RETURN_IF_ERROR(next.status());
    if (!more) break;
    tag = next.String(0);
    const bool met = std::any_of(filter.languages.begin(), filter.languages.end(),
                                 [&](const std::string& language) { return LanguageMatches(language, tag); });
    if (met) wanted.push_back(tag);
  }
  return AddSet(db, kCollectLanguages, kTestLanguages, JsonTexts(wanted));
}

absl::Status FilterSql::AddTerms(Connection& db, const IndexFilter& filter) {
  nlohmann::json wanted = nlohmann::json::array();
  for (const std::string& term : filter.terms) {
    const size_t colon = term.rfind(':');
    if (colon != std::string::npos) {
      const std::string taxonomy = term.substr(0, colon);
      wanted.push_back({term.substr(colon + 1), taxonomy});
      // A keyword that has a colon in it stands under the taxonomy ":" and what is before its last colon.
      wanted.push_back({term.substr(colon + 1), absl::StrCat(":", taxonomy)});
      continue;
    }
    wanted.push_back({term, ""});
    std::string taxonomy;
    for (int i = 0; i < kTaxonomiesMax; ++i) {
      Statement next = db.Prepare(kNextTaxonomy);
      next.Bind(term, taxonomy);
      const bool more = next.Step();
      RETURN_IF_ERROR(next.status());
      if (!more) break;
      taxonomy = next.String(0);
      wanted.push_back({term, taxonomy});
    }
  }
  return AddSet(db, kCollectTerms, kTestTerms, JsonTexts(wanted));
}

absl::StatusOr<absl::flat_hash_map<int64_t, double>> KilometresFrom(Connection& db, const IndexFilter& filter) {
  const NearFilter& near = *filter.near;
  absl::flat_hash_map<int64_t, double> all;
  const auto note = [&](int64_t entry_id, double kilometres) {
    const auto [it, added] = all.try_emplace(entry_id, kilometres);
    if (!added) it->second = std::min(it->second, kilometres);
  };
  for (const Box& box : Cover(near)) {
    Statement places = db.Prepare(kSelectPlaces);
    places.Bind(box.south, box.north, box.west, box.east, JsonList(filter.readable_feed_ids));
    while (places.Step()) {
      const double kilometres = Haversine(near.latitude, near.longitude, places.Double(2), places.Double(3));
      if (kilometres > near.kilometres) continue;
      note(places.Int64(0), kilometres);
      Statement there = db.Prepare(kSelectAtPlace);
      there.Bind(places.Text(1));
      while (there.Step()) note(there.Int64(0), kilometres);
      RETURN_IF_ERROR(there.status());
    }
    RETURN_IF_ERROR(places.status());
  }
  return all;
}

absl::Status FilterSql::AddNear(Connection& db, const IndexFilter& filter) {
  using Kilometres = absl::flat_hash_map<int64_t, double>;
  ASSIGN_OR_RETURN(const Kilometres all, KilometresFrom(db, filter));
  Entries entries;
  entries.reserve(all.size());
  for (const auto& [entry_id, kilometres] : all) entries.push_back(entry_id);
  Narrow(std::move(entries));
  return absl::OkStatus();
}

absl::Status FilterSql::AddDate(const IndexFilter& filter) {
  ASSIGN_OR_RETURN(const absl::CivilDay day, ParseDate(filter.on_date));
  const int64_t weekday = int64_t{1} << static_cast<int>(absl::GetWeekday(day));
  const std::string& date = filter.on_date;
  And(kTestDate, {date, date, weekday, date, date, date});
  return absl::OkStatus();
}

absl::Status FilterSql::AddTimes(const IndexFilter& filter) {
  if (filter.open_now) And(kTestOpen, {filter.now_unix_millis});
  if (!filter.from_date.empty() || !filter.to_date.empty()) {
    And(kTestRange, {filter.to_date.empty() ? std::string("9999-99-99") : filter.to_date, filter.from_date});
  }
  if (!filter.modes.empty()) And(kTestModes, {JsonTexts(filter.modes), JsonTexts(filter.modes)});
  if (!filter.months.empty()) And(kTestMonths, {JsonTexts(filter.months)});
  return filter.on_date.empty() ? absl::OkStatus() : AddDate(filter);
}

void FilterSql::AddFreshness(const IndexFilter& filter) {
  if (filter.stale_only) And(kTestStale, {filter.verify_default_days, filter.now_unix_millis});
  if (filter.freshness.empty()) return;
  std::vector<int64_t> states;
  for (const Freshness state : filter.freshness) states.push_back(static_cast<int64_t>(state));
  And(kTestFreshness, {filter.verify_default_days, filter.now_unix_millis, JsonList(states)});
}

absl::Status FilterSql::AddAll(Connection& db, const IndexFilter& filter) {
  RETURN_IF_ERROR(AddFeeds(db, filter));
  if (!filter.kinds.empty()) RETURN_IF_ERROR(AddKinds(db, filter));
  if (!filter.countries.empty()) {
    RETURN_IF_ERROR(AddSet(db, kCollectCountries, kTestCountries, JsonTexts(filter.countries)));
  }
  if (!filter.languages.empty()) RETURN_IF_ERROR(AddLanguages(db, filter));
  if (!filter.terms.empty()) RETURN_IF_ERROR(AddTerms(db, filter));
  if (filter.near) RETURN_IF_ERROR(AddNear(db, filter));
  AddFreshness(filter);
  return AddTimes(filter);
}

void FilterSql::NameEntries() {
  if (!entries_) return;
  few_ = true;
  And("r.entry_id IN (SELECT value FROM json_each(?))", {JsonList(*entries_)});
}

absl::StatusOr<FilterSql> FilterSql::Make(Connection& db, const IndexFilter& filter, size_t entries_max) {
  FilterSql sql;
  sql.entries_max_ = entries_max;
  RETURN_IF_ERROR(sql.AddAll(db, filter));
  sql.NameEntries();
  return sql;
}

absl::StatusOr<FilterSql> FilterSql::MakeFor(Connection& db, const IndexFilter& filter,
                                             const std::vector<int64_t>& only) {
  FilterSql sql;
  sql.Narrow(only);
  RETURN_IF_ERROR(sql.AddAll(db, filter));
  sql.NameEntries();
  return sql;
}

int FilterSql::Bind(Statement& statement, int index) const {
  for (const DerivedValue& value : values_) {
    if (const auto* number = std::get_if<int64_t>(&value)) {
      statement.BindAt(index++, *number);
    } else {
      statement.BindAt(index++, std::get<std::string>(value));
    }
  }
  return index;
}

}  // namespace cairn
