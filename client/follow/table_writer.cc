#include "client/follow/table_writer.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/record/kinds.h"

namespace cairn {
namespace {

constexpr absl::string_view progress_table = "follow_progress";

// Beside the directory's tables: written by `cairn follow` alone.
std::string CreateProgressSql(absl::string_view schema) {
  const std::string name = QuotedName(schema, progress_table);
  return absl::StrCat(
      "CREATE TABLE ", name,
      " (\"only_row\" BOOLEAN PRIMARY KEY CHECK (\"only_row\"), \"tables_version\" BIGINT NOT NULL, "
      "\"audience\" TEXT NOT NULL, \"resume_token\" TEXT NOT NULL, \"complete\" BOOLEAN NOT NULL, "
      "\"committed_at\" TIMESTAMP WITH TIME ZONE NOT NULL);\nCOMMENT ON TABLE ",
      name, " IS 'How far cairn follow has come; committed together with the rows.';\n", "COMMENT ON COLUMN ", name,
      ".\"audience\" IS 'who may read these tables: public, consortium, circle:NAME';\n", "COMMENT ON COLUMN ", name,
      ".\"complete\" IS 'false while the tables are being filled for the first time';\n");
}

PgValue ToText(const TableValue& value) {
  struct Visitor {
    PgValue operator()(std::monostate) const { return std::nullopt; }
    PgValue operator()(int64_t v) const { return absl::StrCat(v); }
    PgValue operator()(double v) const { return absl::StrFormat("%.17g", v); }
    PgValue operator()(bool v) const { return v ? "t" : "f"; }
    PgValue operator()(const std::string& v) const { return v; }
  };
  return std::visit(Visitor(), value);
}

// One parameter a column: an array with that column's values.
std::string InsertManySql(const Table& table, absl::string_view schema) {
  std::vector<std::string> names;
  std::vector<std::string> arrays;
  for (const Column& column : table.columns) {
    names.push_back(QuotedName("", column.name));
    arrays.push_back(absl::StrCat("$", names.size(), "::", TypeName(column.type, SqlDialect::kPostgres), "[]"));
  }
  return absl::StrCat("INSERT INTO ", QuotedName(schema, table.name), " (", absl::StrJoin(names, ", "),
                      ") SELECT * FROM unnest(", absl::StrJoin(arrays, ", "), ")");
}

// Rows of the records ($1 ids, $2 partners, of the kind $3 where the table has several).
std::string DeleteManySql(const Table& table, absl::string_view schema) {
  const bool any_kind = table.kind == v1::RECORD_KIND_UNSPECIFIED;
  return absl::StrCat("DELETE FROM ", QuotedName(schema, table.name),
                      " AS rows USING unnest($1::text[], $2::text[]) AS gone (id, partner) WHERE rows.",
                      QuotedName("", table.record_id), " = gone.id AND rows.partner = gone.partner",
                      any_kind ? " AND rows.kind = $3" : "");
}

}  // namespace

void FollowBatch::Add(const v1::WatchRecordsResponse& event) {
  if (event.has_upsert()) {
    const v1::DirectoryRecord& record = event.upsert();
    changes_[{record.kind(), record.record().id(), record.partner()}] = RowsOf(record);
    bytes_ += event.ByteSizeLong();
    ++upserts_;
  } else if (event.has_removed()) {
    const v1::RemovedRecord& removed = event.removed();
    changes_[{removed.kind(), removed.id(), removed.partner()}].clear();
    bytes_ += event.ByteSizeLong();
    ++removals_;
  }
}

absl::StatusOr<FollowProgress> TableWriter::Open(const std::string& audience) {
  ASSIGN_OR_RETURN(std::optional<FollowProgress> progress, Find(audience));
  if (!progress.has_value()) {
    RETURN_IF_ERROR(Make(audience));
    progress = FollowProgress{audience, "", false};
  }
  return *std::move(progress);
}

absl::StatusOr<std::optional<FollowProgress>> TableWriter::Find(const std::string& audience) {
  const std::string name = QuotedName(schema_, progress_table);
  ASSIGN_OR_RETURN(const auto there, postgres_->Query("SELECT to_regclass($1)::text", {name}));
  if (!there[0][0].has_value()) return std::nullopt;
  ASSIGN_OR_RETURN(
      const auto rows,
      postgres_->Query(absl::StrCat("SELECT tables_version, audience, resume_token, complete FROM ", name), {}));
  if (rows.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("PostgreSQL: ", name,
                     " is empty, so nobody knows what the tables "
                     "beside it hold; drop the schema, or name another with --schema"));
  }
  const std::vector<PgValue>& row = rows[0];
  if (row[0] != absl::StrCat(directory_tables_version)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "PostgreSQL: the tables in schema ", Quoted(schema_), " were made by another version of cairn (", *row[0],
        ", this one makes ", directory_tables_version, "); drop the schema, or name another with --schema"));
  }
  if (row[1] != audience) {
    return absl::FailedPreconditionError(absl::StrCat("PostgreSQL: schema ", Quoted(schema_), " holds what ", *row[1],
                                                      " may read, not ", audience,
                                                      "; name another with --schema for another audience"));
  }
  return std::optional<FollowProgress>(FollowProgress{audience, *row[2], row[3] == "t"});
}

