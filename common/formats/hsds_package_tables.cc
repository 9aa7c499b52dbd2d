#include "common/formats/hsds_package_tables.h"

#include <algorithm>
#include <set>

#include "absl/hash/hash.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/formats/hsds_package.h"
#include "common/formats/zip_package.h"

namespace cairn {
namespace {

constexpr absl::string_view descriptor_name = "datapackage.json";

uint64_t IdHash(absl::string_view id) { return absl::HashOf(absl::AsciiStrToLower(id)); }

const HsdsTable& TableAt(int table) { return HsdsTables()[static_cast<size_t>(table)]; }

std::string TextOf(const Json& object, const char* name) {
  const auto at = object.is_object() ? object.find(name) : object.end();
  return at != object.end() && at->is_string() ? at->get<std::string>() : "";
}

// True for tables whose rows are in lists of others; records and what is referred to by id stand for themselves.
bool IsAlwaysPart(int table) {
  const std::string& name = TableAt(table).name;
  if (name == "service" || name == "organization" || name == "location") return false;
  return std::any_of(HsdsTables().begin(), HsdsTables().end(), [&](const HsdsTable& parent) {
    return std::any_of(parent.lists.begin(), parent.lists.end(),
                       [&](const HsdsNested& list) { return list.table == table; });
  });
}

absl::StatusOr<Json> ReadDescriptor(ZipReader* zip, const std::string& name) {
  ASSIGN_OR_RETURN(const std::shared_ptr<InputFile> file, zip->Unpack(name));
  std::string text(limits::package_descriptor_bytes_max + 1, '\0');
  ASSIGN_OR_RETURN(const size_t got, file->ReadAt(0, text.data(), text.size()));
  if (got > limits::package_descriptor_bytes_max) {
    return absl::InvalidArgumentError(absl::StrCat(file->name(), ": more than ", limits::package_descriptor_bytes_max,
                                                   " bytes; is it the descriptor?"));
  }
  text.resize(got);
  absl::StatusOr<Json> descriptor = ParseJson(text);
  RETURN_IF_ERROR(Annotate(descriptor.status(), file->name()));
  if (!descriptor->is_object() || !descriptor->contains("resources") || !(*descriptor)["resources"].is_array()) {
    return absl::InvalidArgumentError(absl::StrCat(file->name(), ": has no list `resources`, which names the tables"));
  }
  return descriptor;
}

// The descriptor at the top, or in the one folder that holds everything.
absl::StatusOr<std::string> FindDescriptor(const ZipReader& zip, const std::string& archive) {
  for (const std::string& name : zip.Names()) {
    const size_t slash = name.rfind('/');
    const bool here = slash == std::string::npos ? name == descriptor_name : name.substr(slash + 1) == descriptor_name;
    if (here && std::count(name.begin(), name.end(), '/') <= 1) return name;
  }
  return absl::InvalidArgumentError(absl::StrCat(archive, " has no ", descriptor_name,
                                                 ": it is no HSDS data package; publish its CSV files themselves"));
}

// What a resource declares besides the columns of HSDS.
std::set<std::string> DeclaredFields(const Json& resource) {
  std::set<std::string> names = {std::string(package_extra_column)};
  const auto schema = resource.find("schema");
  if (schema == resource.end() || !schema->is_object() || !schema->contains("fields") ||
      !(*schema)["fields"].is_array()) {
    return names;
  }
  for (const Json& field : (*schema)["fields"]) names.insert(TextOf(field, "name"));
  return names;
}

Json ValueOf(const HsdsTable& table, const std::string& header, const std::string& cell) {
  const int column = table.ColumnAt(header);
  if (column < 0 || !table.columns[static_cast<size_t>(column)].number) return cell;
  absl::StatusOr<Json> number = ParseJson(cell);
  return number.ok() && (number->is_number() || number->is_binary()) ? *std::move(number) : Json(cell);
}

}  // namespace

absl::StatusOr<std::unique_ptr<PackageTables>> PackageTables::Open(ZipReader* zip, const std::string& archive) {
  ASSIGN_OR_RETURN(const std::string descriptor_path, FindDescriptor(*zip, archive));
  const std::string folder = descriptor_path.substr(0, descriptor_path.size() - descriptor_name.size());
  ASSIGN_OR_RETURN(const Json descriptor, ReadDescriptor(zip, descriptor_path));
  auto tables = std::make_unique<PackageTables>();
  std::set<std::string> used = {descriptor_path};
  for (const Json& resource : descriptor["resources"]) {
    const std::string name = TextOf(resource, "name"), path = TextOf(resource, "path");
    const int table = HsdsTableAt(name);
    if (table < 0) {
      tables->notes_.push_back({"", name, "no table of HSDS; not used", ""});
      continue;
    }
    if (tables->tables_.contains(table)) {
      return absl::InvalidArgumentError(
          absl::StrCat(archive, ": the descriptor has two tables ", TableAt(table).name, "; keep one"));
    }
    used.insert(folder + path);
    RETURN_IF_ERROR(tables->OpenTable(zip, folder + path, resource, table));
  }
  for (const std::string& name : zip->Names()) {
    if (!used.contains(name)) tables->notes_.push_back({"", name, "not named by the descriptor; not used", ""});
  }
  for (auto& [at, table] : tables->tables_) table.lists.resize(TableAt(at).lists.size());
  for (auto& [at, table] : tables->tables_) RETURN_IF_ERROR(tables->IndexTable(at));
  tables->FindOrphans();
  return tables;
}

absl::Status PackageTables::OpenTable(ZipReader* zip, const std::string& path, const Json& resource, int table) {
  absl::StatusOr<std::shared_ptr<InputFile>> file = zip->Unpack(path);
  RETURN_IF_ERROR(Annotate(file.status(), absl::StrCat("table ", TableAt(table).name)));
  ASSIGN_OR_RETURN(CsvTable csv, OpenCsvTable(*std::move(file), "UTF-8", ','));
  RETURN_IF_ERROR(CheckColumns(table, csv, resource));
  tables_[table].csv = std::move(csv);
  if (TableAt(table).name == "meta_table_description")
    notes_.push_back({"", path, "describes the file, no record; not used", ""});
  return absl::OkStatus();
}

absl::Status PackageTables::CheckColumns(int table, const CsvTable& csv, const Json& resource) const {
  const std::set<std::string> declared = DeclaredFields(resource);
  std::set<std::string> seen;
  for (const std::string& header : csv.headers) {
    if (TableAt(table).ColumnAt(header) < 0 && !declared.contains(header)) {
      std::vector<std::string> columns;
      for (const HsdsColumn& column : TableAt(table).columns) columns.push_back(column.name);
      return absl::InvalidArgumentError(absl::StrCat(csv.name(), ": column ", Quoted(header), " is none of HSDS's ",
                                                     TableAt(table).name, " (", absl::StrJoin(columns, ", "),
                                                     ") and none that datapackage.json declares"));
    }
    seen.insert(header);
  }
  if (seen.contains("id")) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(csv.name(), ": has no column \"id\", which every table of HSDS has"));
}

