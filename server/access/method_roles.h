// Which role each rpc needs: the one table. What has no row is refused.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/access/caller.h"

namespace cairn {

// The least role for `method`, "/package.Service/Method" as gRPC calls it; nullopt: nobody at all.
std::optional<Role> LeastRole(absl::string_view method);

// All that have a row.
std::vector<std::string> KnownMethods();

// True for what anybody who can connect may call: asking whether the node serves.
bool IsOpenToAnybody(absl::string_view method);

}  // namespace cairn
