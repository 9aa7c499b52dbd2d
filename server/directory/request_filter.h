// From a request's filter to the index's: checked, brought to normal form, and confined to what the reader may read.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cairn/v1/directory.pb.h"
#include "server/charter/charter_view.h"
#include "server/charter/may_read.h"
#include "server/store/index_queries.h"

namespace cairn {

// Days between verifications where a record names none: the charter's, 365 when it names none either.
uint32_t VerifyDefaultDays(const CharterView& charter);

// The feeds that `reader` may read, of all that are held, and that the charter stands for. The one place where the
// directory asks MayRead and StandsFor.
absl::StatusOr<std::vector<IndexedFeed>> ReadableFeeds(Connection& connection, const CharterView& charter,
                                                       const Reader& reader);

// Checks a filter without a database. INVALID_ARGUMENT names the field ("filter.countries[1]"), its value and what
// would be right. Returns the filter in normal form: canonical tags, upper-case countries, lower-case terms, within_km
// filled in.
absl::StatusOr<v1::RecordFilter> NormaliseFilter(const v1::RecordFilter& filter);

// The index's conditions for a normalised filter, over `readable`.
IndexFilter ToIndexFilter(const v1::RecordFilter& normalised, const std::vector<IndexedFeed>& readable,
                          const CharterView& charter, absl::Time now);

// As requests and facets write it.
std::string FreshnessName(Freshness freshness);

// What a page token belongs to: equal for equal filters, different for different ones.
std::string FilterFingerprint(const v1::RecordFilter& normalised);

}  // namespace cairn
