#include "server/publish/own_feed.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "server/store/apply.h"

namespace cairn {

OwnFeed::OwnFeed(std::string consortium, std::string partner, Store* store, FeedStore* feeds,
                 const LiveCharter* charter, const HeadChecker* checker, SigningKey key, Clock* clock)
    : partner_(std::move(partner)),
      store_(store),
      feeds_(feeds),
      charter_(charter),
      checker_(checker),
      signer_(std::move(key), std::move(consortium)),
      clock_(clock) {}

absl::Status OwnFeed::CheckCharter() const {
  const std::shared_ptr<const CharterView> charter = charter_->current();
  if (charter->empty()) {
    return absl::FailedPreconditionError("this node holds no charter yet; `cairn charter submit FILE` gives it one");
  }
  const v1::Partner* const own = charter->FindPartner(partner_);
  if (own == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat("partner ", Quoted(partner_), " is not in charter version ",
                                                      charter->version(), "; the governors have to admit it"));
  }
  if (own->status() != v1::ACTIVE) {
    return absl::FailedPreconditionError(absl::StrCat("partner ", Quoted(partner_), " is ",
                                                      v1::PartnerStatus_Name(own->status()), " in charter version ",
                                                      charter->version()));
  }
  if (charter->FindPublishingKey(partner_, own->generation(), signer_.key_id()) == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat("publishing key ", signer_.key_id(), " is not among those of ",
                                                      Quoted(partner_), " in charter version ", charter->version()));
  }
  return absl::OkStatus();
}

FeedKey OwnFeed::KeyOf(const std::string& audience) const {
  const std::shared_ptr<const CharterView> charter = charter_->current();
  const v1::Partner* const own = charter->FindPartner(partner_);
  return {partner_, audience, own == nullptr ? 1 : own->generation()};
}

