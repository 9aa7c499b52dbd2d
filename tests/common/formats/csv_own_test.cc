// Cairn's own CSV: what goes out comes in again as the same records.
#include <algorithm>
#include <filesystem>

#include "absl/strings/str_replace.h"
#include "common/formats/csv.h"
#include "common/formats/csv_text.h"
#include "common/record/serialise.h"
#include "gmock/gmock.h"
#include "tests/common/formats/import_helpers.h"
#include "tests/source_directory.h"

namespace cairn {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing_formats::Import;
using testing_formats::ReadPath;
using testing_formats::ReadText;

std::string Exported(const std::vector<v1::Record>& records) {
  std::string text = CsvHeader();
  for (const v1::Record& record : records) {
    const auto row = RecordToCsvRow(record);
    EXPECT_TRUE(row.ok()) << row.status();
    if (row.ok()) text += *row;
  }
  return text;
}

v1::Record Helpline() {
  const Import import = ReadText(
      R"({"id":"7f0c1d9e-3c5b-4f6a-9a55-000000000001","language":"pl","countries":["PL","LV"],)"
      R"("verified_at":"2026-01-31T12:00:00Z","service":{"name":"Night line","status":"active",)"
      R"("minimum_age":12.5,"phones":[{"number":"+48225550110","type":"voice"}],"languages":[{"code":"uk"}]}})");
  return import.records.at(0);
}

TEST(CsvOwnTest, ASimpleRecordStandsInItsColumnsAlone) {
  const std::string text = Exported({Helpline()});
  for (const char* cell : {"service,7f0c1d9e-3c5b-4f6a-9a55-000000000001", "\"PL; LV\"", ",12.5,",
                           ",\"'+48225550110\",voice,", ",2026-01-31T12:00:00Z,"}) {
    EXPECT_THAT(text, HasSubstr(cell));
  }
  EXPECT_THAT(text, Not(HasSubstr("{"))) << "nothing is left for cairn_record";
}

TEST(CsvOwnTest, TheSampleDirectoryLosesNothing) {
  const std::filesystem::path sample = SourceDirectory() / "deploy/sample";
  size_t records = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(sample)) {
    if (entry.path().extension() != ".jsonl") continue;
    const Import original = ReadPath(entry.path());
    const Import again = ReadText(Exported(original.records));
    ASSERT_TRUE(again.status.ok()) << again.status;
    ASSERT_THAT(again.refused, IsEmpty()) << ToString(again.refused[0].problems[0]);
    ASSERT_EQ(again.records.size(), original.records.size()) << entry.path();
    for (size_t i = 0; i < original.records.size(); ++i) {
      EXPECT_EQ(SerialiseRecord(again.records[i]), SerialiseRecord(original.records[i]))
          << original.records[i].DebugString();
    }
    records += original.records.size();
  }
  EXPECT_GT(records, 100u);
}

// A spreadsheet must not run what a partner published as a name.
TEST(CsvOwnTest, AttackFormulaInANameIsGuardedAndComesBackAsItWas) {
  for (const char* name : {"=HYPERLINK(\"http://evil.example\")", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'=1", "''x",
                           "'tis", "'", "", "a;b", "line\r\nbreak", "quote\"d", " spaced "}) {
    v1::Record record = Helpline();
    record.mutable_service()->set_name(name);
    const auto row = RecordToCsvRow(record);
    ASSERT_TRUE(row.ok());
    for (const std::string& cell : ParseCsvRow(*row, ',')) {
      EXPECT_TRUE(cell.empty() || std::string("=+-@\t\r").find(cell[0]) == std::string::npos) << cell;
    }
    const Import again = ReadText(CsvHeader() + *row);
    ASSERT_THAT(again.records, SizeIs(1)) << again.status;
    EXPECT_EQ(again.records[0].DebugString(), record.DebugString());
  }
}

TEST(CsvOwnTest, ACellThatWasChangedChangesItsFieldAlone) {
  const std::string text =
      absl::StrReplaceAll(Exported({Helpline()}), {{"Night line", "Day line"}, {"'+48225550110", "116111"}});
  const Import import = ReadText(text);
  ASSERT_THAT(import.records, SizeIs(1)) << import.status;
  v1::Record expected = Helpline();
  expected.mutable_service()->set_name("Day line");
  expected.mutable_service()->mutable_phones(0)->set_number("116111");
  EXPECT_EQ(import.records[0].DebugString(), expected.DebugString());
}

TEST(CsvOwnTest, ARowWhoseKindWasChangedIsRefused) {
  v1::Record record = Helpline();
  record.mutable_service()->mutable_extra()->insert({"x", "1"});
  const Import import = ReadText(absl::StrReplaceAll(Exported({record}), {{"\r\nservice,", "\r\nlocation,"}}));
  ASSERT_THAT(import.refused, SizeIs(1)) << import.status;
  EXPECT_THAT(ToString(import.refused[0].problems[0]), HasSubstr("cairn_record holds a service"));
}

}  // namespace
}  // namespace cairn
