#include "tests/e2e/sql_dump.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/follow/postgres.h"
#include "common/tables/directory_tables.h"

namespace cairn {
namespace {

constexpr char null_mark[] = "(null)";

bool IsCompared(const Column& column) { return column.name != "last_heard_at"; }

std::string RealText(double value) { return absl::StrFormat("%.10g", value); }

std::string SqliteText(sqlite3_stmt* row, int at, ColumnType type) {
  if (sqlite3_column_type(row, at) == SQLITE_NULL) return null_mark;
  if (type == ColumnType::kReal) return RealText(sqlite3_column_double(row, at));
  if (type == ColumnType::kBoolean) return sqlite3_column_int(row, at) != 0 ? "t" : "f";
  return reinterpret_cast<const char*>(sqlite3_column_text(row, at));
}

std::string PostgresText(const PgValue& value, ColumnType type) {
  if (!value.has_value()) return null_mark;
  return type == ColumnType::kReal ? RealText(std::strtod(value->c_str(), nullptr)) : *value;
}

std::string PostgresExpression(const Column& column) {
  const std::string name = QuotedName("", column.name);
  if (column.type != ColumnType::kTime) return name;
  return absl::StrCat("to_char(", name, " AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')");
}

}  // namespace

TableDump DumpSqlite(const std::string& path) {
  TableDump dump;
  sqlite3* db = nullptr;
  sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READONLY, nullptr);
  for (const Table& table : DirectoryTables()) {
    std::vector<std::string>& rows = dump[std::string(table.name)];
    sqlite3_stmt* row = nullptr;
    sqlite3_prepare_v2(db, absl::StrCat("SELECT * FROM ", QuotedName("", table.name)).c_str(), -1, &row, nullptr);
    while (sqlite3_step(row) == SQLITE_ROW) {
      std::vector<std::string> values;
      for (size_t i = 0; i < table.columns.size(); ++i) {
        if (!IsCompared(table.columns[i])) continue;
        values.push_back(SqliteText(row, static_cast<int>(i), table.columns[i].type));
      }
      rows.push_back(absl::StrJoin(values, "|"));
    }
    sqlite3_finalize(row);
    std::sort(rows.begin(), rows.end());
  }
  sqlite3_close(db);
  return dump;
}

TableDump DumpPostgres(const std::string& where, const std::string& schema) {
  TableDump dump;
  const auto postgres = Postgres::Connect(where);
  if (!postgres.ok()) return {{std::string(postgres.status().message()), {}}};
  for (const Table& table : DirectoryTables()) {
    std::vector<std::string> expressions;
    for (const Column& column : table.columns) expressions.push_back(PostgresExpression(column));
    const auto found = (*postgres)->Query(
        absl::StrCat("SELECT ", absl::StrJoin(expressions, ", "), " FROM ", QuotedName(schema, table.name)), {});
    if (!found.ok()) return {{std::string(found.status().message()), {}}};
    std::vector<std::string>& rows = dump[std::string(table.name)];
    for (const std::vector<PgValue>& row : *found) {
      std::vector<std::string> values;
      for (size_t i = 0; i < row.size(); ++i) {
        if (IsCompared(table.columns[i])) values.push_back(PostgresText(row[i], table.columns[i].type));
      }
      rows.push_back(absl::StrJoin(values, "|"));
    }
    std::sort(rows.begin(), rows.end());
  }
  return dump;
}

std::string Difference(const TableDump& a, const TableDump& b) {
  std::string text;
  if (a.size() != b.size()) text = absl::StrCat(a.size(), " and ", b.size(), " tables; ", a.begin()->first, "\n");
  for (const auto& [table, rows] : a) {
    const auto other = b.find(table);
    if (other == b.end() || other->second == rows) continue;
    const auto [left, right] = std::mismatch(rows.begin(), rows.end(), other->second.begin(), other->second.end());
    absl::StrAppend(&text, table, ": ", rows.size(), " and ", other->second.size(), " rows; the first that differ:\n  ",
                    left == rows.end() ? "(none)" : *left, "\n  ", right == other->second.end() ? "(none)" : *right,
                    "\n");
  }
  return text;
}

}  // namespace cairn
