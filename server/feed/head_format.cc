#include "server/feed/head_format.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/crypto/hash.h"

namespace cairn {

namespace {

constexpr size_t hash_bytes = 32;

const char* ProblemOf(const v1::HeadContent& content) {
  if (content.feed().partner().empty() || content.feed().audience().empty() || content.feed().generation() == 0) {
    return "its feed lacks partner, audience or generation";
  }
  if (content.seq() == 0) return "its seq is 0; the first is 1";
  if (content.seq() > static_cast<uint64_t>(INT64_MAX)) return "its seq is beyond the last that can be counted";
  if (content.state_digest().size() != hash_bytes) return "its state_digest has not 32 bytes";
  if (content.previous_seq() >= content.seq()) return "its previous_seq is not below its seq";
  if (content.previous().size() != (content.previous_seq() == 0 ? 0 : hash_bytes)) {
    return "its previous does not fit its previous_seq";
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<ParsedHead> ParseHead(const v1::SignedHead& head) {
  ParsedHead parsed;
  if (head.body().size() > limits::head_bytes_max) {
    return absl::InvalidArgumentError(
        absl::StrCat("head of ", head.body().size(), " bytes; at most ", limits::head_bytes_max));
  }
  if (!parsed.body.ParseFromString(head.body()) || !parsed.content.ParseFromString(parsed.body.content())) {
    return absl::InvalidArgumentError("head cannot be read");
  }
  if (const char* problem = ProblemOf(parsed.content); problem != nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("head of ", Quoted(parsed.content.feed().partner()), ": ", problem));
  }
  parsed.content_sha256 = Sha256(parsed.body.content());
  return parsed;
}

}  // namespace cairn
