// OwnFeed: beginning a new generation of a feed with what was visible of the last one.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "server/publish/own_feed.h"
#include "server/store/apply.h"

namespace cairn {

// The whole set is staged anew, numbered from 1. Withdrawals come along only so that numbers rise with every entry.
absl::StatusOr<uint64_t> OwnFeed::StageForGeneration(const HeldFeed& old, const FeedKey& feed) const {
  uint64_t seq = 0;
  bool restart = true;
  FeedStore::Page page;
  while (!page.last) {
    ASSIGN_OR_RETURN(page,
                     feeds_->ReadPage(old.feed, page.through_seq, limits::page_bytes_target, limits::page_entries_max));
    for (v1::Entry& entry : page.entries) entry.set_seq(++seq);
    if (page.last) seq = std::max<uint64_t>(seq, 1);  // an empty feed has a head as well
    StageBatch batch{std::exchange(restart, false), true, {}, seq, seq};
    ASSIGN_OR_RETURN(batch.prepared, feeds_->Prepare(feed, std::move(page.entries)));
    RETURN_IF_ERROR(store_->Write([&](Connection& db) { return feeds_->Stage(db, batch); }));
  }
  return seq;
}

absl::Status OwnFeed::BeginGeneration(const HeldFeed& old) const {
  RETURN_IF_ERROR(CheckCharter());
  const FeedKey feed = KeyOf(old.feed.audience);
  ASSIGN_OR_RETURN(const uint64_t seq, StageForGeneration(old, feed));
  ApplyProgress progress = ApplyProgress::kDone;
  RETURN_IF_ERROR(store_->Write([&](Connection& db) -> absl::Status {
    ASSIGN_OR_RETURN(const std::optional<HeldFeed> now, FeedStore::Find(db, partner_, feed.audience));
    ASSIGN_OR_RETURN(const StagedSet staged, feeds_->Staged(db, feed));
    if (!now.has_value() || now->content_sha256 != old.content_sha256 || staged.through_seq != seq) {
      return absl::AbortedError(absl::StrCat("feed ", feed.ToString(), " moved while its generation was being begun"));
    }
    const HeadSigner::NextState next{feed, seq, staged.live_count, staged.digest.Digest(), clock_->Now()};
    ASSIGN_OR_RETURN(const v1::SignedHead head, signer_.SignNext(nullptr, next));
    ASSIGN_OR_RETURN(AuthenticHead authentic, checker_->CheckSignature(head));
    ASSIGN_OR_RETURN(const VerifiedHead verified, checker_->CheckState(std::move(authentic), staged));
    ASSIGN_OR_RETURN(progress, feeds_->MakeVisible(db, verified));
    return absl::OkStatus();
  }));
  if (progress == ApplyProgress::kMoreSlices) RETURN_IF_ERROR(ApplyAll(feeds_, feed));
  LogWarning("feed.generation_begun", {{"feed", feed.ToString()}, {"records", old.live_count}});
  return absl::OkStatus();
}

}  // namespace cairn
