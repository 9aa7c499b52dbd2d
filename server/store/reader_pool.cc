#include "server/store/reader_pool.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/status_macros.h"
#include "server/store/search_functions.h"

namespace cairn {

ReaderPool::ReaderPool(Connection::Options options, int connections_max, Clock* clock)
    : options_(std::move(options)), clock_(clock), unopened_(connections_max) {}

absl::Status ReaderPool::Read(const Store::Body& body, absl::Duration budget) {
  const absl::Duration deadline = clock_->Monotonic() + budget;
  ASSIGN_OR_RETURN(std::unique_ptr<Connection> db, Take(budget));
  db->SetDeadline(clock_, deadline);
  absl::Status status = db->Execute("BEGIN");
  if (status.ok()) status = body(*db);
  // Ending the transaction must not fall victim to the deadline: the connection would keep its snapshot.
  db->SetDeadline(clock_, absl::InfiniteDuration());
  if (!db->autocommit()) db->Execute("ROLLBACK").IgnoreError();
  GiveBack(std::move(db));
  return status;
}

absl::StatusOr<std::unique_ptr<Connection>> ReaderPool::Take(absl::Duration budget) {
  {
    absl::MutexLock lock(&mutex_);
    const auto available = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !idle_.empty() || unopened_ > 0; };
    if (!mutex_.AwaitWithTimeout(absl::Condition(&available), budget)) {
      return absl::DeadlineExceededError(
          absl::StrCat("database: all readers were busy for ", absl::FormatDuration(budget), "; try again"));
    }
    if (!idle_.empty()) {
      std::unique_ptr<Connection> connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
    --unopened_;
  }
  absl::StatusOr<std::unique_ptr<Connection>> opened = Connection::Open(options_);
  absl::Status status = opened.ok() ? RegisterSearchFunctions((*opened)->handle()) : opened.status();
  if (status.ok()) return opened;
  absl::MutexLock lock(&mutex_);
  ++unopened_;
  return status;
}

void ReaderPool::GiveBack(std::unique_ptr<Connection> connection) {
  absl::MutexLock lock(&mutex_);
  idle_.push_back(std::move(connection));
}

}  // namespace cairn
