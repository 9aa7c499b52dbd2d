// Whose word counts for what: the one place that reads the keys of the charter. A head is new only when MaySign says
// so, and what is held is shown and passed on only while StandsFor does.
//
//                                      MaySign (accepted anew)        StandsFor (held: shown, relayed)
//   a key of the generation in force   active partner, within range   within range
//   a key of an earlier generation     the last good state only       within range: until the new one begins
//   a revoked key                      the last good state only       up to the last good state
//   a retired partner, entries kept    the last good state only       within range (MayRead decides the rest)
//   a key that the charter dropped     no                             no
//
// The last good state is one that a range of the key names by sequence number and digest: there the charter itself says
// what the feed holds, so nothing that a thief signs can pass for it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cairn/v1/charter.pb.h"
#include "server/charter/charter_view.h"
#include "server/store/feed_key.h"

namespace cairn {

// What a head says, as far as keys go.
struct HeadClaim {
  FeedKey feed;
  std::string key_id;
  uint64_t seq = 0;
  std::string state_digest;  // 32 bytes
};

// The key under which the head may be accepted if its signature is good. PERMISSION_DENIED says why not. The pointer
// lives as long as the view. Thread-safe.
absl::StatusOr<const v1::PublishingKey*> MaySign(const CharterView& charter, const HeadClaim& claim);

// OK while the charter stands for a head that was accepted once. PERMISSION_DENIED says why it does not: its entries
// must be neither shown nor passed on. Thread-safe.
absl::Status StandsFor(const CharterView& charter, const HeadClaim& claim);

// The newest of the partner's keys that may sign a head of the feed at `seq`, of those that `held` returns true for (by
// key id); nullptr: none. For the owner's own node.
const v1::PublishingKey* NewestKey(const CharterView& charter, const FeedKey& feed, uint64_t seq,
                                   const std::function<bool(const std::string& key_id)>& held);

}  // namespace cairn
