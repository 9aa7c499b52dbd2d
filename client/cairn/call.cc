#include "client/cairn/call.h"

#include <algorithm>
#include <string>

#include "absl/random/random.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
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

namespace {

// Where the call went, as people write it: "/var/lib/cairn/cairn.sock", "127.0.0.1:7401".
std::string PlaceOf(const grpc::ClientContext& context) {
  const std::string peer = context.peer();
  absl::string_view place = peer;
  for (const absl::string_view scheme : {"unix:", "dns:", "ipv4:", "ipv6:"}) {
    if (absl::ConsumePrefix(&place, scheme)) break;
  }
  while (absl::StartsWith(place, "//")) place.remove_prefix(1);          // "unix:///run/x" is "/run/x"
  if (absl::StartsWith(peer, "dns:")) absl::ConsumePrefix(&place, "/");  // "dns:///host:1" is "host:1"
  return place.empty() ? "the node's address" : std::string(place);
}

// What gRPC itself says is for its developers; a node's own messages pass unchanged.
std::string MessageFor(const grpc::Status& status, const grpc::ClientContext& context) {
  const std::string& message = status.error_message();
  const auto at = [&](absl::string_view text) { return absl::StrCat(PlaceOf(context), ": ", text); };
  const auto silent = [&] { return at("the node does not answer; it may be stopped or overloaded, see its log"); };
  if (message.empty()) return at("the call failed, and nothing says why");
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED && message == "Deadline Exceeded") return silent();
  if (status.error_code() != grpc::StatusCode::UNAVAILABLE) return message;
  if (absl::StrContains(message, "handshaker shutdown")) {  // so it is called when a connection is refused as well
    return at(
        "nothing answers there, or it speaks encrypted; use the node's socket (--data DIR), or at the administrators' "
        "port --pin or --ca with --token-file");
  }
  if (absl::StrContains(message, "timed out")) return silent();
  if (absl::StrContains(message, "Connection refused") || absl::StrContains(message, "No such file")) {
    return at("nothing listens there; is cairnd running?");
  }
  if (absl::StrContains(message, "failed to connect") && absl::StrContains(message, "Socket closed")) {
    return at(
        "what listens there does not speak to administrators: perhaps it is the port for other nodes (`listen` in "
        "node.toml); use the node's socket (--data DIR) or the address in admin.listen");
  }
  if (message == "Socket closed" || absl::StrContains(message, "reset by peer") ||
      absl::StrContains(message, "GOAWAY")) {
    return at("the node ended the connection; it was stopped, or it failed: see its log");
  }
  return message;
}

}  // namespace

absl::Status FromGrpc(const grpc::Status& status, const grpc::ClientContext& context) {
  if (status.ok()) return absl::OkStatus();
  // Both enumerations have the numbers of google.rpc.Code.
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), MessageFor(status, context));
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
