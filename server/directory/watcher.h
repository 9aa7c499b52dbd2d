// Following the directory's changes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "cairn/v1/directory.pb.h"
#include "common/base/clock.h"
#include "server/charter/may_read.h"
#include "server/directory/directory_reader.h"
#include "server/store/store.h"

namespace cairn {

// Wakes watchers after every commit that moved a feed. One a node; must outlive its subscriptions. Thread-safe.
class WatchHub {
 public:
  // Ends the subscription when destroyed; after that the callback is not running and is not called again.
  class Subscription {
   public:
    Subscription(WatchHub* hub, uint64_t id) : hub_(hub), id_(id) {}
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

   private:
    WatchHub* const hub_;
    const uint64_t id_;
  };

  // Registers with `store`, which must not commit any more once this is destroyed.
  explicit WatchHub(Store* store);

  // `wake` is called on the writer's thread and must only signal: no blocking, no reading, no subscribing.
  std::unique_ptr<Subscription> Subscribe(std::function<void()> wake) ABSL_LOCKS_EXCLUDED(mutex_);

  // Calls every `wake`: after a commit, and for whoever else changed what watchers see (a new charter).
  void WakeAll() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  absl::Mutex mutex_;
  uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  absl::flat_hash_map<uint64_t, std::function<void()>> wakes_ ABSL_GUARDED_BY(mutex_);
};

// One reader's place in the stream of changes: a cursor for each feed, nothing else, so that a slow client costs no
// memory. Pull-driven: call Next for as long as it returns something, then wait to be woken. Not thread-safe.
//
// Promises: a change is sent at least once; within a feed in order of sequence number; a record that was sent and is
// then withdrawn, or no longer matches, is reported as removed (a record that never matched may be, too). Feeds that
// appear, or become readable, are sent from their beginning.
class Watcher {
 public:
  // Starts, or goes on after `request.resume_token`. INVALID_ARGUMENT for a bad filter, and for a token that is forged
  // or of another filter. Whether the token is too old shows in Next.
  static absl::StatusOr<std::unique_ptr<Watcher>> Start(Store* store, CharterSource charter, Clock* clock,
                                                        const Reader& reader, const v1::WatchRecordsRequest& request);

  // The next events, about 256 KiB of them; empty: nothing new. The last event of the first catching up is CaughtUp.
  // ABORTED with reason WATCH_TOKEN_TOO_OLD when the stream cannot go on without a gap: the removals after the cursor
  // are no longer kept, or a feed began a new generation, is gone, or may no longer be read. The client drops what it
  // has and starts over without a token.
  absl::StatusOr<std::vector<v1::WatchRecordsResponse>> Next();

  // A CaughtUp event with the present token: the sign of life that is due every 30 s of silence.
  v1::WatchRecordsResponse SignOfLife() const;

 private:
  // How far one feed was sent.
  struct Cursor {
    uint32_t generation = 0;
    uint64_t sent_seq = 0;   // everything up to here was sent
    uint64_t start_seq = 0;  // where the feed stood when its sending began: what was gone by then needs no mention
  };
  // Partner and audience.
  using FeedName = std::pair<std::string, std::string>;
  struct Round;

  Watcher(Store* store, CharterSource charter, Clock* clock, const Reader& reader,
          const v1::WatchRecordsRequest& request);
  absl::Status LoadToken(const std::string& token);
  std::string Token() const;
  absl::Status ReadRound(Connection& connection, Round* round);
  absl::Status FollowFeeds(const std::vector<struct IndexedFeed>& readable);
  void Append(const struct EntryChange& change, const struct IndexedFeed& feed, Round* round);

  Store* const store_;
  const CharterSource charter_;
  Clock* const clock_;
  const Reader reader_;
  const v1::RecordFilter filter_;
  const bool only_new_;
  bool started_ = false;    // the feeds of the beginning are known
  bool caught_up_ = false;  // CaughtUp was sent
  std::map<FeedName, Cursor> cursors_;
};

}  // namespace cairn
