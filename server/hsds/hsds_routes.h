// The HSDS 3.1 interface over HTTP: the last station, over server/directory. Read only.
#pragma once

#include "server/http/edge_parts.h"
#include "server/http/router.h"

namespace cairn {

// Adds /hsds/ and all below it; openapi.h describes it. Readers see what MayRead allows them; what they may not see has
// no part in lists, counts or pages. Ids, and what sources call theirs ("source_id"), are those of the records.
//
// Whoever wants what changed asks with `modified_after`: it is compared with when this node last changed what it shows,
// which no publisher's clock has a part in. Answers of lists carry X-Modified-Through: whoever asks for what changed
// after that time misses nothing.
void AddHsdsRoutes(const EdgeParts& parts, Router* router);

}  // namespace cairn
