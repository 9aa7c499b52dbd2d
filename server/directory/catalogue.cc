#include "server/directory/catalogue.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/record/kinds.h"
#include "common/record/searchable.h"
#include "common/record/supplement.h"
#include "common/text/fold.h"
#include "server/directory/request_filter.h"

namespace cairn {
namespace {

size_t BytesOf(const EntryList& entries) { return entries.size() * sizeof(int64_t); }
size_t BytesOf(const std::vector<ServicePlace>& places) { return places.size() * sizeof(ServicePlace); }
size_t BytesOf(const std::vector<CatalogueTerm>& terms) { return terms.size() * 512; }  // two texts and a message

// Everything that decides what a filter finds.
std::string KeyOf(const CatalogueFilter& filter) {
  std::string key = absl::StrCat(filter.kind, "\n", filter.or_services_changed, "\n", filter.words, "\n",
                                 filter.organization_id, "\n", absl::ToUnixMicros(filter.changed_since), "\n",
                                 filter.postal_code, "\n", filter.within_km.value_or(-1), "\n");
  for (const auto& terms : filter.terms) {
    absl::StrAppend(&key, "terms\n");
    for (const auto& [taxonomy, code] : terms) absl::StrAppend(&key, taxonomy, "\x1f", code, "\n");
  }
  return key;
}

// The entries of `entries` that are in all `sets`, in their order. Entry ids are given out one after the other, so that
// a byte for each is less than a hash table, and ten times as quick.
EntryList InAll(const EntryList& entries, const std::vector<EntryList>& sets) {
  EntryList found;
  if (entries.empty()) return found;
  std::vector<uint8_t> times(static_cast<size_t>(*std::max_element(entries.begin(), entries.end())) + 1);
  for (const EntryList& set : sets) {
    for (const int64_t id : set) {
      if (static_cast<size_t>(id) < times.size()) ++times[static_cast<size_t>(id)];
    }
  }
  std::copy_if(entries.begin(), entries.end(), std::back_inserter(found),
               [&](int64_t id) { return times[static_cast<size_t>(id)] == sets.size(); });
  return found;
}

// The middle of the places of each town: one postal code may be used in several countries.
std::vector<std::pair<double, double>> CentresOf(const std::vector<PlaceFound>& places) {
  constexpr double kTownDegrees = 0.5;  // some 50 km: no postal code is as wide
  struct Town {
    std::pair<double, double> first, sum;
    double points = 0;
  };
  std::vector<Town> towns;
  for (const PlaceFound& place : places) {
    if (!place.point.has_value()) continue;
    const auto [latitude, longitude] = *place.point;
    auto town = std::find_if(towns.begin(), towns.end(), [&](const Town& each) {
      return std::abs(each.first.first - latitude) < kTownDegrees &&
             std::abs(each.first.second - longitude) < kTownDegrees;
    });
    if (town == towns.end()) town = towns.insert(town, Town{*place.point, {0, 0}, 0});
    town->sum.first += latitude;
    town->sum.second += longitude;
    ++town->points;
  }
  std::vector<std::pair<double, double>> centres;
  for (const Town& town : towns) centres.emplace_back(town.sum.first / town.points, town.sum.second / town.points);
  return centres;
}

// The version that stands by itself, as the index demands it; a supplement does not.
bool StandsAlone(const IndexedEntry& entry) {
  v1::Record record;
  return record.ParseFromString(entry.payload) && !record.supplement() &&
         static_cast<int>(KindOf(record)) == entry.kind && record.id() == UuidToText(entry.id16);
}

}  // namespace

CatalogueCache::Value CatalogueCache::Find(const std::string& key) {
  absl::MutexLock lock(&mutex_);
  const auto at = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& kept) { return kept.key == key; });
  if (at == kept_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, at);
  return at->value;
}

void CatalogueCache::Put(const std::string& key, Value value, size_t bytes) {
  if (bytes > limits::catalogue_cache_bytes_max) return;
  absl::MutexLock lock(&mutex_);
  kept_.push_front({key, std::move(value), bytes});
  bytes_ += bytes;
  while (bytes_ > limits::catalogue_cache_bytes_max || kept_.size() > limits::catalogue_cache_lists_max) {
    bytes_ -= kept_.back().bytes;
    kept_.pop_back();
  }
}

