// The reading SQL of whole lists, which are counted and paged by number: the records of a kind, and the sets of entries
// that single conditions select. Every function runs inside Store::Read.
//
// The lists hold nothing but the feeds of their filter. The sets are of all feeds, unless a parameter says otherwise,
// and good for nothing but to be intersected with a list.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/store/database.h"
#include "server/store/index_queries.h"
#include "server/store/record_columns.h"

namespace cairn {

// Entry ids.
using EntryList = std::vector<int64_t>;

// The entries of `kind` in the filter's feeds in the order in which this node first heard of them, so that what is new
// stands at the end and no page before it moves; of supplements and what is under them the narrowest where the filter
// says so. Its other conditions are not looked at. 100,000 take a millisecond.
absl::StatusOr<EntryList> ListAllEntries(Connection& db, ColumnCache* columns, const IndexFilter& filter, int kind);

// Where a service is offered.
struct ServicePlace {
  int64_t entry_id = 0;  // of the service
  int n = 0;             // which of Service.service_at_locations
};
// The places of `services`, which must be in order of entry id; in the order of (entry id, n). `location_ids`, when
// given: only those.
absl::StatusOr<std::vector<ServicePlace>> ListServicePlaces(
    Connection& db, const EntryList& services, const std::optional<std::vector<std::string>>& location_ids);
// Places with that id, of any service.
absl::StatusOr<std::vector<ServicePlace>> ServicePlacesById(Connection& db, absl::string_view id);

// --- sets, sorted
// Services of an organization.
absl::StatusOr<EntryList> EntriesOfOrganization(Connection& db, absl::string_view organization_id);
// Records classified by one of `terms`, pairs of taxonomy and code as the index has them.
absl::StatusOr<EntryList> EntriesWithTerms(Connection& db, absl::Span<const std::pair<std::string, std::string>> terms);
// Entries of which something in the filter's feeds changed at or after the number `since`: themselves, or, of
// supplements and what is under them, either.
absl::StatusOr<EntryList> EntriesChangedSince(Connection& db, const IndexFilter& filter, int kind, int64_t since);
// Organizations of which a service changed likewise, or left.
absl::StatusOr<EntryList> OrganizationsChangedWithin(Connection& db, const IndexFilter& filter, int64_t since);
// Records that are within the circle of the filter, by places in its readable_feed_ids.
absl::StatusOr<EntryList> EntriesNear(Connection& db, const IndexFilter& filter);
// Records that refer to one of the locations.
absl::StatusOr<EntryList> EntriesAt(Connection& db, const std::vector<std::string>& location_ids);

// A location with its point, when that is known.
struct PlaceFound {
  std::string id;
  std::optional<std::pair<double, double>> point;  // latitude, longitude
};
// The locations in `feed_ids` with that postal code, whatever its case, spaces and hyphens, up to `limit`.
absl::StatusOr<std::vector<PlaceFound>> PlacesWithPostalCode(Connection& db, absl::Span<const int64_t> feed_ids,
                                                             absl::string_view postal_code, size_t limit);
// The ids of the locations that the circle of the filter holds, in its readable_feed_ids.
absl::StatusOr<std::vector<std::string>> LocationsNear(Connection& db, const IndexFilter& filter);

// The number of the last change in `feed_ids` of a record, withdrawals included; 0: never seen.
absl::StatusOr<int64_t> LastChangeOf(Connection& db, absl::Span<const int64_t> feed_ids, int kind,
                                     absl::string_view id16);

// Live entries with that id in `feed_ids`, whether they are indexed yet or not, in order of feed.
absl::StatusOr<std::vector<IndexedEntry>> LiveEntries(Connection& db, absl::Span<const int64_t> feed_ids, int kind,
                                                      absl::string_view id16);

// The id of an entry's record, withdrawn or not; empty: there is no such entry any more.
absl::StatusOr<std::string> RecordIdOf(Connection& db, int64_t entry_id);

// A term in use, with one of the records in `feed_ids` that have it.
struct TermInUse {
  std::string taxonomy;
  std::string code;
  int64_t entry_id = 0;
};
// All of them, in order of (code, taxonomy); up to `limit`.
absl::StatusOr<std::vector<TermInUse>> ListTerms(Connection& db, absl::Span<const int64_t> feed_ids, size_t limit);

}  // namespace cairn
