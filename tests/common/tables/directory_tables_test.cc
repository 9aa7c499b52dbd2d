// The definition of the tables for people's own SQL.
#include "common/tables/directory_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/match.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;

TEST(DirectoryTablesTest, EveryTableStandsAtItsNumberAndHasAKeyThatIsNeverNull) {
  ASSERT_EQ(DirectoryTables().size(), directory_table_count);
  std::set<absl::string_view> names;
  for (size_t i = 0; i < directory_table_count; ++i) {
    const Table& table = DirectoryTables()[i];
    EXPECT_EQ(static_cast<size_t>(table.id), i) << table.name;
    EXPECT_TRUE(names.insert(table.name).second) << table.name;
    EXPECT_FALSE(table.comment.empty()) << table.name;
    EXPECT_GT(table.key_columns, 0) << table.name;
    std::set<absl::string_view> columns;
    for (size_t c = 0; c < table.columns.size(); ++c) {
      EXPECT_TRUE(columns.insert(table.columns[c].name).second) << table.name << "." << table.columns[c].name;
      EXPECT_TRUE(table.columns[c].required || static_cast<int>(c) >= table.key_columns) << table.name;
    }
    EXPECT_TRUE(table.record_id.empty() || columns.contains(table.record_id)) << table.name;
    EXPECT_TRUE(table.joined_by.empty() || columns.contains(table.joined_by)) << table.name;
  }
}

TEST(DirectoryTablesTest, BothDialectsHaveTheSameColumnsInTheSameOrder) {
  for (const Table& table : DirectoryTables()) {
    const std::string sqlite = CreateTableSql(table, SqlDialect::kSqlite, "");
    const std::string postgres = CreateTableSql(table, SqlDialect::kPostgres, "dir");
    size_t in_sqlite = 0;
    size_t in_postgres = 0;
    for (const Column& column : table.columns) {
      const std::string name = QuotedName("", column.name) + " ";
      in_sqlite = sqlite.find(name, in_sqlite);
      in_postgres = postgres.find(name, in_postgres);
      EXPECT_NE(in_sqlite, std::string::npos) << table.name << "." << column.name;
      EXPECT_NE(in_postgres, std::string::npos) << table.name << "." << column.name;
      EXPECT_THAT(sqlite, HasSubstr(std::string(column.comment)));
    }
  }
}

TEST(DirectoryTablesTest, AttackByAName_QuotesWithinANameStayWithinIt) {
  EXPECT_EQ(QuotedName("a\"; DROP SCHEMA b; --", "service"), "\"a\"\"; DROP SCHEMA b; --\".\"service\"");
}

}  // namespace
}  // namespace cairn
