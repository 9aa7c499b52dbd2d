// Governance of publishing keys: planned changes, theft, loss. Functions like those of charter_edit.h: each takes a
// charter made by NewCharter or Successor and changes one thing in it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/charter.pb.h"

namespace cairn {

// The state of one feed up to which a partner's word is good.
struct LastGood {
  std::string audience;
  uint64_t seq = 0;
  std::string state_digest;  // 32 bytes
};

// A new key and how the governors know that it is the partner's.
struct NewKey {
  std::string partner;
  std::string public_key;       // 32 bytes
  std::vector<v1::Node> nodes;  // of a join request: the machine that it is for; else none
};
// From a join request that a partner made anew, or a request for a new key, once checked.
absl::StatusOr<NewKey> NewKeyOf(const v1::JoinRequest& request);
absl::StatusOr<NewKey> NewKeyOf(const v1::NewKeyRequest& request);

// A planned change: adds the new key beside the old one, which stays valid until DropKey takes it away, so that nobody
// has to act at the same moment. PERMISSION_DENIED unless a key of the partner that is in the charter and not revoked
// signed the request; ALREADY_EXISTS when the key is in.
absl::StatusOr<v1::Charter> RotateKey(v1::Charter charter, const v1::NewKeyRequest& request);

// Takes a key away after a planned change. What it alone has signed is not shown any more, so the partner must have
// signed its heads anew. NOT_FOUND for an unknown key; INVALID_ARGUMENT for the last one that may still sign.
absl::StatusOr<v1::Charter> DropKey(v1::Charter charter, absl::string_view partner, absl::string_view key_id);

// After a theft. What the key signed is good up to the last good states and no further, and for audiences without one
// not at all; `new_key` signs from now on. With `new_generation` the partner's feeds begin anew and replace what nodes
// hold: needed when the thief has published.
struct Revocation {
  std::string partner;
  std::string key_id;
  std::vector<LastGood> last_good;
  NewKey new_key;
  bool new_generation = false;
};
// NOT_FOUND for an unknown key, INVALID_ARGUMENT for a new key that is another partner's or the stolen one itself.
absl::StatusOr<v1::Charter> RevokeKey(v1::Charter charter, const Revocation& revocation);

// The partner has lost its key: its feeds begin anew under another. `last_good` names the states that the partner may
// fetch back from the others; the machine of a join request takes the place of the node of its id.
absl::StatusOr<v1::Charter> NewGeneration(v1::Charter charter, const NewKey& new_key,
                                          const std::vector<LastGood>& last_good);

// The partner leaves for good and its entries stay as they stand: nothing new is accepted, and nodes that lack a feed
// take it in the state that `last_good` names. Its nodes lose their pins and circles lose the partner, as with Retire.
absl::StatusOr<v1::Charter> RetireKeeping(v1::Charter charter, absl::string_view partner,
                                          const std::vector<LastGood>& last_good);

}  // namespace cairn
