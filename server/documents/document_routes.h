// Records as documents in the formats of other programs: calendars and linked data. The last station, over
// server/directory.
#pragma once

#include <string>

#include "server/http/edge_parts.h"
#include "server/http/router.h"

namespace cairn {

// Adds
//   /trainings.ics         all trainings that the filters (query_filter.h) find, as one calendar (RFC 5545)
//   /trainings/{id}.ics    one of them
//   /records/{id}.jsonld   a record as schema.org JSON-LD; also under /trainings, /services, /organizations, /resources
//   /catalog.jsonld        what this node offers and where, as a DCAT catalog
// Readers see what MayRead allows them. `partner` chooses where several partners use an id. `license`: URL of the
// terms.
void AddDocumentRoutes(const EdgeParts& parts, const std::string& license, Router* router);

}  // namespace cairn