absl::StatusOr<std::string> CatalogueReading::StateKey() const {
  std::string key = absl::StrCat(reading_.charter->version(), "\n");
  for (const IndexedFeed& feed : reading_.feeds) {
    if (feed.moving) return std::string();
    absl::StrAppend(&key, feed.feed_id, " ", feed.feed.generation, " ", feed.seq, "\n");
  }
  // Half made anew, the lists grow without any feed moving.
  ASSIGN_OR_RETURN(const std::string rebuilding, GetMeta(*reading_.connection, "rebuild_cursor"));
  if (!rebuilding.empty()) return std::string();
  // Numbers move by themselves when a record that is shown within another changes.
  for (const bool is_public : {true, false}) {
    ASSIGN_OR_RETURN(const int64_t last, LastChangeNumber(*reading_.connection, is_public));
    absl::StrAppend(&key, last, "\n");
  }
  return key;
}

template <typename Made>
absl::StatusOr<std::shared_ptr<const Made>> CatalogueReading::Kept(
    const std::string& name, const std::function<absl::StatusOr<Made>()>& make) const {
  ASSIGN_OR_RETURN(const std::string state, StateKey());
  const std::string key = absl::StrCat(state, name);
  if (!state.empty()) {
    const auto found = std::static_pointer_cast<const Made>(cache_->Find(key));
    if (found != nullptr) return found;
  }
  ASSIGN_OR_RETURN(Made made, make());
  auto shared = std::make_shared<const Made>(std::move(made));
  if (!state.empty()) cache_->Put(key, shared, BytesOf(*shared) + key.size());
  return std::shared_ptr<const Made>(std::move(shared));
}

IndexFilter CatalogueReading::Feeds() const { return reading_.Filter(v1::RecordFilter()); }

absl::StatusOr<std::shared_ptr<const EntryList>> CatalogueReading::All(v1::RecordKind kind) const {
  return Kept<EntryList>(absl::StrCat("all ", kind),
                         [&] { return ListAllEntries(*reading_.connection, reading_.columns, Feeds(), kind); });
}

absl::StatusOr<std::shared_ptr<const EntryList>> CatalogueReading::List(const CatalogueFilter& filter) const {
  ASSIGN_OR_RETURN(const std::vector<EntryList> sets, Sets(filter));
  if (sets.empty() && filter.words.empty()) return All(filter.kind);
  return Kept<EntryList>(absl::StrCat("list ", KeyOf(filter)), [&]() -> absl::StatusOr<EntryList> {
    if (filter.words.empty()) {
      ASSIGN_OR_RETURN(const std::shared_ptr<const EntryList> all, All(filter.kind));
      return InAll(*all, sets);
    }
    ASSIGN_OR_RETURN(EntryList ranked, Ranked(filter));
    return sets.empty() ? ranked : InAll(ranked, sets);
  });
}

absl::StatusOr<EntryList> CatalogueReading::Ranked(const CatalogueFilter& filter) const {
  IndexQuery query;
  query.words = FoldedWords(filter.words);
  if (query.words.size() > static_cast<size_t>(limits::query_words_max)) {
    return absl::InvalidArgumentError(
        absl::StrCat("search has ", query.words.size(), " words; give at most ", limits::query_words_max));
  }
  EntryList ranked;
  if (query.words.empty()) return ranked;  // nothing but signs
  IndexFilter index = Feeds();
  index.kinds = {static_cast<int>(filter.kind)};
  SearchWish all;
  all.limit = std::numeric_limits<size_t>::max();
  ASSIGN_OR_RETURN(const SearchResult result, SearchIndex(*reading_.connection, reading_.columns, query, index, all));
  for (const RankedEntry& entry : result.entries) ranked.push_back(entry.entry_id);
  return ranked;
}

absl::StatusOr<std::vector<EntryList>> CatalogueReading::Sets(const CatalogueFilter& filter) const {
  Connection& db = *reading_.connection;
  std::vector<EntryList> sets;
  if (!filter.organization_id.empty()) {
    ASSIGN_OR_RETURN(sets.emplace_back(), EntriesOfOrganization(db, filter.organization_id));
  }
  for (const auto& terms : filter.terms) {
    ASSIGN_OR_RETURN(sets.emplace_back(), EntriesWithTerms(db, terms));
  }
  if (filter.changed_since != absl::InfinitePast()) {
    ASSIGN_OR_RETURN(sets.emplace_back(),
                     EntriesChangedSince(db, Feeds(), filter.kind, absl::ToUnixMicros(filter.changed_since)));
    if (filter.or_services_changed) {
      ASSIGN_OR_RETURN(const EntryList within,
                       OrganizationsChangedWithin(db, Feeds(), absl::ToUnixMicros(filter.changed_since)));
      sets.back().insert(sets.back().end(), within.begin(), within.end());
    }
  }
  if (!filter.postal_code.empty()) {
    ASSIGN_OR_RETURN(sets.emplace_back(), PlacedIn(filter));
  }
  return sets;
}

