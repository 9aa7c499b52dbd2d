// schema.org JSON-LD and DCAT, by structure and as RDF.
#include "common/formats/json_ld.h"

#include <cstdlib>
#include <filesystem>

#include "gmock/gmock.h"
#include "tests/common/formats/import_helpers.h"
#include "tests/source_directory.h"

namespace cairn {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing_formats::Directory;
using testing_formats::Import;
using testing_formats::ReadPath;
using testing_formats::ReadText;
using testing_formats::WriteFile;

json LdOf(const std::string& record, const RecordLookup& lookup = Directory({}).lookup()) {
  const Import import = ReadText(record, ImportFormat::kJsonl);
  EXPECT_THAT(import.records, SizeIs(1)) << import.status;
  const auto text = RecordToJsonLd(import.records.at(0), lookup);
  EXPECT_TRUE(text.ok()) << text.status();
  return json::parse(text.value_or("{}"));
}

TEST(JsonLdTest, ATrainingIsACourseWithAnInstanceForEachSession) {
  const json course = LdOf(
      R"({"id":"7f0c1d9e-3c5b-4f6a-9a55-000000000001","training":{"name":"Listening","mode":"onsite","languages":["pl"],)"
      R"("provider_id":"7f0c1d9e-3c5b-4f6a-9a55-000000000002","sessions":[{"id":"7f0c1d9e-3c5b-4f6a-9a55-0000000000aa",)"
      R"("start":"2026-07-01T09:00:00","time_zone":"Europe/Warsaw","place":"Łódź","country":"PL","status":"cancelled"}]}})");
  EXPECT_EQ(course["@type"], "Course");
  EXPECT_EQ(course["@id"], "urn:uuid:7f0c1d9e-3c5b-4f6a-9a55-000000000001");
  EXPECT_EQ(course["provider"]["@id"], "urn:uuid:7f0c1d9e-3c5b-4f6a-9a55-000000000002");
  const json& instance = course["hasCourseInstance"][0];
  EXPECT_EQ(instance["startDate"], "2026-07-01T09:00:00+02:00");
  EXPECT_EQ(instance["eventStatus"]["@id"], "https://schema.org/EventCancelled");
  EXPECT_EQ(instance["location"]["address"]["addressCountry"], "PL");
  EXPECT_EQ(instance["inLanguage"][0], "pl");
}

TEST(JsonLdTest, AServiceOfThePoliceIsAGovernmentService) {
  const Import police =
      ReadText(R"({"id":"7f0c1d9e-3c5b-4f6a-9a55-000000000002","organization":{"name":"Police","role":"police"}})");
  const Directory directory(police.records);
  const json service = LdOf(
      R"({"id":"7f0c1d9e-3c5b-4f6a-9a55-000000000001","service":{"name":"Line","status":"active",)"
      R"("organization_id":"7f0c1d9e-3c5b-4f6a-9a55-000000000002","phones":[{"number":"116111","country":"PL","short_code":true}]}})",
      directory.lookup());
  EXPECT_EQ(service["@type"], "GovernmentService");
  const json& phone = service["availableChannel"]["servicePhone"][0];
  EXPECT_EQ(phone["telephone"], "116111");
  EXPECT_EQ(phone["areaServed"], "PL") << "a short code means nothing elsewhere";
}

TEST(JsonLdAttackTest, AttackScriptInATextAndAsAnAddress) {
  const Import import = ReadText(
      R"({"id":"7f0c1d9e-3c5b-4f6a-9a55-000000000001","resource":{"name":"</script><script>x","resource_type":"toolkit",)"
      R"("url":"javascript:alert","license":"CC-BY-4.0"}})");
  const auto text = RecordToJsonLd(import.records.at(0), Directory({}).lookup());
  EXPECT_THAT(*text, Not(HasSubstr("<")));
  EXPECT_THAT(*text, Not(HasSubstr("javascript:")));
  EXPECT_EQ(json::parse(*text)["name"], "</script><script>x");
  EXPECT_EQ(json::parse(*text)["license"]["@id"], "https://spdx.org/licenses/CC-BY-4.0");
}

TEST(JsonLdTest, WhatSchemaOrgHasNoWordForIsRefusedByName) {
  v1::Record record;
  record.set_id("x");
  record.mutable_commitment();
  EXPECT_THAT(RecordToJsonLd(record, Directory({}).lookup()).status().message(), HasSubstr("(commitment); use jsonl"));
}

std::string SampleDocument() {
  std::vector<v1::Record> records;
  const std::filesystem::path sample = SourceDirectory() / "deploy/sample";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(sample)) {
    if (entry.path().extension() != ".jsonl") continue;
    for (v1::Record& record : ReadPath(entry.path()).records) records.push_back(std::move(record));
  }
  const Directory directory(records);
  std::string text;
  JsonLdExporter exporter(directory.lookup(), [&](absl::string_view piece) {
    absl::StrAppend(&text, piece);
    return absl::OkStatus();
  });
  for (const v1::Record& record : records) EXPECT_TRUE(exporter.Add(record).ok());
  EXPECT_TRUE(exporter.Finish().ok());
  EXPECT_GT(exporter.skipped(), 0u) << "assessments and commitments";
  return text;
}

