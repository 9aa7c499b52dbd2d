#include "server/store/catalogue_queries.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "cairn/v1/record.pb.h"
#include "common/base/status_macros.h"
#include "server/store/column_filter.h"
#include "server/store/index_filter.h"

namespace cairn {
namespace {

constexpr char kSelectPlaces[] = "SELECT entry_id, n, location_id FROM service_at_location ORDER BY entry_id, n";
constexpr char kSelectPlacesOf[] =
    "SELECT entry_id, n, location_id FROM service_at_location WHERE entry_id = ? ORDER BY n";
constexpr char kSelectPlaceById[] = "SELECT entry_id, n FROM service_at_location WHERE id = ? ORDER BY entry_id, n";
constexpr char kSelectOfOrganization[] = "SELECT entry_id FROM service WHERE organization_id = ? ORDER BY entry_id";
constexpr char kSelectWithTerm[] = "SELECT entry_id FROM record_term WHERE code = ? AND taxonomy = ? ORDER BY entry_id";
constexpr char kSelectChanged[] = "SELECT entry_id FROM entry WHERE is_public = ? AND kind = ? AND change_no >= ?";
constexpr char kSelectChangedRecords[] =
    "SELECT x.entry_id FROM entry e JOIN entry x ON x.id = e.id AND x.kind = e.kind "
    "WHERE e.is_public = ? AND e.kind = ? AND e.change_no >= ? AND x.payload_id IS NOT NULL "
    "AND e.feed_id IN (SELECT value FROM json_each(?)) ORDER BY x.entry_id";
// Organizations of which a service changed, or left.
constexpr char kSelectChangedWithin[] =
    "SELECT o.entry_id FROM entry e JOIN entry x ON x.id = e.id AND x.kind = e.kind "
    "JOIN service s ON s.entry_id = x.entry_id JOIN record o ON o.id = s.organization_id AND o.kind = ? "
    "WHERE e.is_public = ? AND e.kind = ? AND e.change_no >= ? AND x.payload_id IS NOT NULL "
    "AND e.feed_id IN (SELECT value FROM json_each(?5)) AND x.feed_id IN (SELECT value FROM json_each(?5))";
constexpr char kSelectLeft[] =
    "SELECT organization_entry_id FROM service_left "
    "WHERE feed_id IN (SELECT value FROM json_each(?)) AND change_no >= ?";
constexpr char kSelectAt[] = "SELECT entry_id FROM record_place WHERE location_id = ? ORDER BY entry_id";
constexpr char kSelectPostalCode[] =
    "SELECT l.id, l.latitude, l.longitude FROM location l JOIN record r ON r.entry_id = l.entry_id "
    "WHERE replace(replace(upper(l.postal_code), ' ', ''), '-', '') = replace(replace(upper(?), ' ', ''), '-', '') "
    "AND l.postal_code <> '' AND r.feed_id IN (SELECT value FROM json_each(?)) ORDER BY l.id, l.entry_id LIMIT ?";
constexpr char kLastChange[] =
    "SELECT max(change_no) FROM entry WHERE id = ? AND kind = ? AND feed_id IN (SELECT value FROM json_each(?))";
constexpr char kSelectLive[] =
    "SELECT entry_id FROM entry WHERE id = ? AND kind = ? AND feed_id IN (SELECT value FROM json_each(?)) "
    "AND payload_id IS NOT NULL ORDER BY feed_id";
constexpr char kNextTerm[] =
    "SELECT code, taxonomy FROM record_term WHERE (code, taxonomy) > (?, ?) ORDER BY code, taxonomy LIMIT 1";
constexpr char kTermInFeeds[] =
    "SELECT t.entry_id FROM record_term t JOIN record r ON r.entry_id = t.entry_id "
    "WHERE t.code = ? AND t.taxonomy = ? AND r.feed_id IN (SELECT value FROM json_each(?)) "
    "ORDER BY t.entry_id LIMIT 1";
// Scanning all places costs as much as looking up a tenth of them.
constexpr size_t kPlacesScanShare = 10;

std::string JsonIds(absl::Span<const int64_t> ids) { return JsonList({ids.begin(), ids.end()}); }

void SortUnique(EntryList* entries) {
  std::sort(entries->begin(), entries->end());
  entries->erase(std::unique(entries->begin(), entries->end()), entries->end());
}

absl::Status Append(Statement& row, EntryList* entries) {
  while (row.Step()) entries->push_back(row.Int64(0));
  return row.status();
}

absl::StatusOr<int64_t> CountPlaces(Connection& db) {
  Statement row = db.Prepare("SELECT count(*) FROM service_at_location");
  row.Step();
  RETURN_IF_ERROR(row.status());
  return row.Int64(0);
}

}  // namespace

absl::StatusOr<EntryList> ListAllEntries(Connection& db, ColumnCache* columns, const IndexFilter& filter, int kind) {
  EntryList entries;
  IndexFilter of_kind;
  of_kind.feed_ids = filter.feed_ids;
  of_kind.readable_feed_ids = filter.feed_ids;
  of_kind.narrowest_only = filter.narrowest_only;
  of_kind.kinds = {kind};
  ASSIGN_OR_RETURN(const ColumnView view, columns->View(db));
  ASSIGN_OR_RETURN(ColumnFilter test, ColumnFilter::Make(db, view, of_kind));
  for (const auto& block : view.blocks) {
    for (const RecordColumns& record : block->records) {
      if (test.Misses(record) == 0) entries.push_back(record.entry_id);
    }
  }
  return entries;
}

absl::StatusOr<std::vector<ServicePlace>> ListServicePlaces(
    Connection& db, const EntryList& services, const std::optional<std::vector<std::string>>& location_ids) {
  absl::flat_hash_set<std::string> wanted;
  if (location_ids) wanted.insert(location_ids->begin(), location_ids->end());
  std::vector<ServicePlace> places;
  auto service = services.begin();
  const auto add = [&](Statement& row) {
    while (row.Step()) {
      if (location_ids && !wanted.contains(row.Text(2))) continue;
      // Both are in order of entry id: as a merge.
      while (service != services.end() && *service < row.Int64(0)) ++service;
      if (service == services.end() || *service != row.Int64(0)) continue;
      places.push_back({row.Int64(0), static_cast<int>(row.Int64(1))});
    }
    return row.status();
  };
  ASSIGN_OR_RETURN(const int64_t all, CountPlaces(db));
  if (services.size() * kPlacesScanShare > static_cast<size_t>(all)) {
    Statement row = db.Prepare(kSelectPlaces);
    RETURN_IF_ERROR(add(row));
    return places;
  }
  Statement row = db.Prepare(kSelectPlacesOf);
  for (const int64_t entry_id : services) {
    row.Bind(entry_id);
    RETURN_IF_ERROR(add(row));
  }
  return places;
}

absl::StatusOr<std::vector<ServicePlace>> ServicePlacesById(Connection& db, absl::string_view id) {
  std::vector<ServicePlace> places;
  Statement row = db.Prepare(kSelectPlaceById);
  row.Bind(id);
  while (row.Step()) places.push_back({row.Int64(0), static_cast<int>(row.Int64(1))});
  RETURN_IF_ERROR(row.status());
  return places;
}

absl::StatusOr<EntryList> EntriesOfOrganization(Connection& db, absl::string_view organization_id) {
  EntryList entries;
  Statement row = db.Prepare(kSelectOfOrganization);
  row.Bind(organization_id);
  RETURN_IF_ERROR(Append(row, &entries));
  return entries;
}

absl::StatusOr<EntryList> EntriesWithTerms(Connection& db,
                                           absl::Span<const std::pair<std::string, std::string>> terms) {
  EntryList entries;
  Statement row = db.Prepare(kSelectWithTerm);
  for (const auto& [taxonomy, code] : terms) {
    row.Bind(code, taxonomy);
    RETURN_IF_ERROR(Append(row, &entries));
  }
  SortUnique(&entries);
  return entries;
}

absl::StatusOr<EntryList> EntriesChangedSince(Connection& db, const IndexFilter& filter, int kind, int64_t since) {
  EntryList entries;
  if (!filter.narrowest_only) {  // nothing but public feeds: one version of each record
    Statement row = db.Prepare(kSelectChanged);
    row.Bind(true, kind, since);
    RETURN_IF_ERROR(Append(row, &entries));
  } else {
    for (const bool is_public : {true, false}) {
      Statement row = db.Prepare(kSelectChangedRecords);
      row.Bind(is_public, kind, since, JsonIds(filter.feed_ids));
      RETURN_IF_ERROR(Append(row, &entries));
    }
  }
  SortUnique(&entries);
  return entries;
}

absl::StatusOr<EntryList> OrganizationsChangedWithin(Connection& db, const IndexFilter& filter, int64_t since) {
  EntryList entries;
  const std::string feeds = JsonIds(filter.feed_ids);
  for (const bool is_public : {true, false}) {
    Statement row = db.Prepare(kSelectChangedWithin);
    row.Bind(v1::ORGANIZATION, is_public, v1::SERVICE, since, feeds);
    RETURN_IF_ERROR(Append(row, &entries));
  }
  Statement left = db.Prepare(kSelectLeft);
  left.Bind(feeds, since);
  RETURN_IF_ERROR(Append(left, &entries));
  SortUnique(&entries);
  return entries;
}

absl::StatusOr<EntryList> EntriesNear(Connection& db, const IndexFilter& filter) {
  ASSIGN_OR_RETURN(const auto kilometres, KilometresFrom(db, filter));
  EntryList entries;
  for (const auto& [entry_id, distance] : kilometres) entries.push_back(entry_id);
  SortUnique(&entries);
  return entries;
}

absl::StatusOr<EntryList> EntriesAt(Connection& db, const std::vector<std::string>& location_ids) {
  EntryList entries;
  Statement row = db.Prepare(kSelectAt);
  for (const std::string& id : location_ids) {
    row.Bind(id);
    RETURN_IF_ERROR(Append(row, &entries));
  }
  SortUnique(&entries);
  return entries;
}

absl::StatusOr<std::vector<PlaceFound>> PlacesWithPostalCode(Connection& db, absl::Span<const int64_t> feed_ids,
                                                             absl::string_view postal_code, size_t limit) {
  std::vector<PlaceFound> places;
  Statement row = db.Prepare(kSelectPostalCode);
  row.Bind(postal_code, JsonIds(feed_ids), limit);
  while (row.Step()) {
    PlaceFound& place = places.emplace_back();
    place.id = row.String(0);
    if (!row.IsNull(1) && !row.IsNull(2)) place.point = {row.Double(1), row.Double(2)};
  }
  RETURN_IF_ERROR(row.status());
  return places;
}

absl::StatusOr<std::vector<std::string>> LocationsNear(Connection& db, const IndexFilter& filter) {
  ASSIGN_OR_RETURN(const EntryList near, EntriesNear(db, filter));
  std::vector<std::string> ids;
  Statement row = db.Prepare(
      "SELECT l.id FROM location l JOIN record r ON r.entry_id = l.entry_id WHERE l.entry_id IN "
      "(SELECT value FROM json_each(?)) AND r.feed_id IN (SELECT value FROM json_each(?)) ORDER BY l.id");
  row.Bind(JsonList(near), JsonIds(filter.readable_feed_ids));
  while (row.Step()) ids.push_back(row.String(0));
  RETURN_IF_ERROR(row.status());
  return ids;
}

absl::StatusOr<int64_t> LastChangeOf(Connection& db, absl::Span<const int64_t> feed_ids, int kind,
                                     absl::string_view id16) {
  Statement row = db.Prepare(kLastChange);
  row.Bind(Blob{id16}, kind, JsonIds(feed_ids));
  row.Step();
  RETURN_IF_ERROR(row.status());
  return row.Int64(0);
}

absl::StatusOr<std::vector<IndexedEntry>> LiveEntries(Connection& db, absl::Span<const int64_t> feed_ids, int kind,
                                                      absl::string_view id16) {
  EntryList ids;
  {
    Statement row = db.Prepare(kSelectLive);
    row.Bind(Blob{id16}, kind, JsonIds(feed_ids));
    RETURN_IF_ERROR(Append(row, &ids));
  }
  std::vector<IndexedEntry> entries;
  for (const int64_t entry_id : ids) {
    ASSIGN_OR_RETURN(std::optional<IndexedEntry> entry, ReadEntry(db, entry_id));
    if (entry) entries.push_back(*std::move(entry));
  }
  return entries;
}

absl::StatusOr<std::string> RecordIdOf(Connection& db, int64_t entry_id) {
  Statement row = db.Prepare("SELECT id FROM entry WHERE entry_id = ?");
  row.Bind(entry_id);
  std::string id16;
  if (row.Step()) id16 = row.String(0);
  RETURN_IF_ERROR(row.status());
  return id16;
}

absl::StatusOr<std::vector<TermInUse>> ListTerms(Connection& db, absl::Span<const int64_t> feed_ids, size_t limit) {
  std::vector<TermInUse> terms;
  const std::string feeds = JsonIds(feed_ids);
  std::string code, taxonomy;
  while (terms.size() < limit) {
    Statement next = db.Prepare(kNextTerm);
    next.Bind(code, taxonomy);
    const bool more = next.Step();
    RETURN_IF_ERROR(next.status());
    if (!more) break;
    code = next.String(0);
    taxonomy = next.String(1);
    Statement row = db.Prepare(kTermInFeeds);
    row.Bind(code, taxonomy, feeds);
    if (row.Step()) terms.push_back({taxonomy, code, row.Int64(0)});
    RETURN_IF_ERROR(row.status());
  }
  return terms;
}

}  // namespace cairn
