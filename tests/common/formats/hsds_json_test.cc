#include "common/formats/hsds_json.h"

#include "common/record/ids.h"
#include "gmock/gmock.h"
#include "tests/common/formats/import_helpers.h"

namespace cairn {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing_formats::Directory;
using testing_formats::ExportServices;
using testing_formats::ExportText;
using testing_formats::Import;
using testing_formats::ReadText;

constexpr char s1[] = "5b2c9a4e-0000-4000-8000-000000000001";
constexpr char o1[] = "5b2c9a4e-0000-4000-8000-0000000000a1";
constexpr char l1[] = "5b2c9a4e-0000-4000-8000-0000000000b1";

json Service() { return {{"id", s1}, {"name", "Night line"}, {"status", "active"}}; }
json Organization() { return {{"id", o1}, {"name", "Latarnia"}, {"description", "Runs a line"}}; }
json Location() { return {{"id", l1}, {"location_type", "physical"}, {"latitude", 52.25}, {"longitude", 21}}; }

v1::Record Only(const json& object) {
  const Import import = ReadText(object.dump(), ImportFormat::kHsdsJson);
  EXPECT_TRUE(import.status.ok()) << import.status;
  EXPECT_THAT(import.records, SizeIs(1));
  return import.records.empty() ? v1::Record() : import.records[0];
}

TEST(HsdsImportTest, SetsFieldsThatConvertExactlyAndKeepsTheRestAsItWas) {
  json object = Service();
  object["minimum_age"] = 12;
  object["alert"] = nullptr;
  object["url"] = "";
  object["email"] = 5;
  object["phones"] = json::array();
  object["fees"] = "none";
  object["last_modified"] = "2026-01-01T00:00:00Z";
  const v1::Record record = Only(object);
  EXPECT_EQ(record.service().minimum_age(), 12);
  EXPECT_EQ(record.service().extra_size(), 6);
  EXPECT_EQ(record.service().extra().at("alert"), "null");
  EXPECT_EQ(record.service().extra().at("url"), "\"\"");
  EXPECT_EQ(record.service().extra().at("phones"), "[]");
  EXPECT_FALSE(record.has_updated_at());
}

TEST(HsdsImportTest, KeepsNumericTimezoneAndExtensionInTheirObjects) {
  json object = Service();
  object["schedules"] = {{{"timezone", 3}, {"time_zone", "Europe/Warsaw"}, {"interval", 2}, {"count", 0}}};
  object["phones"] = {{{"number", "116 111"}, {"extension", 100}}};
  const v1::Service service = Only(object).service();
  EXPECT_EQ(service.schedules(0).extra().at("timezone"), "3");
  EXPECT_EQ(service.schedules(0).extra().at("count"), "0");
  EXPECT_EQ(service.schedules(0).time_zone(), "Europe/Warsaw");
  EXPECT_EQ(service.schedules(0).interval(), 2u);
  EXPECT_EQ(service.phones(0).number(), "116 111");
  EXPECT_EQ(service.phones(0).as_entered(), "116 111");
  EXPECT_EQ(service.phones(0).extra().at("extension"), "100");
}

TEST(HsdsImportTest, KeepsEveryDigitOfNumbersThatNoFieldTakes) {
  const Import import = ReadText(
      absl::StrCat(R"({"id":")", s1, R"(","status":"active","x":[12345678901234567890123,0.1234567890123456789]})"));
  ASSERT_THAT(import.records, SizeIs(1));
  EXPECT_EQ(import.records[0].service().extra().at("x"), "[12345678901234567890123,0.1234567890123456789]");
}

TEST(HsdsImportTest, WritesPricesAsDecimalText) {
  json object = Service();
  object["cost_options"] = {{{"amount", 35}}, {{"amount", 12.5}}, {{"amount", 0.1}}, {{"amount", "7"}}};
  const v1::Service service = Only(object).service();
  EXPECT_EQ(service.cost_options(0).amount(), "35");
  EXPECT_EQ(service.cost_options(1).amount(), "12.5");
  EXPECT_EQ(service.cost_options(2).amount(), "0.1");
  EXPECT_EQ(service.cost_options(3).extra().at("amount"), "\"7\"");
}

TEST(HsdsImportTest, TurnsAttributesIntoTermsWhenAllConvert) {
  json object = Service();
  object["attributes"] = {{{"id", "a"}, {"label", "facility_type"}, {"value", "Clinic"}},
                          {{"id", "b"}, {"taxonomy_term", {{"code", "X1"}, {"taxonomy", "t"}, {"language", "en"}}}}};
  const v1::Record record = Only(object);
  ASSERT_EQ(record.terms_size(), 2);
  EXPECT_EQ(record.terms(0).taxonomy(), "facility_type");
  EXPECT_EQ(record.terms(0).name(), "Clinic");
  EXPECT_EQ(record.terms(1).code(), "X1");
  EXPECT_EQ(ExportServices({record})[0], object);
  object["attributes"].push_back({{"id", "c"}});
  EXPECT_EQ(Only(object).terms_size(), 0);
  EXPECT_EQ(ExportServices({Only(object)})[0], object);
}

TEST(HsdsImportTest, SplitsNestedObjectsAndEmitsEachOnce) {
  json first = Service(), second = Service();
  second["id"] = "5b2c9a4e-0000-4000-8000-000000000002";
  for (json* service : {&first, &second}) {
    (*service)["organization"] = Organization();
    (*service)["service_at_locations"] = {{{"id", "p"}, {"location", Location()}}};
  }
  const Import import = ReadText(absl::StrCat(first.dump(), "\n", second.dump()));
  EXPECT_THAT(import.records, SizeIs(4));
  EXPECT_THAT(import.warnings, IsEmpty());
  EXPECT_EQ(import.records[3].service().organization_id(), o1);
  EXPECT_EQ(import.records[3].service().service_at_locations(0).location_id(), l1);
  EXPECT_THAT(ExportServices(import.records), testing::ElementsAre(first, second));
}

TEST(HsdsImportTest, KeepsACopyThatDiffersWhereItStoodAndSaysSo) {
  json first = Service(), second = Service();
  second["id"] = "5b2c9a4e-0000-4000-8000-000000000002";
  first["organization"] = Organization();
  second["organization"] = {{"id", o1}, {"name", "Latarnia Foundation"}};
  const Import import = ReadText(absl::StrCat(first.dump(), "\n", second.dump()));
  EXPECT_THAT(import.records, SizeIs(3));
  ASSERT_THAT(import.warnings, SizeIs(1));
  EXPECT_EQ(import.warnings[0].path, "organization");
  EXPECT_EQ(import.records[2].service().organization_id(), o1);
  EXPECT_THAT(ExportServices(import.records), testing::ElementsAre(first, second));
}

TEST(HsdsImportTest, ATopLevelObjectGoesBeforeNestedCopiesWhereverItStands) {
  json service = Service();
  service["organization"] = {{"id", o1}, {"name", "L."}};
  const Import import =
      ReadText(absl::StrCat("{\"services\":[", service.dump(), "],\"organizations\":[", Organization().dump(), "]}"));
  ASSERT_THAT(import.records, SizeIs(2));
  EXPECT_EQ(import.records[1].organization().name(), "Latarnia");
  EXPECT_EQ(ExportServices(import.records)[0], service);
}

TEST(HsdsImportTest, JoinsFlatObjectsInAnyOrder) {
  json service = Service();
  service["organization_id"] = o1;
  const json place = {{"id", "p"}, {"service_id", s1}, {"location_id", l1}, {"description", "2nd floor"}};
  for (const std::string& text :
       {json{{"service_at_locations", {place}},
             {"services", {service}},
             {"organizations", {Organization()}},
             {"locations", {Location()}}}
            .dump(),
        absl::StrCat(Organization().dump(), "\n", service.dump(), "\n", place.dump(), "\n", Location().dump())}) {
    const Import import = ReadText(text);
    EXPECT_THAT(import.records, SizeIs(3));
    EXPECT_THAT(import.refused, IsEmpty());
    const json exported = ExportServices(import.records).at(0);
    EXPECT_EQ(exported["organization"], Organization());
    EXPECT_EQ(exported["service_at_locations"][0]["location"], Location());
    EXPECT_EQ(exported["service_at_locations"][0]["description"], "2nd floor");
  }
}

TEST(HsdsImportTest, RefusesAPlaceWhoseServiceIsNotThere) {
  const json place = {{"id", "p"}, {"service_id", "elsewhere"}, {"location_id", l1}};
  const Import import = ReadText(json{{"services", {Service()}}, {"service_at_locations", {place}}}.dump());
  EXPECT_THAT(import.records, SizeIs(1));
  ASSERT_THAT(import.refused, SizeIs(1));
  EXPECT_EQ(import.refused[0].problems[0].value, "elsewhere");
}

TEST(HsdsImportTest, RefusesNestedObjectsWithoutIdAndEmitsNothingOfTheEntry) {
  json bad = Service(), good = Service();
  bad["organization"] = {{"name", "Nameless"}};
  bad["service_at_locations"] = {{{"location", Location()}}};
  good["id"] = "5b2c9a4e-0000-4000-8000-000000000002";
  good["service_at_locations"] = {{{"location", Location()}}};
  const Import import = ReadText(absl::StrCat(bad.dump(), "\n", good.dump()));
  ASSERT_THAT(import.refused, SizeIs(1));
  EXPECT_EQ(import.refused[0].problems[0].path, "organization.id");
  EXPECT_THAT(import.records, SizeIs(2)) << "the location comes with the entry that is good";
}

TEST(HsdsImportTest, DerivesIdsThatAreNoUuids) {
  const std::string space = PartnerNamespace("example", "pl-latarnia");
  json service = Service();
  service["id"] = 17;
  service["organization"] = {{"id", "org-1"}, {"name", "Latarnia"}};
  const Import import = ReadText(service.dump(), ImportFormat::kAuto, {space});
  ASSERT_THAT(import.records, SizeIs(2));
  EXPECT_EQ(import.records[1].source_id(), "17");
  EXPECT_EQ(import.records[1].id(), DeriveId(space, v1::SERVICE, "17"));
  EXPECT_EQ(import.records[1].service().organization_id(), import.records[0].id());
  const json exported = ExportServices(import.records)[0];
  EXPECT_EQ(exported["organization"]["source_id"], "org-1");
  const Import again = ReadText(exported.dump(), ImportFormat::kAuto, {space});
  ASSERT_THAT(again.records, SizeIs(2));
  EXPECT_EQ(again.records[1].SerializeAsString(), import.records[1].SerializeAsString());
}

TEST(HsdsImportTest, RefusesWhatIsNoEntry) {
  const Import import = ReadText("[5, {\"id\":\"x\"}, null]");
  EXPECT_THAT(import.refused, SizeIs(3));
  EXPECT_THAT(import.refused[1].problems[0].problem, HasSubstr("neither a service"));
}

TEST(HsdsExportTest, WritesOrganizationsAndLocationsOnceInBothForms) {
  json service = Service();
  service["organization"] = Organization();
  json other = Organization();
  other["id"] = "5b2c9a4e-0000-4000-8000-0000000000a2";
  const Import import =
      ReadText(json{{"services", {service}}, {"organizations", {other}}, {"locations", {Location()}}}.dump());
  const json whole = json::parse(ExportText(import.records, HsdsExporter::Form::kJson));
  EXPECT_EQ(whole, (json{{"services", {service}}, {"organizations", {other}}, {"locations", {Location()}}}));
  EXPECT_EQ(ExportText(import.records, HsdsExporter::Form::kNdjson),
            absl::StrCat(service.dump(), "\n", other.dump(), "\n", Location().dump(), "\n"));
}

TEST(HsdsExportTest, AnEmptyDirectoryIsAValidDocument) {
  const std::string text = ExportText({}, HsdsExporter::Form::kJson);
  EXPECT_EQ(json::parse(text),
            (json{{"services", json::array()}, {"organizations", json::array()}, {"locations", json::array()}}));
  EXPECT_TRUE(ReadText(text).status.ok());
}

TEST(HsdsExportTest, RefusesAnotherOrderAndSkipsOtherKinds) {
  HsdsExporter exporter(HsdsExporter::Form::kNdjson, Directory({}).lookup(),
                        [](absl::string_view) { return absl::OkStatus(); });
  v1::Record location, service, training;
  location.mutable_location();
  service.mutable_service();
  training.mutable_training();
  EXPECT_TRUE(exporter.Add(training).ok());
  EXPECT_EQ(exporter.skipped(), 1u);
  EXPECT_TRUE(exporter.Add(location).ok());
  EXPECT_EQ(exporter.Add(service).code(), absl::StatusCode::kFailedPrecondition);
}

TEST(HsdsExportTest, StopsAtTheErrorOfTheSink) {
  HsdsExporter exporter(HsdsExporter::Form::kNdjson, Directory({}).lookup(),
                        [](absl::string_view) { return absl::ResourceExhaustedError("full"); });
  v1::Record service;
  service.mutable_service();
  EXPECT_EQ(exporter.Add(service).code(), absl::StatusCode::kResourceExhausted);
}

TEST(HsdsExportTest, ShowsANumberAsTypedOnlyWhileItStillStandsForIt) {
  v1::Record record;
  v1::Phone* phone = record.mutable_service()->add_phones();
  phone->set_number("+48221234567");
  phone->set_as_entered("(22) 123-45-67");
  phone->set_country("PL");
  EXPECT_EQ(ExportServices({record})[0]["phones"][0]["number"], "(22) 123-45-67");
  phone->set_number("+48221234568");
  EXPECT_EQ(ExportServices({record})[0]["phones"][0]["number"], "+48221234568");
}

}  // namespace
}  // namespace cairn
