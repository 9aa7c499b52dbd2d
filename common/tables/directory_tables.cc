#include "common/tables/directory_tables.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace cairn {
namespace {

constexpr ColumnType kText = ColumnType::kText;
constexpr ColumnType kInteger = ColumnType::kInteger;
constexpr ColumnType kReal = ColumnType::kReal;
constexpr ColumnType kBoolean = ColumnType::kBoolean;
constexpr ColumnType kDate = ColumnType::kDate;
constexpr ColumnType kTime = ColumnType::kTime;

constexpr Column kId = {"id", kText, true, "UUID"};
constexpr Column kPartner = {"partner", kText, true, "partner.id: who publishes it and answers for it"};
constexpr Column kNumber = {"n", kInteger, true, "from 0, in the order of the record"};
constexpr Column kKind = {"kind", kText, true,
                          "organization, service, location, training, resource, assessment, commitment"};
constexpr Column kCountryName = {"country_name", kText, false, "in English"};

// A table of records of one kind: its key, its own columns, then what all records have.
Table OfKind(TableId id, absl::string_view name, v1::RecordKind kind, absl::string_view comment,
             std::vector<Column> own, absl::string_view joined_by = "") {
  std::vector<Column> columns = {kId, kPartner};
  columns.insert(columns.end(), own.begin(), own.end());
  columns.insert(
      columns.end(),
      {{"audience", kText, true, "the narrowest audience that it was read from: public, consortium, circle:…"},
       {"language", kText, false, "BCP 47 tag of the texts"},
       {"updated_at", kTime, false, "when its owner last changed it"},
       {"verified_at", kTime, false, "when a person last confirmed it; NULL: never"},
       {"verify_due_on", kDate, false, "when the next confirmation falls due; NULL: it was never confirmed"}});
  return {id, name, comment, std::move(columns), 2, "id", kind, joined_by};
}

// A table with several rows a record.
Table Below(TableId id, absl::string_view name, v1::RecordKind kind, Column owner, absl::string_view comment,
            std::vector<Column> own, absl::string_view joined_by = "") {
  std::vector<Column> columns = {owner, kPartner, kNumber};
  columns.insert(columns.end(), own.begin(), own.end());
  return {id, name, comment, std::move(columns), 3, owner.name, kind, joined_by};
}

// A table with several rows a record of any kind.
Table BelowAny(TableId id, absl::string_view name, absl::string_view comment, std::vector<Column> own) {
  std::vector<Column> columns = {{"record_id", kText, true, "record.id"}, kPartner, kKind, kNumber};
  columns.insert(columns.end(), own.begin(), own.end());
  return {id, name, comment, std::move(columns), 4, "record_id", v1::RECORD_KIND_UNSPECIFIED, ""};
}

void AddCommonTables(std::vector<Table>* tables) {
  tables->push_back(
      {TableId::kPartner,
       "partner",
       "Those who publish: one row an organisation of the consortium.",
       {{"id", kText, true, "such as pl-fdds; the column partner of every other table"},
        {"name", kText, false, ""},
        {"country", kText, false, "ISO 3166-1 alpha-2"},
        kCountryName,
        {"role", kText, false, "as the charter says"},
        {"status", kText, false, "active, suspended, retired"},
        {"last_heard_at", kTime, false, "its node said then that nothing newer exists; NULL: never heard"}},
       1,
       "",
       v1::RECORD_KIND_UNSPECIFIED,
       ""});
  tables->push_back({TableId::kRecord,
                     "record",
                     "Every record of every kind, one row each: what all have in common.",
                     {kId,
                      kPartner,
                      kKind,
                      {"title", kText, true, "as lists show it"},
                      {"audience", kText, true, "the narrowest audience that it was read from"},
                      {"language", kText, false, "BCP 47 tag of the texts"},
                      {"updated_at", kTime, false, "when its owner last changed it"},
                      {"verified_at", kTime, false, "when a person last confirmed it; NULL: never"},
                      {"verified_by", kText, false, "the role of that person"},
                      {"verify_due_on", kDate, false, "when the next confirmation falls due; NULL: never confirmed"}},
                     3,
                     "id",
                     v1::RECORD_KIND_UNSPECIFIED,
                     ""});
  tables->push_back(BelowAny(TableId::kRecordCountry, "record_country", "The countries that a record concerns.",
                             {{"country", kText, true, "ISO 3166-1 alpha-2"}, kCountryName}));
  tables->push_back(BelowAny(TableId::kRecordLanguage, "record_language",
                             "The languages in which a record is written or what it describes can be used.",
                             {{"language", kText, true, "BCP 47 tag"}, {"language_name", kText, false, "in English"}}));
  tables->push_back(BelowAny(TableId::kTerm, "term", "The terms that classify a record.",
                             {{"taxonomy", kText, false, "NULL: a plain keyword"},
                              {"code", kText, true, "in lower case"},
                              {"name", kText, false, "as people read it, in the record's language"}}));
}

void AddServiceTables(std::vector<Table>* tables) {
  const Column service = {"service_id", kText, true, "service.id"};
  tables->push_back(OfKind(TableId::kOrganization, "organization", v1::ORGANIZATION,
                           "Bodies: NGOs, helplines, clinics, universities, police.",
                           {{"name", kText, true, ""},
                            {"alternate_name", kText, false, ""},
                            {"description", kText, false, ""},
                            {"role", kText, false, "helpline, university, clinic, police, ngo, …"},
                            {"parent_organization_id", kText, false, "organization.id, of any partner"},
                            {"email", kText, false, ""},
                            {"website", kText, false, ""},
                            {"phone", kText, false, "the first"},
                            {"year_incorporated", kInteger, false, ""}}));
  tables->push_back(OfKind(TableId::kService, "service", v1::SERVICE, "Help that is offered.",
                           {{"organization_id", kText, false, "organization.id, of any partner"},
                            {"name", kText, true, ""},
                            {"alternate_name", kText, false, ""},
                            {"description", kText, false, ""},
                            {"status", kText, false, "active, inactive, defunct, temporarily closed"},
                            {"email", kText, false, ""},
                            {"url", kText, false, ""},
                            {"minimum_age", kReal, false, "years; NULL: no bound"},
                            {"maximum_age", kReal, false, "years; NULL: no bound"},
                            {"eligibility_description", kText, false, ""},
                            {"fees_description", kText, false, ""}},
                           "organization_id"));
  tables->push_back(Below(TableId::kServicePhone, "service_phone", v1::SERVICE, service,
                          "The numbers of a service, those of its places included.",
                          {{"location_id", kText, false, "location.id; NULL: of the service itself"},
                           {"number", kText, true, "E.164, or a short code as it is dialled inside the country"},
                           {"country", kText, false, "ISO 3166-1 alpha-2"},
                           {"short_code", kBoolean, true, "such as 116111"},
                           {"extension", kText, false, ""},
                           {"type", kText, true, "voice, text, cell, fax, …"},
                           {"description", kText, false, ""}}));
  tables->push_back(Below(TableId::kServiceLanguage, "service_language", v1::SERVICE, service,
                          "The languages in which help is given.",
                          {{"language", kText, false, "BCP 47 tag; NULL: only a name is known"},
                           {"language_name", kText, false, "in English where the tag is known"},
                           {"note", kText, false, "such as: interpreter on request"}}));
  tables->push_back(Below(TableId::kServiceSchedule, "service_schedule", v1::SERVICE, service,
                          "When a service is open, at its places too.",
                          {{"location_id", kText, false, "location.id; NULL: of the service itself"},
                           {"valid_from", kDate, false, "NULL: no bound"},
                           {"valid_to", kDate, false, "NULL: no bound"},
                           {"first_on", kDate, false, "the first occurrence"},
                           {"weekdays", kText, false, "such as MO,TU; see rule"},
                           {"rule", kText, false, "RFC 5545; NULL: it does not recur"},
                           {"opens_at", kText, false, "HH:MM, local; NULL with closes_at NULL: all day"},
                           {"closes_at", kText, false, "earlier than opens_at: on the next day"},
                           {"time_zone", kText, false, "IANA; NULL: that of the place"},
                           {"description", kText, false, "the opening hours in words"}}));
  tables->push_back(Below(TableId::kServiceAtLocation, "service_at_location", v1::SERVICE, service,
                          "Where a service is offered.",
                          {{"location_id", kText, true, "location.id, of any partner; it may not be here"},
                           {"description", kText, false, "what is different at this place"}},
                          "location_id"));
  tables->push_back(OfKind(TableId::kLocation, "location", v1::LOCATION, "Places, with their first address.",
                           {{"organization_id", kText, false, "organization.id, of any partner"},
                            {"location_type", kText, false, "physical, postal, virtual"},
                            {"name", kText, false, ""},
                            {"description", kText, false, ""},
                            {"latitude", kReal, false, "WGS 84 degrees"},
                            {"longitude", kReal, false, "WGS 84 degrees"},
                            {"address", kText, false, "street and number; NULL also where it is kept back"},
                            {"city", kText, false, ""},
                            {"postal_code", kText, false, ""},
                            {"state_province", kText, false, ""},
                            {"country", kText, false, "ISO 3166-1 alpha-2"},
                            kCountryName}));
}

void AddOtherTables(std::vector<Table>* tables) {
  tables->push_back(
      OfKind(TableId::kTraining, "training", v1::TRAINING, "Courses and seminars.",
             {{"provider_id", kText, false, "organization.id, of any partner"},
              {"name", kText, true, ""},
              {"description", kText, false, ""},
              {"mode", kText, false, "onsite, online, hybrid"},
              {"target_group", kText, false, "for whom; several with a comma between"},
              {"is_free", kBoolean, false, "true: every price is 0; NULL: no price is known"},
              {"prices", kText, false, "such as: 350.00 PLN (students); several with a semicolon between"},
              {"duration_minutes", kInteger, false, "total workload"},
              {"url", kText, false, ""},
              {"email", kText, false, ""}},
             "provider_id"));
  tables->push_back(Below(TableId::kTrainingSession, "training_session", v1::TRAINING,
                          {"training_id", kText, true, "training.id"},
                          "The dated sessions of a training, cancelled ones included: look at status.",
                          {{"session_id", kText, false, "stable over changes"},
                           {"name", kText, false, ""},
                           {"starts_on", kDate, false, "local"},
                           {"ends_on", kDate, false, "local; the last day; NULL: not known"},
                           {"starts_at", kTime, false, "UTC; NULL: all day, or not known"},
                           {"ends_at", kTime, false, "UTC; NULL: all day, or not known"},
                           {"time_zone", kText, false, "IANA"},
                           {"mode", kText, false, "onsite, online, hybrid; the training's where it names none"},
                           {"status", kText, true, "scheduled, full, cancelled, postponed, completed"},
                           {"place", kText, false, "in words"},
                           {"location_id", kText, false, "location.id, of any partner"},
                           {"country", kText, false, "ISO 3166-1 alpha-2"},
                           kCountryName,
                           {"capacity", kInteger, false, "seats"},
                           {"registration_url", kText, false, ""}}));
  tables->push_back(OfKind(TableId::kResource, "resource", v1::RESOURCE, "Things to read, watch or use.",
                           {{"publisher_id", kText, false, "organization.id, of any partner"},
                            {"name", kText, true, ""},
                            {"description", kText, false, ""},
                            {"resource_type", kText, false, "toolkit, handbook, report, …"},
                            {"url", kText, false, ""},
                            {"license", kText, false, "SPDX identifier or address"},
                            {"year", kInteger, false, ""}}));
  tables->push_back(OfKind(TableId::kAssessment, "assessment", v1::ASSESSMENT, "Evidence on services.",
                           {{"service_id", kText, false, "service.id, of any partner"},
                            {"assessor_id", kText, false, "organization.id, of any partner"},
                            {"name", kText, true, ""},
                            {"criterion", kText, false, "availability, quality, effectiveness"},
                            {"method", kText, false, ""},
                            {"period_start", kDate, false, ""},
                            {"period_end", kDate, false, ""},
                            {"score", kReal, false, "0 worst to 100 best; NULL: none"},
                            {"result", kText, false, ""},
                            {"url", kText, false, ""}},
                           "service_id"));
  tables->push_back(OfKind(TableId::kCommitment, "commitment", v1::COMMITMENT, "Actions pledged for a shared target.",
                           {{"organization_id", kText, false, "organization.id, of any partner"},
                            {"name", kText, true, ""},
                            {"target", kText, false, ""},
                            {"action", kText, false, ""},
                            {"status", kText, true, "planned, started, done, abandoned"},
                            {"pledged_on", kDate, false, ""},
                            {"due_on", kDate, false, ""},
                            {"url", kText, false, ""}}));
  tables->push_back(Below(TableId::kProgressReport, "progress_report", v1::COMMITMENT,
                          {"commitment_id", kText, true, "commitment.id"}, "The reports on a commitment.",
                          {{"due_on", kDate, false, ""},
                           {"submitted_on", kDate, false, "NULL: not yet"},
                           {"text", kText, false, ""},
                           {"url", kText, false, ""}}));
}

std::string KeyOf(const Table& table) {
  std::vector<std::string> names;
  for (int i = 0; i < table.key_columns; ++i)
    names.push_back(QuotedName("", table.columns[static_cast<size_t>(i)].name));
  return absl::StrJoin(names, ", ");
}

std::string ColumnSql(const Column& column, SqlDialect dialect) {
  return absl::StrCat(QuotedName("", column.name), " ", TypeName(column.type, dialect),
                      column.required ? " NOT NULL" : "");
}

std::string Literal(absl::string_view text) { return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}}), "'"); }

