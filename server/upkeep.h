// What a node does by the clock: says that its heads are still the newest, clears away what has served its time, and
// erases what was withdrawn.
#pragma once

#include <cstdint>
#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "server/access/audit_log.h"
#include "server/charter/live_charter.h"
#include "server/directory/change_keeper.h"
#include "server/publish/publisher.h"
#include "server/store/feed_store.h"

namespace cairn {

// A thread of its own from construction to Stop. What is passed in must outlive it.
class Upkeep {
 public:
  struct Options {
    absl::Duration heartbeat;            // between new signatures of the own heads, or when a new charter is in force
    absl::Duration tombstone_retention;  // withdrawals are remembered for so long
    std::function<void()> read_keys;     // before each beat: gives the publisher the keys that are there now
    ChangeKeeper* changes = nullptr;     // asked every few seconds, must outlive this; null: nobody follows changes
  };
  Upkeep(Options options, FeedStore* feeds, Publisher* publisher, const LiveCharter* charter, const AuditLog* audit,
         Clock* clock);
  ~Upkeep();

  // Returns when nothing runs any more. Idempotent.
  void Stop();

 private:
  void Run();
  void Beat();
  void TryDisk();
  void Clear();
  absl::Status LimitTombstones();
  void Compact();
  void EraseWhenDue(absl::Duration now);
  bool stopping();

  const Options options_;
  FeedStore* const feeds_;
  Publisher* const publisher_;
  const LiveCharter* const charter_;
  const AuditLog* const audit_;
  Clock* const clock_;
  absl::Duration erase_at_;  // not before; used by the thread alone
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace cairn
