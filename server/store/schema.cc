#include "server/store/schema.h"

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "server/store/change_order.h"
#include "server/store/rebuild.h"
#include "server/store/schema_access.h"
#include "server/store/schema_blocks.h"
#include "server/store/schema_changes.h"
#include "server/store/schema_derived.h"
#include "server/store/schema_exchanged.h"
#include "server/store/store.h"

namespace cairn {
namespace {

// A step forward. Steps stay as they are for ever: files of every version must find their way.
struct Migration {
  int64_t to_version;
  absl::Status (*run)(Connection& db);
};

absl::Status CreateVersion1(Connection& db) {
  RETURN_IF_ERROR(db.ExecuteScript(kExchangedSchema));
  RETURN_IF_ERROR(db.ExecuteScript(kDerivedSchema));
  RETURN_IF_ERROR(db.ExecuteScript(absl::StrCat("PRAGMA application_id=", schema_application_id)));
  return SetMeta(db, "derived_version", DerivedVersion());
}

absl::Status AddAccess(Connection& db) { return db.ExecuteScript(kAccessSchema); }

absl::Status AddChangeOrder(Connection& db) { return db.ExecuteScript(kChangesSchema); }
absl::Status AddBlocks(Connection& db) { return db.ExecuteScript(kBlocksSchema); }
absl::Status AddNestedChanges(Connection& db) { return db.ExecuteScript(kNestedChangesSchema); }

constexpr Migration kMigrations[] = {{1, &CreateVersion1}, {2, &AddAccess}, {3, &AddChangeOrder}, {4, &AddBlocks}, {5, &AddNestedChanges}};

absl::StatusOr<int64_t> ReadNumber(Connection& db, absl::string_view sql) {
  Statement row = db.Prepare(sql);
  row.Step();
  RETURN_IF_ERROR(row.status());
  return row.Int64(0);
}

absl::Status Migrate(Connection& db, int64_t from) {
  for (const Migration& migration : kMigrations) {
    if (migration.to_version <= from) continue;
    RETURN_IF_ERROR(db.Execute("BEGIN IMMEDIATE"));
    absl::Status status = migration.run(db);
    if (status.ok()) status = db.ExecuteScript(absl::StrCat("PRAGMA user_version=", migration.to_version));
    if (status.ok()) status = db.Execute("COMMIT");
    if (!status.ok()) {
      if (!db.autocommit()) db.Execute("ROLLBACK").IgnoreError();
      return Annotate(status, absl::StrCat("making the file version ", migration.to_version));
    }
  }
  return absl::OkStatus();
}

// Returns the file's version; 0: it is empty.
absl::StatusOr<int64_t> CheckFile(Connection& db) {
  const absl::StatusOr<int64_t> application = ReadNumber(db, "PRAGMA application_id");
  if (!application.ok()) return absl::DataLossError(absl::StrCat("not a database: ", application.status().message()));
  ASSIGN_OR_RETURN(const int64_t version, ReadNumber(db, "PRAGMA user_version"));
  ASSIGN_OR_RETURN(const int64_t objects, ReadNumber(db, "SELECT count(*) FROM sqlite_schema"));
  if (*application == 0 && version == 0 && objects == 0) return 0;
  if (*application != schema_application_id) {
    return absl::DataLossError("a database of another program; choose another path, Cairn makes its own file");
  }
  if (version > schema_version) {
    return absl::FailedPreconditionError(absl::StrCat("written by a newer Cairn: the file has version ", version,
                                                      ", this program reads up to ", schema_version,
                                                      "; start the newer program"));
  }
  return version;
}

absl::Status CompareConsortium(Connection& db, std::string* consortium) {
  ASSIGN_OR_RETURN(const std::string stored, GetMeta(db, "consortium"));
  if (stored.empty()) return consortium->empty() ? absl::OkStatus() : SetMeta(db, "consortium", *consortium);
  if (!consortium->empty() && *consortium != stored) {
    return absl::FailedPreconditionError(absl::StrCat("belongs to consortium ", Quoted(stored), ", not ",
                                                      Quoted(*consortium),
                                                      "; give each consortium its own data directory"));
  }
  *consortium = stored;
  return absl::OkStatus();
}

absl::Status EnsurePageKey(Connection& db) {
  ASSIGN_OR_RETURN(const std::string made, GetMeta(db, page_key_meta));
  if (!made.empty()) return absl::OkStatus();
  std::string key(32, '\0');
  SystemRandom()->Fill(absl::MakeSpan(&key[0], key.size()));
  return SetMeta(db, page_key_meta, ToHex(key));
}

}  // namespace

absl::Status OpenSchema(Connection& db, absl::Time now, std::string* consortium) {
  ASSIGN_OR_RETURN(const int64_t version, CheckFile(db));
  if (version > 0) RETURN_IF_ERROR(CompareConsortium(db, consortium));
  // Twice SQLite's default: records of 1 KB fit better, so that a file is a tenth smaller and fills an eighth quicker.
  // A file keeps its first choice.
  if (version == 0) RETURN_IF_ERROR(db.ExecuteScript("PRAGMA page_size=8192"));
  RETURN_IF_ERROR(db.ExecuteScript("PRAGMA journal_mode=WAL"));
  RETURN_IF_ERROR(Migrate(db, version));
  RETURN_IF_ERROR(EnsurePageKey(db));
  if (version > 0) {
    // A copy knows nothing of what was shown after it was made.
    ASSIGN_OR_RETURN(const std::string restored, GetMeta(db, "restored_from"));
    return restored.empty() ? absl::OkStatus() : RaiseChangeFloor(db, absl::ToUnixMicros(now));
  }
  RETURN_IF_ERROR(SetMeta(db, "created_at", absl::FormatTime(now, absl::UTCTimeZone())));
  // Nothing is known of what a file before this one held.
  RETURN_IF_ERROR(RaiseChangeFloor(db, absl::ToUnixMicros(now)));
  return CompareConsortium(db, consortium);
}

absl::Status CheckSchemaForReading(Connection& db, std::string* consortium) {
  ASSIGN_OR_RETURN(const int64_t version, CheckFile(db));
  if (version < schema_version) {
    return absl::FailedPreconditionError(absl::StrCat("the file has version ", version, ", this program reads version ",
                                                      schema_version,
                                                      " and only the node changes it; start the node's program of the "
                                                      "same version first"));
  }
  ASSIGN_OR_RETURN(const std::string derived, GetMeta(db, "derived_version"));
  if (derived != DerivedVersion()) {
    return absl::FailedPreconditionError(absl::StrCat("its search texts have version ", Quoted(derived),
                                                      ", this program's have ", Quoted(DerivedVersion()),
                                                      "; start the node and this process of the same version"));
  }
  ASSIGN_OR_RETURN(const std::string stored, GetMeta(db, "consortium"));
  if (stored.empty()) return absl::FailedPreconditionError("belongs to no consortium yet; start the node first");
  return CompareConsortium(db, consortium);
}

absl::StatusOr<std::string> GetMeta(Connection& db, absl::string_view key) {
  Statement row = db.Prepare("SELECT value FROM node_meta WHERE key = ?");
  row.Bind(key);
  if (row.Step()) return row.String(0);
  RETURN_IF_ERROR(row.status());
  return std::string();
}

absl::Status SetMeta(Connection& db, absl::string_view key, absl::string_view value) {
  if (value.empty()) return db.Execute("DELETE FROM node_meta WHERE key = ?", key);
  return db.Execute(
      "INSERT INTO node_meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key,
      value);
}

}  // namespace cairn
