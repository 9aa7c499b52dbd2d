#include "server/http/places.h"

#include <algorithm>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "common/base/status_macros.h"

namespace cairn {
namespace {

constexpr uint32_t page_size = 200;

// Location records by id, each read once; nullopt: not there, or not for this reader.
class LocationCache {
 public:
  LocationCache(const DirectoryReader& directory, const Reader& reader) : directory_(directory), reader_(reader) {}

  const std::optional<v1::Location>& Find(const std::string& id) {
    const auto [found, is_new] = locations_.try_emplace(id);
    if (is_new) {
      v1::GetRecordRequest request;
      request.set_id(id);
      request.set_kind(v1::LOCATION);
      const absl::StatusOr<v1::GetRecordResponse> response = directory_.GetRecord(reader_, request);
      if (response.ok()) found->second = response->record().record().location();
    }
    return found->second;
  }

 private:
  const DirectoryReader& directory_;
  const Reader& reader_;
  absl::flat_hash_map<std::string, std::optional<v1::Location>> locations_;
};

void AddPlace(const v1::SearchHit& hit, const v1::Location& location, FoundPlaces* found) {
  if (!location.has_latitude() || !location.has_longitude()) return;
  FoundPlace place;
  place.id = hit.record().record().id();
  place.partner = hit.record().partner();
  place.title = hit.title();
  place.kind = hit.record().kind();
  if (!location.addresses().empty()) place.town = location.addresses(0).city();
  place.latitude = location.latitude();
  place.longitude = location.longitude();
  found->places.push_back(std::move(place));
}

}  // namespace

std::vector<std::string> PlaceIdsOf(const v1::Record& record) {
  std::vector<std::string> ids;
  for (const v1::ServiceAtLocation& place : record.service().service_at_locations()) ids.push_back(place.location_id());
  for (const std::string& id : record.organization().location_ids()) ids.push_back(id);
  for (const v1::TrainingSession& session : record.training().sessions()) {
    if (!session.location_id().empty()) ids.push_back(session.location_id());
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

absl::StatusOr<FoundPlaces> FindPlaces(const DirectoryReader& directory, const Reader& reader,
                                       v1::SearchRequest request) {
  FoundPlaces found;
  LocationCache locations(directory, reader);
  request.set_page_size(page_size);
  request.clear_page_token();
  while (found.searched < map_records_max) {
    ASSIGN_OR_RETURN(const v1::SearchResponse page, directory.Search(reader, request));
    for (const v1::SearchHit& hit : page.hits()) {
      const v1::Record& record = hit.record().record();
      if (record.has_location()) AddPlace(hit, record.location(), &found);
      for (const std::string& id : PlaceIdsOf(record)) {
        if (const auto& location = locations.Find(id)) AddPlace(hit, *location, &found);
      }
    }
    found.searched += static_cast<size_t>(page.hits_size());
    request.set_page_token(page.next_page_token());
    if (page.next_page_token().empty()) return found;
  }
  found.complete = false;
  return found;
}

}  // namespace cairn
