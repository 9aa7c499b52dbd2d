#include "server/store/statement.h"

#include <sqlite3.h>

#include <utility>

#include "server/store/database.h"

namespace cairn {

Statement::Statement(Connection* db, sqlite3_stmt* stmt, bool* in_use, absl::Status status)
    : db_(db), stmt_(stmt), in_use_(in_use), status_(std::move(status)) {
  if (in_use_ != nullptr) *in_use_ = true;
}

Statement::Statement(Statement&& other) noexcept
    : db_(other.db_),
      stmt_(std::exchange(other.stmt_, nullptr)),
      in_use_(std::exchange(other.in_use_, nullptr)),
      ended_(other.ended_),
      status_(other.status_) {}

Statement::~Statement() {
  if (stmt_ == nullptr) return;
  if (in_use_ == nullptr) {
    sqlite3_finalize(stmt_);
    return;
  }
  sqlite3_reset(stmt_);
  sqlite3_clear_bindings(stmt_);
  *in_use_ = false;
}

void Statement::Rewind() {
  if (stmt_ == nullptr) return;
  sqlite3_reset(stmt_);
  ended_ = false;
}

bool Statement::Step() {
  if (!status_.ok() || ended_) return false;
  const int code = sqlite3_step(stmt_);
  if (code == SQLITE_ROW) return true;
  ended_ = true;
  if (code != SQLITE_DONE) Fail(code);
  return false;
}

absl::Status Statement::Run() {
  while (Step()) {
  }
  return status_;
}

bool Statement::IsNull(int column) const { return sqlite3_column_type(stmt_, column) == SQLITE_NULL; }
int64_t Statement::Int64(int column) const { return sqlite3_column_int64(stmt_, column); }
double Statement::Double(int column) const { return sqlite3_column_double(stmt_, column); }

absl::string_view Statement::Text(int column) const {
  const void* bytes = sqlite3_column_blob(stmt_, column);
  return {static_cast<const char*>(bytes), static_cast<size_t>(sqlite3_column_bytes(stmt_, column))};
}

void Statement::BindInt(int index, int64_t value) {
  if (!status_.ok()) return;
  Fail(sqlite3_bind_int64(stmt_, index, value));
}

void Statement::BindDouble(int index, double value) {
  if (!status_.ok()) return;
  Fail(sqlite3_bind_double(stmt_, index, value));
}

void Statement::BindText(int index, absl::string_view value) {
  if (!status_.ok()) return;
  // A view without bytes may point nowhere, which SQLite would take for NULL.
  Fail(sqlite3_bind_text64(stmt_, index, value.empty() ? "" : value.data(), value.size(), SQLITE_TRANSIENT,
                           SQLITE_UTF8));
}

void Statement::BindBlob(int index, absl::string_view value) {
  if (!status_.ok()) return;
  Fail(sqlite3_bind_blob64(stmt_, index, value.empty() ? "" : value.data(), value.size(), SQLITE_TRANSIENT));
}

void Statement::BindNull(int index) {
  if (!status_.ok()) return;
  Fail(sqlite3_bind_null(stmt_, index));
}

void Statement::Fail(int code) {
  if (code == SQLITE_OK) return;
  status_ = SqliteStatus(code, db_->handle(), sqlite3_sql(stmt_));
  db_->Note(code);
}

}  // namespace cairn
