#include "server/feed/head_signer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "server/feed/head_format.h"

namespace cairn {

namespace {

v1::SignedHead SignBody(const SigningKey& key, const v1::HeadBody& body) {
  v1::SignedHead head;
  head.set_body(body.SerializeAsString());
  head.set_signature(key.Sign(head_domain, head.body()));
  return head;
}

}  // namespace

HeadSigner::HeadSigner(SigningKey key, std::string consortium)
    : key_(std::move(key)), consortium_(std::move(consortium)), key_id_(KeyId(key_.public_key())) {}

absl::StatusOr<v1::SignedHead> HeadSigner::SignNext(const v1::SignedHead* held, const NextState& next) const {
  v1::HeadContent content;
  content.set_consortium(consortium_);
  *content.mutable_feed() = next.feed.ToProto();
  content.set_seq(next.seq);
  content.set_live_count(next.live_count);
  content.set_state_digest(next.state_digest);
  content.set_previous_seq(next.seen_seq);
  content.set_previous(next.seen_content_sha256);
  int64_t as_of = absl::ToUnixMillis(next.as_of);
  if (held != nullptr) {
    ASSIGN_OR_RETURN(const ParsedHead before, ParseHead(*held));
    if (before.content.feed().generation() == next.feed.generation) {
      const uint64_t floor = std::max(before.content.seq(), next.seen_seq);
      if (next.seq <= floor) {
        return absl::InvalidArgumentError(absl::StrCat("head at ", next.seq, " of ", next.feed.ToString(),
                                                       ": not above the one held or seen, at ", floor));
      }
      if (before.content.seq() >= next.seen_seq) {
        content.set_previous_seq(before.content.seq());
        content.set_previous(before.content_sha256);
      }
      // A clock that was once a day ahead must not stop publishing for a day.
      const int64_t held_as_of = before.body.as_of_unix_millis();
      if (!IsAheadOf(held_as_of, next.as_of)) as_of = std::max(as_of, held_as_of);
    }
  }
  v1::HeadBody body;
  body.set_content(content.SerializeAsString());
  body.set_as_of_unix_millis(as_of);
  body.set_key_id(key_id_);
  return SignBody(key_, body);
}

absl::StatusOr<v1::SignedHead> HeadSigner::Resign(const v1::SignedHead& held, absl::Time as_of) const {
  ASSIGN_OR_RETURN(ParsedHead parsed, ParseHead(held));
  parsed.body.set_as_of_unix_millis(std::max(absl::ToUnixMillis(as_of), parsed.body.as_of_unix_millis()));
  parsed.body.set_key_id(key_id_);
  return SignBody(key_, parsed.body);
}

bool HeadSigner::IsAheadOf(int64_t held_as_of_unix_millis, absl::Time now) {
  return absl::FromUnixMillis(held_as_of_unix_millis) > now + as_of_future_max;
}

}  // namespace cairn
