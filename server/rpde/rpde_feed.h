// Feeds for harvesters: Realtime Paged Data Exchange 1.0, of what is public. The last station, over server/directory.
#pragma once

#include <string>

#include "server/http/edge_parts.h"
#include "server/http/router.h"

namespace cairn {

// Adds /rpde/services and /rpde/trainings.
//
// Promises, to whoever begins without a change number and goes on by `next`, at any pace: each record stands once, at
// its last change, in order of the numbers; nothing below a number that was served changes any more; a record that is
// withdrawn, or that the public may no longer see, comes as deleted, and stays so as long as withdrawals are
// remembered. Whoever has come to the end holds what the public sees at this node. The numbers are this node's own:
// `next` leads nowhere else. A number so old that withdrawals after it are forgotten is refused with 410, unless the
// parameter `begun`, which `next` brings, shows that the harvester began later than that.
//
// `data` is what /hsds/services/{id}?full=true and /trainings/{id}.jsonld answer with.
//
// A token changes nothing: the feeds are open data. `license` is a URL.
void AddRpdeRoutes(const EdgeParts& parts, const std::string& license, Router* router);

}  // namespace cairn