std::string PackageTables::Origin(int table, const RowPlace& row) const {
  return absl::StrCat(tables_.at(table).csv.name(), " line ", row.line);
}

std::string PackageTables::CellOf(int table, const std::vector<std::string>& cells, absl::string_view column) const {
  const std::vector<std::string>& headers = tables_.at(table).csv.headers;
  const auto at = std::find(headers.begin(), headers.end(), column);
  const auto index = static_cast<size_t>(at - headers.begin());
  return index < cells.size() && at != headers.end() ? cells[index] : "";
}

absl::Status PackageTables::IndexTable(int at) {
  Table& table = tables_[at];
  uint64_t unlinked = 0;
  CsvRow row;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, table.csv.rows->Next(&row));
    if (!more) {
      if (unlinked > 0 && IsAlwaysPart(at)) {
        notes_.push_back(
            {"", table.csv.name(), absl::StrCat(unlinked, " rows are part of nothing in the package; not used"), ""});
      }
      return absl::OkStatus();
    }
    const RowPlace place{row.offset, static_cast<uint32_t>(row.bytes), static_cast<uint32_t>(row.line)};
    const std::string id = CellOf(at, row.cells, "id");
    if (id.empty()) {
      bad_rows_.push_back({Origin(at, place), {"id", "", "missing", "every row of HSDS needs an id"}});
      continue;
    }
    const bool fresh = table.by_id.emplace(IdHash(id), place).second;
    const std::string& name = TableAt(at).name;
    if (!fresh && (name == "service" || name == "organization" || name == "location")) {
      bad_rows_.push_back({Origin(at, place), {"id", id, "another row has this id", "keep one of them"}});
      continue;
    }
    table.rows.push_back(place);
    if (!IndexLinks(at, row.cells, place)) ++unlinked;
  }
}

// Notes the row with each object that it says it is part of. False: with none.
bool PackageTables::IndexLinks(int at, const std::vector<std::string>& cells, const RowPlace& place) {
  bool linked = false;
  for (auto& [parent, table] : tables_) {
    const std::vector<HsdsNested>& lists = TableAt(parent).lists;
    for (size_t i = 0; i < lists.size(); ++i) {
      if (lists[i].table != at) continue;
      const std::string id = CellOf(at, cells, lists[i].link);
      const bool of_table =
          lists[i].link_table.empty() || HsdsTableAt(CellOf(at, cells, lists[i].link_table)) == parent;
      if (id.empty() || !of_table) continue;
      table.lists[i][IdHash(id)].push_back(place);
      linked = true;
    }
  }
  return linked;
}

void PackageTables::FindOrphans() {
  for (const auto& [parent, table] : tables_) {
    for (size_t i = 0; i < table.lists.size(); ++i) {
      const HsdsNested& list = TableAt(parent).lists[i];
      for (const auto& [id, places] : table.lists[i]) {
        if (table.by_id.contains(id)) continue;
        for (const RowPlace& place : places) {
          bad_rows_.push_back(
              {Origin(list.table, place),
               {list.link, "", absl::StrCat("refers to a ", TableAt(parent).name, " that the package has not"),
                "add that row, or take this one out"}});
        }
      }
    }
  }
  std::sort(bad_rows_.begin(), bad_rows_.end(), [](const BadRow& a, const BadRow& b) { return a.origin < b.origin; });
}

