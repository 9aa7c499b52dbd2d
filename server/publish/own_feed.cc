#include "server/publish/own_feed.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/notification.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/crypto/keys.h"
#include "server/charter/may_sign.h"
#include "server/store/apply.h"

namespace cairn {

OwnFeed::OwnFeed(std::string consortium, std::string partner, Store* store, FeedStore* feeds,
                 const LiveCharter* charter, const HeadChecker* checker, SigningKey key, Clock* clock)
    : partner_(std::move(partner)),
      store_(store),
      feeds_(feeds),
      charter_(charter),
      checker_(checker),
      consortium_(std::move(consortium)),
      clock_(clock) {
  SetKeys({std::move(key)});
}

// --- keys

void OwnFeed::SetKeys(const std::vector<SigningKey>& keys) {
  std::vector<Signer> signers;
  for (const SigningKey& key : keys) signers.push_back(std::make_shared<const HeadSigner>(key, consortium_));
  absl::MutexLock lock(&keys_mutex_);
  signers_ = std::move(signers);
}

OwnFeed::Signer OwnFeed::FindSigner(absl::string_view key_id) const {
  absl::MutexLock lock(&keys_mutex_);
  for (const Signer& signer : signers_) {
    if (signer->key_id() == key_id) return signer;
  }
  return nullptr;
}

std::string OwnFeed::KeyIds() const {
  absl::MutexLock lock(&keys_mutex_);
  return absl::StrJoin(signers_, ", ", [](std::string* out, const Signer& s) { absl::StrAppend(out, s->key_id()); });
}

absl::StatusOr<OwnFeed::Signer> OwnFeed::SignerFor(const FeedKey& feed, uint64_t seq) const {
  const std::shared_ptr<const CharterView> charter = charter_->current();
  const v1::PublishingKey* const key =
      NewestKey(*charter, feed, seq, [this](const std::string& id) { return FindSigner(id) != nullptr; });
  Signer signer = key == nullptr ? nullptr : FindSigner(KeyId(key->public_key()));
  if (signer != nullptr) return signer;
  return absl::FailedPreconditionError(absl::StrCat("feed ", feed.ToString(), ": charter version ", charter->version(),
                                                    " lets none of the keys held (", KeyIds(), ") sign at ", seq,
                                                    "; `cairn node new-key` makes one that the governors can name"));
}

std::string OwnFeed::MissingKey() const {
  const std::shared_ptr<const CharterView> charter = charter_->current();
  const v1::Partner* const own = charter->FindActivePartner(partner_);
  if (own == nullptr) return "";
  const auto& keys = own->publishing_keys();
  const auto newest = std::find_if(keys.rbegin(), keys.rend(), [&](const v1::PublishingKey& key) {
    return key.generation() == own->generation() && !key.revoked();
  });
  if (newest == keys.rend()) return absl::StrCat("the charter names no key that ", partner_, " may publish with");
  const std::string key_id = KeyId(newest->public_key());
  if (FindSigner(key_id) != nullptr) return "";
  return absl::StrCat("the charter names key ", key_id, " for ", partner_, ", which this node does not hold (it holds ",
                      KeyIds(), "); put it beside keys/publish.key as publish.key.next");
}

// --- what may be written

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
  for (const v1::PublishingKey& key : own->publishing_keys()) {
    const bool signs = key.generation() == own->generation() && !key.revoked();
    if (signs && FindSigner(KeyId(key.public_key())) != nullptr) return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("publishing key ", KeyIds(), " is not among those of ", Quoted(partner_), " in charter version ",
                   charter->version(),
                   "; put back the key file that belongs to this partner, or ask the governors to name this key in the "
                   "charter"));
}

FeedKey OwnFeed::KeyOf(const std::string& audience) const {
  const std::shared_ptr<const CharterView> charter = charter_->current();
  const v1::Partner* const own = charter->FindPartner(partner_);
  return {partner_, audience, own == nullptr ? 1 : own->generation()};
}

