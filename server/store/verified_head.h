// What is known of a head, as types: nobody can store an unsigned head or make an unverified set visible by forgetting
// a check.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "cairn/v1/feed.pb.h"
#include "server/store/feed_key.h"

namespace cairn {

// A head whose signature is good under a key that the charter in force gives its feed's owner. Says nothing about any
// entries. A value. Made only by the feed checker and the feed signer.
class AuthenticHead {
 public:
  // As it is stored and passed on.
  const v1::SignedHead& signed_head() const { return signed_head_; }
  const v1::HeadContent& content() const { return content_; }
  const FeedKey& feed() const { return feed_; }
  uint64_t seq() const { return content_.seq(); }
  // When the owner's node said so; exact to the millisecond.
  absl::Time as_of() const { return absl::FromUnixMillis(as_of_unix_millis_); }
  int64_t as_of_unix_millis() const { return as_of_unix_millis_; }
  const std::string& key_id() const { return key_id_; }
  // SHA-256 of the content's bytes, 32 bytes: two heads with the same state the same thing.
  const std::string& content_sha256() const { return content_sha256_; }

 private:
  friend class HeadChecker;
  friend class HeadSigner;
  friend class TestHeads;  // tests/fakes: heads without keys, for tests of the store alone
  // `content` is what `body.content()` parses to, `content_sha256` the hash of those bytes.
  AuthenticHead(v1::SignedHead signed_head, const v1::HeadBody& body, v1::HeadContent content,
                std::string content_sha256)
      : signed_head_(std::move(signed_head)),
        content_(std::move(content)),
        feed_(FeedKey::FromProto(content_.feed())),
        as_of_unix_millis_(body.as_of_unix_millis()),
        key_id_(body.key_id()),
        content_sha256_(std::move(content_sha256)) {}

  v1::SignedHead signed_head_;
  v1::HeadContent content_;
  FeedKey feed_;
  int64_t as_of_unix_millis_;
  std::string key_id_;
  std::string content_sha256_;
};

// An authentic head whose digest and count equal a set that was computed on this node: the only thing that makes
// entries visible (R1).
class VerifiedHead : public AuthenticHead {
 private:
  friend class HeadChecker;
  friend class HeadSigner;
  friend class TestHeads;
  explicit VerifiedHead(AuthenticHead head) : AuthenticHead(std::move(head)) {}
};

}  // namespace cairn