const std::vector<PackageTables::RowPlace>& PackageTables::RowsOf(int table) const {
  static const std::vector<RowPlace> none;
  const auto at = tables_.find(table);
  return at == tables_.end() ? none : at->second.rows;
}

absl::StatusOr<std::vector<std::string>> PackageTables::CellsAt(int table, const RowPlace& row) const {
  const CsvTable& csv = tables_.at(table).csv;
  ASSIGN_OR_RETURN(const std::string text, csv.decoded.file->TextAt(row.offset, row.bytes));
  return ParseCsvRow(text, csv.separator);
}

absl::StatusOr<Json> PackageTables::ObjectOf(int table, const RowPlace& row) const {
  Budget budget;
  std::string id;
  ASSIGN_OR_RETURN(Json object, Build(table, row, nullptr, &id, &budget));
  if (!object.contains("id")) object["id"] = id;
  return object;
}

// The object of a row without the id of its row, which goes to `*id`. `link`: the list that it is part of, whose
// columns say no more than that.
absl::StatusOr<Json> PackageTables::Build(int table, const RowPlace& row, const HsdsNested* link, std::string* id,
                                          Budget* budget) const {
  budget->bytes += row.bytes;
  if (budget->bytes > limits::import_line_bytes_max) {
    return absl::InvalidArgumentError(absl::StrCat("the object and its parts have more than ",
                                                   limits::import_line_bytes_max,
                                                   " bytes; a directory entry has a few thousand"));
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> cells, CellsAt(table, row));
  const std::vector<std::string>& headers = tables_.at(table).csv.headers;
  Json object = Json::object();
  for (size_t i = 0; i < headers.size() && i < cells.size(); ++i) {
    if (cells[i].empty() || headers[i] == package_extra_column || headers[i] == "id") continue;
    if (link != nullptr && (headers[i] == link->link || headers[i] == link->link_table)) continue;
    object[headers[i]] = ValueOf(TableAt(table), headers[i], cells[i]);
  }
  *id = CellOf(table, cells, "id");
  const std::string extra = CellOf(table, cells, package_extra_column);
  if (!extra.empty()) {
    ASSIGN_OR_RETURN(const Json more, ParseJson(extra));
    if (!more.is_object())
      return absl::InvalidArgumentError(absl::StrCat(package_extra_column, ": write a JSON object"));
    object.update(more);
  }
  RETURN_IF_ERROR(AddLists(table, row, *id, &object, budget));
  RETURN_IF_ERROR(AddRows(table, &object, budget));
  return object;
}

absl::Status PackageTables::AddLists(int at, const RowPlace& row, const std::string& id, Json* object,
                                     Budget* budget) const {
  const Table& table = tables_.at(at);
  if (table.by_id.at(IdHash(id)).offset != row.offset) return absl::OkStatus();  // a second object of this id
  for (size_t i = 0; i < table.lists.size(); ++i) {
    const HsdsNested& list = TableAt(at).lists[i];
    const auto places = table.lists[i].find(IdHash(id));
    if (places == table.lists[i].end() || object->contains(list.property)) continue;
    if (places->second.size() > static_cast<size_t>(limits::repeated_max)) {
      return absl::InvalidArgumentError(absl::StrCat(list.property, ": ", places->second.size(), " of one ",
                                                     TableAt(at).name, "; at most ", limits::repeated_max));
    }
    Json& elements = (*object)[list.property] = Json::array();
    for (size_t n = 0; n < places->second.size(); ++n) {
      std::string element_id;
      ASSIGN_OR_RETURN(Json element, Build(list.table, places->second[n], &list, &element_id, budget));
      const std::string made = PackageIdOf(absl::StrCat(TableAt(at).name, "/", id, "/", list.property, "/", n));
      if (element_id != made && !element.contains("id")) element["id"] = element_id;
      elements.push_back(std::move(element));
    }
  }
  return absl::OkStatus();
}

absl::Status PackageTables::AddRows(int at, Json* object, Budget* budget) const {
  for (const HsdsNested& nested : TableAt(at).rows) {
    const std::string id = TextOf(*object, nested.link.c_str());
    const auto table = tables_.find(nested.table);
    if (id.empty() || table == tables_.end() || object->contains(nested.property)) continue;
    const auto place = table->second.by_id.find(IdHash(id));
    if (place == table->second.by_id.end()) continue;  // the id alone says as much as the package does
    std::string row_id;
    ASSIGN_OR_RETURN(Json row, Build(nested.table, place->second, nullptr, &row_id, budget));
    if (row_id != PackageIdOf(DumpJson(row)) && !row.contains("id")) row["id"] = row_id;
    object->erase(nested.link);
    (*object)[nested.property] = std::move(row);
  }
  return absl::OkStatus();
}

}  // namespace cairn