std::string CreateForSqlite(const Table& table) {
  std::string sql = absl::StrCat("CREATE TABLE ", QuotedName("", table.name), " (\n  -- ", table.comment, "\n");
  for (const Column& column : table.columns) {
    absl::StrAppend(&sql, "  ", ColumnSql(column, SqlDialect::kSqlite), ",",
                    column.comment.empty() ? "" : absl::StrCat("  -- ", column.comment), "\n");
  }
  return absl::StrCat(sql, "  PRIMARY KEY (", KeyOf(table), ")\n);\n");
}

std::string CreateForPostgres(const Table& table, absl::string_view schema) {
  const std::string name = QuotedName(schema, table.name);
  std::vector<std::string> lines;
  for (const Column& column : table.columns) lines.push_back(ColumnSql(column, SqlDialect::kPostgres));
  lines.push_back(absl::StrCat("PRIMARY KEY (", KeyOf(table), ")"));
  std::string sql = absl::StrCat("CREATE TABLE ", name, " (", absl::StrJoin(lines, ", "), ");\n", "COMMENT ON TABLE ",
                                 name, " IS ", Literal(table.comment), ";\n");
  for (const Column& column : table.columns) {
    if (column.comment.empty()) continue;
    absl::StrAppend(&sql, "COMMENT ON COLUMN ", name, ".", QuotedName("", column.name), " IS ", Literal(column.comment),
                    ";\n");
  }
  return sql;
}

}  // namespace

