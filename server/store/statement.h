// One SQL statement in use. Only server/store sees SQLite.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

struct sqlite3_stmt;

namespace cairn {

class Connection;

// Bytes to be bound as a BLOB; a bare string is bound as TEXT.
struct Blob {
  absl::string_view bytes;
};

// A prepared statement taken from its connection's cache and given back, reset, when this goes. Errors stick: after the
// first one every call does nothing and status() says what went wrong, so that a loop needs one check:
//
//   Statement row = db.Prepare(kSelectEntries);
//   row.Bind(feed_id, after_seq);
//   while (row.Step()) use(row.Int64(0), row.Text(1));
//   RETURN_IF_ERROR(row.status());
//
// Not thread-safe; must not outlive its connection. Columns count from 0, parameters are bound in order from 1.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Binds all parameters in order. Strings and blobs are copied. nullptr binds NULL. Starts the statement anew if it
  // ran before.
  template <typename... Args>
  Statement& Bind(const Args&... args) {
    Rewind();
    int index = 0;
    (BindOne(++index, args), ...);
    return *this;
  }
  // For a number of parameters known only when running: binds parameter `index`, from 1. Call Rewind() before the first
  // when the statement ran before.
  template <typename T>
  Statement& BindAt(int index, const T& value) {
    BindOne(index, value);
    return *this;
  }
  void Rewind();

  // Moves to the next row. False at the end and on an error.
  bool Step();
  // Runs to the end, ignoring rows.
  absl::Status Run();
  const absl::Status& status() const { return status_; }

  // Columns of the row that Step() moved to. A NULL reads as 0 or empty. Views live until the next Step, Bind or the
  // end.
  bool IsNull(int column) const;
  int64_t Int64(int column) const;
  double Double(int column) const;
  absl::string_view Text(int column) const;  // of TEXT and BLOB columns alike
  absl::string_view Bytes(int column) const { return Text(column); }
  std::string String(int column) const { return std::string(Text(column)); }

  sqlite3_stmt* handle() const { return stmt_; }

 private:
  friend class Connection;
  Statement(Connection* db, sqlite3_stmt* stmt, bool* in_use, absl::Status status);

  void BindInt(int index, int64_t value);
  void BindDouble(int index, double value);
  void BindText(int index, absl::string_view value);
  void BindBlob(int index, absl::string_view value);
  void BindNull(int index);
  template <typename T>
  void BindOne(int index, const T& value) {
    if constexpr (std::is_same_v<T, Blob>) {
      BindBlob(index, value.bytes);
    } else if constexpr (std::is_same_v<T, std::nullptr_t> || std::is_same_v<T, std::monostate>) {
      BindNull(index);
    } else if constexpr (std::is_floating_point_v<T>) {
      BindDouble(index, value);
    } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
      BindInt(index, static_cast<int64_t>(value));
    } else {
      BindText(index, value);
    }
  }
  template <typename... Ts>
  void BindOne(int index, const std::variant<Ts...>& value) {
    std::visit([&](const auto& v) { BindOne(index, v); }, value);
  }
  void Fail(int code);

  Connection* db_;
  sqlite3_stmt* stmt_;
  bool* in_use_;  // of the cache's slot; null: not cached
  bool ended_ = false;
  absl::Status status_;
};

}  // namespace cairn
