#include "common/formats/hsds_schema.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace cairn {
namespace {

// "name:type", with "!" after the name where it is required; "=a|b": a choice; "@shape": an object; "*shape": a list.
struct Row {
  absl::string_view name;
  absl::string_view properties;
};
constexpr Row rows[] = {
    {"service",
     "id!:uuid;organization_id:uuid;program_id:uuid;name!:text;alternate_name:text;description:text;url:uri;"
     "additional_urls:*url;email:email;status!:=active|inactive|defunct|temporarily closed;"
     "interpretation_services:text;application_process:text;fees_description:text;wait_time:text;fees:text;"
     "accreditations:text;eligibility_description:text;minimum_age:number;maximum_age:number;"
     "assured_date:text;assurer_email:email;licenses:text;alert:text;last_modified:time;phones:*phone;"
     "schedules:*schedule;service_areas:*service_area;service_at_locations:*service_at_location;"
     "languages:*language;organization:@organization;funding:*funding;cost_options:*cost_option;"
     "program:@program;required_documents:*required_document;contacts:*contact;capacities:*service_capacity;"
     "attributes:*attribute;metadata:*metadata"},
    {"organization",
     "id!:uuid;name!:text;alternate_name:text;description!:text;email:email;website:uri;"
     "additional_websites:*url;tax_status:text;tax_id:text;year_incorporated:number;legal_status:text;"
     "logo:text;uri:uri;parent_organization_id:uuid;funding:*funding;contacts:*contact;phones:*phone;"
     "locations:*location;programs:*program;organization_identifiers:*organization_identifier;"
     "attributes:*attribute;metadata:*metadata"},
    {"location",
     "id!:uuid;location_type!:=physical|postal|virtual;url:uri;organization_id:uuid;name:text;"
     "alternate_name:text;description:text;transportation:text;latitude:number;longitude:number;"
     "external_identifier:text;external_identifier_type:text;languages:*language;addresses:*address;"
     "contacts:*contact;accessibility:*accessibility;phones:*phone;schedules:*schedule;attributes:*attribute;"
     "metadata:*metadata"},
    {"service_at_location",
     "id!:uuid;service_id:uuid;location_id:uuid;description:text;service_areas:*service_area;"
     "contacts:*contact;phones:*phone;schedules:*schedule;location:@location;attributes:*attribute;"
     "metadata:*metadata"},
    {"program",
     "id!:uuid;organization_id:uuid;name!:text;alternate_name:text;description!:text;attributes:*attribute;"
     "metadata:*metadata"},
    {"phone",
     "id!:uuid;location_id:uuid;service_id:uuid;organization_id:uuid;contact_id:uuid;"
     "service_at_location_id:uuid;number!:text;extension:number;type:text;description:text;"
     "languages:*language;attributes:*attribute;metadata:*metadata"},
    {"schedule",
     "id!:uuid;service_id:uuid;location_id:uuid;service_at_location_id:uuid;valid_from:text;valid_to:text;"
     "dtstart:text;timezone:number;until:text;count:number;wkst:=MO|TU|WE|TH|FR|SA|SU;freq:=WEEKLY|MONTHLY;"
     "interval:number;byday:text;byweekno:text;bymonthday:text;byyearday:text;description:text;opens_at:text;"
     "closes_at:text;schedule_link:uri;attending_type:text;notes:text;attributes:*attribute;"
     "metadata:*metadata"},
    {"service_area",
     "id!:uuid;service_id:uuid;service_at_location_id:uuid;name:text;description:text;extent:text;"
     "extent_type:text;uri:text;attributes:*attribute;metadata:*metadata"},
    {"contact",
     "id!:uuid;organization_id:uuid;service_id:uuid;service_at_location_id:uuid;location_id:uuid;name:text;"
     "title:text;department:text;email:email;phones:*phone;attributes:*attribute;metadata:*metadata"},
    {"address",
     "id!:uuid;location_id:uuid;attention:text;address_1!:text;address_2:text;city!:text;region:text;"
     "state_province!:text;postal_code!:text;country!:text;address_type!:=physical|postal|virtual;"
     "attributes:*attribute;metadata:*metadata"},
    {"accessibility",
     "id!:uuid;location_id:uuid;description:text;details:text;url:uri;attributes:*attribute;"
     "metadata:*metadata"},
    {"language",
     "id!:uuid;service_id:uuid;location_id:uuid;phone_id:uuid;name:text;code:text;note:text;"
     "attributes:*attribute;metadata:*metadata"},
    {"url",
     "id!:uuid;label:text;url!:uri;organization_id:uuid;service_id:uuid;attributes:*attribute;"
     "metadata:*metadata"},
    {"organization_identifier",
     "id!:uuid;organization_id:uuid;identifier_scheme:text;identifier_type!:text;identifier!:text;"
     "attributes:*attribute;metadata:*metadata"},
    {"cost_option",
     "id!:uuid;service_id:uuid;valid_from:text;valid_to:text;option:text;currency:text;amount:number;"
     "amount_description:text;attributes:*attribute;metadata:*metadata"},
    {"funding", "id!:uuid;organization_id:uuid;service_id:uuid;source:text;attributes:*attribute;metadata:*metadata"},
    {"required_document", "id!:uuid;service_id:uuid;document:text;uri:uri;attributes:*attribute;metadata:*metadata"},
    {"service_capacity",
     "id!:uuid;service_id:uuid;unit!:@unit;unit_id:uuid;available!:number;maximum:number;description:text;"
     "updated!:time;attributes:*attribute;metadata:*metadata"},
    {"unit", "id!:uuid;name!:text;scheme:text;identifier:text;uri:uri;attributes:*attribute;metadata:*metadata"},
    {"attribute",
     "id!:uuid;link_id:uuid;taxonomy_term_id:uuid;link_type:text;link_entity:text;value:text;"
     "taxonomy_term:@taxonomy_term;metadata:*metadata;label:text"},
    {"taxonomy_term",
     "id!:uuid;code:text;name!:text;description!:text;parent_id:uuid;taxonomy:text;taxonomy_detail:@taxonomy;"
     "language:text;taxonomy_id:uuid;term_uri:uri;metadata:*metadata"},
    {"taxonomy", "id!:uuid;name!:text;description!:text;uri:uri;version:text;metadata:*metadata"},
    {"metadata",
     "id!:uuid;resource_id:uuid;resource_type:text;last_action_date!:text;last_action_type!:text;"
     "field_name!:text;previous_value!:text;replacement_value!:text;updated_by!:text"},
};

HsdsProperty::Type TypeOf(absl::string_view type) {
  if (type == "uuid") return HsdsProperty::Type::kUuid;
  if (type == "uri") return HsdsProperty::Type::kUri;
  if (type == "email") return HsdsProperty::Type::kEmail;
  if (type == "time") return HsdsProperty::Type::kTime;
  if (type == "number") return HsdsProperty::Type::kNumber;
  if (absl::StartsWith(type, "=")) return HsdsProperty::Type::kChoice;
  if (absl::StartsWith(type, "@")) return HsdsProperty::Type::kObject;
  if (absl::StartsWith(type, "*")) return HsdsProperty::Type::kList;
  return HsdsProperty::Type::kText;
}

HsdsProperty ParseProperty(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
  absl::string_view name = parts.first;
  HsdsProperty property;
  property.required = absl::ConsumeSuffix(&name, "!");
  property.name = std::string(name);
  property.type = TypeOf(parts.second);
  const absl::string_view rest = parts.second.substr(1);
  if (property.type == HsdsProperty::Type::kChoice) property.choices = absl::StrSplit(rest, '|');
  if (property.type == HsdsProperty::Type::kObject || property.type == HsdsProperty::Type::kList) {
    property.shape = std::string(rest);
  }
  return property;
}

std::vector<HsdsObject> ParseAll() {
  std::vector<HsdsObject> objects;
  for (const Row& row : rows) {
    HsdsObject& object = objects.emplace_back();
    object.name = std::string(row.name);
    for (const absl::string_view text : absl::StrSplit(row.properties, ';')) {
      object.properties.push_back(ParseProperty(text));
    }
  }
  return objects;
}

}  // namespace

absl::Span<const HsdsObject> HsdsObjects() {
  static const auto* const objects = new std::vector<HsdsObject>(ParseAll());
  return *objects;
}

const HsdsObject* FindHsdsObject(absl::string_view name) {
  for (const HsdsObject& object : HsdsObjects()) {
    if (object.name == name) return &object;
  }
  return nullptr;
}

}  // namespace cairn
