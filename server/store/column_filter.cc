#include "server/store/column_filter.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "cairn/v1/record.pb.h"
#include "common/base/status_macros.h"
#include "common/text/language.h"
#include "server/store/index_filter.h"

namespace cairn {
namespace {

constexpr int64_t kDayMillis = 86'400'000;

bool Contains(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool AnyOf(const std::vector<std::string>& wanted, const std::vector<std::string>& values) {
  return std::any_of(values.begin(), values.end(), [&](const std::string& value) { return Contains(wanted, value); });
}

absl::flat_hash_map<std::string, uint64_t> ByValue(const std::vector<uint32_t>& by_list, const ListColumn& column) {
  std::vector<uint64_t> by_value(column.values.size());
  for (uint32_t list = 0; list < by_list.size(); ++list) {
    if (by_list[list] == 0) continue;
    for (const uint32_t value : column.lists[list].values) by_value[value] += by_list[list];
  }
  absl::flat_hash_map<std::string, uint64_t> counts;
  for (uint32_t value = 0; value < by_value.size(); ++value) {
    if (by_value[value] > 0) counts[column.values[value]] = by_value[value];
  }
  return counts;
}

}  // namespace

Freshness FreshnessOf(const RecordColumns& record, const IndexFilter& filter) {
  if (record.verified_unix_millis == never_verified) return Freshness::kUnverified;
  const int64_t days = record.verify_every_days == 0 ? filter.verify_default_days : record.verify_every_days;
  return record.verified_unix_millis + days * kDayMillis < filter.now_unix_millis ? Freshness::kOverdue
                                                                                  : Freshness::kVerified;
}

template <typename Test>
ColumnFilter::Wanted ColumnFilter::Want(bool any, const ListColumn& column, const Test& test) {
  Wanted wanted;
  wanted.any = any;
  if (!any) return wanted;
  wanted.values.resize(column.values.size());
  for (uint32_t value = 0; value < wanted.values.size(); ++value) wanted.values[value] = test(column.values[value]);
  wanted.lists.resize(column.lists.size());
  return wanted;
}

bool ColumnFilter::Holds(Wanted* wanted, const ListColumn& column, uint32_t list) {
  if (!wanted->any) return true;
  uint8_t& verdict = wanted->lists[list];
  if (verdict == 0) {
    const std::vector<uint32_t>& values = column.lists[list].values;
    verdict = std::any_of(values.begin(), values.end(), [&](uint32_t value) { return wanted->values[value]; }) ? 2 : 1;
  }
  return verdict == 2;
}

template <typename Test>
bool ColumnFilter::OfTimes(Verdicts* verdicts, uint32_t times, const Test& test) {
  if (verdicts->empty()) verdicts->resize(view_.values->times.size());
  uint8_t& verdict = (*verdicts)[times];
  if (verdict == 0) verdict = test(view_.values->times[times]) ? 2 : 1;
  return verdict == 2;
}

void ColumnFilter::NoteFeeds() {
  const auto note = [this](const std::vector<int64_t>& feeds, uint8_t state) {
    for (const int64_t feed : feeds) {
      if (feeds_.size() <= static_cast<size_t>(feed)) feeds_.resize(static_cast<size_t>(feed) + 1);
      feeds_[static_cast<size_t>(feed)] = state;
    }
  };
  note(filter_.readable_feed_ids, 1);
  note(filter_.feed_ids, 2);
}

void ColumnFilter::NoteSupplements() {
  for (const auto& block : view_.blocks) {
    if (!block->has_supplements) continue;
    for (const RecordColumns& record : block->records) {
      if (record.base_entry_id == 0 || record.feed_id >= feeds_.size() || feeds_[record.feed_id] == 0) continue;
      int64_t& shown = shown_[record.base_entry_id];
      shown = std::max(shown, record.entry_id);
    }
  }
}

void ColumnFilter::NoteValues() {
  for (const int kind : filter_.kinds) kinds_ |= 1U << kind;
  const ColumnValues& values = *view_.values;
  countries_ = Want(!filter_.countries.empty(), values.countries,
                    [&](const std::string& country) { return Contains(filter_.countries, country); });
  languages_ = Want(!filter_.languages.empty(), values.languages, [&](const std::string& tag) {
    return std::any_of(filter_.languages.begin(), filter_.languages.end(),
                       [&](const std::string& language) { return LanguageMatches(language, tag); });
  });
  // "code" is met under any taxonomy; a keyword that has a colon in it stands under ":" and what is before its last.
  const absl::flat_hash_set<std::string> wanted(filter_.terms.begin(), filter_.terms.end());
  terms_ = Want(!filter_.terms.empty(), values.terms, [&](const std::string& term) {
    const size_t colon = term.rfind(':');
    return wanted.contains(term) || (term.front() == ':' && wanted.contains(term.substr(1))) ||
           (colon != std::string::npos && wanted.contains(term.substr(colon + 1)));
  });
}

absl::StatusOr<ColumnFilter> ColumnFilter::Make(Connection& db, const ColumnView& view, const IndexFilter& filter) {
  ColumnFilter made(view, filter);
  made.NoteFeeds();
  if (filter.narrowest_only) made.NoteSupplements();
  made.NoteValues();
  if (filter.near) {
    ASSIGN_OR_RETURN(made.kilometres_, KilometresFrom(db, filter));
  }
  return made;
}

bool ColumnFilter::IsHidden(const RecordColumns& record) const {
  if (shown_.empty()) return false;
  if (shown_.contains(record.entry_id)) return true;
  const auto shown = record.base_entry_id == 0 ? shown_.end() : shown_.find(record.base_entry_id);
  return shown != shown_.end() && shown->second != record.entry_id;
}

bool ColumnFilter::MeetsTimes(const RecordColumns& record) {
  const bool service = record.kind == v1::SERVICE;
  const bool training = record.kind == v1::TRAINING;
  if (filter_.open_now) {
    const absl::Time now = absl::FromUnixMillis(filter_.now_unix_millis);
    const auto open = [&](const RecordTimes& times) { return OpenAt(times, now); };
    if (!service || !OfTimes(&open_now_, record.times, open)) return false;
  }
  if (!filter_.on_date.empty()) {
    const auto on_date = [&](const RecordTimes& times) {
      return OpenOn(times, filter_.on_date) || TakesPlace(times, filter_.on_date, filter_.on_date);
    };
    if (!(service || training) || !OfTimes(&open_on_, record.times, on_date)) return false;
  }
  if (filter_.from_date.empty() && filter_.to_date.empty()) return true;
  const auto in_range = [&](const RecordTimes& times) { return TakesPlace(times, filter_.from_date, filter_.to_date); };
  return training && OfTimes(&takes_place_, record.times, in_range);
}

bool ColumnFilter::MeetsRest(const RecordColumns& record) {
  if (record.feed_id >= feeds_.size() || feeds_[record.feed_id] == 0 || IsHidden(record)) return false;
  if (filter_.stale_only && FreshnessOf(record, filter_) == Freshness::kVerified) return false;
  if (filter_.near && !kilometres_.contains(record.entry_id)) return false;
  return MeetsTimes(record);
}

uint32_t ColumnFilter::Misses(const RecordColumns& record) {
  if (!MeetsRest(record)) return no_match;
  const ColumnValues& values = *view_.values;
  uint32_t misses = 0;
  const auto need = [&misses](FacetField field, bool met) {
    if (!met) misses |= 1U << field;
  };
  need(kFacetPartner, feeds_[record.feed_id] == 2);
  need(kFacetKind, kinds_ == 0 || (kinds_ >> record.kind & 1) != 0);
  need(kFacetCountry, Holds(&countries_, values.countries, record.countries));
  need(kFacetLanguage, Holds(&languages_, values.languages, record.languages));
  need(kFacetTerm, Holds(&terms_, values.terms, record.terms));
  if (!filter_.modes.empty()) {
    need(kFacetMode,
         OfTimes(&modes_, record.times, [&](const RecordTimes& t) { return AnyOf(filter_.modes, t.modes); }));
  }
  if (!filter_.months.empty()) {
    need(kFacetMonth,
         OfTimes(&months_, record.times, [&](const RecordTimes& t) { return AnyOf(filter_.months, t.months); }));
  }
  if (!filter_.freshness.empty()) {
    const Freshness freshness = FreshnessOf(record, filter_);
    need(kFacetFreshness,
         std::find(filter_.freshness.begin(), filter_.freshness.end(), freshness) != filter_.freshness.end());
  }
  return misses;
}

FacetCounter::FacetCounter(const ColumnView& view)
    : view_(view),
      countries_(view.values->countries.lists.size()),
      languages_(view.values->languages.lists.size()),
      terms_(view.values->terms.lists.size()),
      modes_(view.values->times.size()),
      months_(view.values->times.size()) {}

void FacetCounter::Count(const RecordColumns& record, uint32_t misses, const IndexFilter& filter) {
  if ((misses & (misses - 1)) != 0) return;  // two conditions or more
  const auto counts = [misses](FacetField field) { return (misses & ~(1U << field)) == 0; };
  if (counts(kFacetKind)) ++kinds_[record.kind];
  if (counts(kFacetCountry)) ++countries_[record.countries];
  if (counts(kFacetLanguage)) ++languages_[record.languages];
  if (counts(kFacetTerm)) ++terms_[record.terms];
  if (counts(kFacetPartner)) ++feeds_[record.feed_id];
  if (counts(kFacetMode)) ++modes_[record.times];
  if (counts(kFacetMonth)) ++months_[record.times];
  if (counts(kFacetFreshness)) ++freshness_[static_cast<size_t>(FreshnessOf(record, filter))];
}

FacetCounts FacetCounter::Take() {
  FacetCounts counts;
  for (size_t kind = 0; kind < kinds_.size(); ++kind) {
    if (kinds_[kind] > 0) counts.kinds[static_cast<int>(kind)] = kinds_[kind];
  }
  for (size_t state = 0; state < freshness_.size(); ++state) {
    if (freshness_[state] > 0) counts.freshness[static_cast<Freshness>(state)] = freshness_[state];
  }
  for (const auto& [feed, count] : feeds_) counts.feeds[feed] = count;
  counts.countries = ByValue(countries_, view_.values->countries);
  counts.languages = ByValue(languages_, view_.values->languages);
  counts.terms = ByValue(terms_, view_.values->terms);
  for (uint32_t number = 0; number < modes_.size(); ++number) {
    const RecordTimes& times = view_.values->times[number];
    if (modes_[number] > 0) {
      for (const std::string& mode : times.modes) counts.modes[mode] += modes_[number];
    }
    if (months_[number] > 0) {
      for (const std::string& month : times.months) counts.months[month] += months_[number];
    }
  }
  return counts;
}

}  // namespace cairn
