// Records as the objects of HSDS that the HTTP interface serves: what the exporter of common/formats writes, brought to
// what the schemas demand, with the time since when this node shows them so.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/formats/json_text.h"
#include "server/directory/catalogue.h"

namespace cairn {

// "2026-01-31T09:30:00.123456Z", the form of last_modified.
std::string HsdsTime(absl::Time time);

// A service or organization with all that belongs to it; what it refers to is nested as far as the reader may see it.
// `last_modified` is when this node last changed it (CatalogueRecord.changed); that of the source is in
// "source_last_modified". Besides what HSDS names: "published_by", the partner that vouches for it, by its id. A
// service's `assured_date` is when a person last confirmed it, at its source or with `cairn verify`.
absl::StatusOr<Json> HsdsFullObject(const CatalogueReading& reading, const CatalogueRecord& record);

// The same without lists and nested objects.
absl::StatusOr<Json> HsdsPlainObject(const CatalogueRecord& record);

// `id` and `modified_date` alone.
Json HsdsMinimalObject(const std::string& id, const CatalogueRecord& record);

// The `n`th place of a service; nullopt: it has no such place. Full: with its location and its service nested.
absl::StatusOr<std::optional<Json>> HsdsPlaceObject(const CatalogueReading& reading, const CatalogueRecord& service,
                                                    int n, bool full);

}  // namespace cairn
