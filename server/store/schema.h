// How an older file becomes a newer one. The layout itself: schema_exchanged.h, schema_derived.h, schema_access.h,
// schema_changes.h.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/store/database.h"

namespace cairn {

// In the file's header, so that `file` and people can tell: "Carn".
inline constexpr int64_t schema_application_id = 0x4361726e;
// The version that this program writes and the highest that it reads.
inline constexpr int64_t schema_version = 5;

// Checks that `db` is empty or a Cairn file of this or an older version, creates or migrates it, and compares its
// consortium; see Store::Open for the errors. `consortium` empty: the file's is put into it. Nothing of a file that is
// refused is changed.
absl::Status OpenSchema(Connection& db, absl::Time now, std::string* consortium);

// Checks that `db` is a Cairn file of exactly this version, derived as this program derives, and compares its
// consortium likewise; only reads. FAILED_PRECONDITION says which program is to be started.
absl::Status CheckSchemaForReading(Connection& db, std::string* consortium);

}  // namespace cairn
