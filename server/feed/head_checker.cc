#include "server/feed/head_checker.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "common/charter/charter_document.h"
#include "common/crypto/keys.h"
#include "server/charter/may_sign.h"
#include "server/feed/head_format.h"

namespace cairn {

namespace {

std::string NameOf(const v1::HeadContent& content) {
  return absl::StrCat("head of ", FeedKey::FromProto(content.feed()).ToString(), " at ", content.seq());
}

HeadClaim ClaimOf(const v1::HeadContent& content, const std::string& key_id) {
  return {FeedKey::FromProto(content.feed()), key_id, content.seq(), content.state_digest()};
}

// The younger of two contradicts the older when it names another predecessor than the older, or leaves no room for it.
bool ContradictsOlder(const v1::HeadContent& younger, uint64_t older_seq, const std::string& older_sha256) {
  if (younger.previous_seq() == older_seq) return younger.previous() != older_sha256;
  return younger.previous_seq() < older_seq;
}

}  // namespace

HeadChecker::HeadChecker(const LiveCharter* charter, std::string consortium, Clock* clock)
    : charter_(charter), consortium_(std::move(consortium)), clock_(clock) {}

absl::StatusOr<AuthenticHead> HeadChecker::CheckSignature(const v1::SignedHead& head) const {
  ASSIGN_OR_RETURN(ParsedHead parsed, ParseHead(head));
  const v1::HeadContent& content = parsed.content;
  if (content.consortium() != consortium_) {
    return absl::PermissionDeniedError(
        absl::StrCat(NameOf(content), ": of consortium ", Quoted(content.consortium()), ", not ", Quoted(consortium_)));
  }
  const std::shared_ptr<const CharterView> charter = charter_->current();
  if (!IsAudience(content.feed().audience())) {
    return absl::InvalidArgumentError(
        absl::StrCat(NameOf(content), ": audience ", Quoted(content.feed().audience()), " is none"));
  }
  const absl::StatusOr<const v1::PublishingKey*> key = MaySign(*charter, ClaimOf(content, parsed.body.key_id()));
  if (!key.ok()) return Annotate(key.status(), NameOf(content));
  if (!VerifySignature((*key)->public_key(), head_domain, head.body(), head.signature())) {
    return absl::DataLossError(absl::StrCat(NameOf(content), ": the signature is not that of its key"));
  }
  const absl::Time as_of = absl::FromUnixMillis(parsed.body.as_of_unix_millis());
  if (as_of > clock_->Now() + as_of_future_max) {
    return absl::InvalidArgumentError(
        absl::StrCat(NameOf(content), ": as of ", absl::FormatTime(as_of, absl::UTCTimeZone()),
                     ", more than 10 minutes ahead of this node's clock; set the clocks"));
  }
  return AuthenticHead(head, parsed.body, std::move(parsed.content), std::move(parsed.content_sha256));
}

absl::StatusOr<VerifiedHead> HeadChecker::CheckState(AuthenticHead head, const StagedSet& staged) const {
  const std::string digest = staged.digest.Digest();
  if (!(staged.feed == head.feed()) || digest != head.content().state_digest() ||
      staged.live_count != head.content().live_count()) {
    return absl::DataLossError(absl::StrCat(NameOf(head.content()), ": states ", head.content().live_count(),
                                            " records with digest ", ToHex(head.content().state_digest()), ", and ",
                                            staged.feed.ToString(), " has ", staged.live_count, " with digest ",
                                            ToHex(digest)));
  }
  return VerifiedHead(std::move(head));
}

HeadChecker::Order HeadChecker::Compare(const v1::SignedHead& held, const AuthenticHead& offered) {
  const absl::StatusOr<ParsedHead> parsed = ParseHead(held);
  if (!parsed.ok()) return Order::kNewer;
  const v1::HeadContent& mine = parsed->content;
  const v1::HeadContent& theirs = offered.content();
  if (theirs.feed().generation() != mine.feed().generation()) {
    return theirs.feed().generation() > mine.feed().generation() ? Order::kNewer : Order::kOlder;
  }
  if (theirs.seq() > mine.seq()) {
    return ContradictsOlder(theirs, mine.seq(), parsed->content_sha256) ? Order::kFork : Order::kNewer;
  }
  if (theirs.seq() < mine.seq()) {
    return ContradictsOlder(mine, theirs.seq(), offered.content_sha256()) ? Order::kFork : Order::kOlder;
  }
  if (offered.content_sha256() != parsed->content_sha256) return Order::kFork;
  return offered.as_of_unix_millis() > parsed->body.as_of_unix_millis() ? Order::kNewerAsOf : Order::kSame;
}

HeadChecker::Order HeadChecker::CompareNow(const HeldFeed& held, const AuthenticHead& offered) const {
  const Order order = Compare(held.head, offered);
  if (order != Order::kFork) return order;
  const HeadClaim claim{held.feed, held.key_id, held.seq, held.state_digest};
  if (MaySign(*charter_->current(), claim).ok()) return order;
  return offered.seq() > held.seq ? Order::kNewer : Order::kOlder;
}

absl::Status CheckStanding(const CharterView& charter, const HeldFeed& held) {
  if (!held.has_head) return absl::OkStatus();
  return StandsFor(charter, {held.feed, held.key_id, held.seq, held.state_digest});
}

absl::StatusOr<FeedKey> HeadChecker::CheckEvidence(const v1::ForkEvidence& evidence) const {
  ASSIGN_OR_RETURN(const AuthenticHead first, CheckSignature(evidence.first()));
  ASSIGN_OR_RETURN(const AuthenticHead second, CheckSignature(evidence.second()));
  if (!(first.feed() == second.feed()) || Compare(first.signed_head(), second) != Order::kFork) {
    return absl::InvalidArgumentError(
        absl::StrCat("evidence against ", first.feed().ToString(), ": its two heads can both be true"));
  }
  return first.feed();
}

}  // namespace cairn
