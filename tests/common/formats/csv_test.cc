// Spreadsheets that people have, as CSV.
#include "common/formats/csv.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "common/base/limits.h"
#include "common/formats/csv_encoding.h"
#include "common/formats/csv_mapping.h"
#include "common/record/ids.h"
#include "common/record/validate.h"
#include "gmock/gmock.h"
#include "tests/common/formats/import_helpers.h"
#include "tests/source_directory.h"

namespace cairn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing_formats::Import;
using testing_formats::ReadPath;
using testing_formats::ReadText;
using testing_formats::WriteFile;

ReaderContext Mapped(const std::string& sheet) {
  absl::StatusOr<CsvMapping> mapping = ParseCsvMapping(absl::StrCat("[[sheet]]\n", sheet), "map.toml");
  EXPECT_TRUE(mapping.ok()) << mapping.status();
  ReaderContext context;
  if (mapping.ok()) context.mapping = std::make_shared<const CsvMapping>(*std::move(mapping));
  return context;
}

std::string NotesText(const Import& import) {
  std::string text;
  for (const Problem& note : import.notes) absl::StrAppend(&text, note.problem, "\n");
  return text;
}

// --- headers

TEST(CsvTest, HeadersInFourLanguagesAreUnderstoodWithoutAMapping) {
  for (const char* header :
       {"Name,Phone,City", "Nazwa;Telefon;Miasto", "Nosaukums\tTālrunis\tPilsēta", "Nombre|Teléfono|Ciudad"}) {
    const char separator = std::string(header)[std::string(header).find_first_of(",;\t|")];
    const Import import = ReadText(absl::StrCat(header, "\nNight line", std::string(1, separator), "+48 22 555 01 10",
                                                std::string(1, separator), "Łódź\n"));
    ASSERT_THAT(import.records, SizeIs(2)) << header << import.status;
    EXPECT_EQ(import.records[1].service().name(), "Night line");
    EXPECT_EQ(import.records[1].service().phones(0).number(), "+48 22 555 01 10");
    EXPECT_EQ(import.records[0].location().addresses(0).city(), "Łódź");
    EXPECT_EQ(import.records[1].service().service_at_locations(0).location_id(), import.records[0].id());
  }
}

TEST(CsvTest, SaysHowItReadTheFileAndWhatItDidNotUse) {
  const Import import = ReadText("Name,Favourite colour\nNight line,blue\nDay line,,surplus\n");
  EXPECT_THAT(import.records, SizeIs(2));
  const std::string notes = NotesText(import);
  EXPECT_THAT(notes, HasSubstr("read as UTF-8, 2 columns separated by \",\""));
  EXPECT_THAT(notes, HasSubstr("columns not used: \"Favourite colour\" (1 filled)"));
  EXPECT_THAT(notes, HasSubstr("1 rows have cells beyond the last column, first in line 3"));
  EXPECT_THAT(notes, HasSubstr("\"active\" is assumed"));
  EXPECT_THAT(notes, HasSubstr("known by its name"));
}

TEST(CsvTest, NamesTheColumnsThatTheMappingLeavesOut) {
  const Import import = ReadText("Name,Notes,Colour\nNight line,call first,\n", ImportFormat::kCsv,
                                 Mapped("[sheet.columns]\nName = 'service.name'\nNotes = ''\nColour = ''\n"));
  EXPECT_THAT(import.records, SizeIs(1));
  EXPECT_THAT(NotesText(import),
              HasSubstr("columns not used, as the mapping says: \"Notes\" (1 filled), \"Colour\" (0 filled)"));
}

TEST(CsvTest, ACellThatIsNoNumberIsReportedAndNotUsed) {
  const Import import = ReadText("Name,Min age\nNight line,twelve\n");
  ASSERT_THAT(import.warnings, SizeIs(1));
  EXPECT_EQ(ToString(import.warnings[0]), "Min age \"twelve\": is no number; not used");
  EXPECT_THAT(NotesText(import), HasSubstr("column \"Min age\": 1 cells not used"));
}

