#include "server/store/writer.h"

#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/synchronization/notification.h"
#include "common/base/errors.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace cairn {
namespace {

constexpr size_t group_jobs_max = 256;  // bounds how long the first of a group waits for its commit
// In pages of 8 KiB.
constexpr int64_t checkpoint_pages = 4'096;        // 32 MiB: smaller slices write hot pages again and again
constexpr int64_t checkpoint_again_pages = 2'048;  // 16 MiB more when readers kept the last one from finishing
constexpr int64_t checkpoint_wait_pages = 12'288;  // 96 MiB: readers followed on each other without a gap; wait for one

constexpr uintmax_t room_bytes = 16 * 1024 * 1024;  // the usual transaction fits many times

bool IsFull(int disk_error) { return (disk_error & 0xff) == SQLITE_FULL; }

bool HasRoom(sqlite3* db) {
  std::error_code error;
  const std::filesystem::path file = sqlite3_db_filename(db, "main");
  const std::filesystem::space_info space = std::filesystem::space(file.parent_path(), error);
  return error || space.available >= room_bytes;
}

}  // namespace

Writer::Writer(std::unique_ptr<Connection> db, bool inline_writes)
    : db_(std::move(db)), checkpoint_at_pages_(checkpoint_pages) {
  if (!inline_writes) thread_ = std::thread([this] { Loop(); });
}

Writer::~Writer() {
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

absl::Status Writer::Run(const Store::Body& body) { return Await({body, nullptr}); }

absl::Status Writer::EmptyLog() { return Await({nullptr, nullptr, /*empties_log=*/true}); }

absl::Status Writer::RunBetween(const Store::Body& body) { return Await({body, nullptr, false, /*between=*/true}); }

absl::Status Writer::Await(Job job) {
  absl::Status result;
  if (!thread_.joinable()) {
    job.done = [&](absl::Status status) { result = std::move(status); };
    Take(std::move(job));
    return result;
  }
  if (std::this_thread::get_id() == thread_.get_id()) {
    return absl::FailedPreconditionError("database: a write from within a write or its callback would wait for itself");
  }
  absl::Notification finished;
  job.done = [&](absl::Status status) {
    result = std::move(status);
    finished.Notify();
  };
  Take(std::move(job));
  finished.WaitForNotification();
  return result;
}

void Writer::RunAsync(Store::Body body, Store::Done done) { Take({std::move(body), std::move(done)}); }

void Writer::Take(Job job) {
  if (!thread_.joinable()) {
    if (body_thread_ == std::this_thread::get_id()) {
      job.done(absl::FailedPreconditionError("database: a write from within a write"));
      return;
    }
    std::vector<Job> jobs;
    jobs.push_back(std::move(job));
    RunGroup(std::move(jobs));
    return;
  }
  absl::MutexLock lock(&mutex_);
  queue_.push_back(std::move(job));
}

size_t Writer::queued() const {
  absl::MutexLock lock(&mutex_);
  return queue_.size();
}

absl::Status Writer::health() const {
  absl::MutexLock lock(&mutex_);
  return health_;
}

bool Writer::stopped() const {
  absl::MutexLock lock(&mutex_);
  return stopped_;
}

void Writer::Loop() {
  while (true) {
    std::vector<Job> jobs;
    {
      absl::MutexLock lock(&mutex_);
      const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return closing_ || !queue_.empty(); };
      mutex_.Await(absl::Condition(&ready));
      if (queue_.empty()) return;
      jobs = NextGroup();
    }
    RunGroup(std::move(jobs));
  }
}

// What commits together; a job that is no transaction is a group of its own.
std::vector<Writer::Job> Writer::NextGroup() {
  std::vector<Job> jobs;
  while (!queue_.empty() && jobs.size() < group_jobs_max && (jobs.empty() || !queue_.front().alone())) {
    jobs.push_back(std::move(queue_.front()));
    queue_.pop_front();
    if (jobs.back().alone()) break;
  }
  return jobs;
}

