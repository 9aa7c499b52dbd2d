#include "server/upkeep.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "server/store/change_order.h"
#include "server/store/erasure.h"
#include "server/store/rebuild.h"

namespace cairn {
namespace {
constexpr absl::Duration kClearEvery = absl::Minutes(10);
constexpr absl::Duration kCompactEvery = absl::Hours(24);
constexpr absl::Duration kLookedEvery = absl::Seconds(5);  // whether the disk has room again, whether to erase
// What was withdrawn is gone a minute later at the latest: this, kLookedEvery, and the second that an erasure takes.
constexpr absl::Duration kEraseEvery = absl::Seconds(50);
constexpr absl::Duration kEraseAtOnce = absl::Seconds(15);  // then a heartbeat may be due
constexpr int kEraseShare = 10;  // of the time at most a tenth is spent on it, however large the index

void LogFailure(absl::string_view task, const absl::Status& status) {
  if (!status.ok()) LogWarning("upkeep.failed", {{"task", task}, {"why", status.message()}});
}
}  // namespace

Upkeep::Upkeep(Options options, FeedStore* feeds, Publisher* publisher, const LiveCharter* charter,
               const AuditLog* audit, Clock* clock)
    : options_(options),
      feeds_(feeds),
      publisher_(publisher),
      charter_(charter),
      audit_(audit),
      clock_(clock),
      thread_([this] { Run(); }) {}

Upkeep::~Upkeep() { Stop(); }

void Upkeep::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void Upkeep::Run() {
  // What a crash or a newer program version left to derive; reading goes on meanwhile.
  LogFailure("rebuild", ContinueRebuild(feeds_->store(), [this](const RebuildProgress&) {
               return stopping() ? absl::CancelledError("the node is stopping") : absl::OkStatus();
             }));
  absl::Duration beat_at = clock_->Monotonic();
  uint64_t beaten_version = 0;  // of the charter: which key signs may have changed with it
  absl::Duration clear_at = beat_at + kClearEvery;
  absl::Duration compact_at = beat_at + kCompactEvery;
  while (true) {
    const absl::Duration now = clock_->Monotonic();
    const uint64_t version = charter_->current()->version();
    if (now >= beat_at || version != beaten_version) {
      beaten_version = version;
      Beat();
      beat_at = now + options_.heartbeat;
    }
    if (now >= clear_at) {
      Clear();
      clear_at = now + kClearEvery;
    }
    if (now >= compact_at) {
      Compact();
      compact_at = now + kCompactEvery;
    }
    if (options_.changes != nullptr) LogFailure("changes", options_.changes->Run([this] { return stopping(); }));
    EraseWhenDue(now);
    if (absl::IsResourceExhausted(feeds_->store()->write_health())) TryDisk();
    const absl::Duration wait = std::min({beat_at, clear_at, compact_at}) - clock_->Monotonic();
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(&stopping_), std::min(wait, kLookedEvery));
    if (stopping_) return;
  }
}

// Nothing is published while the disk is full, so nobody else would find out that there is room again.
void Upkeep::TryDisk() {
  const absl::Status status = feeds_->store()->Write([this](Connection& db) {
    return SetMeta(db, "disk_tried_at", absl::FormatTime(absl::RFC3339_full, clock_->Now(), absl::UTCTimeZone()));
  });
  if (status.ok()) LogInfo("disk.has_room_again");
}

void Upkeep::Beat() {
  options_.read_keys();
  // Nothing published yet, or a reason that `status` shows: no news.
  if (publisher_->CanPublish().ok()) LogFailure("heartbeat", publisher_->Heartbeat());
  LogFailure("mark changes",
             feeds_->store()->Write([this](Connection& db) { return MarkChanges(db, clock_->Now()); }));
}

void Upkeep::Clear() {
  LogFailure("clear audit", audit_->Purge());
  const absl::Time before = clock_->Now() - options_.tombstone_retention;
  for (bool more = true; more;) {
    more = false;
    const absl::Status status = feeds_->store()->Write([&](Connection& db) {
      const absl::StatusOr<uint64_t> purged = feeds_->PurgeTombstones(db, before);
      if (!purged.ok()) return purged.status();
      const absl::StatusOr<uint64_t> collected = feeds_->CollectGarbage(db);
      more = *purged > 0 || (collected.ok() && *collected > 0);
      return collected.status();
    });
    LogFailure("clear", status);
    if (!status.ok()) return;
  }
  LogFailure("tombstones", LimitTombstones());
}

// Withdrawals count as records do: a partner may leave as many as its quota of records, a feed. Of more, the oldest are
// forgotten before their time; whoever is that far behind fetches the whole set.
absl::Status Upkeep::LimitTombstones() {
  ASSIGN_OR_RETURN(const auto counts, feeds_->CountTombstones());
  for (const auto& [feed, count] : counts) {
    const uint64_t most = charter_->current()->QuotaOf(feed.partner).records_max();
    for (uint64_t over = count > most ? count - most : 0; over > 0 && !stopping();) {
      uint64_t purged = 0;
      RETURN_IF_ERROR(feeds_->store()->Write([&, name = feed, left = over](Connection& db) -> absl::Status {
        ASSIGN_OR_RETURN(purged, feeds_->PurgeOldest(db, name, left));
        return absl::OkStatus();
      }));
      if (purged == 0) break;
      over -= std::min(over, purged);
    }
  }
  return absl::OkStatus();
}

// Many segments make search slow, also when nothing was withdrawn.
void Upkeep::Compact() {
  const absl::Status status = MergeText(feeds_->store(), [this] { return stopping(); });
  if (!absl::IsCancelled(status)) LogFailure("compact", status);
}

void Upkeep::EraseWhenDue(absl::Duration now) {
  if (now < erase_at_) return;
  const absl::StatusOr<ErasureState> state = ReadErasure(feeds_->store());
  if (!state.ok()) return LogFailure("erase", state.status());
  if (!state->pending()) return;
  const absl::Status status = Erase(feeds_, [&] { return stopping() || clock_->Monotonic() - now >= kEraseAtOnce; });
  const absl::Duration took = clock_->Monotonic() - now;
  if (absl::IsCancelled(status)) return;
  if (absl::IsAborted(status)) return LogDebug("erasure.waits", {{"why", status.message()}});  // for a reader
  LogFailure("erase", status);
  LogDebug("erasure.done", {{"millis", absl::ToInt64Milliseconds(took)}});
  erase_at_ = now + std::max(kEraseEvery, took * kEraseShare);
}

bool Upkeep::stopping() {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

}  // namespace cairn
