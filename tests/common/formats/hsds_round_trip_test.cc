// HSDS -> records -> HSDS loses nothing.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>

#include "common/record/validate.h"
#include "gmock/gmock.h"
#include "tests/common/formats/hsds_generator.h"
#include "tests/common/formats/import_helpers.h"
#include "tests/source_directory.h"

namespace cairn {
namespace {

using nlohmann::json;
using testing::IsEmpty;
using testing_formats::ExportServices;
using testing_formats::ExportText;
using testing_formats::HsdsGenerator;
using testing_formats::Import;
using testing_formats::ReadPath;
using testing_formats::ReadText;

// --- comparing documents of other forms than nested services: each object by itself, references by id

using Objects = std::map<std::string, std::set<json>>;

void Flatten(json object, const std::string& kind, Objects* out);

void FlattenPlace(json place, const std::string& service, Objects* out) {
  if (place.contains("service")) Flatten(place["service"], "service", out);
  if (place.contains("location") && place["location"].is_object()) {
    place["location_id"] = place["location"]["id"];
    Flatten(place["location"], "location", out);
  }
  place.erase("service");
  place.erase("location");
  place["service_id"] = service;
  (*out)[absl::StrCat("place ", place["id"].get<std::string>())].insert(place);
}

void Flatten(json object, const std::string& kind, Objects* out) {
  const std::string id = object["id"];
  if (object.contains("organization")) {
    object["organization_id"] = object["organization"]["id"];
    Flatten(object["organization"], "organization", out);
  }
  for (const char* list : {"services", "locations", "service_at_locations"}) {
    if (!object.contains(list)) continue;
    for (json element : object[list]) {
      if (list == std::string("service_at_locations")) {
        FlattenPlace(element, id, out);
        continue;
      }
      if (list == std::string("services")) element["organization_id"] = id;
      if (list == std::string("locations")) object["location_ids"].push_back(element["id"]);
      Flatten(element, list == std::string("services") ? "service" : "location", out);
    }
    object.erase(list);
  }
  object.erase("organization");
  (*out)[absl::StrCat(kind, " ", id)].insert(object);
}

Objects FlattenDocument(const json& document) {
  Objects objects;
  const char* kinds[][2] = {{"services", "service"}, {"organizations", "organization"}, {"locations", "location"}};
  if (document.contains("id")) {
    if (document.contains("service")) {
      FlattenPlace(document, document["service"]["id"], &objects);
    } else {
      Flatten(document, document.contains("status") ? "service" : "organization", &objects);
    }
    return objects;
  }
  for (const auto& [list, kind] : kinds) {
    if (!document.contains(list)) continue;
    for (const json& object : document[list]) Flatten(object, kind, &objects);
  }
  if (document.contains("service_at_locations")) {
    for (const json& place : document["service_at_locations"]) FlattenPlace(place, place["service_id"], &objects);
  }
  return objects;
}

void ExpectNothingLost(const std::string& path) {
  std::ifstream file(path);
  const json document = json::parse(file);
  const Import import = ReadPath(path);
  ASSERT_TRUE(import.status.ok()) << import.status;
  ASSERT_THAT(import.refused, IsEmpty()) << path << ": " << ToString(import.refused[0].problems[0]);
  EXPECT_EQ(FlattenDocument(json::parse(ExportText(import.records, HsdsExporter::Form::kJson))),
            FlattenDocument(document))
      << path;
  if (!document.contains("status")) return;
  EXPECT_EQ(ExportServices(import.records).at(0), document) << path;
}

TEST(HsdsRoundTripTest, OurFullExamplesLoseNothing) {
  const std::filesystem::path folder = SourceDirectory() / "tests/common/formats/testdata";
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    ExpectNothingLost(entry.path());
    ++files;
  }
  EXPECT_EQ(files, 4);
}

// --- generated documents

TEST(HsdsRoundTripTest, GeneratedDocumentsLoseNothing) {
  const uint64_t seed = 20261122;
  HsdsGenerator generator(seed);
  std::vector<json> documents;
  std::string text;
  for (int i = 0; i < 500; ++i) {
    documents.push_back(generator.Service());
    absl::StrAppend(&text, documents.back().dump(), "\n");
  }
  const Import import = ReadText(text, ImportFormat::kHsdsNdjson);
  ASSERT_TRUE(import.status.ok()) << import.status;
  ASSERT_THAT(import.refused, IsEmpty()) << ToString(import.refused[0].problems[0]);
  const std::vector<json> exported = ExportServices(import.records);
  ASSERT_EQ(exported.size(), documents.size());
  for (size_t i = 0; i < documents.size(); ++i) {
    ASSERT_EQ(exported[i], documents[i]) << "seed " << seed << " document " << i << "\n"
                                         << json::diff(documents[i], exported[i]);
  }
}

// --- real files

std::vector<std::string> FilesUnder(const std::string& folder, const std::vector<std::string>& endings) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string path = entry.path();
    for (const std::string& ending : endings) {
      if (entry.is_regular_file() && path.size() > ending.size() &&
          path.compare(path.size() - ending.size(), ending.size(), ending) == 0) {
        paths.push_back(path);
      }
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// Lines that are services, compared one by one with what comes out. Returns their number.
size_t ExpectNothingLostByLine(const std::string& path) {
  const Import import = ReadPath(path, ImportFormat::kHsdsNdjson);
  EXPECT_TRUE(import.status.ok()) << import.status;
  EXPECT_THAT(import.refused, IsEmpty()) << path;
  const std::vector<json> exported = ExportServices(import.records);
  std::ifstream file(path);
  size_t lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    if (lines >= exported.size() || exported[lines] != json::parse(line)) {
      ADD_FAILURE() << path << " line " << lines + 1 << " changed";
      break;
    }
  }
  EXPECT_EQ(lines, exported.size());
  return lines;
}

TEST(HsdsRoundTripTest, RealFilesLoseNothing) {
  const char* folder = std::getenv("CAIRN_DATA_DIR");
  if (folder == nullptr) GTEST_SKIP() << "CAIRN_DATA_DIR is not set: no real files to try";
  for (const std::string& path : FilesUnder(folder, {"_full.json"})) ExpectNothingLost(path);
  const std::string plain = absl::StrCat(testing::TempDir(), "/plain-", getpid(), ".ndjson");
  size_t lines = 0, files = 0;
  for (const std::string& path : FilesUnder(folder, {".ndjson", ".ndjson.zst"})) {
    const bool packed = path.back() == 't';  // .zst
    if (packed) {
      ASSERT_EQ(std::system(absl::StrCat("zstd -qdcf '", path, "' > '", plain, "'").c_str()), 0) << path;
    }
    lines += ExpectNothingLostByLine(packed ? plain : path);
    ++files;
  }
  std::remove(plain.c_str());
  std::cout << files << " files, " << lines << " services, unchanged\n";
  EXPECT_GT(lines, 0u);
}

// A file that was exported, corrected elsewhere and published again must take nothing away.
TEST(HsdsRoundTripTest, WhatHsdsHasNoPropertyForComesBackFromAnExport) {
  const Import import = ReadText(
      R"({"id":"7f0c1d9e-3c5b-4f6a-9a55-000000000001","language":"pl","countries":["PL","LV"],"verify_every_days":90,)"
      R"("terms":[{"taxonomy":"t","code":"c"}],"translations":[{"language":"uk","texts":{"name":"N"}}],)"
      R"("extra":{"old_id":"17","rank":"1.50","note":"\"x\""},)"
      R"("service":{"name":"S","status":"active","phones":[{"number":"+48225550110"}]}})",
      ImportFormat::kJsonl);
  ASSERT_EQ(import.records.size(), 1u);
  v1::Record record = import.records[0];
  ASSERT_THAT(NormaliseAndValidate(&record, {}), IsEmpty());
  ASSERT_EQ(record.extra_size(), 3);
  Import again = ReadText(ExportText({record}, HsdsExporter::Form::kNdjson), ImportFormat::kHsdsNdjson);
  ASSERT_EQ(again.records.size(), 1u);
  ASSERT_THAT(NormaliseAndValidate(&again.records[0], {}), IsEmpty());
  EXPECT_EQ(again.records[0].DebugString(), record.DebugString());
}

TEST(HsdsRoundTripTest, APropertyThatOnlyLooksLikeCairnsStaysAsItIs) {
  const char* text = R"({"id":"7f0c1d9e-3c5b-4f6a-9a55-000000000001","name":"S","status":"active",)"
                     R"("cairn_language":"","cairn_countries":[],"cairn_verify_every_days":0,)"
                     R"("cairn_translations":[{"language":"uk","texts":{}}],"cairn_extra":{"a":1}})";
  const Import import = ReadText(text);
  ASSERT_EQ(import.records.size(), 1u);
  EXPECT_EQ(ExportServices(import.records)[0], json::parse(text));
}

}  // namespace
}  // namespace cairn
