#include "server/store/read_store.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "server/store/reader_pool.h"
#include "server/store/record_columns.h"
#include "server/store/schema.h"

namespace cairn {
namespace {

constexpr int reader_cache_kib = 8 * 1024;  // a page of results and its way there; there are several
constexpr int watch_cache_kib = 64;         // one row at a time

uint64_t FileBytes(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
}

// 0: there is none.
uint64_t InodeOf(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 ? static_cast<uint64_t>(info.st_ino) : 0;
}

absl::Status CannotRead(const absl::Status& status, const std::string& path) {
  const absl::Status named = Annotate(status, absl::StrCat("data file ", Quoted(path, 300)));
  if (status.code() != absl::StatusCode::kNotFound && status.code() != absl::StatusCode::kPermissionDenied)
    return named;
  return absl::NotFoundError(absl::StrCat(named.message(),
                                          "; it must have been made by a node's first start, and this "
                                          "process must be allowed to read it and \"-wal\" and \"-shm\" beside it"));
}

}  // namespace

ReadStore::ReadStore() : columns_(std::make_unique<ColumnCache>()) {}

ReadStore::~ReadStore() = default;

void ReadStore::OpenReaders(Options options, bool durable) {
  reading_ = std::move(options);
  const Connection::Options reader{reading_.path, true, durable, reader_cache_kib, reading_.vfs};
  readers_ = std::make_unique<ReaderPool>(reader, reading_.readers, reading_.clock);
}

void ReadStore::CloseReaders() { readers_.reset(); }

absl::StatusOr<std::unique_ptr<ReadStore>> ReadStore::Open(const Options& options) {
  std::unique_ptr<ReadStore> store(new ReadStore());
  store->OpenReaders(options, /*durable=*/true);
  const absl::Status good =
      store->Read([&](Connection& db) { return CheckSchemaForReading(db, &store->reading_.consortium); });
  if (!good.ok()) return CannotRead(good, options.path);
  return store;
}

absl::Status ReadStore::Read(const Body& body, absl::Duration budget) { return readers_->Read(body, budget); }

ReadStore::Sizes ReadStore::sizes() const {
  Sizes sizes;
  sizes.database = FileBytes(reading_.path);
  sizes.wal = FileBytes(reading_.path + "-wal");
  struct statvfs disk;
  if (statvfs(reading_.path.c_str(), &disk) == 0) sizes.disk_free = uint64_t{disk.f_bavail} * disk.f_frsize;
  return sizes;
}

FileWatch::FileWatch(std::string path, std::unique_ptr<Connection> db, uint64_t inode)
    : path_(std::move(path)), db_(std::move(db)), inode_(inode) {}

absl::StatusOr<std::unique_ptr<FileWatch>> FileWatch::Open(const std::string& path) {
  const uint64_t inode = InodeOf(path);
  Connection::Options options;
  options.path = path;
  options.read_only = true;
  options.cache_kib = watch_cache_kib;
  absl::StatusOr<std::unique_ptr<Connection>> db = Connection::Open(options);
  if (!db.ok()) return CannotRead(db.status(), path);
  return std::unique_ptr<FileWatch>(new FileWatch(path, *std::move(db), inode));
}

absl::StatusOr<bool> FileWatch::Changed() {
  if (InodeOf(path_) != inode_) {
    return absl::FailedPreconditionError(
        absl::StrCat("data file ", Quoted(path_, 300), ": another file lies there now; start this process again"));
  }
  int64_t now = 0;
  {
    Statement row = db_->Prepare("PRAGMA data_version");
    row.Step();
    RETURN_IF_ERROR(row.status());
    now = row.Int64(0);
  }
  if (now == seen_) return false;
  std::string any_consortium;
  RETURN_IF_ERROR(
      Annotate(CheckSchemaForReading(*db_, &any_consortium), absl::StrCat("data file ", Quoted(path_, 300))));
  seen_ = now;
  return true;
}

}  // namespace cairn