absl::Status TableWriter::Empty(const std::string& audience) {
  ASSIGN_OR_RETURN(const std::optional<FollowProgress> progress, Find(audience));
  if (!progress.has_value()) return absl::OkStatus();
  RETURN_IF_ERROR(Begin());
  RETURN_IF_ERROR(Clear());
  RETURN_IF_ERROR(Move(*progress, FollowProgress{audience, "", false}));
  return Commit();
}

// Of two that do this at a time, one fails, and finds the tables when it tries again.
absl::Status TableWriter::Make(const std::string& audience) {
  std::string sql = absl::StrCat("BEGIN;\nCREATE SCHEMA IF NOT EXISTS ", QuotedName("", schema_), ";\n");
  for (const Table& table : DirectoryTables()) {
    absl::StrAppend(&sql, CreateTableSql(table, SqlDialect::kPostgres, schema_),
                    CreateIndexSql(table, SqlDialect::kPostgres, schema_));
  }
  absl::StrAppend(&sql, CreateProgressSql(schema_));
  absl::Status status = postgres_->Execute(sql);
  if (status.ok()) {
    status = postgres_
                 ->Run(absl::StrCat("INSERT INTO ", QuotedName(schema_, progress_table),
                                    " (only_row, tables_version, audience, resume_token, complete, committed_at) "
                                    "VALUES (true, $1, $2, '', false, now())"),
                       {absl::StrCat(directory_tables_version), audience})
                 .status();
  }
  if (status.ok()) return postgres_->Execute("COMMIT");
  postgres_->Execute("ROLLBACK").IgnoreError();
  return Annotate(status, absl::StrCat("making the tables in schema ", Quoted(schema_)));
}

absl::Status TableWriter::Begin() {
  within_ = true;
  return postgres_->Execute("BEGIN");
}

absl::Status TableWriter::Commit() {
  within_ = false;
  return postgres_->Execute("COMMIT");
}

void TableWriter::Rollback() {
  if (std::exchange(within_, false)) postgres_->Execute("ROLLBACK").IgnoreError();
}

absl::Status TableWriter::Clear() {
  for (const Table& table : DirectoryTables()) {
    RETURN_IF_ERROR(postgres_->Execute(absl::StrCat("DELETE FROM ", QuotedName(schema_, table.name))));
  }
  return absl::OkStatus();
}

absl::Status TableWriter::Apply(const FollowBatch& batch, const std::vector<v1::PartnerSummary>& partners,
                                const FollowProgress& before, const FollowProgress& after) {
  if (within_) return Write(batch, partners, before, after);
  RETURN_IF_ERROR(postgres_->Execute("BEGIN"));
  const absl::Status written = Write(batch, partners, before, after);
  if (written.ok()) return postgres_->Execute("COMMIT");
  postgres_->Execute("ROLLBACK").IgnoreError();
  return written;
}

