// The charter's versions on disk. What they mean, and whether they follow each other, is the business of
// server/charter.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/store/database.h"

namespace cairn {

// Keeps `signed_charter`, a serialised SignedCharter. A version that is there already must have the same bytes
// (ALREADY_EXISTS otherwise).
absl::Status PutCharter(Connection& db, uint64_t version, absl::string_view signed_charter);

// (version, serialised SignedCharter) of all versions above `after_version`, lowest first.
absl::StatusOr<std::vector<std::pair<uint64_t, std::string>>> ReadCharters(Connection& db, uint64_t after_version);

}  // namespace cairn
