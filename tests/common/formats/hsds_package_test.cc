// HSDS data packages: nothing is lost on the way out and in, and what strangers packed harms nobody.
#include "common/formats/hsds_package.h"

#include <unistd.h>
#include <zip.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "absl/strings/str_replace.h"
#include "common/base/limits.h"
#include "common/formats/input_file.h"
#include "common/formats/zip_package.h"
#include "common/record/serialise.h"
#include "gmock/gmock.h"
#include "tests/common/formats/hsds_generator.h"
#include "tests/common/formats/import_helpers.h"
#include "tests/source_directory.h"

namespace cairn {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing_formats::ExportText;
using testing_formats::HsdsGenerator;
using testing_formats::Import;
using testing_formats::ReadPath;
using testing_formats::ReadText;
using testing_formats::WriteFile;

std::string Packed(const std::vector<v1::Record>& records) {
  auto exporter = HsdsPackageExporter::Make();
  EXPECT_TRUE(exporter.ok()) << exporter.status();
  for (const v1::Record& record : records) EXPECT_TRUE((*exporter)->Add(record).ok());
  std::string bytes;
  const absl::Status finished = (*exporter)->Finish([&](absl::string_view piece) {
    absl::StrAppend(&bytes, piece);
    return absl::OkStatus();
  });
  EXPECT_TRUE(finished.ok()) << finished;
  return bytes;
}

std::map<std::string, std::string> ByName(const std::vector<v1::Record>& records) {
  std::map<std::string, std::string> by_name;
  for (const v1::Record& record : records) {
    if (KindOf(record) > v1::LOCATION) continue;
    by_name[absl::StrCat(KindOf(record), " ", record.id())] =
        absl::StrReplaceAll(record.DebugString(), {{": -0\n", ": 0\n"}});  // one number in JSON
  }
  return by_name;
}

void ExpectNothingLost(const Import& original) {
  ASSERT_TRUE(original.status.ok()) << original.status;
  const Import again = ReadText(Packed(original.records));
  ASSERT_TRUE(again.status.ok()) << again.status;
  ASSERT_THAT(again.refused, IsEmpty()) << again.refused[0].origin << ToString(again.refused[0].problems[0]);
  const auto before = ByName(original.records), after = ByName(again.records);
  ASSERT_EQ(after.size(), before.size());
  for (const auto& [name, record] : before) ASSERT_EQ(after.at(name), record) << name;
}

TEST(HsdsPackageTest, OurFullExamplesAndTheSampleDirectoryLoseNothing) {
  int files = 0;
  for (const auto& folder :
       {SourceDirectory() / "tests/common/formats/testdata", SourceDirectory() / "deploy/sample"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      const bool read = entry.path().extension() == ".json" || entry.path().extension() == ".jsonl";
      if (!read) continue;
      // By way of HSDS, which has no word for some of what the sample says.
      const std::string hsds = ExportText(ReadPath(entry.path()).records, HsdsExporter::Form::kNdjson);
      ExpectNothingLost(ReadText(hsds, ImportFormat::kHsdsNdjson));
      ++files;
    }
  }
  EXPECT_GT(files, 20);
}

TEST(HsdsPackageTest, GeneratedDocumentsLoseNothing) {
  const uint64_t seed = 20261125;
  HsdsGenerator generator(seed);
  std::string text;
  for (int i = 0; i < 300; ++i) absl::StrAppend(&text, generator.Service().dump(), "\n");
  SCOPED_TRACE(seed);
  ExpectNothingLost(ReadText(text, ImportFormat::kHsdsNdjson));
}

TEST(HsdsPackageTest, EqualDirectoriesGiveEqualPackagesWhoseTablesHsdsKnows) {
  const Import import = ReadPath(SourceDirectory() / "tests/common/formats/testdata/service_full.json");
  const std::string bytes = Packed(import.records);
  EXPECT_EQ(bytes, Packed(import.records));
  const std::string path = WriteFile("full.zip", bytes);
  const auto zip = ZipReader::Open(**InputFile::Open(path));
  ASSERT_TRUE(zip.ok()) << zip.status();
  const auto phones = (*zip)->Unpack("phone.csv");
  ASSERT_TRUE(phones.ok()) << phones.status();
  EXPECT_THAT(*(*phones)->TextAt(0, 60), HasSubstr("id,location_id,service_id,organization_id,contact_id"));
}

// --- packages of others

constexpr const char* descriptor =
    R"({"resources":[{"name":"services","path":"service.csv"},{"name":"phone","path":"phone.csv"}]})";

struct Part {
  std::string name, content;
  bool encrypted = false;
};

std::string Zipped(const std::vector<Part>& parts) {
  const std::string path = absl::StrCat(testing::TempDir(), "/", getpid(), "-made.zip");
  int code = 0;
  zip_t* zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  for (const Part& part : parts) {
    zip_source_t* source = zip_source_buffer(zip, part.content.data(), part.content.size(), 0);
    const auto at = static_cast<uint64_t>(zip_file_add(zip, part.name.c_str(), source, ZIP_FL_ENC_UTF_8));
    if (part.encrypted) zip_file_set_encryption(zip, at, ZIP_EM_TRAD_PKWARE, "secret");
  }
  EXPECT_EQ(zip_close(zip), 0) << zip_strerror(zip);
  std::ifstream file(path, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  std::remove(path.c_str());
  return bytes;
}

std::string ErrorOf(const std::vector<Part>& parts) { return std::string(ReadText(Zipped(parts)).status.message()); }

TEST(HsdsPackageTest, APackageOfAnotherProgramIsReadWithItsFolderAndPluralNames) {
  const Import import = ReadText(Zipped({{"data/datapackage.json", descriptor},
                                         {"data/service.csv", "id,name,status\ns1,Night line,active\n"},
                                         {"data/phone.csv", "id,service_id,number\np1,s1,+48225550110\np2,s9,1\n"},
                                         {"data/notes.txt", "x"}}));
  ASSERT_THAT(import.records, SizeIs(1)) << import.status;
  EXPECT_EQ(import.records[0].service().phones(0).number(), "+48225550110");
  ASSERT_THAT(import.refused, SizeIs(1));
  EXPECT_THAT(import.refused[0].origin, HasSubstr("data/phone.csv line 3"));
  EXPECT_THAT(ToString(import.refused[0].problems[0]), HasSubstr("refers to a service that the package has not"));
  ASSERT_THAT(import.notes, SizeIs(1));
  EXPECT_EQ(import.notes[0].value, "data/notes.txt");
}

TEST(HsdsPackageTest, WrongColumnsAreRefusedByName) {
  const std::string phones = "id,service_id,number\n";
  EXPECT_THAT(ErrorOf({{"datapackage.json", descriptor}, {"service.csv", "id,nmae\n1,x\n"}, {"phone.csv", phones}}),
              HasSubstr("service.csv: column \"nmae\" is none of HSDS's service"));
  EXPECT_THAT(
      ErrorOf({{"datapackage.json", descriptor}, {"service.csv", "name,status\nx,active\n"}, {"phone.csv", phones}}),
      HasSubstr("has no column \"id\""));
  EXPECT_THAT(ErrorOf({{"datapackage.json", descriptor}, {"service.csv", "id,name\n"}}),
              HasSubstr("has no entry \"phone.csv\""));
  EXPECT_THAT(ErrorOf({{"service.csv", "id,name\n"}}), HasSubstr("has no datapackage.json"));
}

TEST(HsdsPackageTest, AColumnThatTheDescriptorDeclaresIsKept) {
  const Import import =
      ReadText(Zipped({{"datapackage.json",
                        R"({"resources":[{"name":"service","path":"s.csv","schema":{"fields":[{"name":"colour"}]}}]})"},
                       {"s.csv", "id,name,status,colour\ns1,Night line,active,blue\n"}}));
  ASSERT_THAT(import.records, SizeIs(1)) << import.status;
  EXPECT_EQ(import.records[0].service().extra().at("colour"), "\"blue\"");
}

// --- hostile packages

TEST(HsdsPackageAttackTest, AttackPathNamesThatLeaveTheArchive) {
  const std::pair<const char*, const char*> names[] = {{"../service.csv", "\"..\" in its name"},
                                                       {"a/../../service.csv", "\"..\" in its name"},
                                                       {"/etc/service.csv", "an absolute name"},
                                                       {"a\\service.csv", "a backslash in its name"},
                                                       {"C:service.csv", "a drive in its name"}};
  for (const auto& [name, problem] : names) {
    EXPECT_THAT(ErrorOf({{"datapackage.json", descriptor}, {name, "id\n"}}), HasSubstr(problem)) << name;
  }
}

TEST(HsdsPackageAttackTest, AttackPathsInTheDescriptorNeverReachTheFileSystem) {
  const std::string secret = WriteFile("secret.csv", "id,name,status\ns1,Secret,active\n");
  const std::string error =
      ErrorOf({{"datapackage.json", absl::StrCat(R"({"resources":[{"name":"service","path":")", secret, R"("}]})")}});
  EXPECT_THAT(error, HasSubstr("has no entry"));
}

TEST(HsdsPackageAttackTest, AttackZipBombByRatio) {
  const std::string zeros(limits::package_ratio_free_bytes + 1024 * 1024, ' ');
  EXPECT_THAT(ErrorOf({{"datapackage.json", descriptor}, {"service.csv", zeros}, {"phone.csv", "id\n"}}),
              HasSubstr("unpacks to more than 200 times its size"));
}

TEST(HsdsPackageAttackTest, AttackMoreEntriesThanAPackageHas) {
  std::vector<Part> parts = {{"datapackage.json", descriptor}};
  for (uint64_t i = 0; i < limits::package_entries_max; ++i) parts.push_back({absl::StrCat(i, ".csv"), "id\n"});
  EXPECT_THAT(ErrorOf(parts), HasSubstr("201 entries; a package has at most 200"));
}

TEST(HsdsPackageAttackTest, AttackTwoEntriesOfOneName) {
  // The library makes no such archive: two entries whose names differ by a letter, and the letter changed in the bytes.
  const std::string bytes =
      absl::StrReplaceAll(Zipped({{"datapackage.json", descriptor}, {"phone.csv", "id\n"}, {"phonf.csv", "id\n"}}),
                          {{"phonf.csv", "phone.csv"}});
  const Import import = ReadText(bytes);
  EXPECT_THAT(import.status.message(), HasSubstr("entry \"phone.csv\": is there twice"));
}

TEST(HsdsPackageAttackTest, EncryptedEntriesAreRefusedByName) {
  EXPECT_THAT(ErrorOf({{"datapackage.json", descriptor}, {"service.csv", "id\n", true}}),
              HasSubstr("\"service.csv\": is encrypted"));
}

TEST(HsdsPackageAttackTest, ABrokenArchiveIsRefused) {
  std::string bytes = Zipped({{"datapackage.json", descriptor}, {"service.csv", "id,name\n"}});
  EXPECT_FALSE(ReadText(bytes.substr(0, bytes.size() / 2), ImportFormat::kHsdsPackage).status.ok());
  EXPECT_THAT(ReadText("no zip at all", ImportFormat::kHsdsPackage).status.message(), HasSubstr("no zip archive"));
}

}  // namespace
}  // namespace cairn
