#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/formats/csv_text.h"
#include "common/formats/hsds_mapper.h"
#include "common/formats/hsds_package.h"
#include "common/formats/hsds_tables.h"
#include "common/formats/input_file.h"
#include "common/formats/json_text.h"
#include "common/formats/zip_package.h"
#include "common/record/ids.h"

namespace cairn {
namespace {

constexpr absl::string_view id_namespace = "3d0a1f9c-54d1-4a3e-9d0e-6b1f0f6a2c77";
constexpr size_t pending_bytes_max = 64 * 1024;  // of each table: fewer, larger writes

bool IsText(const Json& value) { return value.is_string() && !value.get_ref<const std::string&>().empty(); }

// True when the cell says the value and nothing else: a zero byte is no text of CSV.
bool FitsCell(const HsdsColumn& column, const Json& value) {
  if (column.number) return value.is_number() || value.is_binary();
  return IsText(value) && !absl::StrContains(value.get_ref<const std::string&>(), absl::string_view("\0", 1));
}

bool AllObjects(const Json& value) {
  return value.is_array() && !value.empty() &&
         std::all_of(value.begin(), value.end(), [](const Json& element) { return element.is_object(); });
}

std::string TextOf(const Json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && IsText(*at) ? at->get<std::string>() : "";
}

// Keeps the id that an import gave beside the nested object: the record's own reference stands under that name.
void PutGivenId(const google::protobuf::Message& message, const std::string& word, Json* object) {
  const std::string name = absl::StrCat(word, "_id");
  const std::string* given = FindExtra(message, name);
  if (given == nullptr || FindExtra(message, word) != nullptr) return;
  (*object)[absl::StrCat(package_given_prefix, name)] = JsonOfExtra(*given);
}

void PutGivenIds(const v1::Service& service, Json* object) {
  PutGivenId(service, "organization", object);
  for (int i = 0; i < service.service_at_locations_size(); ++i) {
    PutGivenId(service.service_at_locations(i), "location", &(*object)["service_at_locations"][static_cast<size_t>(i)]);
  }
}

Json FieldOf(const std::string& name, absl::string_view type) { return {{"name", name}, {"type", type}}; }

Json ResourceOf(const HsdsTable& table) {
  Json fields = Json::array();
  for (const HsdsColumn& column : table.columns)
    fields.push_back(FieldOf(column.name, column.number ? "number" : "string"));
  fields.push_back(FieldOf(std::string(package_extra_column), "string"));
  return {{"profile", "tabular-data-resource"},
          {"name", table.name},
          {"path", absl::StrCat(table.name, ".csv")},
          {"format", "csv"},
          {"mediatype", "text/csv"},
          {"encoding", "utf-8"},
          {"schema", {{"primaryKey", "id"}, {"fields", std::move(fields)}}}};
}

absl::StatusOr<std::shared_ptr<InputFile>> MakeDescriptor(const Json& resources) {
  const Json descriptor = {{"profile", "tabular-data-package"},
                           {"name", "human_services_data"},
                           {"title", "Human Services Data Specification"},
                           {"version", "3.1"},
                           {"resources", resources}};
  ASSIGN_OR_RETURN(std::shared_ptr<InputFile> file, InputFile::Temporary("datapackage.json"));
  RETURN_IF_ERROR(file->Append(absl::StrCat(descriptor.dump(2), "\n")));
  return file;
}

}  // namespace

std::string PackageIdOf(absl::string_view id_source) { return UuidV5(id_namespace, id_source).value_or(""); }

absl::StatusOr<std::unique_ptr<HsdsPackageExporter>> HsdsPackageExporter::Make() {
  auto exporter = std::make_unique<HsdsPackageExporter>();
  for (const HsdsTable& table : HsdsTables()) {
    Table& out = exporter->tables_.emplace_back();
    ASSIGN_OR_RETURN(out.file, InputFile::Temporary(absl::StrCat(table.name, ".csv")));
    std::vector<std::string> header;
    for (const HsdsColumn& column : table.columns) header.push_back(column.name);
    header.emplace_back(package_extra_column);
    AppendCsvRow(header, &out.pending);
  }
  return exporter;
}

absl::Status HsdsPackageExporter::Add(const v1::Record& record) {
  if (!record.has_service() && !record.has_organization() && !record.has_location()) {
    ++skipped_;
    return absl::OkStatus();
  }
  const RecordLookup nothing = [](v1::RecordKind, absl::string_view) { return std::optional<v1::Record>(); };
  ASSIGN_OR_RETURN(const std::string text, RecordToHsdsJson(record, nothing));
  ASSIGN_OR_RETURN(Json object, ParseJson(text));
  if (record.has_organization() && !record.organization().location_ids().empty()) {
    if (FindExtra(record.organization(), "locations") == nullptr) object.erase("locations");
    object[std::string(package_locations_property)] = Json(std::vector<std::string>(
        record.organization().location_ids().begin(), record.organization().location_ids().end()));
  }
  if (record.has_service()) PutGivenIds(record.service(), &object);
  const char* table = record.has_service() ? "service" : record.has_organization() ? "organization" : "location";
  return WriteObject(HsdsTableAt(table), std::move(object), {});
}

absl::Status HsdsPackageExporter::WriteObject(int table_at, Json object, const Parent& parent) {
  const HsdsTable& table = HsdsTables()[static_cast<size_t>(table_at)];
  std::vector<std::string> cells(table.columns.size() + 1);
  std::string id = TextOf(object, "id");
  const bool own_id = !id.empty() && FitsCell(table.columns[0], object["id"]);
  if (own_id) {
    object.erase("id");
  } else {
    id = PackageIdOf(parent.id_source);
  }
  cells[0] = id;
  for (const auto& [column, text] : parent.links) cells[static_cast<size_t>(table.ColumnAt(column))] = text;
  const bool first_of_id =
      tables_[static_cast<size_t>(table_at)].ids.insert(absl::HashOf(absl::AsciiStrToLower(id))).second;
  RETURN_IF_ERROR(WriteNested(table_at, id, first_of_id, &object, &cells));
  for (size_t i = 1; i < table.columns.size(); ++i) {
    const auto value = object.find(table.columns[i].name);
    // A column that says what the object is part of keeps a property of its name from its cell.
    if (value == object.end() || !cells[i].empty() || !FitsCell(table.columns[i], *value)) continue;
    cells[i] = table.columns[i].number ? DumpJson(*value) : value->get<std::string>();
    object.erase(value);
  }
  if (!object.empty()) cells.back() = DumpJson(object);
  return WriteRow(table_at, cells);
}

// Lists and rows that stand in other tables are taken out of the object. A second object of the same id keeps its lists
// itself: their rows could not tell the two apart.
absl::Status HsdsPackageExporter::WriteNested(int table_at, const std::string& id, bool first_of_id, Json* object,
                                              std::vector<std::string>* cells) {
  const HsdsTable& table = HsdsTables()[static_cast<size_t>(table_at)];
  for (const HsdsNested& list : table.lists) {
    const auto value = object->find(list.property);
    if (value == object->end() || !first_of_id || !AllObjects(*value)) continue;
    for (size_t i = 0; i < value->size(); ++i) {
      Parent parent{{{list.link, id}}, absl::StrCat(table.name, "/", id, "/", list.property, "/", i)};
      if (!list.link_table.empty()) parent.links.emplace_back(list.link_table, table.name);
      RETURN_IF_ERROR(WriteObject(list.table, std::move((*value)[i]), parent));
    }
    object->erase(value);
  }
  for (const HsdsNested& row : table.rows) {
    const auto value = object->find(row.property);
    if (value == object->end() || !value->is_object() || object->contains(row.link)) continue;
    // The first of an id, or one that says the same; else it stays where it is.
    const std::string content = DumpJson(*value);
    const bool own_id =
        value->contains("id") && FitsCell(HsdsTables()[static_cast<size_t>(row.table)].columns[0], (*value)["id"]);
    const std::string row_id = own_id ? TextOf(*value, "id") : PackageIdOf(content);
    auto& ids = tables_[static_cast<size_t>(row.table)].ids;
    const uint64_t known = absl::HashOf(content, row_id);
    if (!ids.contains(known)) {
      if (ids.contains(absl::HashOf(absl::AsciiStrToLower(row_id)))) continue;
      ids.insert(known);
      RETURN_IF_ERROR(WriteObject(row.table, *value, {{}, content}));
    }
    (*cells)[static_cast<size_t>(table.ColumnAt(row.link))] = row_id;
    object->erase(value);
  }
  return absl::OkStatus();
}

absl::Status HsdsPackageExporter::WriteRow(int table, const std::vector<std::string>& cells) {
  Table& out = tables_[static_cast<size_t>(table)];
  AppendCsvRow(cells, &out.pending);
  ++out.rows;
  return out.pending.size() < pending_bytes_max ? absl::OkStatus() : Flush(table);
}

absl::Status HsdsPackageExporter::Flush(int table) {
  Table& out = tables_[static_cast<size_t>(table)];
  const std::string rows = std::exchange(out.pending, "");
  return out.file->Append(rows);
}

absl::Status HsdsPackageExporter::Finish(const ExportSink& sink) {
  std::vector<ZipContent> contents(1);
  Json resources = Json::array();
  for (size_t i = 0; i < tables_.size(); ++i) {
    const HsdsTable& table = HsdsTables()[i];
    const bool always = table.name == "service" || table.name == "organization" || table.name == "location";
    if (tables_[i].rows == 0 && !always) continue;
    RETURN_IF_ERROR(Flush(static_cast<int>(i)));
    contents.push_back({absl::StrCat(table.name, ".csv"), tables_[i].file});
    resources.push_back(ResourceOf(table));
  }
  contents[0].name = "datapackage.json";
  ASSIGN_OR_RETURN(contents[0].file, MakeDescriptor(resources));
  return WriteZip(contents, sink);
}

}  // namespace cairn
