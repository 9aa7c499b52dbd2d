// Keeps the directory's tables in PostgreSQL up to date with a node.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/follow/table_writer.h"
#include "client/follow/tables_client.h"

namespace cairn {

// Follows the node and writes what changes, in batches, over broken connections and restarts of either side. The rows
// and the token that continues behind them are committed together, so that after any failure the work goes on exactly
// behind what is in the tables. When the node no longer knows what changed since then, everything is read anew within
// one transaction: whoever reads the tables sees them as they were, then as they are. When the audience is none any
// more, or the reader not in it, the tables are emptied. Run is called once; Stop by any thread.
class Follower {
 public:
  struct Options {
    std::string to;        // see Postgres::Connect
    std::string schema;    // PostgreSQL's
    std::string audience;  // as in MakeSnapshotRequest
    bool once = false;     // ends when everything that is there has been written
    CallOptions call;
  };
  // What happened, for people and scripts. None is required.
  struct Events {
    // A commit, with how many records were written and removed so far, and whether nothing is known to be missing.
    std::function<void(uint64_t upserts, uint64_t removals, bool caught_up)> committed;
    // A side is gone or refuses for now: why, and the wait before the next attempt.
    std::function<void(const absl::Status& why, absl::Duration wait)> interrupted;
    // Everything is read anew, with the reason.
    std::function<void(const absl::Status& why)> starts_over;
  };

  // `client` must outlive this.
  Follower(TablesClient* client, Options options, Events events);

  // Until Stop, or the end with `once` (then OK), or an error that does not heal by itself.
  absl::Status Run();
  void Stop();

 private:
  // One connection to PostgreSQL, to its end or that of the stream from the node.
  absl::Status WithConnection();
  absl::Status Watch(TableWriter* writer);
  // Within one transaction.
  absl::Status StartOver(TableWriter* writer);
  absl::Status OnResponse(const v1::FollowRecordsResponse& response, TableWriter* writer);
  absl::Status Flush(const v1::FollowRecordsResponse& response, TableWriter* writer);
  bool WaitUnlessStopped(absl::Duration wait) const;

  TablesClient* const client_;
  const Options options_;
  const Events events_;
  std::atomic<bool> stopped_ = false;

  // --- of the running stream
  FollowBatch batch_;
  FollowProgress progress_;  // as committed, or within the transaction of StartOver
  bool anew_ = false;        // within that transaction
  // --- of Run
  bool done_ = false;      // with `once`: all is written
  bool advanced_ = false;  // something was committed since the last failure
  uint64_t upserts_ = 0;
  uint64_t removals_ = 0;
};

}  // namespace cairn
