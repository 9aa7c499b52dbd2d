#include "server/hsds/hsds_objects.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/formats/hsds_json.h"
#include "common/formats/hsds_strict.h"
#include "common/record/ids.h"

namespace cairn {
namespace {

constexpr char modified_property[] = "last_modified";

absl::StatusOr<std::optional<v1::Record>> NestNothing(v1::RecordKind, absl::string_view) {
  return std::optional<v1::Record>();
}

const char* ShapeOf(const v1::Record& record) { return record.has_service() ? "service" : "organization"; }

absl::StatusOr<Json> Object(const CatalogueRecord& record, const RecordLookup& lookup) {
  const v1::Record& body = record.view.record();
  ASSIGN_OR_RETURN(Json object, RecordToHsdsObject(body, lookup));
  if (object.contains(modified_property)) object["source_last_modified"] = std::move(object[modified_property]);
  object[modified_property] = HsdsTime(record.changed);
  object["published_by"] = record.view.partner();
  if (body.has_service() && body.has_verified_at()) {
    Json& assured = object["assured_date"];
    const std::string verified =
        absl::FormatTime("%Y-%m-%d", absl::FromUnixSeconds(body.verified_at().seconds()), absl::UTCTimeZone());
    if (!assured.is_string() || assured.get<std::string>() < verified) assured = verified;
  }
  MakeStrict(ShapeOf(body), body.id(), &object);
  return object;
}

RecordLookup NestAll(const CatalogueReading& reading, const CatalogueRecord& record) {
  return [&reading, &record](v1::RecordKind kind, absl::string_view id) {
    return reading.Nested(kind, id, record.view.partner());
  };
}

}  // namespace

std::string HsdsTime(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone()); }

absl::StatusOr<Json> HsdsFullObject(const CatalogueReading& reading, const CatalogueRecord& record) {
  return Object(record, NestAll(reading, record));
}

absl::StatusOr<Json> HsdsPlainObject(const CatalogueRecord& record) {
  ASSIGN_OR_RETURN(Json object, Object(record, NestNothing));
  KeepPlainProperties(ShapeOf(record.view.record()), &object);
  // A copy of the organization that differs from its record is nested where the id would stand.
  const std::string& organization = record.view.record().service().organization_id();
  if (!organization.empty()) object["organization_id"] = organization;
  return object;
}

Json HsdsMinimalObject(const std::string& id, const CatalogueRecord& record) {
  return Json{{"id", id}, {"modified_date", HsdsTime(record.changed)}};
}

absl::StatusOr<std::optional<Json>> HsdsPlaceObject(const CatalogueReading& reading, const CatalogueRecord& service,
                                                    int n, bool full) {
  const v1::Record& record = service.view.record();
  if (n >= record.service().service_at_locations_size()) return std::optional<Json>();
  const v1::ServiceAtLocation& place = record.service().service_at_locations(n);
  v1::Record only;  // the rest of the service is not wanted
  only.set_id(record.id());
  *only.mutable_service()->add_service_at_locations() = place;
  ASSIGN_OR_RETURN(Json object, RecordToHsdsObject(only, full ? NestAll(reading, service) : RecordLookup(NestNothing)));
  MakeStrict("service", record.id(), &object);
  Json made = std::move(object["service_at_locations"][0]);
  made["service_id"] = record.id();
  if (IsUuid(place.location_id())) made["location_id"] = place.location_id();
  made[modified_property] = HsdsTime(service.changed);
  if (!full) {
    KeepPlainProperties("service_at_location", &made);
    return std::optional<Json>(std::move(made));
  }
  ASSIGN_OR_RETURN(made["service"], HsdsPlainObject(service));
  return std::optional<Json>(std::move(made));
}

}  // namespace cairn