namespace {

// How a partner goes on whose own copy of its feed is a thief's.
std::string WayOut(const HeldFeed& held, uint32_t generation) {
  const std::string begin =
      absl::StrCat("begin the feed anew from your files with `cairn publish FILE --prune",
                   held.feed.audience == "public" ? "" : absl::StrCat(" --audience ", held.feed.audience),
                   "`, FILE having all that the feed is to hold, or restore a copy from before");
  if (generation > held.feed.generation) return begin;
  return absl::StrCat("have the governors begin a new generation; then ", begin);
}

}  // namespace

bool OwnFeed::Abandoned(const HeldFeed& held) const {
  return KeyOf(held.feed.audience).generation > held.feed.generation && !CheckStanding(*charter_->current(), held).ok();
}

absl::Status OwnFeed::CheckFeed(const std::optional<HeldFeed>& held) const {
  if (!held.has_value() || !held->has_head) return absl::OkStatus();
  const std::string name = held->feed.ToString();
  if (held->state == FeedState::kDamaged) {
    return absl::FailedPreconditionError(
        absl::StrCat("feed ", name, " is damaged on this disk and being fetched anew"));
  }
  const FeedKey now = KeyOf(held->feed.audience);
  if (now.generation < held->feed.generation) {
    return absl::FailedPreconditionError(absl::StrCat("feed ", name, ": the charter is back in generation ",
                                                      now.generation, "; the governors must sign a later one"));
  }
  const absl::Status stands = CheckStanding(*charter_->current(), *held);
  if (!stands.ok()) {
    return absl::FailedPreconditionError(absl::StrCat("feed ", name, " at ", held->seq,
                                                      " is not this partner's word any more: ", stands.message(), "; ",
                                                      WayOut(*held, now.generation)));
  }
  // What is frozen or ends is only read, and carried into the generation that begins.
  if (now.generation > held->feed.generation) return SignerFor(now, 1).status();
  if (held->frozen) {
    return absl::FailedPreconditionError(
        absl::StrCat("feed ", name,
                     " is frozen: two contradicting heads were signed with its key; the governors must name a new key "
                     "and generation"));
  }
  return SignerFor(held->feed, held->seq + 1).status();
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
  if (!held->has_value() || (*held)->feed.generation == KeyOf(audience).generation) return held;
  if ((*held)->live_count == 0) return std::optional<HeldFeed>();  // begun by the first record
  RETURN_IF_ERROR(Carry(**held));
  return feeds_->Find(partner_, audience);
}

// The old generation is read while the new one is staged; both are whole in between, and a crash begins again.
absl::Status OwnFeed::Carry(const HeldFeed& old) const {
  Change change;
  change.entries = old.live_count;
  uint64_t after_seq = 0;
  change.next = [&]() -> absl::StatusOr<std::vector<v1::Entry>> {
    std::vector<v1::Entry> live;
    for (bool last = false; live.empty() && !last;) {
      ASSIGN_OR_RETURN(FeedStore::Page page, feeds_->ReadPage(old.feed, after_seq, limits::publish_chunk_bytes,
                                                              limits::publish_chunk_entries));
      for (v1::Entry& entry : page.entries) {
        if (!entry.tombstone()) live.push_back(std::move(entry));
      }
      after_seq = page.through_seq;
      last = page.last;
    }
    return live;
  };
  RETURN_IF_ERROR(WriteAll({{old.feed.audience, std::nullopt, change}}).status());
  LogInfo("feed.generation_begun", {{"feed", KeyOf(old.feed.audience).ToString()}, {"records", old.live_count}});
  return absl::OkStatus();
}

