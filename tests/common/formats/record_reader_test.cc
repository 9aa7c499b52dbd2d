#include "common/formats/record_reader.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "common/base/limits.h"
#include "gmock/gmock.h"
#include "tests/common/formats/import_helpers.h"

namespace cairn {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing_formats::Import;
using testing_formats::ReadPath;
using testing_formats::ReadText;
using testing_formats::WriteFile;

constexpr char service_a[] = R"({"id":"5b2c9a4e-0000-4000-8000-000000000001","name":"Line","status":"active"})";
constexpr char service_b[] = R"({"id":"5b2c9a4e-0000-4000-8000-000000000002","name":"Desk","status":"active"})";

TEST(RecordReaderTest, TellsFormatsApartByTheirContent) {
  EXPECT_THAT(ReadText(absl::StrCat(service_a, "\n", service_b, "\n")).records, SizeIs(2));
  EXPECT_THAT(ReadText(absl::StrCat("[", service_a, ",", service_b, "]")).records, SizeIs(2));
  EXPECT_THAT(ReadText(absl::StrCat("{\"total_items\":2,\"contents\":[", service_a, ",", service_b, "]}")).records,
              SizeIs(2));
  const Import own = ReadText(R"({"id":"x","training":{"name":"First aid"}})");
  ASSERT_THAT(own.records, SizeIs(1));
  EXPECT_EQ(own.records[0].training().name(), "First aid");
}

TEST(RecordReaderTest, ReadsOneDocumentPrettyPrintedOverManyLines) {
  const std::string pretty = nlohmann::json::parse(service_a).dump(4);
  const Import import = ReadText(absl::StrCat("\xEF\xBB\xBF\r\n", pretty, "\r\n", pretty));
  EXPECT_TRUE(import.status.ok()) << import.status;
  EXPECT_THAT(import.records, SizeIs(2));
}

TEST(RecordReaderTest, TakesByteOrderMarkAndCrLf) {
  const Import import = ReadText(absl::StrCat("\xEF\xBB\xBF", service_a, "\r\n\r\n", service_b, "\r\n"));
  EXPECT_TRUE(import.status.ok()) << import.status;
  EXPECT_THAT(import.records, SizeIs(2));
}

TEST(RecordReaderTest, NamesWhereEachRecordStood) {
  const Import import = ReadText(absl::StrCat("{\"services\":[\n", service_a, ",\n{\"name\":\"x\"}]}"));
  ASSERT_THAT(import.refused, SizeIs(1));
  EXPECT_THAT(import.refused[0].origin, HasSubstr("services[1] (line 3)"));
  EXPECT_EQ(*import.refused[0].source, "{\"name\":\"x\"}");
  EXPECT_THAT(ToString(import.refused[0].problems[0]), HasSubstr("needs an id"));
}

TEST(RecordReaderTest, AMisspeltOrSecondBodyIsAFaultOfARecordNotOfHsds) {
  const char* lines[][2] = {{R"({"id":"x","servcie":{"name":"A"}})", "nearest known one is service"},
                            {R"({"id":"x","language":"pl","service":{},"location":{}})", "one body; this has 2"},
                            {R"({"id":"x","service":{},"training":{}})", "one body; this has 2"}};
  for (const auto& [line, problem] : lines) {
    const Import import = ReadText(line);
    ASSERT_EQ(import.refused.size(), 1u) << line << import.status;
    EXPECT_THAT(ToString(import.refused[0].problems[0]), HasSubstr(problem));
  }
}

TEST(RecordReaderTest, RefusesEmptyFiles) {
  EXPECT_THAT(ReadText("").status.message(), HasSubstr("is empty"));
  EXPECT_TRUE(ReadText("", ImportFormat::kJsonl).status.ok()) << "an export of nothing can be published again";
  EXPECT_THAT(ReadText(" \n\n").status.message(), HasSubstr("white space"));
  EXPECT_TRUE(ReadText("[]").status.ok());
}

TEST(RecordReaderTest, RefusesWhatIsNoJsonAndUtf16) {
  EXPECT_THAT(ReadText("name phone\n").status.message(), HasSubstr("\"n\" where"));
  EXPECT_THAT(ReadText("\xFF\xFE{").status.message(), HasSubstr("UTF-16"));
  EXPECT_EQ(ReadPath("/nonexistent/x.json").status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(ReadPath(testing::TempDir()).status.message(), HasSubstr("directory"));
}

TEST(RecordReaderTest, SaysWhereATruncatedFileIsCutOff) {
  const std::string whole = absl::StrCat("{\"services\":[", service_a, ",\n", service_b, "]}");
  const Import import = ReadText(whole.substr(0, whole.size() - 10), ImportFormat::kHsdsJson);
  EXPECT_EQ(import.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(import.status.message(), HasSubstr("cut off"));
}

TEST(RecordReaderTest, NeverAcceptsAPrefixOfADocument) {
  const std::string whole = absl::StrCat("{\"services\":[", service_a, "],\"x\":{\"y\":\"z\"}}");
  for (size_t bytes = 1; bytes < whole.size(); ++bytes) {
    EXPECT_FALSE(ReadText(whole.substr(0, bytes), ImportFormat::kHsdsJson).status.ok()) << bytes;
  }
}

TEST(RecordReaderTest, ReportsATruncatedLineAndGoesOn) {
  const Import import = ReadText(absl::StrCat(service_a, "\n", std::string(service_b).substr(0, 30), "\n", service_b),
                                 ImportFormat::kHsdsNdjson);
  EXPECT_TRUE(import.status.ok());
  EXPECT_THAT(import.records, SizeIs(2));
  ASSERT_THAT(import.refused, SizeIs(1));
  EXPECT_THAT(import.refused[0].origin, HasSubstr("line 2"));
}

TEST(RecordReaderTest, ReportsALineThatIsNotUtf8AndGoesOn) {
  for (const ImportFormat format : {ImportFormat::kHsdsNdjson, ImportFormat::kJsonl}) {
    const std::string good = format == ImportFormat::kJsonl ? R"({"id":"x","service":{"name":"A"}})" : service_a;
    const Import import = ReadText(absl::StrCat(good, "\n{\"id\":\"\xC5\"}\n"), format);
    EXPECT_THAT(import.records, SizeIs(1));
    ASSERT_THAT(import.refused, SizeIs(1));
    EXPECT_THAT(import.refused[0].problems[0].problem, HasSubstr("byte 8 (0xc5) is not UTF-8"));
  }
}

TEST(RecordReaderTest, RefusesJsonNested10000Deep) {
  const std::string deep =
      absl::StrCat("{\"id\":\"x\",\"name\":", std::string(10000, '['), std::string(10000, ']'), "}\n", service_a);
  for (const ImportFormat format : {ImportFormat::kHsdsJson, ImportFormat::kHsdsNdjson, ImportFormat::kJsonl}) {
    const Import import = ReadText(deep, format);
    ASSERT_FALSE(import.refused.empty());
    EXPECT_THAT(import.refused[0].problems[0].problem, HasSubstr("nested deeper than 64"));
  }
}

TEST(RecordReaderTest, SkipsA256MegabyteLineWithoutHoldingIt) {
  const std::string path = WriteFile("long", absl::StrCat(service_a, "\n{\"id\":\""));
  ASSERT_EQ(truncate(path.c_str(), 256 << 20), 0);  // a hole of zero bytes
  std::ofstream(path, std::ios::app) << "\"}\n" << service_b << "\n";
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  const Import import = ReadPath(path, ImportFormat::kHsdsNdjson);
  getrusage(RUSAGE_SELF, &after);
  std::remove(path.c_str());
  EXPECT_TRUE(import.status.ok());
  EXPECT_THAT(import.records, SizeIs(2));
  ASSERT_THAT(import.refused, SizeIs(1));
  EXPECT_THAT(import.refused[0].problems[0].problem, HasSubstr("longer than 8 MiB"));
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 64 * 1024) << "kilobytes";
}

TEST(RecordReaderTest, SkipsAnEntryThatIsTooLongInADocument) {
  const std::string big =
      absl::StrCat("{\"id\":\"x\",\"name\":\"", std::string(limits::import_line_bytes_max, 'a'), "\"}");
  const Import import = ReadText(absl::StrCat("[", big, ",", service_b, "]"));
  EXPECT_THAT(import.records, SizeIs(1));
  ASSERT_THAT(import.refused, SizeIs(1));
  EXPECT_EQ(import.refused[0].source, nullptr);
}

TEST(RecordReaderTest, RefusesAPropertyGivenTwice) {
  const Import import = ReadText(R"({"id":"x","name":"A","status":"active","name":"B"})");
  ASSERT_THAT(import.refused, SizeIs(1));
  EXPECT_THAT(import.refused[0].problems[0].problem, HasSubstr("\"name\" is given twice"));
}

TEST(RecordReaderTest, RefusesListsThatHsdsHasNot) {
  const Import import =
      ReadText(absl::StrCat(R"({"services":[)", service_a, R"(],"taxonomies":[{"id":"t"}],"page":1})"));
  EXPECT_THAT(import.records, SizeIs(1));
  ASSERT_THAT(import.refused, SizeIs(1));
  EXPECT_EQ(import.refused[0].problems[0].path, "taxonomies");
}

TEST(RecordReaderTest, ReadsAPipe) {
  const std::string path = absl::StrCat(testing::TempDir(), "/pipe-", getpid());
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  std::thread writer([&] { std::ofstream(path) << service_a << "\n" << service_b << "\n"; });
  const Import import = ReadPath(path);
  writer.join();
  std::remove(path.c_str());
  EXPECT_THAT(import.records, SizeIs(2));
}

TEST(RecordReaderTest, ListsTheFormatsWhenOneIsUnknown) {
  EXPECT_EQ(*ImportFormatFromName("hsds-ndjson"), ImportFormat::kHsdsNdjson);
  EXPECT_THAT(ImportFormatFromName("xml").status().message(), HasSubstr("hsds-json"));
}

}  // namespace
}  // namespace cairn
