// Taking heads apart. Says nothing about whether they are true; see head_checker.h.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cairn/v1/feed.pb.h"

namespace cairn {

// How far in the future a head's as_of may lie: clocks of honest nodes differ, and a head from tomorrow would hide a
// day of silence.
inline constexpr absl::Duration as_of_future_max = absl::Minutes(10);

// The parts of a signed head.
struct ParsedHead {
  v1::HeadBody body;
  v1::HeadContent content;
  std::string content_sha256;  // 32 bytes: what the next head refers to
};

// INVALID_ARGUMENT when it is malformed: unreadable, a digest or hash of a wrong length, a feed without partner,
// audience or generation, previous_seq not below seq, no seq.
absl::StatusOr<ParsedHead> ParseHead(const v1::SignedHead& head);

}  // namespace cairn
