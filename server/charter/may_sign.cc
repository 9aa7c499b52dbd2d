#include "server/charter/may_sign.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/crypto/keys.h"

namespace cairn {

namespace {

const v1::KeyRange* RangeOf(const v1::PublishingKey& key, absl::string_view audience) {
  for (const v1::KeyRange& range : key.ranges()) {
    if (range.audience() == audience) return &range;
  }
  return nullptr;
}

bool IsLastGood(const v1::PublishingKey& key, const HeadClaim& claim) {
  const v1::KeyRange* const range = RangeOf(key, claim.feed.audience);
  return range != nullptr && !range->until_digest().empty() && claim.seq == range->until_seq() &&
         claim.state_digest == range->until_digest();
}

absl::Status CheckRange(const v1::PublishingKey& key, const HeadClaim& claim) {
  const v1::KeyRange* const range = RangeOf(key, claim.feed.audience);
  if (range == nullptr) {
    if (!key.revoked()) return absl::OkStatus();
    return absl::PermissionDeniedError(
        absl::StrCat("key ", claim.key_id, " is revoked, and nothing that it signed for this audience is good"));
  }
  if (claim.seq < range->from_seq() || (range->until_seq() != 0 && claim.seq > range->until_seq())) {
    return absl::PermissionDeniedError(
        absl::StrCat("its key may sign from ", range->from_seq(), " to ", range->until_seq(), " only (0: no end)"));
  }
  if (claim.seq == range->until_seq() && !range->until_digest().empty() &&
      claim.state_digest != range->until_digest()) {
    return absl::PermissionDeniedError(absl::StrCat(
        "digest ", ToHex(claim.state_digest), " is not the last good one of its key, ", ToHex(range->until_digest())));
  }
  return absl::OkStatus();
}

absl::StatusOr<const v1::PublishingKey*> FindKey(const CharterView& charter, const HeadClaim& claim) {
  const v1::PublishingKey* const key =
      charter.FindPublishingKey(claim.feed.partner, claim.feed.generation, claim.key_id);
  if (key != nullptr) return key;
  return absl::PermissionDeniedError(
      absl::StrCat("key ", Quoted(claim.key_id), " is none of the partner's for this ", "generation"));
}

// That something new of the partner is welcome, in this generation.
absl::Status CheckOwner(const v1::Partner& owner, const HeadClaim& claim) {
  if (owner.status() != v1::ACTIVE) {
    return absl::PermissionDeniedError(
        absl::StrCat("the partner is ", v1::PartnerStatus_Name(owner.status()), "; nothing new of it is accepted"));
  }
  if (claim.feed.generation == owner.generation()) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("generation ", claim.feed.generation, "; the charter has generation ", owner.generation()));
}

}  // namespace

absl::StatusOr<const v1::PublishingKey*> MaySign(const CharterView& charter, const HeadClaim& claim) {
  const v1::Partner* const owner = charter.FindPartner(claim.feed.partner);
  if (owner == nullptr) return absl::PermissionDeniedError("no such partner in the charter");
  const absl::StatusOr<const v1::PublishingKey*> key = FindKey(charter, claim);
  const bool stays = owner->status() == v1::ACTIVE || (owner->status() == v1::RETIRED && owner->entries_kept());
  if (stays && key.ok() && IsLastGood(**key, claim)) return key;
  if (const absl::Status welcome = CheckOwner(*owner, claim); !welcome.ok()) return welcome;
  if (!key.ok()) return key;
  if ((*key)->revoked()) {
    return absl::PermissionDeniedError(
        absl::StrCat("key ", claim.key_id, " is revoked; of it only the last good state is accepted"));
  }
  if (const absl::Status in_range = CheckRange(**key, claim); !in_range.ok()) return in_range;
  return key;
}

absl::Status StandsFor(const CharterView& charter, const HeadClaim& claim) {
  const absl::StatusOr<const v1::PublishingKey*> key = FindKey(charter, claim);
  return key.ok() ? CheckRange(**key, claim) : key.status();
}

const v1::PublishingKey* NewestKey(const CharterView& charter, const FeedKey& feed, uint64_t seq,
                                   const std::function<bool(const std::string& key_id)>& held) {
  const v1::Partner* const owner = charter.FindPartner(feed.partner);
  if (owner == nullptr) return nullptr;
  const auto& keys = owner->publishing_keys();
  const auto may = [&](const v1::PublishingKey& key) {
    const HeadClaim claim{feed, KeyId(key.public_key()), seq, ""};
    const v1::KeyRange* const range = RangeOf(key, feed.audience);
    const bool open = range == nullptr || range->until_seq() == 0 || seq < range->until_seq();
    return key.generation() == feed.generation && !key.revoked() && open && CheckRange(key, claim).ok() &&
           held(claim.key_id);
  };
  const auto newest = std::find_if(keys.rbegin(), keys.rend(), may);
  return newest == keys.rend() ? nullptr : &*newest;
}

}  // namespace cairn