TEST(CsvTest, ARowOfNothingButIdsOfOthersIsNotedAndOneThatLacksItsNameRefused) {
  const ReaderContext context = Mapped(
      "kind = 'service'\nkey = ['ID']\n[sheet.columns]\nID = 'service.id'\nTitle = 'service.name'\n"
      "Org = 'service.organization_id'\nNote = ''\n[sheet.defaults]\n'service.status' = 'active'\n");
  const Import import = ReadText("ID,Title,Org,Note\n1,Night line,7,\n,,8,\n", ImportFormat::kCsv, context);
  EXPECT_THAT(import.records, SizeIs(1)) << import.status;
  EXPECT_THAT(import.refused, IsEmpty());
  EXPECT_THAT(NotesText(import), HasSubstr("1 rows have only ids of other records, and none of a service of their own, "
                                           "first in line 3; not used"));
  for (const char* row : {",,8,something", "1,Night line,7,\n,,,only a note"}) {
    EXPECT_THAT(ReadText(absl::StrCat("ID,Title,Org,Note\n", row, "\n"), ImportFormat::kCsv, context).refused,
                SizeIs(1))
        << row;
  }
}

TEST(CsvTest, ASheetWithoutANameIsRefusedWithTheRemedy) {
  const Import import = ReadText("Colour,Shape\nblue,round\n", ImportFormat::kCsv);
  EXPECT_THAT(import.status.message(), HasSubstr("no column says what the service is called"));
  EXPECT_THAT(import.status.message(), HasSubstr("--propose-mapping"));
}

// --- mapping

TEST(CsvTest, AMappingPutsLabelsValuesAndListsWhereTheyBelong) {
  const Import import =
      ReadText("No;What;Tel;Open\n7;Night line;office: 22 555 01 10, fax: 22 555 01 11;yes\n", ImportFormat::kCsv,
               Mapped("language = 'pl'\ncountries = ['PL']\n[sheet.columns]\nNo = 'service.id'\nWhat = 'service.name'\n"
                      "Tel = { to = 'service.phones.number', separator = ',', label_to = 'description' }\n"
                      "Open = { to = 'service.status', values = { yes = 'active' } }\n"
                      "[sheet.defaults]\n'service.phones.type' = 'voice'\n"));
  ASSERT_THAT(import.records, SizeIs(1)) << import.status;
  const v1::Service& service = import.records[0].service();
  EXPECT_EQ(import.records[0].language(), "pl");
  EXPECT_EQ(service.status(), "active");
  ASSERT_THAT(service.phones(), SizeIs(2));
  EXPECT_EQ(service.phones(1).description(), "fax");
  EXPECT_EQ(service.phones(1).number(), "22 555 01 11");
  EXPECT_EQ(service.phones(1).type(), "voice");
}

TEST(CsvTest, SeveralRowsOfOneServiceAreOneRecordWhereverTheyStand) {
  const Import import = ReadText(
      "id,name,phone,location id,address\nA,Night line,+48225550110,L1,Main 1\nB,Other,,,\n"
      "A,Night line,+48225550111,L2,Main 2\nA,Changed,+48225550110,,\n");
  ASSERT_THAT(import.records, SizeIs(4)) << import.status;
  const auto service =
      std::find_if(import.records.begin(), import.records.end(), [](const auto& r) { return r.id() == "A"; });
  EXPECT_EQ(service->service().name(), "Night line");
  EXPECT_THAT(service->service().phones(), SizeIs(2));
  EXPECT_THAT(service->service().service_at_locations(), SizeIs(2));
  ASSERT_THAT(import.warnings, SizeIs(1));
  EXPECT_EQ(import.warnings[0].value, "Changed");
}

