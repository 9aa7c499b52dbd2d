// Who may read a feed, in words and by name: MayRead asked for everybody in the charter.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/publishing.pb.h"
#include "server/charter/charter_view.h"

namespace cairn {

// The partners other than `owner` whose nodes may hold the owner's feed for `audience` under this charter, and the rule
// that lets them. Thread-safe.
v1::AudienceReaders ReadersOf(const CharterView& charter, absl::string_view owner, absl::string_view audience);

// INVALID_ARGUMENT for what is no audience; FAILED_PRECONDITION for a circle that this charter has not, since nobody
// would receive what is published to it.
absl::Status CheckAudience(const CharterView& charter, absl::string_view audience);

}  // namespace cairn
