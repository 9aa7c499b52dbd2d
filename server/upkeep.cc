#include "server/upkeep.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "server/store/derived.h"
#include "server/store/rebuild.h"

namespace cairn {
namespace {
constexpr absl::Duration kClearEvery = absl::Hours(1);
constexpr absl::Duration kCompactEvery = absl::Hours(24);
constexpr absl::Duration kLookEvery = absl::Seconds(5);  // at a full disk, at the charter

void LogFailure(absl::string_view task, const absl::Status& status) {
  if (!status.ok()) LogWarning("upkeep.failed", {{"task", task}, {"why", status.message()}});
}
}  // namespace

Upkeep::Upkeep(Options options, FeedStore* feeds, Publisher* publisher, Clock* clock)
    : options_(options), feeds_(feeds), publisher_(publisher), clock_(clock), thread_([this] { Run(); }) {}

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
               absl::MutexLock lock(&mutex_);
               return stopping_ ? absl::CancelledError("the node is stopping") : absl::OkStatus();
             }));
  absl::Duration beat_at = clock_->Monotonic();
  uint64_t beaten_version = 0;  // of the charter: which key signs may have changed with it
  absl::Duration clear_at = beat_at + kClearEvery;
  absl::Duration compact_at = beat_at + kCompactEvery;
  while (true) {
    const absl::Duration now = clock_->Monotonic();
    const uint64_t version = options_.charter_version();
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
    if (absl::IsResourceExhausted(feeds_->store()->write_health())) TryDisk();
    const absl::Duration wait = std::min({beat_at, clear_at, compact_at}) - clock_->Monotonic();
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(&stopping_), std::min(wait, kLookEvery));
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
}

void Upkeep::Clear() {
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
}

// Words of withdrawn records leave the file only when the text index is merged.
void Upkeep::Compact() {
  LogFailure("compact", feeds_->store()->Write([](Connection& db) { return Derived::CompactText(db); }));
}

}  // namespace cairn
