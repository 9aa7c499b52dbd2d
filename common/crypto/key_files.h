// Where a node keeps its publishing keys. A key is never overwritten and never moved: the first lies at `path`, those
// that came after it beside it, as `path`.next, `path`.next-2 and so on. Which of them signs, the charter says.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/crypto/keys.h"

namespace cairn {

// How many keys a node may keep; nine changes without clearing up.
inline constexpr int publishing_key_files_max = 10;

// The names that may be taken, oldest first.
std::vector<std::string> PublishingKeyFiles(const std::string& path);

// The keys of the files that are there, oldest first; at least one. NOT_FOUND when there is none; else as
// SigningKey::FromPemFile for the first that cannot be read.
absl::StatusOr<std::vector<SigningKey>> ReadPublishingKeys(const std::string& path);

}  // namespace cairn