// The locations that the filter's postal code means.
absl::StatusOr<std::vector<std::string>> CatalogueReading::LocationsOf(const CatalogueFilter& filter) const {
  IndexFilter index = Feeds();
  ASSIGN_OR_RETURN(const std::vector<PlaceFound> places,
                   PlacesWithPostalCode(*reading_.connection, index.feed_ids, filter.postal_code,
                                        limits::catalogue_postcode_places_max));
  // What is there is also near there, with or without a point.
  std::set<std::string> ids;
  for (const PlaceFound& place : places) ids.insert(place.id);
  if (filter.within_km.has_value()) {
    for (const auto& [latitude, longitude] : CentresOf(places)) {
      index.near = NearFilter{latitude, longitude, *filter.within_km};
      ASSIGN_OR_RETURN(const std::vector<std::string> near, LocationsNear(*reading_.connection, index));
      ids.insert(near.begin(), near.end());
    }
  }
  return std::vector<std::string>(ids.begin(), ids.end());
}

absl::StatusOr<EntryList> CatalogueReading::PlacedIn(const CatalogueFilter& filter) const {
  ASSIGN_OR_RETURN(const std::vector<std::string> locations, LocationsOf(filter));
  return EntriesAt(*reading_.connection, locations);
}

absl::StatusOr<std::shared_ptr<const std::vector<ServicePlace>>> CatalogueReading::Places(
    const CatalogueFilter& filter) const {
  using Made = std::vector<ServicePlace>;
  return Kept<Made>(absl::StrCat("places ", KeyOf(filter)), [&]() -> absl::StatusOr<Made> {
    ASSIGN_OR_RETURN(const std::shared_ptr<const EntryList> services, List(filter));
    EntryList sorted = *services;
    std::sort(sorted.begin(), sorted.end());
    std::optional<std::vector<std::string>> locations;
    if (!filter.postal_code.empty()) {
      ASSIGN_OR_RETURN(locations, LocationsOf(filter));
    }
    return ListServicePlaces(*reading_.connection, sorted, locations);
  });
}

absl::StatusOr<std::vector<ServicePlace>> CatalogueReading::PlacesById(absl::string_view id) const {
  ASSIGN_OR_RETURN(std::vector<ServicePlace> places, ServicePlacesById(*reading_.connection, id));
  ASSIGN_OR_RETURN(const std::shared_ptr<const EntryList> services, All(v1::SERVICE));
  std::erase_if(places, [&](const ServicePlace& place) {
    return !std::binary_search(services->begin(), services->end(), place.entry_id);
  });
  return places;
}

absl::StatusOr<CatalogueRecord> CatalogueReading::View(const IndexedEntry& entry) const {
  CatalogueRecord record;
  ASSIGN_OR_RETURN(record.view, reading_.View(entry));
  int64_t number = entry.change_no;
  const std::vector<int64_t> own = reading_.FeedsOfOwner(entry);
  if (own.size() > 1) {
    ASSIGN_OR_RETURN(number, LastChangeOf(*reading_.connection, own, entry.kind, entry.id16));
  }
  record.changed = absl::FromUnixMicros(number);
  return record;
}

absl::StatusOr<std::optional<CatalogueRecord>> CatalogueReading::Record(int64_t entry_id, v1::RecordKind kind) const {
  ASSIGN_OR_RETURN(const std::optional<IndexedEntry> entry, ReadEntry(*reading_.connection, entry_id));
  if (entry.has_value() && !reading_.FeedOf(*entry).partner.empty()) {
    ASSIGN_OR_RETURN(CatalogueRecord record, View(*entry));
    return std::optional<CatalogueRecord>(std::move(record));
  }
  ASSIGN_OR_RETURN(const std::string id16, RecordIdOf(*reading_.connection, entry_id));
  if (id16.empty()) return std::optional<CatalogueRecord>();
  return Find(kind, UuidToText(id16));
}

absl::StatusOr<std::optional<CatalogueRecord>> CatalogueReading::Find(v1::RecordKind kind, absl::string_view id,
                                                                      absl::string_view partner) const {
  const absl::StatusOr<std::string> id16 = UuidFromText(id);
  if (!id16.ok()) return std::optional<CatalogueRecord>();
  ASSIGN_OR_RETURN(const std::vector<IndexedEntry> entries,
                   LiveEntries(*reading_.connection, Feeds().feed_ids, kind, *id16));
  const IndexedEntry* found = nullptr;
  for (const IndexedEntry& entry : entries) {
    if (!StandsAlone(entry)) continue;
    const bool wanted = reading_.FeedOf(entry).partner == partner;
    if (found == nullptr || (wanted && reading_.FeedOf(*found).partner != partner)) found = &entry;
  }
  if (found == nullptr) return std::optional<CatalogueRecord>();
  ASSIGN_OR_RETURN(CatalogueRecord record, View(*found));
  return std::optional<CatalogueRecord>(std::move(record));
}