TEST(JsonLdTest, TheSampleDirectoryIsRdf) {
  const std::string path = WriteFile("sample.jsonld", SampleDocument());
  const json document = json::parse(SampleDocument());
  EXPECT_EQ(document["@context"]["@vocab"], "https://schema.org/");
  if (std::system("/usr/bin/python3 -c 'import rdflib' 2>/dev/null") != 0)
    GTEST_SKIP() << "python3-rdflib is not installed";
  const std::string script =
      "import rdflib,sys; g=rdflib.Graph(); g.parse(sys.argv[1],format=\"json-ld\"); "
      "S=rdflib.Namespace(\"https://schema.org/\"); "
      "A=rdflib.RDF.type; c=list(g.subjects(A,S.Course)); assert c; "
      "assert all(g.value(x,S.name) for x in c); "
      "assert any((y,A,S.CourseInstance) in g for x in c for y in g.objects(x,S.hasCourseInstance)); "
      "assert list(g.subjects(A,S.LearningResource)) and list(g.subjects(A,S.Place))";
  EXPECT_EQ(std::system(absl::StrCat("/usr/bin/python3 -c '", script, "' ", path).c_str()), 0);
}

TEST(JsonLdTest, ADcatCatalogNamesItsDistributions) {
  DcatCatalog catalog;
  catalog.title = "Directory";
  catalog.publisher = "Consortium";
  catalog.url = "https://directory.example.org/";
  catalog.languages = {"en", "pl"};
  catalog.modified = absl::FromUnixSeconds(1'800'000'000);
  catalog.distributions = {{"HSDS", "https://directory.example.org/hsds/services", "application/json"},
                           {"Lines", "https://directory.example.org/all", "application/x-ndjson", true},
                           {"Bad", "javascript:x", "text/csv", true}};
  const json document = json::parse(DcatCatalogText(catalog));
  EXPECT_EQ(document["@type"], "dcat:Catalog");
  EXPECT_EQ(document["@context"]["dcat"], "http://www.w3.org/ns/dcat#");
  EXPECT_EQ(document["dct:modified"]["@value"], "2027-01-15T08:00:00Z");
  const json& distributions = document["dcat:dataset"]["dcat:distribution"];
  EXPECT_EQ(distributions[0]["dcat:accessURL"]["@id"], "https://directory.example.org/hsds/services");
  EXPECT_FALSE(distributions[0].contains("dcat:downloadURL"));
  EXPECT_EQ(distributions[1]["dcat:downloadURL"]["@id"], "https://directory.example.org/all");
  EXPECT_EQ(distributions[1]["dcat:accessURL"]["@id"], "https://directory.example.org/all");
  EXPECT_FALSE(distributions[2].contains("dcat:accessURL") || distributions[2].contains("dcat:downloadURL"));
}

}  // namespace
}  // namespace cairn
