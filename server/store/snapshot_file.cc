#include "server/store/snapshot_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"

namespace cairn {
namespace {

constexpr absl::string_view name_prefix = "snapshot-";
constexpr absl::string_view name_suffix = ".tmp";

// The file is of no use before it is whole, so it needs no journal.
constexpr absl::string_view settings = R"sql(
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA secure_delete = OFF;
)sql";

// Not STRICT, as no table of the file is: tools that are older than that word must open it.
constexpr absl::string_view about_schema = R"sql(
CREATE TABLE snapshot (
  -- What this file is: one row.
  consortium TEXT NOT NULL,
  consortium_name TEXT NOT NULL,
  audience TEXT NOT NULL,          -- who may read it: public, consortium, circle:NAME. Give it to nobody else
  charter_version INTEGER NOT NULL,
  made_at TIMESTAMP NOT NULL       -- UTC: it shows the directory as it was at that moment
);
)sql";
constexpr absl::string_view insert_about =
    "INSERT INTO snapshot (consortium, consortium_name, audience, charter_version, made_at) "
    "VALUES (?, ?, ?, ?, ?)";

std::string NewName(const std::string& folder) {
  static std::atomic<uint64_t> counter = 0;
  return absl::StrCat(folder, "/", name_prefix, getpid(), "-", counter++, name_suffix);
}

absl::Status FileError(const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", Quoted(path, 300)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<SnapshotFile>> SnapshotFile::Create(const std::string& folder) {
  std::unique_ptr<SnapshotFile> file(new SnapshotFile(NewName(folder)));
  Connection::Options options;
  options.path = NewName(folder);
  options.durable = false;
  ASSIGN_OR_RETURN(file->db_, Connection::Open(options));
  std::string script = absl::StrCat(settings, "PRAGMA application_id=", snapshot_application_id,
                                    "; PRAGMA user_version=", directory_tables_version, ";\n", about_schema);
  for (const Table& table : DirectoryTables()) absl::StrAppend(&script, CreateTableSql(table, SqlDialect::kSqlite, ""));
  // SQLite must have written to the file before it may lose its name.
  const absl::Status made = file->db_->ExecuteScript(script);
  for (const char* suffix : {"", "-wal", "-shm"}) unlink(absl::StrCat(options.path, suffix).c_str());
  RETURN_IF_ERROR(made);
  RETURN_IF_ERROR(file->db_->Execute("BEGIN"));
  return file;
}

SnapshotFile::~SnapshotFile() {
  unlink(compact_path_.c_str());
  if (fd_ >= 0) close(fd_);
}

absl::Status SnapshotFile::Add(absl::Span<const TableRow> rows) {
  static const std::vector<std::string>* const inserts = [] {
    auto* made = new std::vector<std::string>();
    for (const Table& table : DirectoryTables()) made->push_back(InsertSql(table));
    return made;
  }();
  for (const TableRow& row : rows) {
    Statement insert = db_->Prepare((*inserts)[static_cast<size_t>(row.table)]);
    for (size_t i = 0; i < row.values.size(); ++i) insert.BindAt(static_cast<int>(i + 1), row.values[i]);
    RETURN_IF_ERROR(insert.Run());
  }
  return absl::OkStatus();
}

absl::Status SnapshotFile::Finish(const SnapshotAbout& about) {
  RETURN_IF_ERROR(db_->Execute(insert_about, about.consortium, about.consortium_name, about.audience,
                               about.charter_version,
                               absl::FormatTime("%Y-%m-%d %H:%M:%S", about.made_at, absl::UTCTimeZone())));
  for (const Table& table : DirectoryTables()) {
    const std::string index = CreateIndexSql(table, SqlDialect::kSqlite, "");
    if (!index.empty()) RETURN_IF_ERROR(db_->ExecuteScript(index));
  }
  RETURN_IF_ERROR(db_->Execute("COMMIT"));
  return Compact();
}

absl::Status SnapshotFile::Compact() {
  RETURN_IF_ERROR(db_->ExecuteScript("ANALYZE"));  // other people's queries are planned by it
  RETURN_IF_ERROR(db_->Execute("VACUUM INTO ?", compact_path_));
  db_.reset();
  fd_ = open(compact_path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) return FileError(compact_path_);
  unlink(compact_path_.c_str());
  struct stat now {};
  if (fstat(fd_, &now) != 0) return FileError(compact_path_);
  bytes_ = static_cast<uint64_t>(now.st_size);
  return absl::OkStatus();
}

absl::StatusOr<std::string> SnapshotFile::Read(size_t bytes_max) {
  std::string chunk(bytes_max, '\0');
  const ssize_t got = pread(fd_, chunk.data(), chunk.size(), static_cast<off_t>(read_));
  if (got < 0) return FileError(compact_path_);
  chunk.resize(static_cast<size_t>(got));
  read_ += chunk.size();
  return chunk;
}

void SnapshotFile::RemoveLeftovers(const std::string& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder.empty() ? "." : folder, error)) {
    const std::string name = entry.path().filename().string();
    if (absl::StartsWith(name, name_prefix) && absl::EndsWith(name, name_suffix)) unlink(entry.path().c_str());
  }
}

}  // namespace cairn
