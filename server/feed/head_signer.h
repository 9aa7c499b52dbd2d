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
  };
  // The head that follows `held`; nullptr: the first of its generation. INVALID_ARGUMENT when `seq` does not rise
  // within a generation, which would break R3 and R6. as_of never goes back within a generation, whatever the clock
  // did.
  absl::StatusOr<v1::SignedHead> SignNext(const v1::SignedHead* held, const NextState& next) const;

  // The same content with a newer as_of (a heartbeat), or by a new key. as_of never goes back.
  absl::StatusOr<v1::SignedHead> Resign(const v1::SignedHead& held, absl::Time as_of) const;

  // What charters and heads call the key.
  const std::string& key_id() const { return key_id_; }

 private:
  const SigningKey key_;
  const std::string consortium_;
  const std::string key_id_;
};

}  // namespace cairn
