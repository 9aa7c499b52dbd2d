#include "client/follow/postgres.h"

#include <libpq-fe.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"

namespace cairn {
namespace {

// Times are written and read in UTC. Rows to be replaced are looked up one by one: the planner knows nothing of arrays
// that are parameters, and would read whole tables.
constexpr char settings[] =
    "SET client_encoding = 'UTF8'; SET timezone = 'UTC'; SET datestyle = 'ISO'; SET client_min_messages = warning; "
    "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off";

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

absl::Status NoConnectionString(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(
      "not a place in PostgreSQL (", why, "); write postgresql://USER@HOST:PORT/DATABASE, or host=… dbname=… user=…"));
}

std::string ValueOf(const Options& options, absl::string_view keyword) {
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->keyword == keyword && option->val != nullptr) return option->val;
  }
  return "";
}

// libpq's own words repeat parts of the text, and so, when a sign is out of place, of the password.
absl::StatusOr<Options> Parse(const std::string& where) {
  if (where.empty()) return NoConnectionString("it is empty");
  const size_t scheme = where.find("://");
  if (scheme != std::string::npos) {
    const size_t end = std::min(where.find_first_of("/?", scheme + 3), where.size());
    if (std::count(where.begin() + static_cast<std::ptrdiff_t>(scheme),
                   where.begin() + static_cast<std::ptrdiff_t>(end), '@') > 1) {
      return NoConnectionString("it has two @: within a user's name or password write %40");
    }
  }
  char* error = nullptr;
  Options options(PQconninfoParse(where.c_str(), &error));
  PQfreemem(error);
  if (options == nullptr)
    return NoConnectionString("it cannot be read; within a password, write % and two digits for signs");
  // Before anything is said of it: it may be a password out of its place. Several hosts have several ports.
  for (const absl::string_view port : absl::StrSplit(ValueOf(options, "port"), ',')) {
    int number = 0;
    if (!port.empty() && (!absl::SimpleAtoi(port, &number) || number < 1 || number > 65535))
      return NoConnectionString("its port is none from 1 to 65535");
  }
  return options;
}

std::string WithoutSecret(absl::string_view text, const char* secret) {
  std::string clean(absl::StripAsciiWhitespace(text));
  if (secret != nullptr && *secret != '\0') clean = absl::StrReplaceAll(clean, {{secret, "…"}});
  return absl::StrReplaceAll(clean, {{"\n", "; "}});
}

// Whether the same may succeed later: the connection or the server goes away, locks, a lack of resources.
bool MayHeal(absl::string_view sqlstate) {
  for (const absl::string_view prefix : {"08", "40", "53", "57P", "58"}) {
    if (absl::StartsWith(sqlstate, prefix)) return true;
  }
  return sqlstate == "55P03";
}

}  // namespace

std::string PgArray(absl::Span<const PgValue> elements) {
  std::string text = "{";
  for (const PgValue& element : elements) {
    if (text.size() > 1) text.push_back(',');
    if (!element.has_value()) {
      text += "NULL";
      continue;
    }
    text.push_back('"');
    for (const char c : *element) {
      if (c == '"' || c == '\\') text.push_back('\\');
      text.push_back(c);
    }
    text.push_back('"');
  }
  return text + "}";
}

absl::StatusOr<std::string> Postgres::Describe(const std::string& where) {
  ASSIGN_OR_RETURN(const Options options, Parse(where));
  const std::string host = ValueOf(options, "host");
  const std::string port = ValueOf(options, "port");
  const std::string database = ValueOf(options, "dbname");
  return absl::StrCat("database ", database.empty() ? "(default)" : Quoted(database), " at ",
                      host.empty() ? "(default)" : host, port.empty() ? "" : absl::StrCat(":", port));
}

absl::StatusOr<std::unique_ptr<Postgres>> Postgres::Connect(const std::string& where) {
  ASSIGN_OR_RETURN(const Options options, Parse(where));
  // What stands before `dbname` are defaults: `where` may say otherwise.
  const char* const keywords[] = {"connect_timeout",           "tcp_user_timeout", "keepalives_idle",
                                  "fallback_application_name", "dbname",           nullptr};
  const char* const values[] = {"10", "60000", "30", "cairn follow", where.c_str(), nullptr};
  std::unique_ptr<Postgres> postgres(new Postgres(PQconnectdbParams(keywords, values, 1)));
  pg_conn* const connection = postgres->connection_;
  if (PQstatus(connection) != CONNECTION_OK) {
    const std::string why = WithoutSecret(WithoutSecret(PQerrorMessage(connection), PQpass(connection)),
                                          ValueOf(options, "password").c_str());
    return absl::UnavailableError(absl::StrCat("PostgreSQL: ", why));
  }
  const char* const encoding = PQparameterStatus(connection, "server_encoding");
  if (encoding == nullptr || absl::string_view(encoding) != "UTF8") {
    return absl::FailedPreconditionError(
        absl::StrCat("PostgreSQL: the database is in ", encoding == nullptr ? "an unknown encoding" : encoding,
                     ", and the directory in all scripts of the world; make one with ENCODING 'UTF8'"));
  }
  RETURN_IF_ERROR(postgres->Execute(settings));
  return postgres;
}

Postgres::~Postgres() { PQfinish(connection_); }

void Postgres::Free::operator()(pg_result* result) const { PQclear(result); }

absl::Status Postgres::Execute(const std::string& sql) { return StatusOf(Result(PQexec(connection_, sql.c_str()))); }

absl::StatusOr<int64_t> Postgres::Run(const std::string& sql, absl::Span<const PgValue> parameters) {
  const Result result = Send(sql, parameters);
  RETURN_IF_ERROR(StatusOf(result));
  int64_t rows = 0;
  return absl::SimpleAtoi(PQcmdTuples(result.get()), &rows) ? rows : 0;
}

absl::StatusOr<std::vector<std::vector<PgValue>>> Postgres::Query(const std::string& sql,
                                                                  absl::Span<const PgValue> parameters) {
  const Result result = Send(sql, parameters);
  RETURN_IF_ERROR(StatusOf(result));
  std::vector<std::vector<PgValue>> rows(static_cast<size_t>(PQntuples(result.get())));
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      PgValue& value = rows[static_cast<size_t>(row)].emplace_back();
      if (PQgetisnull(result.get(), row, column) == 0) {
        value.emplace(PQgetvalue(result.get(), row, column),
                      static_cast<size_t>(PQgetlength(result.get(), row, column)));
      }
    }
  }
  return rows;
}

Postgres::Result Postgres::Send(const std::string& sql, absl::Span<const PgValue> parameters) {
  std::vector<const char*> values;
  for (const PgValue& parameter : parameters) values.push_back(parameter.has_value() ? parameter->c_str() : nullptr);
  return Result(PQexecParams(connection_, sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr,
                             nullptr, 0));
}

// The primary message alone: details and contexts repeat values of rows.
absl::Status Postgres::StatusOf(const Result& result) const {
  const ExecStatusType status = PQresultStatus(result.get());
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return absl::OkStatus();
  const char* const sqlstate = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
  const char* const primary = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
  const std::string text = absl::StrCat(
      "PostgreSQL: ", WithoutSecret(primary != nullptr ? primary : PQerrorMessage(connection_), PQpass(connection_)));
  if (PQstatus(connection_) != CONNECTION_OK || sqlstate == nullptr || MayHeal(sqlstate)) {
    return absl::UnavailableError(text);
  }
  return absl::FailedPreconditionError(absl::StrCat(text, " (SQLSTATE ", sqlstate, ")"));
}

}  // namespace cairn