// SQLite has no dates of its own; the declared types are for tools that look at them, and the values are text that
// sorts and compares as dates do.
absl::string_view TypeName(ColumnType type, SqlDialect dialect) {
  const bool postgres = dialect == SqlDialect::kPostgres;
  switch (type) {
    case ColumnType::kText:
      return "TEXT";
    case ColumnType::kInteger:
      return postgres ? "BIGINT" : "INTEGER";
    case ColumnType::kReal:
      return postgres ? "DOUBLE PRECISION" : "REAL";
    case ColumnType::kBoolean:
      return "BOOLEAN";
    case ColumnType::kDate:
      return "DATE";
    case ColumnType::kTime:
      return postgres ? "TIMESTAMP WITH TIME ZONE" : "TIMESTAMP";
  }
  return "TEXT";
}

absl::Span<const Table> DirectoryTables() {
  static const std::vector<Table>* const tables = [] {
    auto* made = new std::vector<Table>();
    AddCommonTables(made);
    AddServiceTables(made);
    AddOtherTables(made);
    return made;
  }();
  return *tables;
}

const Table& TableOf(TableId id) { return DirectoryTables()[static_cast<size_t>(id)]; }

std::string QuotedName(absl::string_view schema, absl::string_view name) {
  const auto quoted = [](absl::string_view text) {
    return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
  };
  return schema.empty() ? quoted(name) : absl::StrCat(quoted(schema), ".", quoted(name));
}

std::string CreateTableSql(const Table& table, SqlDialect dialect, absl::string_view schema) {
  return dialect == SqlDialect::kSqlite ? CreateForSqlite(table) : CreateForPostgres(table, schema);
}

// PostgreSQL's hash indexes have no bound on what they index, unlike its B-trees.
std::string CreateIndexSql(const Table& table, SqlDialect dialect, absl::string_view schema) {
  if (table.joined_by.empty()) return "";
  const std::string index = absl::StrCat(table.name, "_by_", table.joined_by);
  const bool postgres = dialect == SqlDialect::kPostgres;
  return absl::StrCat("CREATE INDEX ", QuotedName("", index), " ON ", QuotedName(schema, table.name),
                      postgres ? " USING hash" : "", " (", QuotedName("", table.joined_by), ");\n");
}

std::string InsertSql(const Table& table) {
  std::vector<std::string> names;
  for (const Column& column : table.columns) names.push_back(QuotedName("", column.name));
  const std::vector<absl::string_view> places(names.size(), "?");
  return absl::StrCat("INSERT INTO ", QuotedName("", table.name), " (", absl::StrJoin(names, ", "), ") VALUES (",
                      absl::StrJoin(places, ", "), ")");
}

}  // namespace cairn
