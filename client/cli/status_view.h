// The state of a node as somebody wants it who was woken at three in the morning.
#pragma once

#include <ostream>

#include "cairn/v1/operations.pb.h"
#include "client/cli/style.h"

namespace cairn {

// Alerts first, then peers, feeds, charter and disk. `columns`: of the terminal, 0 for no bound.
void PrintStatus(std::ostream& out, const v1::GetStatusResponse& status, const Style& style, size_t columns);

// True when nothing needs a person: no alerts.
bool IsHealthy(const v1::GetStatusResponse& status);

}  // namespace cairn
