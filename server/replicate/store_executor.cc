#include "server/replicate/store_executor.h"

#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "server/store/apply.h"

namespace cairn {
namespace {

constexpr absl::Duration kReadBudget = absl::Seconds(30);  // readers are shared with searches

const FeedKey& KeyOf(const ReadPage& a) { return a.feed; }
const FeedKey& KeyOf(const ReadInline& a) { return a.feed; }
const FeedKey& KeyOf(const StagePage& a) { return a.feed; }
const FeedKey& KeyOf(const CommitHead& a) { return a.head.feed(); }
const FeedKey& KeyOf(const RefreshHead& a) { return a.head.feed(); }
const FeedKey& KeyOf(const DropStaged& a) { return a.feed; }
const FeedKey& KeyOf(const FreezeFeed& a) { return a.feed; }
const FeedKey& KeyOf(const RecordAcknowledgement& a) { return a.feed; }
const FeedKey& KeyOf(const DropFeed& a) { return a.feed; }
const FeedKey& KeyOf(const RecordErasure& a) { return a.feed; }
const FeedKey& KeyOf(const AcceptCharter&) {
  static const FeedKey none{};
  return none;
}

}  // namespace

FeedKey StoreExecutor::FeedOf(const StoreAction& action) {
  return std::visit([](const auto& a) { return KeyOf(a); }, action);
}

bool StoreExecutor::ReadsOnly(const StoreAction& action) {
  return std::holds_alternative<ReadPage>(action) || std::holds_alternative<ReadInline>(action);
}

StoreResult StoreExecutor::Execute(StoreRequest request) {
  StoreResult result;
  result.id = request.id;
  std::visit([&](auto& action) { Do(action, &result); }, request.action);
  const FeedKey feed = FeedOf(request.action);
  if (feed.partner.empty() || ReadsOnly(request.action)) return result;
  result.held = HeldNow(feed);
  return result;
}

// How the feed stands; a write that is done is not undone by a slow read, so an error here is only a missing answer.
std::optional<HeldFeed> StoreExecutor::HeldNow(const FeedKey& feed) {
  HeldFeed held;
  held.feed = feed;  // nothing held and nothing staged is an answer as well
  const absl::Status status = store_->Read(
      [&](Connection& db) -> absl::Status {
        ASSIGN_OR_RETURN(const std::optional<HeldFeed> found, FeedStore::Find(db, feed.partner, feed.audience));
        if (found.has_value()) held = *found;
        return absl::OkStatus();
      },
      kReadBudget);
  if (status.ok()) return held;
  LogWarning("sync.read_failed", {{"feed", feed.ToString()}, {"why", status.message()}});
  return std::nullopt;
}

absl::Status StoreExecutor::Recover() {
  ASSIGN_OR_RETURN(const std::vector<HeldFeed> held, feeds_->Feeds());
  for (const HeldFeed& feed : held) {
    if (feed.state == FeedState::kApplying) RETURN_IF_ERROR(ApplyAll(feeds_, feed.feed));
  }
  return absl::OkStatus();
}

void StoreExecutor::Do(ReadPage& action, StoreResult* result) {
  absl::StatusOr<FeedStore::Page> page =
      feeds_->ReadPage(action.feed, action.after_seq, limits::page_bytes_target, limits::page_entries_max);
  result->status = page.status();
  if (page.ok()) result->page = *std::move(page);
}

void StoreExecutor::Do(ReadInline& action, StoreResult* result) {
  auto changes = feeds_->ChangesAfter(action.feed, action.after_seq, limits::inline_entries_bytes_max);
  result->status = changes.status();
  if (changes.ok()) result->inlined = *std::move(changes);
}

// A delta whose slices failed (a full disk) is finished before anything else is done to its feed.
absl::Status StoreExecutor::FinishPending(const FeedKey& feed) {
  ASSIGN_OR_RETURN(const std::optional<HeldFeed> held, feeds_->Find(feed.partner, feed.audience));
  if (!held.has_value() || held->state != FeedState::kApplying) return absl::OkStatus();
  return ApplyAll(feeds_, held->feed);
}

void StoreExecutor::Do(StagePage& action, StoreResult* result) {
  result->status = FinishPending(action.feed);
  if (!result->status.ok()) return;
  absl::StatusOr<PreparedBatch> prepared = feeds_->Prepare(action.feed, std::move(action.entries));
  if (!prepared.ok()) {
    result->status = prepared.status();
    return;
  }
  const StageBatch batch{action.restart, action.full, *std::move(prepared), action.through_seq, action.basis_seq};
  result->status = store_->Write([&](Connection& db) { return feeds_->Stage(db, batch); });
}

void StoreExecutor::Do(CommitHead& action, StoreResult* result) {
  result->status = FinishPending(action.head.feed());
  if (!result->status.ok()) return;
  std::optional<StageBatch> inlined;
  if (action.inlined) {
    absl::StatusOr<PreparedBatch> prepared = feeds_->Prepare(action.head.feed(), std::move(action.entries));
    result->status = prepared.status();
    if (!prepared.ok()) return;
    inlined = StageBatch{true, false, *std::move(prepared), action.head.seq(), action.head.seq()};
  }
  ApplyProgress progress = ApplyProgress::kDone;
  result->status = store_->Write(
      [&](Connection& db) { return Commit(db, action, inlined.has_value() ? &*inlined : nullptr, &progress); });
  if (absl::IsDataLoss(result->status) && !action.inlined) {
    const FeedKey& feed = action.head.feed();
    store_->Write([&](Connection& db) { return feeds_->DropStaging(db, feed.partner, feed.audience); }).IgnoreError();
  }
  if (result->status.ok() && progress == ApplyProgress::kMoreSlices)
    result->status = ApplyAll(feeds_, action.head.feed());
}

// One transaction from comparing to visible: what was checked is what is shown.
absl::Status StoreExecutor::Commit(Connection& db, const CommitHead& action, const StageBatch* inlined,
                                   ApplyProgress* progress) {
  const FeedKey& feed = action.head.feed();
  ASSIGN_OR_RETURN(const std::optional<HeldFeed> held, FeedStore::Find(db, feed.partner, feed.audience));
  const bool heals = held.has_value() && held->staging.active && held->staging.full;
  if (held.has_value() && held->has_head) {
    const HeadChecker::Order order = checker_->CompareNow(*held, action.head);
    const bool same = order == HeadChecker::Order::kSame || order == HeadChecker::Order::kNewerAsOf;
    if (order != HeadChecker::Order::kNewer && !(same && heals)) {
      return absl::FailedPreconditionError(
          absl::StrCat("feed ", feed.ToString(), " stands at ", held->seq, " already"));
    }
  }
  if (inlined != nullptr) {
    const bool joins = action.after_seq <= (held.has_value() && held->feed == feed ? held->seq : 0);
    if (!joins) return absl::FailedPreconditionError("an inlined change that does not join what is held");
    RETURN_IF_ERROR(feeds_->Stage(db, *inlined));
  }
  ASSIGN_OR_RETURN(const StagedSet staged, feeds_->Staged(db, feed));
  RETURN_IF_ERROR(CheckQuota(db, staged));
  ASSIGN_OR_RETURN(const VerifiedHead verified, checker_->CheckState(action.head, staged));
  ASSIGN_OR_RETURN(*progress, feeds_->MakeVisible(db, verified));
  return absl::OkStatus();
}

// What the charter lets one partner place on everybody's disk, over all its feeds.
absl::Status StoreExecutor::CheckQuota(Connection& db, const StagedSet& staged) const {
  const v1::Quota quota = charter_->current()->QuotaOf(staged.feed.partner);
  ASSIGN_OR_RETURN(const FeedStore::Live others,
                   FeedStore::LiveInOtherFeeds(db, staged.feed.partner, staged.feed.audience));
  const uint64_t records = staged.live_count + others.records;
  const uint64_t bytes = staged.live_bytes + others.bytes;
  if (records <= quota.records_max() && bytes <= quota.bytes_max()) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("with feed ", staged.feed.ToString(), " its partner would hold ",
                                                   records, " records in ", bytes, " bytes; the quota is ",
                                                   quota.records_max(), " records, ", quota.bytes_max(), " bytes"));
}