absl::Status TableWriter::Write(const FollowBatch& batch, const std::vector<v1::PartnerSummary>& partners,
                                const FollowProgress& before, const FollowProgress& after) {
  RETURN_IF_ERROR(Move(before, after));
  RETURN_IF_ERROR(Remove(batch));
  std::array<std::vector<const TableRow*>, directory_table_count> rows;
  for (const auto& [key, of_record] : batch.changes_) {
    for (const TableRow& row : of_record) rows[static_cast<size_t>(row.table)].push_back(&row);
  }
  std::vector<TableRow> partner_rows;
  for (const v1::PartnerSummary& partner : partners) partner_rows.push_back(RowOf(partner));
  for (const TableRow& row : partner_rows) rows[static_cast<size_t>(TableId::kPartner)].push_back(&row);
  if (!partners.empty()) {
    const Table& table = TableOf(TableId::kPartner);
    RETURN_IF_ERROR(postgres_->Execute(absl::StrCat("DELETE FROM ", QuotedName(schema_, table.name))));
  }
  for (const Table& table : DirectoryTables()) {
    RETURN_IF_ERROR(Insert(table.id, rows[static_cast<size_t>(table.id)]));
  }
  return absl::OkStatus();
}

// First of all, so that its lock keeps out whoever else writes to these tables.
absl::Status TableWriter::Move(const FollowProgress& before, const FollowProgress& after) {
  const std::string sql = absl::StrCat("UPDATE ", QuotedName(schema_, progress_table),
                                       " SET resume_token = $1, complete = $2, committed_at = now() "
                                       "WHERE resume_token = $3 AND audience = $4");
  ASSIGN_OR_RETURN(const int64_t moved, postgres_->Run(sql, {after.resume_token, after.complete ? "t" : "f",
                                                             before.resume_token, before.audience}));
  if (moved == 1) return absl::OkStatus();
  return absl::AbortedError(absl::StrCat("PostgreSQL: somebody else writes to schema ", Quoted(schema_),
                                         " as well; let one `cairn follow` at a time fill it"));
}

absl::Status TableWriter::Remove(const FollowBatch& batch) {
  std::map<v1::RecordKind, std::pair<std::vector<PgValue>, std::vector<PgValue>>> by_kind;
  for (const auto& [key, rows] : batch.changes_) {
    auto& [ids, partners] = by_kind[std::get<0>(key)];
    ids.emplace_back(std::get<1>(key));
    partners.emplace_back(std::get<2>(key));
  }
  for (const auto& [kind, gone] : by_kind) {
    const std::string ids = PgArray(gone.first);
    const std::string partners = PgArray(gone.second);
    for (const Table& table : DirectoryTables()) {
      if (table.record_id.empty()) continue;
      const bool any_kind = table.kind == v1::RECORD_KIND_UNSPECIFIED;
      if (!any_kind && table.kind != kind) continue;
      std::vector<PgValue> parameters = {ids, partners};
      if (any_kind) parameters.emplace_back(std::string(KindName(kind)));
      RETURN_IF_ERROR(postgres_->Run(DeleteManySql(table, schema_), parameters).status());
    }
  }
  return absl::OkStatus();
}

absl::Status TableWriter::Insert(TableId id, const std::vector<const TableRow*>& rows) {
  if (rows.empty()) return absl::OkStatus();
  const Table& table = TableOf(id);
  std::vector<PgValue> arrays;
  std::vector<PgValue> column(rows.size());
  for (size_t i = 0; i < table.columns.size(); ++i) {
    std::transform(rows.begin(), rows.end(), column.begin(),
                   [i](const TableRow* row) { return ToText(row->values[i]); });
    arrays.emplace_back(PgArray(column));
  }
  return postgres_->Run(InsertManySql(table, schema_), arrays).status();
}

}  // namespace cairn
