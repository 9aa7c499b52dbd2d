#include "server/store/database.h"

#include <sqlite3.h>

#include <filesystem>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/clock.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "server/store/scrubbing_vfs.h"

namespace cairn {
namespace {

constexpr size_t statements_cached_max = 300;     // all fixed texts; queries put together from filters must not pile up
constexpr int progress_every_operations = 1'000;  // some 20 microseconds of a query between two looks at the clock
constexpr int busy_timeout_millis = 2'500;        // a little more than a read's budget
constexpr int checkpoint_wait_millis = 250;  // longer than a slice's read, short for the writes that wait meanwhile

absl::StatusCode CodeOf(int code) {
  if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) return absl::StatusCode::kDataLoss;
  switch (code & 0xff) {
    case SQLITE_IOERR:
      return absl::StatusCode::kUnavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::StatusCode::kAborted;
    case SQLITE_INTERRUPT:
      return absl::StatusCode::kDeadlineExceeded;
    case SQLITE_CONSTRAINT:
      return absl::StatusCode::kFailedPrecondition;
    case SQLITE_READONLY:
      return absl::StatusCode::kPermissionDenied;
    case SQLITE_CANTOPEN:
      return absl::StatusCode::kNotFound;
    default:
      return absl::StatusCode::kInternal;
  }
}

// Statistics on memory cost a global lock for each allocation of each thread.
void ConfigureOnce() {
  static std::once_flag once;
  std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
}

// What the operator must do; which statement found no room helps nobody.
absl::Status DiskFull(sqlite3* db) {
  const char* const file = db != nullptr ? sqlite3_db_filename(db, "main") : nullptr;
  const std::filesystem::path folder = std::filesystem::path(file != nullptr ? file : "").parent_path();
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(folder, error);
  const std::string left = error ? "" : absl::StrFormat(" (%.1f MB free)", static_cast<double>(space.available) / 1e6);
  return absl::ResourceExhaustedError(absl::StrCat("the disk", folder.empty() ? "" : " of ", folder.string(),
                                                   " is full", left,
                                                   ": nothing was written; make room, and try again"));
}

}  // namespace

absl::Status SqliteStatus(int code, sqlite3* db, absl::string_view what) {
  if (code == SQLITE_OK) return absl::OkStatus();
  if ((code & 0xff) == SQLITE_FULL) return DiskFull(db);
  const char* detail = db != nullptr && (sqlite3_extended_errcode(db) & 0xff) == (code & 0xff) ? sqlite3_errmsg(db)
                                                                                               : sqlite3_errstr(code);
  if ((code & 0xff) == SQLITE_INTERRUPT) detail = "took longer than its time budget";
  return absl::Status(CodeOf(code), absl::StrCat("database: ", detail, " (SQLite ", code, ") in ", Quoted(what)));
}

Connection::Connection(sqlite3* db) : db_(db) {}

