// The directory page: its files, and each of its addresses as plain HTML that its script takes over.
#pragma once

#include "server/http/edge_parts.h"
#include "server/http/router.h"

namespace cairn {

// Adds "/", "/records/{id}", "/calendar", "/consortium", "/about", "/assets/{file}" and "/api/places". A page is whole
// without its script, and says so in the reader's language: by `lang`, else by Accept-Language.
void AddWebRoutes(const EdgeParts& parts, Router* router);

}  // namespace cairn
