// Following the directory's changes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cairn/v1/directory.pb.h"
#include "common/base/clock.h"
#include "server/charter/may_read.h"
#include "server/directory/directory_reader.h"
#include "server/store/index_queries.h"
#include "server/store/store.h"

namespace cairn {

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
  static absl::StatusOr<std::unique_ptr<Watcher>> Start(ReadStore* store, CharterSource charter, Clock* clock,
                                                        const Reader& reader, const v1::WatchRecordsRequest& request);

  // The next events, about 256 KiB of them; empty: nothing new. The last one carries the resume token for all of them.
  // The last event of the first catching up is CaughtUp.
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
  struct Round;

  Watcher(ReadStore* store, CharterSource charter, Clock* clock, const Reader& reader, v1::RecordFilter normalised,
          bool only_new);
  absl::Status LoadToken(const std::string& token);
  std::string Token() const;
  absl::Status ReadRound(Connection& connection, Round* round);
  absl::Status FollowFeeds(const std::vector<IndexedFeed>& readable);
  absl::Status SendFeed(Connection& connection, const IndexedFeed& feed, Round* round);
  absl::StatusOr<std::optional<IndexedEntry>> ShownInstead(const EntryChange& change, const Round& round) const;
  absl::Status Send(const EntryChange& change, const IndexedFeed& feed, const Cursor& cursor, Round* round);

  ReadStore* const store_;
  const CharterSource charter_;
  Clock* const clock_;
  const Reader reader_;
  const v1::RecordFilter filter_;  // normalised
  const bool only_new_;
  bool caught_up_ = false;              // CaughtUp was sent
  std::map<uint64_t, Cursor> cursors_;  // by a hash of partner and audience, so that tokens name no feed
};

}  // namespace cairn