void Writer::RunGroup(std::vector<Job> jobs) {
  if (jobs.front().empties_log) {
    absl::MutexLock lock(&running_);
    return jobs.front().done(stopped() ? health() : Checkpoint(Connection::CheckpointMode::kTruncate));
  }
  std::vector<absl::Status> results(jobs.size());
  std::vector<FeedKey> moved;
  {
    absl::MutexLock lock(&running_);
    body_thread_ = std::this_thread::get_id();
    moved_.clear();
    const absl::Status committed = stopped() ? health() : RunTransaction(jobs, &results);
    if (!committed.ok()) std::fill(results.begin(), results.end(), committed);
    if (committed.ok()) moved = std::move(moved_);
    body_thread_ = std::thread::id();
  }
  if (!moved.empty()) {
    std::sort(moved.begin(), moved.end());
    moved.erase(std::unique(moved.begin(), moved.end()), moved.end());
    for (const auto& callback : callbacks_) callback(moved);
  }
  for (size_t i = 0; i < jobs.size(); ++i) jobs[i].done(results[i]);
  absl::MutexLock lock(&running_);
  if (!stopped()) MaybeCheckpoint();
}

// Returns why nothing of the group is on disk, or OK with a result for each.
absl::Status Writer::RunTransaction(const std::vector<Job>& jobs, std::vector<absl::Status>* results) {
  if (jobs.front().between) {
    results->front() = jobs.front().body(*db_);
    return absl::OkStatus();
  }
  db_->TakeDiskError();
  const int64_t changes_before = db_->total_changes();
  absl::Status status = db_->Execute("BEGIN IMMEDIATE");
  int disk_error = 0;
  for (size_t i = 0; i < jobs.size() && status.ok() && disk_error == 0; ++i) {
    (*results)[i] = RunBody(jobs[i], jobs.size() == 1);
    disk_error = db_->TakeDiskError();
    if (disk_error != 0) status = SqliteStatus(disk_error, db_->handle(), "writing");
    // SQLite may end a transaction by itself, as when memory runs out: what the group did before is gone with it.
    const bool ended = jobs.size() > 1 && db_->autocommit();
    if (status.ok() && ended) status = absl::ResourceExhaustedError("the database ended the transaction; try again");
  }
  if (status.ok() && !db_->autocommit()) status = db_->Execute("COMMIT");
  if (disk_error == 0) disk_error = db_->TakeDiskError();
  if (!db_->autocommit()) db_->Execute("ROLLBACK").IgnoreError();
  const bool wrote = status.ok() && db_->total_changes() != changes_before;
  Judge(status, disk_error, wrote);
  return status;
}

absl::Status Writer::RunBody(const Job& job, bool alone) {
  const size_t moved_before = moved_.size();
  if (!alone) RETURN_IF_ERROR(db_->Execute("SAVEPOINT body"));
  absl::Status status = job.body(*db_);
  if (!status.ok()) moved_.resize(moved_before);
  if (alone) {
    if (!status.ok() && !db_->autocommit()) db_->Execute("ROLLBACK").IgnoreError();
    return status;
  }
  if (!status.ok()) RETURN_IF_ERROR(db_->Execute("ROLLBACK TO body"));
  RETURN_IF_ERROR(db_->Execute("RELEASE body"));
  return status;
}

// W4: what a failed transaction means for the next ones.
void Writer::Judge(const absl::Status& status, int disk_error, bool wrote) {
  absl::MutexLock lock(&mutex_);
  if (disk_error == 0) {
    if (!health_.ok() && !wrote && !HasRoom(db_->handle())) return;  // what writes nothing fits on a full disk too
    if (status.ok() && !health_.ok()) LogInfo("store.writing_again");
    health_ = absl::OkStatus();
    return;
  }
  const bool full = IsFull(disk_error);
  if (health_.ok()) LogError("store.write_failed", {{"error", status.ToString()}, {"stopped", !full}});
  stopped_ = !full;
  health_ = status.ok() ? SqliteStatus(disk_error, db_->handle(), "writing") : status;
  if (full) return;  // writing goes on by itself when there is space
  health_ = Annotate(health_, "writing stopped to protect the data; mend the disk, then restart the node");
}

void Writer::MaybeCheckpoint() {
  const int64_t pages = db_->wal_pages();
  if (pages < checkpoint_pages) checkpoint_at_pages_ = checkpoint_pages;
  if (pages < checkpoint_at_pages_) return;
  using Mode = Connection::CheckpointMode;
  Checkpoint(pages >= checkpoint_wait_pages ? Mode::kRestart : Mode::kPassive).IgnoreError();
  checkpoint_at_pages_ = pages + checkpoint_again_pages;
}

absl::Status Writer::Checkpoint(Connection::CheckpointMode mode) {
  db_->TakeDiskError();
  const int code = db_->Checkpoint(mode);
  const absl::Status status = SqliteStatus(code, db_->handle(), "checkpoint");
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) Judge(status, code, false);
  return status;
}

}  // namespace cairn