absl::Status OwnFeed::CheckQuota(const std::vector<FeedChange>& changes) const {
  int64_t records = 0;
  int64_t bytes = 0;
  for (const FeedChange& each : changes) {
    records += each.change.records_delta;
    bytes += each.change.bytes_delta;
  }
  const bool more_records = records > 0;
  const bool more_bytes = bytes > 0;
  // What makes less is welcome, even above the quota.
  if (!more_records && !more_bytes) return absl::OkStatus();
  const v1::Quota quota = charter_->current()->QuotaOf(partner_);
  ASSIGN_OR_RETURN(const std::vector<HeldFeed> own, feeds_->Feeds(partner_));
  for (const HeldFeed& feed : own) {
    if (Abandoned(feed)) continue;  // goes as a whole
    records += static_cast<int64_t>(feed.live_count);
    bytes += static_cast<int64_t>(feed.live_bytes);
  }
  if (more_records && records > static_cast<int64_t>(quota.records_max())) {
    return absl::ResourceExhaustedError(absl::StrCat("the partner would have ", records,
                                                     " records; the charter allows ", quota.records_max(),
                                                     "; withdraw some, or ask the governors"));
  }
  if (more_bytes && bytes > static_cast<int64_t>(quota.bytes_max())) {
    return absl::ResourceExhaustedError(absl::StrCat("the partner's records would have ", bytes,
                                                     " bytes; the charter allows ", quota.bytes_max(),
                                                     "; withdraw some, or ask the governors"));
  }
  return absl::OkStatus();
}

// Nothing but this change may be signed: a set that is being fetched of this feed is staged in the same place.
absl::Status OwnFeed::CheckBase(Connection& db, const Run& run) const {
  ASSIGN_OR_RETURN(const std::optional<HeldFeed> now, FeedStore::Find(db, partner_, run.feed.audience));
  // The head of an earlier generation is replaced as a whole: nothing is built on it.
  const bool has_head = now.has_value() && now->has_head && now->feed.generation >= run.feed.generation;
  const uint64_t seq = has_head ? now->seq : 0;
  if (has_head == run.held.has_value() && seq == run.base &&
      (!has_head || now->content_sha256 == run.held->content_sha256)) {
    return absl::OkStatus();
  }
  return absl::AbortedError(absl::StrCat("feed ", run.feed.ToString(), " moved from ", run.base, " to ", seq,
                                         " while the batch was being prepared; publish it again"));
}

absl::Status OwnFeed::CheckUntouched(Connection& db, const Run& run) const {
  const absl::StatusOr<StagedSet> now = feeds_->Staged(db, run.feed);
  if (!now.ok() && !absl::IsNotFound(now.status())) return now.status();
  if (now.ok() && now->staged_entries == run.left->staged_entries && now->through_seq == run.left->through_seq &&
      now->digest.ToBytes() == run.left->digest.ToBytes()) {
    return absl::OkStatus();
  }
  return absl::AbortedError(absl::StrCat("feed ", run.feed.ToString(), ": what was staged for it is ",
                                         now.ok() ? "not what the batch left there" : "gone",
                                         "; nothing is published, publish it again"));
}

absl::StatusOr<ApplyProgress> OwnFeed::Finish(Connection& db, const Run& run, const StagedSet& staged,
                                              const GoOnAbove* seen) const {
  ASSIGN_OR_RETURN(const std::optional<HeldFeed> now, FeedStore::Find(db, partner_, run.feed.audience));
  const bool replaces = now.has_value() && now->has_head && now->feed.generation != run.feed.generation;
  if (staged.staged_entries != run.entries || !now.has_value() || now->staging.base_seq != run.base ||
      now->staging.full != replaces) {
    return absl::AbortedError(absl::StrCat("feed ", run.feed.ToString(), ": ", staged.staged_entries,
                                           " entries are staged where the batch has ", run.entries, " onto ", run.base,
                                           "; nothing is published, publish it again"));
  }
  HeadSigner::NextState next{run.feed, run.seq, staged.live_count, staged.digest.Digest(), clock_->Now()};
  if (seen != nullptr) {
    next.seen_seq = seen->seen_seq;
    next.seen_content_sha256 = seen->seen_content_sha256;
  }
  ASSIGN_OR_RETURN(const Signer signer, SignerFor(run.feed, run.seq));
  ASSIGN_OR_RETURN(const v1::SignedHead head, signer->SignNext(run.held.has_value() ? &run.held->head : nullptr, next));
  ASSIGN_OR_RETURN(AuthenticHead authentic, checker_->CheckSignature(head));
  ASSIGN_OR_RETURN(const VerifiedHead verified, checker_->CheckState(std::move(authentic), staged));
  return feeds_->MakeVisible(db, verified);
}

