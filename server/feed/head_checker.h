// Decides whether a head is true. The only maker of AuthenticHead and VerifiedHead; the store makes nothing visible
// without one, so that nobody can forget to verify (R1, R2).
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cairn/v1/feed.pb.h"
#include "common/base/clock.h"
#include "server/charter/live_charter.h"
#include "server/feed/head_format.h"
#include "server/store/feed_store.h"
#include "server/store/verified_head.h"

namespace cairn {

// Thread-safe. Its pointers must outlive it.
class HeadChecker {
 public:
  HeadChecker(const LiveCharter* charter, std::string consortium, Clock* clock);

  // R1: the head is of this consortium, the charter lets its key sign it (server/charter/may_sign.h), and the signature
  // is that of the key. Errors: INVALID_ARGUMENT for what is
  // malformed or too far in the future; PERMISSION_DENIED for what the charter does not allow; DATA_LOSS for a wrong
  // signature. Some 100 microseconds.
  absl::StatusOr<AuthenticHead> CheckSignature(const v1::SignedHead& head) const;

  // R2: what is staged is exactly what the head states. DATA_LOSS otherwise, naming both digests.
  absl::StatusOr<VerifiedHead> CheckState(AuthenticHead head, const StagedSet& staged) const;

  // How an offered head stands to the one held.
  enum class Order {
    kOlder,      // R5: never goes back; ignore it
    kSame,       // the same state, not newer
    kNewerAsOf,  // the same state, confirmed later: StoreHead
    kNewer,      // a newer state, or nothing is held yet
    kFork,       // R6: both cannot be true
  };
  // By (generation, seq, as_of). Forks: one seq with two contents; a head that names as its predecessor a state that
  // differs from the one held at that seq; a head that leaves no room for the one held (held.seq strictly between
  // previous_seq and seq), and the same with the two exchanged. Across generations there is no fork. An unreadable
  // `held` counts as none. Both must be heads of one partner and audience.
  static Order Compare(const v1::SignedHead& held, const AuthenticHead& offered);
  // As Compare, but by the charter in force: a head held that it would no longer accept, since its key is revoked, is
  // the word of a thief perhaps, and its contradiction to the owner's word no fork of the owner's: the owner's is newer
  // when its number is higher (R5).
  Order CompareNow(const HeldFeed& held, const AuthenticHead& offered) const;

  // The feed of a proof that its owner contradicted itself: both heads are authentic and cannot both be true.
  // INVALID_ARGUMENT when they can; else as CheckSignature.
  absl::StatusOr<FeedKey> CheckEvidence(const v1::ForkEvidence& evidence) const;

 private:
  const LiveCharter* const charter_;
  const std::string consortium_;
  Clock* const clock_;
};

// OK while the charter stands for what is held of a feed; see StandsFor. Nothing held is fine.
absl::Status CheckStanding(const CharterView& charter, const HeldFeed& held);

}  // namespace cairn