TEST(CsvTest, AnOptionalColumnLosesTheValueAndAnotherOneTheRecord) {
  const std::string rows = "id,name,phone\nA,Night line,+48225550110\nB,Day line,ask the porter\n";
  const std::string columns = "[sheet.columns]\nid = 'service.id'\nname = 'service.name'\n";
  Import import = ReadText(rows, ImportFormat::kCsv,
                           Mapped(columns + "phone = { to = 'service.phones.number', optional = true }\n"));
  ASSERT_THAT(import.records, SizeIs(2)) << import.status;
  EXPECT_THAT(import.records[0].service().phones(), SizeIs(1));
  EXPECT_THAT(import.records[1].service().phones(), IsEmpty());
  EXPECT_THAT(NotesText(import), HasSubstr("1 values of optional columns left out"));
  import = ReadText(rows, ImportFormat::kCsv, Mapped(columns + "phone = 'service.phones.number'\n"));
  const ValidationContext context{absl::UnixEpoch(), "", PartnerNamespace("c", "p"), false};
  EXPECT_THAT(NormaliseAndValidate(&import.records[1], context), SizeIs(1)) << "the node refuses it by name";
}

TEST(CsvTest, AWrongMappingIsRefusedByLineAndName) {
  const auto error = [](const std::string& text) {
    return std::string(ParseCsvMapping(text, "m.toml").status().message());
  };
  EXPECT_THAT(error("[[sheet]]\n[sheet.columns]\nA = 'service.nam'\n"),
              HasSubstr("m.toml line 3: \"service.nam\": no field \"nam\""));
  EXPECT_THAT(error("[[sheet]]\nkinds = 'x'\n"), HasSubstr("unknown key \"kinds\""));
  EXPECT_THAT(error("[[sheet]]\n[sheet.columns]\nA = { to = 'service.name', separator = ';' }\n"),
              HasSubstr("is no list"));
  EXPECT_THAT(error("[[sheet]]\n[sheet.columns]\nA = 'service.phones'\n"), HasSubstr("does not lead to a value"));
  EXPECT_THAT(error("[[sheet\n"), HasSubstr("not TOML"));
  const Import import = ReadText("a,b\n1,2\n", ImportFormat::kCsv, Mapped("[sheet.columns]\nc = 'service.name'\n"));
  EXPECT_THAT(import.status.message(), HasSubstr("the mapping names the column \"c\", which the file does not have"));
}

TEST(CsvTest, AProposedMappingReadsTheFileAsItsHeadersDo) {
  const std::string path =
      WriteFile("proposed.csv", "\"Na\"\"me\",Name,Phone,Colour\nx,Night line,+48225550110;+48225550111,blue\n");
  const auto text = ProposeMapping(*InputFile::Open(path));
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, HasSubstr("\"Phone\" = { to = \"service.phones[0].number\", separator = \";\" }"));
  EXPECT_THAT(*text, HasSubstr("\"Colour\" = \"\"  # 1 filled, such as \"blue\""));
  auto mapping = ParseCsvMapping(*text, "map.toml");
  ASSERT_TRUE(mapping.ok()) << mapping.status() << *text;
  ReaderContext context;
  context.mapping = std::make_shared<const CsvMapping>(*mapping);
  const Import import = ReadPath(path, ImportFormat::kCsv, context);
  ASSERT_THAT(import.records, SizeIs(1)) << import.status;
  EXPECT_THAT(import.records[0].service().phones(), SizeIs(2));
}

// --- ids

TEST(CsvTest, TheSameFileTwiceGivesTheSameIdsAndAUuidStaysOne) {
  const ReaderContext context{PartnerNamespace("c", "p"), nullptr};
  const char* text = "id,name\n7f0c1d9e-3c5b-4f6a-9a55-000000000001,One\n12,Two\n";
  const Import once = ReadText(text, ImportFormat::kCsv, context), twice = ReadText(text, ImportFormat::kCsv, context);
  ASSERT_THAT(once.records, SizeIs(2));
  EXPECT_EQ(once.records[0].id(), "7f0c1d9e-3c5b-4f6a-9a55-000000000001");
  EXPECT_EQ(once.records[1].id(), DeriveId(context.id_namespace, v1::SERVICE, "12"));
  EXPECT_EQ(once.records[1].source_id(), "12");
  EXPECT_EQ(once.records[1].DebugString(), twice.records[1].DebugString());
}