absl::StatusOr<StageBatch> OwnFeed::NextBatch(const Change& change, const Run& run, uint64_t staged) const {
  StageBatch batch;
  batch.restart = staged == 0;
  batch.through_seq = batch.basis_seq = run.base + staged;
  if (staged == run.entries) return batch;
  ASSIGN_OR_RETURN(std::vector<v1::Entry> entries, change.next());
  if (entries.empty()) return absl::InternalError(absl::StrCat("only ", staged, " of ", run.entries, " entries"));
  for (v1::Entry& entry : entries) entry.set_seq(++batch.through_seq);
  batch.basis_seq = batch.through_seq;
  ASSIGN_OR_RETURN(batch.prepared, feeds_->Prepare(run.feed, std::move(entries)));
  return batch;
}

// The last batch and the head go in one transaction; for a small change that is all there is.
absl::Status OwnFeed::StageBatchOf(Connection& db, const StageBatch& batch, Run* run) const {
  RETURN_IF_ERROR(batch.restart ? CheckBase(db, *run) : CheckUntouched(db, *run));
  RETURN_IF_ERROR(feeds_->Stage(db, batch));
  ASSIGN_OR_RETURN(run->left, feeds_->Staged(db, run->feed));
  if (batch.through_seq < run->base + run->entries) return absl::OkStatus();
  ASSIGN_OR_RETURN(run->progress, Finish(db, *run, *run->left));
  return absl::OkStatus();
}

absl::Status OwnFeed::StageAllButLast(const Change& change, Run* run) const {
  ASSIGN_OR_RETURN(StageBatch batch, NextBatch(change, *run, 0));
  while (batch.through_seq < run->base + run->entries) {
    const std::optional<StagedSet> left_before = run->left;
    absl::Status written;
    absl::Notification done;
    store_->WriteAsync([&](Connection& db) { return StageBatchOf(db, batch, run); },
                       [&](absl::Status status) {
                         written = std::move(status);
                         done.Notify();
                       });
    const uint64_t staged = batch.through_seq - run->base;
    // While the disk is busy, the next batch is hashed.
    absl::StatusOr<StageBatch> next = NextBatch(change, *run, staged);
    done.WaitForNotification();
    if (!written.ok()) run->left = left_before;
    RETURN_IF_ERROR(written);
    if (change.progress) change.progress(staged);
    RETURN_IF_ERROR(next.status());
    batch = *std::move(next);
  }
  run->last = std::move(batch);
  return absl::OkStatus();
}

absl::Status OwnFeed::StageAndFinish(const std::vector<FeedChange>& changes, const Committing& committing,
                                     std::vector<Run>* runs) const {
  for (size_t i = 0; i < runs->size(); ++i) RETURN_IF_ERROR(StageAllButLast(changes[i].change, &(*runs)[i]));
  std::vector<std::optional<StagedSet>> left_before;
  for (const Run& run : *runs) left_before.push_back(run.left);
  const absl::Status written = store_->Write([&](Connection& db) -> absl::Status {
    for (Run& run : *runs) {
      RETURN_IF_ERROR(StageBatchOf(db, run.last, &run));
      if (committing) RETURN_IF_ERROR(committing(db, {run.feed.audience, run.base + run.entries, run.entries}));
    }
    return absl::OkStatus();
  });
  for (size_t i = 0; i < runs->size(); ++i) {
    if (!written.ok()) (*runs)[i].left = left_before[i];
    if (written.ok() && changes[i].change.progress) changes[i].change.progress(changes[i].change.entries);
  }
  return written;
}

