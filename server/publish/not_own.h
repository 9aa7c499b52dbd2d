// What is said of records that a partner wants to change and has not published.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/charter/may_read.h"
#include "server/store/store.h"

namespace cairn {

// NOT_FOUND that says of the first `ids` whose they are, or that nobody holds them, as far as `reader` may know;
// nullptr: one who may read all. `ids` is not empty and holds UUIDs. Another error when the store cannot be read.
absl::Status NotOwn(Store* store, const std::string& partner, const Reader* reader,
                    const std::vector<std::string>& ids);

}  // namespace cairn
