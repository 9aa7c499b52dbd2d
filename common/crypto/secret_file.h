// Files that hold secrets: readable by their owner alone, or refused.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cairn {

// The whole file, at most 64 KiB. PERMISSION_DENIED when others than its owner may read or write it (the text names the
// chmod that mends it) or it belongs to another user; NOT_FOUND when there is none; FAILED_PRECONDITION for what is no
// regular file.
absl::StatusOr<std::string> ReadSecretFile(const std::string& path);

// Writes a new file with mode 0600 and syncs it and its directory. ALREADY_EXISTS rather than overwrite: a lost key is
// lost for good. A failure leaves no file.
absl::Status WriteSecretFile(const std::string& path, absl::string_view contents);

}  // namespace cairn
