// The directory as plain tables, for people's own SQL: one definition from which `cairn snapshot` makes a SQLite file
// and `cairn follow` the same tables in PostgreSQL.
//
// What is not known is NULL, never an empty text. Dates are dates (YYYY-MM-DD), moments are UTC without fractions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cairn/v1/record.pb.h"

namespace cairn {

// Changes with every change of the tables below or of what RowsOf puts into them: the user_version of a snapshot, and
// what tells `cairn follow` that its tables must be filled anew.
inline constexpr int directory_tables_version = 1;

// The tables, in the order of DirectoryTables().
enum class TableId : uint8_t {
  kPartner,
  kRecord,
  kRecordCountry,
  kRecordLanguage,
  kTerm,
  kOrganization,
  kService,
  kServicePhone,
  kServiceLanguage,
  kServiceSchedule,
  kServiceAtLocation,
  kLocation,
  kTraining,
  kTrainingSession,
  kResource,
  kAssessment,
  kCommitment,
  kProgressReport,
};
inline constexpr size_t directory_table_count = 18;

enum class ColumnType : uint8_t { kText, kInteger, kReal, kBoolean, kDate, kTime };

struct Column {
  absl::string_view name;
  ColumnType type = ColumnType::kText;
  bool required = false;  // never NULL
  absl::string_view comment;
};

struct Table {
  TableId id = TableId::kPartner;
  absl::string_view name;
  absl::string_view comment;
  std::vector<Column> columns;
  // The first `key_columns` columns are the primary key. They are ids of the protocol, partner ids and numbers: what
  // foreign records say freely may be too long for an index.
  int key_columns = 0;
  // The column that holds the record's id; empty in `partner`, which has no rows of records.
  absl::string_view record_id;
  // The kind whose records have rows here; RECORD_KIND_UNSPECIFIED: all, and the column `kind` says which.
  v1::RecordKind kind = v1::RECORD_KIND_UNSPECIFIED;
  // A column that other tables are joined by; empty: none.
  absl::string_view joined_by;
};

// Immutable.
absl::Span<const Table> DirectoryTables();
const Table& TableOf(TableId id);

enum class SqlDialect : uint8_t { kSqlite, kPostgres };

// The type as SQL says it.
absl::string_view TypeName(ColumnType type, SqlDialect dialect);
// Makes the table, explained: SQLite keeps comments within the text, PostgreSQL in its catalog. `schema` is the
// PostgreSQL schema, which must be there; empty: none.
std::string CreateTableSql(const Table& table, SqlDialect dialect, absl::string_view schema);
// The index beside the primary key; to be made after SQLite's table is full. Empty: none.
std::string CreateIndexSql(const Table& table, SqlDialect dialect, absl::string_view schema);
// An INSERT for SQLite, with a parameter for each column in order.
std::string InsertSql(const Table& table);
// `name` in double quotes, below `schema` unless that is empty.
std::string QuotedName(absl::string_view schema, absl::string_view name);

}  // namespace cairn
