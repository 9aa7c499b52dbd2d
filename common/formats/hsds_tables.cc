#include "common/formats/hsds_tables.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace cairn {
namespace {

struct TableText {
  const char* name;
  const char* columns;  // # behind a number's
  const char* lists;    // property:table:link column
  const char* rows;     // property:table:own column
};

constexpr TableText texts[] = {
    {"organization",
     "id name alternate_name description email website tax_status tax_id year_incorporated# legal_status logo uri "
     "parent_organization_id",
     "additional_websites:url:organization_id funding:funding:organization_id contacts:contact:organization_id "
     "phones:phone:organization_id programs:program:organization_id "
     "organization_identifiers:organization_identifier:organization_id",
     ""},
    {"program", "id organization_id name alternate_name description", "", ""},
    {"service",
     "id organization_id program_id name alternate_name description url email status interpretation_services "
     "application_process fees_description wait_time fees accreditations eligibility_description minimum_age# "
     "maximum_age# assured_date assurer_email licenses alert last_modified",
     "additional_urls:url:service_id phones:phone:service_id schedules:schedule:service_id "
     "service_areas:service_area:service_id service_at_locations:service_at_location:service_id "
     "languages:language:service_id funding:funding:service_id cost_options:cost_option:service_id "
     "required_documents:required_document:service_id contacts:contact:service_id "
     "capacities:service_capacity:service_id",
     ""},
    {"attribute", "id link_id taxonomy_term_id link_type link_entity value label", "",
     "taxonomy_term:taxonomy_term:taxonomy_term_id"},
    {"service_at_location", "id service_id location_id description",
     "service_areas:service_area:service_at_location_id contacts:contact:service_at_location_id "
     "phones:phone:service_at_location_id schedules:schedule:service_at_location_id",
     ""},
    {"location",
     "id location_type url organization_id name alternate_name description transportation latitude# longitude# "
     "external_identifier external_identifier_type",
     "languages:language:location_id addresses:address:location_id contacts:contact:location_id "
     "accessibility:accessibility:location_id phones:phone:location_id schedules:schedule:location_id",
     ""},
    {"phone",
     "id location_id service_id organization_id contact_id service_at_location_id number extension# type description",
     "languages:language:phone_id", ""},
    {"contact", "id organization_id service_id service_at_location_id location_id name title department email",
     "phones:phone:contact_id", ""},
    {"address",
     "id location_id attention address_1 address_2 city region state_province postal_code country address_type", "",
     ""},
    {"schedule",
     "id service_id location_id service_at_location_id valid_from valid_to dtstart timezone# until count# wkst freq "
     "interval# byday byweekno bymonthday byyearday description opens_at closes_at schedule_link attending_type notes",
     "", ""},
    {"funding", "id organization_id service_id source", "", ""},
    {"service_area", "id service_id service_at_location_id name description extent extent_type uri", "", ""},
    {"required_document", "id service_id document uri", "", ""},
    {"language", "id service_id location_id phone_id name code note", "", ""},
    {"accessibility", "id location_id description details url", "", ""},
    {"taxonomy_term", "id code name description parent_id taxonomy language taxonomy_id term_uri", "",
     "taxonomy_detail:taxonomy:taxonomy_id"},
    {"metadata",
     "id resource_id resource_type last_action_date last_action_type field_name previous_value replacement_value "
     "updated_by",
     "", ""},
    {"meta_table_description", "id name language character_set", "", ""},
    {"cost_option", "id service_id valid_from valid_to option currency amount# amount_description", "", ""},
    {"organization_identifier", "id organization_id identifier_scheme identifier_type identifier", "", ""},
    {"taxonomy", "id name description uri version", "", ""},
    {"service_capacity", "id service_id unit_id available# maximum# description updated", "", "unit:unit:unit_id"},
    {"unit", "id name scheme identifier uri", "", ""},
    {"url", "id label url organization_id service_id", "", ""},
};

int IndexOf(absl::string_view name) {
  for (size_t i = 0; i < std::size(texts); ++i) {
    if (name == texts[i].name) return static_cast<int>(i);
  }
  return -1;
}

std::vector<HsdsNested> NestedOf(absl::string_view text) {
  std::vector<HsdsNested> nested;
  for (const absl::string_view each : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    const std::vector<std::string> parts = absl::StrSplit(each, ':');
    nested.push_back({parts[0], IndexOf(parts[1]), parts[2], ""});
  }
  return nested;
}

HsdsTable MakeTable(const TableText& text) {
  HsdsTable table;
  table.name = text.name;
  for (absl::string_view column : absl::StrSplit(text.columns, ' ', absl::SkipEmpty())) {
    const bool number = absl::ConsumeSuffix(&column, "#");
    table.columns.push_back({std::string(column), number});
  }
  table.lists = NestedOf(text.lists);
  table.rows = NestedOf(text.rows);
  // Every object but these may be classified and have a history.
  const bool plain = table.name == "attribute" || table.name == "taxonomy_term" || table.name == "taxonomy";
  if (!plain && table.name != "metadata") {
    table.lists.push_back({"attributes", IndexOf("attribute"), "link_id", "link_entity"});
  }
  if (table.name != "metadata")
    table.lists.push_back({"metadata", IndexOf("metadata"), "resource_id", "resource_type"});
  return table;
}

template <typename List>
const HsdsNested* Find(const List& list, absl::string_view property) {
  for (const HsdsNested& nested : list) {
    if (nested.property == property) return &nested;
  }
  return nullptr;
}

}  // namespace

int HsdsTable::ColumnAt(absl::string_view column) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == column) return static_cast<int>(i);
  }
  return -1;
}

const HsdsNested* HsdsTable::ListOf(absl::string_view property) const { return Find(lists, property); }
const HsdsNested* HsdsTable::RowOf(absl::string_view property) const { return Find(rows, property); }

const std::vector<HsdsTable>& HsdsTables() {
  static const auto* const tables = [] {
    auto* all = new std::vector<HsdsTable>;
    for (const TableText& text : texts) all->push_back(MakeTable(text));
    return all;
  }();
  return *tables;
}

int HsdsTableAt(absl::string_view name) {
  for (size_t i = 0; i < std::size(texts); ++i) {
    const absl::string_view known = texts[i].name;
    const bool plural = name == absl::StrCat(known, "s") || name == absl::StrCat(known, "es") ||
                        (known.back() == 'y' && name == absl::StrCat(known.substr(0, known.size() - 1), "ies"));
    if (name == known || plural) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace cairn
