// Arbitrary tables: a spreadsheet with an arbitrary mapping, and a data package of arbitrary tables. Every reader ends
// with records or with words; what a spreadsheet gave goes out as Cairn's own CSV and comes in again as the same
// records.
#include <sys/mman.h>

#include <memory>
#include <vector>

#include "common/formats/csv.h"
#include "common/formats/csv_mapping.h"
#include "common/formats/hsds_package.h"
#include "common/formats/input_file.h"
#include "common/formats/record_reader.h"
#include "common/formats/zip_package.h"
#include "common/record/ids.h"
#include "common/record/serialise.h"
#include "tests/fuzz/fuzz_check.h"

namespace cairn {
namespace {

constexpr char part_end = '\x1E';  // ASCII's record separator

std::vector<v1::Record> ReadAll(absl::string_view text, ImportFormat format, const ReaderContext& context) {
  const int file = memfd_create("input", 0);
  FUZZ_CHECK(file >= 0 && write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()), "memfd");
  std::vector<v1::Record> records;
  const auto reader = OpenRecordReader(absl::StrCat("/proc/self/fd/", file), format, context);
  close(file);
  ImportedRecord next;
  while (reader.ok()) {
    const absl::StatusOr<bool> more = (*reader)->Next(&next);
    if (!more.ok() || !*more) break;
    if (next.problems.empty()) records.push_back(std::move(next.record));
    FUZZ_CHECK(records.size() <= 8 * text.size(), "more records than a row of each byte could give");
  }
  if (reader.ok()) (*reader)->Notes();
  return records;
}

void CheckOwnCsv(const std::vector<v1::Record>& records) {
  std::string text = CsvHeader();
  for (const v1::Record& record : records) {
    const auto row = RecordToCsvRow(record);
    FUZZ_CHECK(row.ok(), row.status());
    text += *row;
  }
  const std::vector<v1::Record> again = ReadAll(text, ImportFormat::kCsv, {});
  FUZZ_CHECK(again.size() == records.size(), text);
  for (size_t i = 0; i < records.size(); ++i) {
    FUZZ_CHECK(SerialiseRecord(again[i]) == SerialiseRecord(records[i]), text);
  }
}

void RunSheet(absl::string_view input) {
  ReaderContext context{PartnerNamespace("test", "pl-x"), nullptr};
  const auto mapping = ParseCsvMapping(TakeField(&input, part_end), "map.toml");
  if (mapping.ok()) context.mapping = std::make_shared<const CsvMapping>(*mapping);
  CheckOwnCsv(ReadAll(input, ImportFormat::kCsv, context));
}

void RunPackage(absl::string_view input) {
  constexpr const char* tables[] = {"service", "organization", "location", "phone", "attribute", "taxonomy_term"};
  std::vector<ZipContent> contents;
  std::string resources;
  for (const char* table : tables) {
    const auto file = InputFile::Temporary(table);
    FUZZ_CHECK(file.ok() && (*file)->Append(TakeField(&input, part_end)).ok(), "TMPDIR");
    contents.push_back({absl::StrCat(table, ".csv"), *file});
    absl::StrAppend(&resources, resources.empty() ? "" : ",", "{\"name\":\"", table, "\",\"path\":\"", table,
                    ".csv\"}");
  }
  const auto descriptor = InputFile::Temporary("datapackage.json");
  FUZZ_CHECK(descriptor.ok() && (*descriptor)->Append(absl::StrCat("{\"resources\":[", resources, "]}")).ok(),
             "TMPDIR");
  contents.push_back({"datapackage.json", *descriptor});
  std::string zip;
  const absl::Status packed = WriteZip(contents, [&](absl::string_view bytes) {
    absl::StrAppend(&zip, bytes);
    return absl::OkStatus();
  });
  FUZZ_CHECK(packed.ok(), packed);
  ReadAll(zip, ImportFormat::kHsdsPackage, {});
}

}  // namespace
}  // namespace cairn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view rest = cairn::InputText(data + 1, size - 1);
  data[0] % 2 == 0 ? cairn::RunSheet(rest) : cairn::RunPackage(rest);
  return 0;
}