// What somebody else has staged by now is left alone.
void OwnFeed::DropStaged(const Run& run) const {
  if (!run.left.has_value()) return;
  const absl::Status dropped = store_->Write([&](Connection& db) -> absl::Status {
    RETURN_IF_ERROR(CheckUntouched(db, run));
    return feeds_->DropStaging(db, partner_, run.feed.audience);
  });
  if (!dropped.ok()) LogWarning("publish.staging_left", {{"why", dropped.message()}});
}

absl::StatusOr<std::vector<uint64_t>> OwnFeed::Write(const std::vector<FeedChange>& changes,
                                                     const Committing& committing) {
  RETURN_IF_ERROR(CheckCharter());
  RETURN_IF_ERROR(CheckQuota(changes));
  return WriteAll(changes, committing);
}

absl::StatusOr<std::vector<uint64_t>> OwnFeed::WriteAll(const std::vector<FeedChange>& changes,
                                                        const Committing& committing) const {
  std::vector<Run> runs;
  for (const FeedChange& each : changes) {
    const uint64_t base = each.held.has_value() ? each.held->seq : 0;
    runs.push_back({KeyOf(each.audience), each.held, base, each.change.entries, base + each.change.entries,
                    StageBatch(), std::nullopt, ApplyProgress::kDone});
  }
  if (const absl::Status staged = StageAndFinish(changes, committing, &runs); !staged.ok()) {
    for (const Run& run : runs) DropStaged(run);
    return staged;
  }
  std::vector<uint64_t> seqs;
  for (const Run& run : runs) {
    seqs.push_back(run.base + run.entries);
    if (run.progress == ApplyProgress::kDone) continue;
    RETURN_IF_ERROR(Annotate(ApplyAll(feeds_, run.feed), "the batch is signed and on disk and will be completed"));
  }
  return seqs;
}

// No entry carries the new number: the set is the one held, and only the head says how far the numbers are used up.
absl::StatusOr<bool> OwnFeed::GoOn(const GoOnAbove& above) {
  const std::string& audience = above.feed.audience;
  if (!(KeyOf(audience) == above.feed)) return false;
  RETURN_IF_ERROR(CheckCharter());
  ASSIGN_OR_RETURN(const std::optional<HeldFeed> held, Settle(audience));
  const uint64_t base = held.has_value() ? held->seq : 0;
  const uint64_t floor = std::max(base, above.seen_seq);
  // The skip is a precaution: a key that ends before that number may go on without it.
  const bool skips = above.skip > 0 && SignerFor(above.feed, floor + above.skip + 1).ok();
  if (!skips && floor == base) return false;
  const Run run{above.feed, held, base, 0, floor + (skips ? above.skip : 0) + 1, StageBatch(), std::nullopt};
  StageBatch nothing;
  nothing.restart = true;
  nothing.prepared.feed = run.feed;
  nothing.through_seq = nothing.basis_seq = run.seq;
  RETURN_IF_ERROR(store_->Write([&](Connection& db) -> absl::Status {
    RETURN_IF_ERROR(CheckBase(db, run));
    RETURN_IF_ERROR(feeds_->Stage(db, nothing));
    ASSIGN_OR_RETURN(const StagedSet staged, feeds_->Staged(db, run.feed));
    return Finish(db, run, staged, &above).status();
  }));
  LogInfo("own_feed.gone_on",
          {{"feed", run.feed.ToString()}, {"from", base}, {"seen", above.seen_seq}, {"seq", run.seq}});
  return true;
}

absl::StatusOr<bool> OwnFeed::Resign(const HeldFeed& held) {
  const absl::Time now = clock_->Now();
  if (HeadSigner::IsAheadOf(held.as_of_unix_millis, now)) return false;
  ASSIGN_OR_RETURN(const Signer signer, SignerFor(held.feed, held.seq));
  ASSIGN_OR_RETURN(const v1::SignedHead head, signer->Resign(held.head, now));
  ASSIGN_OR_RETURN(const AuthenticHead authentic, checker_->CheckSignature(head));
  RETURN_IF_ERROR(store_->Write([&](Connection& db) { return feeds_->StoreHead(db, authentic); }));
  return true;
}

}  // namespace cairn
