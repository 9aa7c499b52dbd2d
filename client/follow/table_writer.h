// The directory's tables in PostgreSQL, and how far they have come.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cairn/v1/directory.pb.h"
#include "client/follow/postgres.h"
#include "common/tables/record_rows.h"

namespace cairn {

// How far the tables have come: the row of `follow_progress`.
struct FollowProgress {
  std::string audience;      // whose view of the directory they hold
  std::string resume_token;  // of the watch; empty: nothing was taken yet
  bool complete = false;     // everything there was at the start of the watch has been taken
};

// Changes that belong together, the last of each record. Bounded by whoever fills it.
class FollowBatch {
 public:
  // An upsert or a removal; anything else is ignored.
  void Add(const v1::WatchRecordsResponse& event);
  bool empty() const { return changes_.empty(); }
  size_t bytes() const { return bytes_; }
  uint64_t upserts() const { return upserts_; }
  uint64_t removals() const { return removals_; }
  void Clear() { *this = FollowBatch(); }

 private:
  friend class TableWriter;
  using Key = std::tuple<v1::RecordKind, std::string, std::string>;  // kind, id, partner
  std::map<Key, std::vector<TableRow>> changes_;                     // no rows: removed
  size_t bytes_ = 0;
  uint64_t upserts_ = 0;
  uint64_t removals_ = 0;
};

// Writes inside one schema. Every function is one transaction, unless Begin was called: then all until Commit are.
//
// Exactly once: the rows of a batch and the token that continues after it are committed together, and only on top of
// the token that the batch follows. Whoever else has moved it meanwhile makes the commit fail with ABORTED.
class TableWriter {
 public:
  // `postgres` must outlive this.
  TableWriter(Postgres* postgres, std::string schema) : postgres_(postgres), schema_(std::move(schema)) {}

  // How far the tables have come; nullopt: there are none yet. Errors as Open.
  absl::StatusOr<std::optional<FollowProgress>> Find(const std::string& audience);
  // Makes schema and tables unless they are there, and returns how far they have come. FAILED_PRECONDITION: they hold
  // the view of another audience, or were made by another version of this program.
  absl::StatusOr<FollowProgress> Open(const std::string& audience);

  // Removes every row, if there are tables for that audience: it may read nothing any more.
  absl::Status Empty(const std::string& audience);

  absl::Status Begin();
  absl::Status Commit();
  // Undoes what Begin began, unless it is committed or the connection lost.
  void Rollback();
  // Removes every row of every table; for a Begin that a Commit follows, so that readers see the old rows until then.
  absl::Status Clear();

  // Puts the batch, and unless it is empty `partners`, in place, and moves from `before` to `after`.
  absl::Status Apply(const FollowBatch& batch, const std::vector<v1::PartnerSummary>& partners,
                     const FollowProgress& before, const FollowProgress& after);

 private:
  absl::Status Make(const std::string& audience);
  absl::Status Remove(const FollowBatch& batch);
  absl::Status Insert(TableId id, const std::vector<const TableRow*>& rows);
  absl::Status Write(const FollowBatch& batch, const std::vector<v1::PartnerSummary>& partners,
                     const FollowProgress& before, const FollowProgress& after);
  absl::Status Move(const FollowProgress& before, const FollowProgress& after);

  Postgres* const postgres_;
  const std::string schema_;
  bool within_ = false;  // a transaction that Begin began
};

}  // namespace cairn
