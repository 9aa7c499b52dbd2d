#include "server/store/backup.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace cairn {
namespace {

constexpr absl::string_view restored_from_key = "restored_from";
constexpr absl::string_view file_key = "file";
constexpr absl::string_view old_key = "own_feeds_old";
constexpr absl::string_view boot_key = "boot";
constexpr int step_pages = 512;                             // 4 MiB: writes wait some ten milliseconds for a step
constexpr absl::Duration check_budget = absl::Minutes(30);  // of a file that nobody else uses

absl::Status FileError(absl::string_view doing, const std::string& path) {
  const int error = errno;
  const std::string text = absl::StrCat(doing, " ", Quoted(path), ": ", strerror(error));
  if (error == EEXIST) return absl::AlreadyExistsError(absl::StrCat(text, "; name a file that is not there yet"));
  if (error == ENOSPC) return absl::ResourceExhaustedError(text);
  return absl::FailedPreconditionError(text);
}

absl::Status SyncPath(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return FileError("cannot open", path);
  const absl::Status status = fsync(fd) == 0 ? absl::OkStatus() : FileError("cannot write", path);
  close(fd);
  return status;
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

// The copy in the making, under a name that is gone with this object.
class Copy {
 public:
  static absl::StatusOr<std::unique_ptr<Copy>> Begin(Store* store, const std::string& path) {
    const int fd = open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) return FileError("cannot make", path);
    close(fd);
    std::unique_ptr<Copy> copy(new Copy(store, path));
    const int code = sqlite3_open_v2(path.c_str(), &copy->to_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    if (code != SQLITE_OK) return SqliteStatus(code, copy->to_, path);
    // It is of no use before it is whole, so it needs no journal; it is synced at the end.
    sqlite3_exec(copy->to_, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", nullptr, nullptr, nullptr);
    RETURN_IF_ERROR(store->BetweenWrites([&](Connection& db) {
      Statement row = db.Prepare("PRAGMA page_size");
      if (row.Step()) copy->page_bytes_ = static_cast<uint64_t>(row.Int64(0));
      copy->backup_ = sqlite3_backup_init(copy->to_, "main", db.handle(), "main");
      return copy->backup_ != nullptr ? absl::OkStatus() : SqliteStatus(sqlite3_errcode(copy->to_), copy->to_, path);
    }));
    return copy;
  }

  ~Copy() {
    if (backup_ != nullptr) Finish().IgnoreError();
    sqlite3_close(to_);
    unlink(path_.c_str());  // the finished copy has another name by now
  }

  // True: that was the last step.
  absl::StatusOr<bool> Step(BackupProgress* progress) {
    bool last = false;
    RETURN_IF_ERROR(store_->BetweenWrites([&](Connection&) -> absl::Status {
      const int code = sqlite3_backup_step(backup_, step_pages);
      const uint64_t total = static_cast<uint64_t>(sqlite3_backup_pagecount(backup_));
      const uint64_t left = static_cast<uint64_t>(sqlite3_backup_remaining(backup_));
      *progress = {(total - left) * page_bytes_, total * page_bytes_};
      last = code == SQLITE_DONE;
      if (last) return FinishHere();  // nothing may be written in between: this is the moment that is copied
      return code == SQLITE_OK || code == SQLITE_BUSY ? absl::OkStatus() : SqliteStatus(code, to_, path_);
    }));
    return last;
  }

 private:
  Copy(Store* store, std::string path) : store_(store), path_(std::move(path)) {}
  absl::Status FinishHere() {
    const int code = sqlite3_backup_finish(std::exchange(backup_, nullptr));
    const absl::Status status = SqliteStatus(code, to_, path_);
    sqlite3_close(std::exchange(to_, nullptr));
    return status;
  }
  absl::Status Finish() {
    return store_->BetweenWrites([this](Connection&) { return FinishHere(); });
  }

  Store* const store_;
  const std::string path_;
  sqlite3* to_ = nullptr;
  uint64_t page_bytes_ = 0;
  sqlite3_backup* backup_ = nullptr;  // used on the writer's thread only, since it reads through its connection
};

absl::StatusOr<std::string> ReadMark(Store* store, absl::string_view key) {
  std::string mark;
  RETURN_IF_ERROR(store->Read([&](Connection& db) -> absl::Status {
    ASSIGN_OR_RETURN(mark, GetMeta(db, key));
    return absl::OkStatus();
  }));
  return mark;
}

// Made anew at each start of the machine (Linux, random(4)); empty where the system does not tell.
std::string ThisBoot() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

}  // namespace

absl::Status BackUp(Store* store, const std::string& path, absl::string_view mark,
                    const std::function<absl::Status(const BackupProgress&)>& progress) {
  if (access(path.c_str(), F_OK) == 0) {
    errno = EEXIST;
    return FileError("cannot make", path);
  }
  const std::string unfinished = path + ".part";
  ASSIGN_OR_RETURN(const std::unique_ptr<Copy> copy, Copy::Begin(store, unfinished));
  BackupProgress at;
  for (bool last = false; !last;) {
    ASSIGN_OR_RETURN(last, copy->Step(&at));
    RETURN_IF_ERROR(progress(at));
  }
  RETURN_IF_ERROR(SettleCopy(unfinished, mark));
  if (link(unfinished.c_str(), path.c_str()) != 0) return FileError("cannot make", path);  // never over another file
  return SyncPath(FolderOf(path));
}

absl::Status SettleCopy(const std::string& path, absl::string_view mark) {
  {
    ASSIGN_OR_RETURN(const std::unique_ptr<Connection> db, Connection::Open({.path = path}));
    RETURN_IF_ERROR(db->ExecuteScript("PRAGMA journal_mode=DELETE"));
    if (!mark.empty()) RETURN_IF_ERROR(SetRestoredMark(*db, mark));
  }
  return SyncPath(path);
}

absl::StatusOr<std::string> CheckPages(Store* store) {
  std::string finding;
  RETURN_IF_ERROR(store->Read(
      [&](Connection& db) -> absl::Status {
        Statement row = db.Prepare("PRAGMA integrity_check(1)");
        if (row.Step()) finding = row.String(0);
        return row.status();
      },
      check_budget));
  return finding == "ok" ? std::string() : finding;
}

absl::StatusOr<std::string> ReadRestoredMark(Store* store) { return ReadMark(store, restored_from_key); }

absl::Status SetRestoredMark(Connection& db, absl::string_view what) { return SetMeta(db, restored_from_key, what); }

absl::StatusOr<bool> ReadOldMark(Store* store) {
  ASSIGN_OR_RETURN(const std::string mark, ReadMark(store, old_key));
  return !mark.empty();
}

absl::Status SetOldMark(Connection& db) { return SetMeta(db, old_key, "1"); }

absl::Status MarkWhenCopied(Store* store, const std::string& path) {
  struct statx file = {};
  if (statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME, &file) != 0) return absl::OkStatus();
  const std::string now = (file.stx_mask & STATX_BTIME) == 0
                              ? absl::StrCat(file.stx_ino)
                              : absl::StrCat(file.stx_ino, " ", file.stx_btime.tv_sec, ".", file.stx_btime.tv_nsec);
  ASSIGN_OR_RETURN(const std::string before, ReadMark(store, file_key));
  if (before == now) return absl::OkStatus();
  if (!before.empty()) LogWarning("node.copied", {{"why", "the database is a copy of the file that was used before"}});
  return store->Write([&](Connection& db) -> absl::Status {
    if (!before.empty()) RETURN_IF_ERROR(SetOldMark(db));
    return SetMeta(db, file_key, now);
  });
}

absl::StatusOr<bool> MachineStartedAnew(Store* store) {
  ASSIGN_OR_RETURN(const std::string before, ReadMark(store, boot_key));
  const std::string now = ThisBoot();
  return !before.empty() && !now.empty() && before != now;
}

absl::Status ClearCopyMarks(Connection& db) {
  RETURN_IF_ERROR(SetMeta(db, restored_from_key, ""));
  RETURN_IF_ERROR(SetMeta(db, boot_key, ThisBoot()));
  return SetMeta(db, old_key, "");
}

}  // namespace cairn
