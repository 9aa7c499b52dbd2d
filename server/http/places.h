// Where the records found are, for maps.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/directory.pb.h"
#include "server/charter/may_read.h"
#include "server/directory/directory_reader.h"

namespace cairn {

// How many records found one map looks at: more would hide each other, and each may cost a look-up.
inline constexpr size_t map_records_max = 1'000;

// A place of a record that was found.
struct FoundPlace {
  std::string id, partner, title;  // of the record
  v1::RecordKind kind = v1::RECORD_KIND_UNSPECIFIED;
  std::string town;  // of the place
  double latitude = 0;
  double longitude = 0;
};

struct FoundPlaces {
  std::vector<FoundPlace> places;
  size_t searched = 0;   // records looked at
  bool complete = true;  // false: more match than were looked at
};

// Ids of the location records that a record names; of a location record, none.
std::vector<std::string> PlaceIdsOf(const v1::Record& record);

// The places of what `request` finds, the best first, of at most map_records_max records. A record without a
// place that `reader` may see is left out. Page size and token of the request are not looked at.
absl::StatusOr<FoundPlaces> FindPlaces(const DirectoryReader& directory, const Reader& reader,
                                       v1::SearchRequest request);

}  // namespace cairn
