// Heads without keys, for tests of the store alone: the real ones come from the feed checker, which stands above it.
#pragma once

#include <string>

#include "common/crypto/hash.h"
#include "common/crypto/keys.h"
#include "server/store/feed_store.h"
#include "server/store/verified_head.h"

namespace cairn {

// Makes heads of the types that only the checker and the signer can make. Their signatures are nonsense.
class TestHeads {
 public:
  // The key that the heads name; a charter that stands for them gives it to their partner.
  static std::string PublicKey() { return std::string(public_key_bytes, 'k'); }

  // A head that says what `staged` is, at `seq`.
  static VerifiedHead For(const StagedSet& staged, uint64_t seq, int64_t as_of_unix_millis = 1,
                          const std::string& consortium = "test") {
    v1::HeadContent content;
    content.set_consortium(consortium);
    *content.mutable_feed() = staged.feed.ToProto();
    content.set_seq(seq);
    content.set_live_count(staged.live_count);
    content.set_state_digest(staged.digest.Digest());
    return VerifiedHead(Make(content, as_of_unix_millis));
  }

  // A head with exactly this content.
  static AuthenticHead Make(const v1::HeadContent& content, int64_t as_of_unix_millis) {
    v1::HeadBody body;
    body.set_content(content.SerializeAsString());
    body.set_as_of_unix_millis(as_of_unix_millis);
    body.set_key_id(KeyId(PublicKey()));
    v1::SignedHead head;
    head.set_body(body.SerializeAsString());
    head.set_signature(std::string(64, 's'));
    return AuthenticHead(head, body, content, Sha256(body.content()));
  }

  // `head` as if it had been compared with entries.
  static VerifiedHead Verified(const AuthenticHead& head) { return VerifiedHead(head); }
};

}  // namespace cairn