TEST(CsvTest, WithoutAnIdTheNamesOfServiceAndOrganizationAreIt) {
  const Import import =
      ReadText("organization,service name\nLatarnia,Night line\nPromień,Night  line\nLatarnia,Night line\n");
  std::vector<std::string> ids;
  for (const v1::Record& record : import.records) {
    if (record.has_service()) ids.push_back(record.id());
  }
  EXPECT_THAT(ids, ElementsAre("Night line / Latarnia", "Night line / Promień"));
}

// --- encodings

TEST(CsvEncodingTest, EachEncodingIsFoundOutByItsLettersAndSaid) {
  const struct {
    const char* encoding;
    const char* bytes;
    const char* text;
  } cases[] = {
      {"Windows-1250", "name,city\nNocna pomoc dla m\xB3odzie\xBFy,\xA3\xF3\x64\x9F\n", "Nocna pomoc dla młodzieży"},
      {"Windows-1252", "name,city\nLl\xE1manos, ni\xF1o,Bogot\xE1\n", "Llámanos"},
      {"Windows-1257", "name,city\nKr\xEEzes t\xE2lrunis b\xE7rniem,R\xEEga\n", "Krīzes tālrunis bērniem"},
  };
  for (const auto& each : cases) {
    const Import import = ReadText(each.bytes);
    ASSERT_FALSE(import.records.empty()) << import.status;
    EXPECT_EQ(import.records.back().service().name(), each.text);
    EXPECT_THAT(NotesText(import), HasSubstr(absl::StrCat("read as ", each.encoding, " (found out by its letters")));
  }
}

TEST(CsvEncodingTest, AByteOrderMarkIsNoPartOfTheFirstHeader) {
  const Import import = ReadText("\xEF\xBB\xBFname,city\nTālrunis,Rīga\n");
  EXPECT_THAT(import.records, SizeIs(2)) << import.status;
  EXPECT_THAT(NotesText(import), HasSubstr("read as UTF-8 with a byte order mark"));
}

TEST(CsvEncodingTest, OneBadByteInUtf8IsRefusedRatherThanTheRestMisread) {
  const Import import = ReadText("name,city\nTālrunis bērniem,Rīga\nKr\xEEze,Rīga\n");
  EXPECT_THAT(import.status.message(), HasSubstr("line 3: the byte 0xee is not UTF-8"));
}

TEST(CsvEncodingTest, TheMappingSaysWhatTheLettersCannot) {
  const Import import = ReadText("name,n\n\xE2,1\n", ImportFormat::kCsv,
                                 Mapped("encoding = 'Windows-1257'\n[sheet.columns]\nname = 'service.name'\n"));
  ASSERT_THAT(import.records, SizeIs(1)) << import.status;
  EXPECT_EQ(import.records[0].service().name(), "ā");
}

TEST(CsvEncodingTest, ExcelsSeparatorLineIsTaken) {
  const Import import = ReadText("sep=;\nname;note\n\"Night; line\";a,b,c\n");
  ASSERT_THAT(import.records, SizeIs(1)) << import.status;
  EXPECT_EQ(import.records[0].service().name(), "Night; line");
}

// --- hostile files

TEST(CsvHostileTest, AQuotationMarkThatIsNeverClosedIsNamedByItsLine) {
  const Import import = ReadText("name,city\nA,B\n\"C,D\nE,F\n", ImportFormat::kCsv);
  EXPECT_THAT(import.status.message(), HasSubstr("line 3: a quotation mark in this row is not closed"));
}

