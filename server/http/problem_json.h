// Errors as RFC 9457 has them.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/http/http_message.h"

namespace cairn {

// `{"type": "about:blank", "title": "Not Found", "status": 404, "detail": "...", "reason": "WATCH_TOKEN_TOO_OLD"}`;
// `reason` only when the status carries one.
HttpResponse Problem(const absl::Status& status);
// The same for what no status code says, such as 414.
HttpResponse Problem(int http_status, absl::string_view detail);

// The HTTP status for a code. DATA_LOSS and INTERNAL are 500, whose details stay in the log.
int HttpStatusOf(absl::StatusCode code);

}  // namespace cairn
