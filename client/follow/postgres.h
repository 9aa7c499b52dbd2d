// A connection to PostgreSQL, with errors as values. Only this file's .cc sees libpq.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

struct pg_conn;
struct pg_result;

namespace cairn {

// A parameter as text; nullopt is NULL.
using PgValue = std::optional<std::string>;

// The text of an array with those elements, to be bound as one parameter.
std::string PgArray(absl::Span<const PgValue> elements);

// Used by one thread at a time. UNAVAILABLE: the connection is lost, or the server cannot serve just now; whatever was
// not committed is undone, and only a new connection tells whether the last COMMIT was carried out. Every text that is
// returned is free of the password, and of what a server says about rows.
class Postgres {
 public:
  // `where` is a URI (postgresql://…) or key=value pairs, as psql takes them; what it leaves out, password included,
  // comes from PGPASSFILE, ~/.pgpass, PGHOST and so on. INVALID_ARGUMENT without repeating the text when it is neither.
  // FAILED_PRECONDITION for a database that is not in UTF-8.
  static absl::StatusOr<std::unique_ptr<Postgres>> Connect(const std::string& where);
  // What `where` names, without anything secret: `database "x" at host:port`. The same errors.
  static absl::StatusOr<std::string> Describe(const std::string& where);
  ~Postgres();
  Postgres(const Postgres&) = delete;
  Postgres& operator=(const Postgres&) = delete;

  // Several statements without parameters.
  absl::Status Execute(const std::string& sql);
  // One statement; returns how many rows it touched.
  absl::StatusOr<int64_t> Run(const std::string& sql, absl::Span<const PgValue> parameters);
  // One statement that returns rows.
  absl::StatusOr<std::vector<std::vector<PgValue>>> Query(const std::string& sql, absl::Span<const PgValue> parameters);

 private:
  struct Free {
    void operator()(pg_result* result) const;
  };
  using Result = std::unique_ptr<pg_result, Free>;
  explicit Postgres(pg_conn* connection) : connection_(connection) {}
  Result Send(const std::string& sql, absl::Span<const PgValue> parameters);
  absl::Status StatusOf(const Result& result) const;

  pg_conn* const connection_;
};

}  // namespace cairn