Connection::~Connection() {
  for (auto& [sql, cached] : cache_) sqlite3_finalize(cached.stmt);
  sqlite3_close(db_);
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const Options& options) {
  ConfigureOnce();
  sqlite3* db = nullptr;
  const int flags = (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const std::string vfs = options.read_only ? options.vfs : ScrubbingVfs(options.vfs);
  const int code = sqlite3_open_v2(options.path.c_str(), &db, flags, vfs.empty() ? nullptr : vfs.c_str());
  std::unique_ptr<Connection> connection(new Connection(db));
  if (code != SQLITE_OK) return SqliteStatus(code, db, absl::StrCat("opening ", options.path));
  sqlite3_busy_timeout(db, busy_timeout_millis);
  sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  connection->SetDefensive(true);
  sqlite3_wal_autocheckpoint(db, 0);
  sqlite3_wal_hook(db, &Connection::OnWal, connection.get());
  RETURN_IF_ERROR(connection->ExecuteScript(
      absl::StrCat("PRAGMA mmap_size=0; PRAGMA foreign_keys=OFF; PRAGMA secure_delete=ON; PRAGMA max_page_count=",
                   scrubbed_pages_max, "; PRAGMA cache_size=-", options.cache_kib,
                   "; PRAGMA synchronous=", options.durable ? "FULL" : "OFF")));
  return connection;
}

Statement Connection::Prepare(absl::string_view sql) {
  auto it = cache_.find(sql);
  if (it != cache_.end() && !it->second.in_use) {
    return Statement(this, it->second.stmt, &it->second.in_use, absl::OkStatus());
  }
  const bool keep = it == cache_.end() && cache_.size() < statements_cached_max;
  sqlite3_stmt* stmt = nullptr;
  const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                      keep ? SQLITE_PREPARE_PERSISTENT : 0, &stmt, nullptr);
  if (code != SQLITE_OK) {
    Note(code);
    return Statement(this, nullptr, nullptr, SqliteStatus(code, db_, sql));
  }
  if (!keep) return Statement(this, stmt, nullptr, absl::OkStatus());
  it = cache_.emplace(sql, Cached{stmt, false}).first;
  return Statement(this, stmt, &it->second.in_use, absl::OkStatus());
}

absl::Status Connection::ExecuteScript(absl::string_view sql) {
  const int code = sqlite3_exec(db_, std::string(sql).c_str(), nullptr, nullptr, nullptr);
  Note(code);
  return SqliteStatus(code, db_, sql);
}

int64_t Connection::last_insert_rowid() const { return sqlite3_last_insert_rowid(db_); }
int64_t Connection::total_changes() const { return sqlite3_total_changes64(db_); }
int64_t Connection::changes() const { return sqlite3_changes64(db_); }
bool Connection::autocommit() const { return sqlite3_get_autocommit(db_) != 0; }

int Connection::Checkpoint(CheckpointMode mode) {
  const int sqlite_mode = mode == CheckpointMode::kPassive   ? SQLITE_CHECKPOINT_PASSIVE
                          : mode == CheckpointMode::kRestart ? SQLITE_CHECKPOINT_RESTART
                                                             : SQLITE_CHECKPOINT_TRUNCATE;
  sqlite3_busy_timeout(db_, checkpoint_wait_millis);
  const int code = sqlite3_wal_checkpoint_v2(db_, nullptr, sqlite_mode, nullptr, nullptr);
  sqlite3_busy_timeout(db_, busy_timeout_millis);
  if (code == SQLITE_OK && mode == CheckpointMode::kTruncate) {
    wal_pages_ = 0;
    // The file was scrubbed as it was written, and the pages in memory were not: the next change of one, or a backup,
    // would bring back what has been erased.
    sqlite3_db_release_memory(db_);
  }
  return code;
}

void Connection::SetDefensive(bool on) { sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, on ? 1 : 0, nullptr); }

int Connection::TakeDiskError() { return std::exchange(disk_error_, 0); }

void Connection::Note(int code) {
  const int primary = code & 0xff;
  const bool disk =
      primary == SQLITE_FULL || primary == SQLITE_IOERR || primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
  if (disk && disk_error_ == 0) disk_error_ = code;
}

void Connection::SetDeadline(Clock* clock, absl::Duration deadline) {
  clock_ = clock;
  deadline_ = deadline;
  const bool none = deadline == absl::InfiniteDuration();
  sqlite3_progress_handler(db_, none ? 0 : progress_every_operations, none ? nullptr : &Connection::OnProgress, this);
}

int Connection::OnProgress(void* self) {
  auto* connection = static_cast<Connection*>(self);
  return connection->clock_->Monotonic() > connection->deadline_ ? 1 : 0;
}

int Connection::OnWal(void* self, sqlite3*, const char*, int pages) {
  static_cast<Connection*>(self)->wal_pages_ = pages;
  return SQLITE_OK;
}

}  // namespace cairn
