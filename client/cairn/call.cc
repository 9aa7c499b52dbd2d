#include "client/cairn/call.h"

#include <algorithm>
#include <string>

#include "absl/random/random.h"
#include "absl/time/clock.h"
#include "common/base/errors.h"

namespace cairn {

CallOptions Complete(CallOptions options) {
  if (!options.sleep) options.sleep = [](absl::Duration d) { absl::SleepFor(d); };
  if (!options.jitter) {
    options.jitter = [] {
      thread_local absl::BitGen random;
      return absl::Uniform(random, 0.0, 1.0);
    };
  }
  return options;
}

absl::Status FromGrpc(const grpc::Status& status, const grpc::ClientContext& context) {
  if (status.ok()) return absl::OkStatus();
  // Both enumerations have the numbers of google.rpc.Code.
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto reason = trailers.find("cairn-reason");
  if (reason == trailers.end()) return result;
  return WithReason(std::move(result), absl::string_view(reason->second.data(), reason->second.size()));
}

absl::Duration BackoffBefore(const CallOptions& options, int attempt) {
  absl::Duration wait = options.backoff_first;
  for (int i = 1; i < attempt && wait < options.backoff_max; ++i) wait *= 2;
  return std::min(wait, options.backoff_max) * (0.5 + 0.5 * options.jitter());
}

void SetDeadline(grpc::ClientContext* context, const CallOptions& options, absl::Duration deadline) {
  context->set_deadline(absl::ToChronoTime(options.clock->Now() + deadline));
}

absl::Status WithRetries(const CallOptions& options, const std::function<absl::Status()>& attempt) {
  for (int number = 1;; ++number) {
    absl::Status status = attempt();
    if (!absl::IsUnavailable(status) || number >= options.attempts_max) return status;
    options.sleep(BackoffBefore(options, number));
  }
}

}  // namespace cairn