absl::Status OwnFeed::CheckFeed(const std::optional<HeldFeed>& held) const {
  if (!held.has_value() || !held->has_head) return absl::OkStatus();
  const std::string name = held->feed.ToString();
  if (held->frozen) {
    return absl::FailedPreconditionError(
        absl::StrCat("feed ", name,
                     " is frozen: two contradicting heads were signed with its key; the governors must name a new key "
                     "and generation"));
  }
  if (held->state == FeedState::kDamaged) {
    return absl::FailedPreconditionError(
        absl::StrCat("feed ", name, " is damaged on this disk and being fetched anew"));
  }
  if (const FeedKey now = KeyOf(held->feed.audience); now.generation != held->feed.generation) {
    return absl::FailedPreconditionError(
        absl::StrCat("feed ", name, ": the charter is in generation ", now.generation, ", which is not begun here"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<HeldFeed>> OwnFeed::Settle(const std::string& audience) {
  absl::StatusOr<std::optional<HeldFeed>> held = feeds_->Find(partner_, audience);
  if (!held.ok()) return held;
  if (held->has_value() && (*held)->state == FeedState::kApplying) {
    RETURN_IF_ERROR(ApplyAll(feeds_, KeyOf(audience)));
    held = feeds_->Find(partner_, audience);
    if (!held.ok()) return held;
  }
  RETURN_IF_ERROR(CheckFeed(*held));
  if (held->has_value() && !(*held)->has_head) return std::optional<HeldFeed>();
  return held;
}

absl::Status OwnFeed::CheckQuota(const Change& change) const {
  const v1::Quota quota = charter_->current()->QuotaOf(partner_);
  ASSIGN_OR_RETURN(const std::vector<HeldFeed> all, feeds_->Feeds());
  int64_t records = change.records_delta;
  int64_t bytes = change.bytes_delta;
  for (const HeldFeed& feed : all) {
    if (feed.feed.partner != partner_) continue;
    records += static_cast<int64_t>(feed.live_count);
    bytes += static_cast<int64_t>(feed.live_bytes);
  }
  // What makes less is welcome, even above the quota.
  if (change.records_delta > 0 && records > static_cast<int64_t>(quota.records_max())) {
    return absl::ResourceExhaustedError(absl::StrCat("the partner would have ", records,
                                                     " records; the charter allows ", quota.records_max(),
                                                     "; withdraw some, or ask the governors"));
  }
  if (change.bytes_delta > 0 && bytes > static_cast<int64_t>(quota.bytes_max())) {
    return absl::ResourceExhaustedError(absl::StrCat("the partner's records would have ", bytes,
                                                     " bytes; the charter allows ", quota.bytes_max(),
                                                     "; withdraw some, or ask the governors"));
  }
  return absl::OkStatus();
}

absl::StatusOr<ApplyProgress> OwnFeed::Finish(Connection& db, const FeedKey& feed, const std::optional<HeldFeed>& held,
                                              uint64_t seq) const {
  ASSIGN_OR_RETURN(const StagedSet staged, feeds_->Staged(db, feed));
  HeadSigner::NextState next{feed, seq, staged.live_count, staged.digest.Digest(), clock_->Now()};
  ASSIGN_OR_RETURN(const v1::SignedHead head, signer_.SignNext(held.has_value() ? &held->head : nullptr, next));
  ASSIGN_OR_RETURN(AuthenticHead authentic, checker_->CheckSignature(head));
  ASSIGN_OR_RETURN(const VerifiedHead verified, checker_->CheckState(std::move(authentic), staged));
  return feeds_->MakeVisible(db, verified);
}

absl::Status OwnFeed::StageAll(const FeedKey& feed, const std::optional<HeldFeed>& held, const Change& change,
                               ApplyProgress* progress) {
  const uint64_t base = held.has_value() ? held->seq : 0;
  uint64_t staged = 0;
  while (staged < change.entries) {
    ASSIGN_OR_RETURN(std::vector<v1::Entry> entries, change.next());
    if (entries.empty()) return absl::InternalError(absl::StrCat("only ", staged, " of ", change.entries, " entries"));
    StageBatch batch;
    batch.restart = staged == 0;
    for (v1::Entry& entry : entries) entry.set_seq(base + ++staged);
    ASSIGN_OR_RETURN(batch.prepared, feeds_->Prepare(feed, std::move(entries)));
    batch.through_seq = batch.basis_seq = base + staged;
    // The last chunk and the head go in one transaction; for a small change that is all there is.
    RETURN_IF_ERROR(store_->Write([&](Connection& db) -> absl::Status {
      RETURN_IF_ERROR(feeds_->Stage(db, batch));
      if (staged < change.entries) return absl::OkStatus();
      ASSIGN_OR_RETURN(*progress, Finish(db, feed, held, base + staged));
      return absl::OkStatus();
    }));
    if (change.progress) change.progress(staged);
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> OwnFeed::Write(const std::string& audience, const Change& change) {
  RETURN_IF_ERROR(CheckCharter());
  RETURN_IF_ERROR(CheckQuota(change));
  ASSIGN_OR_RETURN(const std::optional<HeldFeed> held, Settle(audience));
  const FeedKey feed = KeyOf(audience);
  ApplyProgress progress = ApplyProgress::kDone;
  if (const absl::Status staged = StageAll(feed, held, change, &progress); !staged.ok()) {
    const absl::Status dropped =
        store_->Write([&](Connection& db) { return feeds_->DropStaging(db, partner_, audience); });
    if (!dropped.ok()) LogWarning("publish.staging_left", {{"why", dropped.message()}});
    return staged;
  }
  if (progress == ApplyProgress::kMoreSlices) {
    RETURN_IF_ERROR(Annotate(ApplyAll(feeds_, feed), "the batch is signed and on disk and will be completed"));
  }
  return (held.has_value() ? held->seq : 0) + change.entries;
}

absl::Status OwnFeed::Resign(const HeldFeed& held) {
  ASSIGN_OR_RETURN(const v1::SignedHead head, signer_.Resign(held.head, clock_->Now()));
  ASSIGN_OR_RETURN(const AuthenticHead authentic, checker_->CheckSignature(head));
  return store_->Write([&](Connection& db) { return feeds_->StoreHead(db, authentic); });
}

}  // namespace cairn