absl::StatusOr<std::optional<v1::Record>> CatalogueReading::Nested(v1::RecordKind kind, absl::string_view id,
                                                                   absl::string_view partner) const {
  const std::string key = absl::StrCat(kind, "/", id, "/", partner);
  const auto known = nested_.find(key);
  if (known != nested_.end()) return known->second;
  ASSIGN_OR_RETURN(std::optional<CatalogueRecord> found, Find(kind, id, partner));
  std::optional<v1::Record> record;
  if (found.has_value()) record = std::move(*found->view.mutable_record());
  nested_[key] = record;
  return record;
}

absl::StatusOr<std::shared_ptr<const std::vector<CatalogueTerm>>> CatalogueReading::Terms() const {
  using Made = std::vector<CatalogueTerm>;
  return Kept<Made>("terms", [&]() -> absl::StatusOr<Made> {
    ASSIGN_OR_RETURN(const std::vector<TermInUse> used,
                     ListTerms(*reading_.connection, Feeds().feed_ids, limits::catalogue_terms_max));
    Made terms;
    for (const TermInUse& each : used) {
      ASSIGN_OR_RETURN(const std::optional<IndexedEntry> entry, ReadEntry(*reading_.connection, each.entry_id));
      if (!entry.has_value()) continue;
      ASSIGN_OR_RETURN(const v1::DirectoryRecord view, reading_.View(*entry));
      for (const v1::TaxonomyTerm& term : view.record().terms()) {
        if (TermKey(term) != absl::StrCat(each.taxonomy, ":", each.code)) continue;
        terms.push_back({each.taxonomy, each.code, term});
        break;
      }
    }
    return terms;
  });
}

absl::StatusOr<int64_t> CatalogueReading::BeginFollowing() const {
  ASSIGN_OR_RETURN(const int64_t last, LastChangeNumber(*reading_.connection, true));
  ASSIGN_OR_RETURN(const int64_t floor, ChangeFloor(*reading_.connection));
  return std::max(last, floor);
}

absl::StatusOr<std::vector<RecordChange>> CatalogueReading::PublicChanges(v1::RecordKind kind, int64_t after,
                                                                          int64_t begun, size_t limit) const {
  ASSIGN_OR_RETURN(const int64_t floor, ChangeFloor(*reading_.connection));
  if (std::max(after, begun) < floor) {
    return WithReason(absl::AbortedError(absl::StrCat("what was taken away up to change ", floor,
                                                      " is no longer known, and you have come to ", after,
                                                      "; drop what you have and start over without a change number")),
                      "CHANGE_NUMBER_TOO_OLD");
  }
  ASSIGN_OR_RETURN(const int64_t last, LastChangeNumber(*reading_.connection, true));
  if (after > std::max(last, floor)) {
    return WithReason(absl::AbortedError(absl::StrCat("change ", after, " is none of this node's, whose last is ", last,
                                                      "; drop what you have and start over without a change number")),
                      "CHANGE_NUMBER_UNKNOWN");
  }
  return ReadRecordChanges(*reading_.connection, true, kind, after, limit);
}

absl::StatusOr<absl::Time> CatalogueReading::ChangedThrough() const {
  ASSIGN_OR_RETURN(const int64_t mark, ChangeMark(*reading_.connection));
  const bool only_public = std::all_of(reading_.feeds.begin(), reading_.feeds.end(),
                                       [](const IndexedFeed& feed) { return feed.feed.audience == audience_public; });
  if (!only_public) return absl::FromUnixMicros(mark);
  ASSIGN_OR_RETURN(const int64_t last, LastChangeNumber(*reading_.connection, true));
  return absl::FromUnixMicros(std::max(mark, last));
}

absl::Status Catalogue::Read(const Reader& reader, const std::function<absl::Status(const CatalogueReading&)>& body) {
  Reading reading;
  reading.charter = charter_();
  reading.now = clock_->Now();
  return store_->Read(
      [&](Connection& connection) -> absl::Status {
        ASSIGN_OR_RETURN(reading.feeds, ReadableFeeds(connection, *reading.charter, reader));
        reading.connection = &connection;
        reading.columns = store_->columns();
        return body(CatalogueReading(&reading, &cache_));
      },
      absl::Milliseconds(limits::query_budget_millis));
}

}  // namespace cairn
