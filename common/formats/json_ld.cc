#include "common/formats/json_ld.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/formats/json_ld_parts.h"
#include "common/formats/json_text.h"
#include "common/record/kinds.h"

namespace cairn {
namespace {

using json_ld::Put;
using json_ld::PutLink;
using json_ld::PutReference;

absl::string_view OrganizationType(const std::string& role) {
  if (role == "police" || role == "government") return "GovernmentOrganization";
  if (role == "university") return "CollegeOrUniversity";
  if (role == "clinic") return "MedicalOrganization";
  return role == "ngo" ? "NGO" : "Organization";
}

Json OrganizationOf(const v1::Record& record) {
  const v1::Organization& organization = record.organization();
  Json node = json_ld::Node(OrganizationType(organization.role()), record);
  Put("name", organization.name(), &node);
  Put("alternateName", organization.alternate_name(), &node);
  Put("description", organization.description(), &node);
  Put("email", organization.email(), &node);
  PutLink("url", organization.website(), &node);
  PutLink("logo", organization.logo(), &node);
  PutReference("parentOrganization", organization.parent_organization_id(), &node);
  if (organization.year_incorporated() > 0) Put("foundingDate", absl::StrCat(organization.year_incorporated()), &node);
  for (const v1::Url& url : organization.additional_websites()) json_ld::AddLink("sameAs", url.url(), &node);
  for (const v1::Phone& phone : organization.phones()) node["contactPoint"].push_back(json_ld::ContactPoint(phone));
  for (const std::string& id : organization.location_ids()) node["location"].push_back(json_ld::Reference(id));
  for (const v1::OrganizationIdentifier& identifier : organization.organization_identifiers()) {
    Json value = {{"@type", "PropertyValue"}, {"value", identifier.identifier()}};
    Put("propertyID", identifier.identifier_scheme(), &value);
    node["identifier"].push_back(std::move(value));
  }
  return node;
}

// True when the police or a government offers the service.
absl::StatusOr<bool> IsGovernment(const v1::Service& service, const RecordLookup& lookup) {
  if (service.organization_id().empty()) return false;
  ASSIGN_OR_RETURN(const std::optional<v1::Record> provider, lookup(v1::ORGANIZATION, service.organization_id()));
  return provider.has_value() && OrganizationType(provider->organization().role()) == "GovernmentOrganization";
}

Json AudienceOf(const v1::Service& service) {
  Json audience = {{"@type", "PeopleAudience"}};
  Put("audienceType", service.eligibility_description(), &audience);
  if (service.has_minimum_age()) audience["suggestedMinAge"] = NumberOf(service.minimum_age());
  if (service.has_maximum_age()) audience["suggestedMaxAge"] = NumberOf(service.maximum_age());
  return audience;
}

void PutChannels(const v1::Service& service, Json* node) {
  Json channel = {{"@type", "ServiceChannel"}};
  PutLink("serviceUrl", service.url(), &channel);
  for (const v1::Phone& phone : service.phones()) channel["servicePhone"].push_back(json_ld::ContactPoint(phone));
  for (const v1::Language& language : service.languages()) {
    if (!language.code().empty()) channel["availableLanguage"].push_back(language.code());
  }
  for (const v1::ServiceAtLocation& place : service.service_at_locations()) {
    if (!place.location_id().empty()) channel["serviceLocation"].push_back(json_ld::Reference(place.location_id()));
  }
  if (channel.size() > 1) (*node)["availableChannel"] = std::move(channel);
}

absl::StatusOr<Json> ServiceOf(const v1::Record& record, const RecordLookup& lookup) {
  const v1::Service& service = record.service();
  ASSIGN_OR_RETURN(const bool government, IsGovernment(service, lookup));
  Json node = json_ld::Node(government ? "GovernmentService" : "Service", record);
  Put("name", service.name(), &node);
  Put("alternateName", service.alternate_name(), &node);
  Put("description", service.description(), &node);
  PutLink("url", service.url(), &node);
  PutReference("provider", service.organization_id(), &node);
  PutChannels(service, &node);
  Json audience = AudienceOf(service);
  if (audience.size() > 1) node["audience"] = std::move(audience);
  for (const v1::ServiceArea& area : service.service_areas()) {
    if (!area.name().empty()) node["areaServed"].push_back(area.name());
  }
  if (service.service_areas().empty()) {
    for (const std::string& country : record.countries()) node["areaServed"].push_back(country);
  }
  for (const v1::Schedule& schedule : service.schedules()) json_ld::AddHours("hoursAvailable", schedule, &node);
  for (const v1::CostOption& price : service.cost_options()) node["offers"].push_back(json_ld::Offer(price));
  for (const v1::TaxonomyTerm& term : record.terms()) {
    if (!term.name().empty()) node["category"].push_back(term.name());
  }
  return node;
}

Json PlaceOf(const v1::Record& record) {
  const v1::Location& location = record.location();
  Json node = json_ld::Node("Place", record);
  Put("name", DisplayName(record), &node);
  Put("description", location.description(), &node);
  PutLink("url", location.url(), &node);
  for (const v1::Address& address : location.addresses()) node["address"].push_back(json_ld::PostalAddress(address));
  if (location.has_latitude() && location.has_longitude()) {
    node["geo"] = {{"@type", "GeoCoordinates"},
                   {"latitude", NumberOf(location.latitude())},
                   {"longitude", NumberOf(location.longitude())}};
  }
  for (const v1::Phone& phone : location.phones()) Put("telephone", phone.number(), &node);
  for (const v1::Accessibility& feature : location.accessibility()) {
    if (feature.description().empty()) continue;
    node["amenityFeature"].push_back(
        {{"@type", "LocationFeatureSpecification"}, {"name", feature.description()}, {"value", true}});
  }
  for (const v1::Schedule& schedule : location.schedules())
    json_ld::AddHours("openingHoursSpecification", schedule, &node);
  return node;
}

Json CourseOf(const v1::Record& record) {
  const v1::Training& training = record.training();
  Json node = json_ld::Node("Course", record);
  Put("name", training.name(), &node);
  Put("description", training.description(), &node);
  PutLink("url", training.url(), &node);
  PutReference("provider", training.provider_id(), &node);
  for (const std::string& language : training.languages()) node["inLanguage"].push_back(language);
  for (const std::string& outcome : training.outcomes()) node["teaches"].push_back(outcome);
  for (const std::string& audience : training.audience()) {
    node["audience"].push_back({{"@type", "EducationalAudience"}, {"educationalRole", audience}});
  }
  for (const v1::CostOption& price : training.prices()) node["offers"].push_back(json_ld::Offer(price));
  if (training.duration_minutes() > 0) Put("timeRequired", absl::StrCat("PT", training.duration_minutes(), "M"), &node);
  for (const v1::TrainingSession& session : training.sessions()) {
    node["hasCourseInstance"].push_back(json_ld::CourseInstance(training, session));
  }
  return node;
}

Json LearningResourceOf(const v1::Record& record) {
  const v1::Resource& resource = record.resource();
  Json node = json_ld::Node("LearningResource", record);
  Put("name", resource.name(), &node);
  Put("description", resource.description(), &node);
  Put("learningResourceType", resource.resource_type(), &node);
  PutLink("url", resource.url(), &node);
  PutReference("publisher", resource.publisher_id(), &node);
  for (const std::string& language : resource.languages()) node["inLanguage"].push_back(language);
  for (const std::string& audience : resource.audience()) {
    node["audience"].push_back({{"@type", "EducationalAudience"}, {"educationalRole", audience}});
  }
  if (resource.year() > 0) Put("datePublished", absl::StrFormat("%04d", resource.year()), &node);
  if (json_ld::IsWebAddress(resource.license())) {
    PutLink("license", resource.license(), &node);
  } else if (!resource.license().empty()) {
    PutLink("license", absl::StrCat("https://spdx.org/licenses/", resource.license()), &node);
  }
  return node;
}

bool HasWord(const v1::Record& record) {
  return record.has_organization() || record.has_service() || record.has_location() || record.has_training() ||
         record.has_resource();
}

absl::StatusOr<Json> NodeOf(const v1::Record& record, const RecordLookup& lookup) {
  if (record.has_organization()) return OrganizationOf(record);
  if (record.has_service()) return ServiceOf(record, lookup);
  if (record.has_location()) return PlaceOf(record);
  if (record.has_training()) return CourseOf(record);
  return LearningResourceOf(record);
}

// "<" would let a text end the script element that a document stands in.
std::string SafeText(const Json& json) { return absl::StrReplaceAll(DumpJson(json), {{"<", "\\u003c"}}); }

Json Context() {
  return {{"@vocab", "https://schema.org/"},
          {"dcat", "http://www.w3.org/ns/dcat#"},
          {"dct", "http://purl.org/dc/terms/"},
          {"foaf", "http://xmlns.com/foaf/0.1/"},
          {"xsd", "http://www.w3.org/2001/XMLSchema#"}};
}

}  // namespace

absl::StatusOr<std::string> RecordToJsonLd(const v1::Record& record, const RecordLookup& lookup) {
  if (!HasWord(record)) {
    return absl::InvalidArgumentError(absl::StrCat("record ", Quoted(record.id()),
                                                   " is of a kind that schema.org has no word for (",
                                                   KindName(KindOf(record)), "); use jsonl"));
  }
  ASSIGN_OR_RETURN(Json node, NodeOf(record, lookup));
  node["@context"] = Context();
  return SafeText(node);
}

absl::Status JsonLdExporter::Begin() {
  if (std::exchange(begun_, true)) return absl::OkStatus();
  return sink_(absl::StrCat("{\"@context\": ", SafeText(Context()), ",\n\"@graph\": ["));
}

absl::Status JsonLdExporter::Add(const v1::Record& record) {
  if (!HasWord(record)) {
    ++skipped_;
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(Begin());
  ASSIGN_OR_RETURN(const Json node, NodeOf(record, lookup_));
  return sink_(absl::StrCat(std::exchange(empty_, false) ? "\n" : ",\n", SafeText(node)));
}

absl::Status JsonLdExporter::Finish() {
  RETURN_IF_ERROR(Begin());
  return sink_("\n]}\n");
}

std::string DcatCatalogText(const DcatCatalog& catalog) {
  const std::string modified = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", catalog.modified, absl::UTCTimeZone());
  Json dataset = {{"@type", "dcat:Dataset"},
                  {"dct:title", catalog.title},
                  {"dct:description", catalog.description},
                  {"dct:modified", {{"@type", "xsd:dateTime"}, {"@value", modified}}}};
  for (const std::string& language : catalog.languages) dataset["dct:language"].push_back(language);
  for (const DcatCatalog::Distribution& each : catalog.distributions) {
    Json distribution = {{"@type", "dcat:Distribution"}, {"dct:title", each.title}};
    if (json_ld::IsWebAddress(each.url)) distribution["dcat:accessURL"] = {{"@id", each.url}};
    if (json_ld::IsWebAddress(each.url) && each.is_file) distribution["dcat:downloadURL"] = {{"@id", each.url}};
    Put("dcat:mediaType", each.media_type, &distribution);
    if (json_ld::IsWebAddress(catalog.license)) distribution["dct:license"] = {{"@id", catalog.license}};
    dataset["dcat:distribution"].push_back(std::move(distribution));
  }
  Json node = {{"@context", Context()},
               {"@type", "dcat:Catalog"},
               {"dct:title", catalog.title},
               {"dct:description", catalog.description},
               {"dct:publisher", {{"@type", "foaf:Agent"}, {"foaf:name", catalog.publisher}}},
               {"dct:modified", {{"@type", "xsd:dateTime"}, {"@value", modified}}}};
  if (json_ld::IsWebAddress(catalog.url)) {
    node["@id"] = catalog.url;
    node["foaf:homepage"] = {{"@id", catalog.url}};
  }
  node["dcat:dataset"] = std::move(dataset);
  return SafeText(node);
}

}  // namespace cairn
