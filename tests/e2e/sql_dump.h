// What stands in the directory's tables, wherever they are, in one form that can be compared.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace cairn {

// Table -> its rows in order, each as one text. What differs by nature is left out: when a partner was last heard.
using TableDump = std::map<std::string, std::vector<std::string>>;

// Of a snapshot.
TableDump DumpSqlite(const std::string& path);
// Of a schema in PostgreSQL.
TableDump DumpPostgres(const std::string& where, const std::string& schema);

// Where two differ, the first rows of each; empty: nowhere.
std::string Difference(const TableDump& a, const TableDump& b);

}  // namespace cairn