TEST(CsvHostileTest, TooManyCellsAreRefusedBeforeTheyAreHeld) {
  const Import import =
      ReadText(absl::StrCat("name,city\nA", std::string(limits::csv_columns_max, ','), "\n"), ImportFormat::kCsv);
  EXPECT_THAT(import.status.message(), HasSubstr("line 2: more than 1000 cells"));
}

TEST(CsvHostileTest, AZeroByteIsRefused) {
  const Import import = ReadText(std::string("name,city\nA\0B,C\n", 16), ImportFormat::kCsv);
  EXPECT_THAT(import.status.message(), HasSubstr("line 2: a zero byte"));
}

TEST(CsvHostileTest, ListsEndAtTheirBound) {
  std::string rows = "id,name,area\n";
  for (int i = 0; i < limits::repeated_max + 5; ++i) absl::StrAppend(&rows, "A,Line,area ", i, "\n");
  const Import import = ReadText(rows);
  ASSERT_THAT(import.records, SizeIs(1)) << import.status;
  EXPECT_EQ(import.records[0].service().service_areas_size(), limits::repeated_max);
  EXPECT_FALSE(import.warnings.empty());
}

// --- real spreadsheets

struct RealSheet {
  const char* mapping;
  const char* file;
  size_t records;
};

void ExpectImports(const std::string& folder, const RealSheet& sheet) {
  const auto mappings = SourceDirectory() / "tests/common/formats/mappings";
  std::ifstream stream(mappings / sheet.mapping);
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  const auto mapping = ParseCsvMapping(text, sheet.mapping);
  ASSERT_TRUE(mapping.ok()) << mapping.status();
  ReaderContext context;
  context.mapping = std::make_shared<const CsvMapping>(*mapping);
  Import import = ReadPath(absl::StrCat(folder, "/hsds-csv/", sheet.file), ImportFormat::kCsv, context);
  ASSERT_TRUE(import.status.ok()) << import.status;
  std::set<std::string> ids;
  size_t invalid = 0;
  for (v1::Record& record : import.records) {
    EXPECT_TRUE(ids.insert(record.id()).second) << record.id();
    const auto problems = NormaliseAndValidate(&record, {absl::UnixEpoch(), "US", PartnerNamespace("c", "p"), false});
    invalid += problems.empty() ? 0 : 1;
    for (const Problem& problem : problems) std::cout << "  " << record.source_id() << " " << ToString(problem) << "\n";
  }
  std::cout << sheet.file << ": " << import.records.size() << " records, " << import.refused.size() << " rows refused, "
            << import.warnings.size() << " warnings\n"
            << NotesText(import);
  EXPECT_THAT(import.refused, IsEmpty()) << sheet.file << ": one refused row refuses the publish";
  EXPECT_EQ(import.records.size(), sheet.records) << sheet.file;
  EXPECT_EQ(invalid, 0u) << sheet.file;
}

TEST(CsvRealTest, BothRealDirectoriesImportWithAMappingEach) {
  const char* folder = std::getenv("CAIRN_DATA_DIR");
  if (folder == nullptr || !std::filesystem::exists(absl::StrCat(folder, "/hsds-csv"))) {
    GTEST_SKIP() << "CAIRN_DATA_DIR names no folder with hsds-csv: no real spreadsheets to try";
  }
  const RealSheet sheets[] = {{"florida.toml", "florida_data_organizations.csv", 20},
                              {"florida.toml", "florida_data_services.csv", 135},
                              {"florida.toml", "florida_data_locations.csv", 378},
                              {"illinois.toml", "ilao_organizations.csv", 33},
                              {"illinois.toml", "ilao_services.csv", 429},
                              {"illinois.toml", "ilao_locations.csv", 520}};
  for (const RealSheet& sheet : sheets) ExpectImports(folder, sheet);
}

}  // namespace
}  // namespace cairn
