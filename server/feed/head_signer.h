// Signs the heads of this node's own feeds. Signer beside checker: what is signed here passes there, and the publisher
// has it pass there before it is stored.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cairn/v1/feed.pb.h"
#include "common/crypto/keys.h"
#include "server/store/feed_key.h"

namespace cairn {

// Numbers of a feed that its owner has given out, or may have, and holds no more: the disk they were on is lost. The
// next head stands above them (R3).
struct GoOnAbove {
  FeedKey feed;
  uint64_t seen_seq = 0;            // of the newest head that a peer has seen; 0: none is known
  std::string seen_content_sha256;  // of that head
  uint64_t skip = 0;                // as many numbers more may have been shown to nodes that cannot be asked
};

// Immutable and thread-safe.
class HeadSigner {
 public:
  HeadSigner(SigningKey key, std::string consortium);

  // What a new head states.
  struct NextState {
    FeedKey feed;
    uint64_t seq = 0;  // above that of `held`
    uint64_t live_count = 0;
    std::string state_digest;  // 32 bytes
    absl::Time as_of;
    uint64_t seen_seq = 0;            // a head that was shown after that of `held`, and is lost; see GoOnAbove
    std::string seen_content_sha256;  // of it
  };
  // The head that follows `held`, or what was seen after it; nullptr: the first of its generation. INVALID_ARGUMENT
  // when `seq` does not rise within a generation, which would break R3 and R6. as_of does not go back within a
  // generation when a clock is set back a little; it does when that of `held` lies so far ahead that no node accepts
  // it, since the higher number alone makes the head newer.
  absl::StatusOr<v1::SignedHead> SignNext(const v1::SignedHead* held, const NextState& next) const;

  // The same content with a newer as_of (a heartbeat), or by a new key. as_of never goes back, even when that makes a
  // head that no node accepts yet; see IsAheadOf.
  absl::StatusOr<v1::SignedHead> Resign(const v1::SignedHead& held, absl::Time as_of) const;

  // True when `held` was signed by a clock so far ahead of `now` that no node accepts a head with its as_of: a
  // heartbeat has to wait until that time has come.
  static bool IsAheadOf(int64_t held_as_of_unix_millis, absl::Time now);

  // What charters and heads call the key.
  const std::string& key_id() const { return key_id_; }

 private:
  const SigningKey key_;
  const std::string consortium_;
  const std::string key_id_;
};

}  // namespace cairn