void StoreExecutor::Do(RefreshHead& action, StoreResult* result) {
  result->status = store_->Write([&](Connection& db) { return feeds_->StoreHead(db, action.head); });
}

void StoreExecutor::Do(DropStaged& action, StoreResult* result) {
  result->status =
      store_->Write([&](Connection& db) { return feeds_->DropStaging(db, action.feed.partner, action.feed.audience); });
}

void StoreExecutor::Do(FreezeFeed& action, StoreResult* result) {
  result->status = store_->Write([&](Connection& db) { return feeds_->Freeze(db, action.feed, action.evidence); });
}

void StoreExecutor::Do(RecordAcknowledgement& action, StoreResult* result) {
  result->status = store_->Write([&](Connection& db) {
    return feeds_->RecordPeerHead(db, action.node, action.feed, action.seq, store_->clock()->Now());
  });
}

void StoreExecutor::Do(DropFeed& action, StoreResult* result) {
  const auto& [partner, audience, generation] = action.feed;
  for (ApplyProgress progress = ApplyProgress::kMoreSlices; progress != ApplyProgress::kDone;) {
    result->status = store_->Write([&, &partner = partner, &audience = audience](Connection& db) -> absl::Status {
      ASSIGN_OR_RETURN(progress, feeds_->DropSlice(db, partner, audience));
      return absl::OkStatus();
    });
    if (!result->status.ok()) return;
  }
  const absl::StatusOr<std::vector<DroppedFeed>> all = feeds_->DroppedFeeds();
  if (!all.ok()) return;
  for (const DroppedFeed& dropped : *all) {
    if (dropped.partner == partner && dropped.audience == audience) result->dropped = dropped;
  }
}

void StoreExecutor::Do(RecordErasure& action, StoreResult* result) {
  result->status = store_->Write([&](Connection& db) {
    return feeds_->RecordDrop(db, action.node, action.feed.partner, action.feed.audience, action.erased_at_unix_millis);
  });
}

void StoreExecutor::Do(AcceptCharter& action, StoreResult* result) {
  result->status = charter_->Submit(action.chain).status();
}

}  // namespace cairn
