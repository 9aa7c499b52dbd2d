#include "server/http/problem_json.h"

#include <nlohmann/json.hpp>
#include <string>

#include "common/base/errors.h"

namespace cairn {
namespace {

HttpResponse Make(int status, absl::string_view detail, const std::string& reason) {
  nlohmann::ordered_json problem{{"type", "about:blank"},
                                 {"title", std::string(ReasonPhrase(status))},
                                 {"status", status},
                                 {"detail", std::string(detail)}};
  if (!reason.empty()) problem["reason"] = reason;
  // A text may quote what somebody sent.
  const auto replace = nlohmann::ordered_json::error_handler_t::replace;
  HttpResponse response = HttpResponse::Of("application/problem+json", problem.dump(2, ' ', false, replace) + "\n");
  response.status = status;
  response.problem_reason = reason;
  return response;
}

}  // namespace

int HttpStatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
      return 409;
    case absl::StatusCode::kAborted:
      return 410;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kUnavailable:
      return 503;
    default:
      return 500;
  }
}

HttpResponse Problem(const absl::Status& status) {
  const int http = HttpStatusOf(status.code());
  if (http == 500) return Make(http, "the node could not answer; its log says why", "");
  HttpResponse response = Make(http, std::string(status.message()), ReasonOf(status));
  if (http == 401) response.With("WWW-Authenticate", "Bearer realm=\"cairn\"");
  if (http == 429 || http == 503) response.With("Retry-After", "2");
  return response;
}

HttpResponse Problem(int http_status, absl::string_view detail) { return Make(http_status, detail, ""); }

}  // namespace cairn
