// Arbitrary bytes as a file to import: every reader ends with records or with words, and what came in goes out and
// comes in again as the same records.
#include <sys/mman.h>

#include <map>
#include <utility>
#include <vector>

#include "common/formats/hsds_json.h"
#include "common/formats/jsonl.h"
#include "common/formats/record_reader.h"
#include "common/record/ids.h"
#include "common/record/kinds.h"
#include "common/record/serialise.h"
#include "tests/fuzz/fuzz_check.h"

namespace cairn {
namespace {

// Records by kind and id.
using Records = std::map<std::pair<v1::RecordKind, std::string>, v1::Record>;

struct Import {
  // Read to its end, without a problem, a warning, or two records of one name.
  bool clean = true;
  Records records;
};

Import ReadFile(const std::string& path, ImportFormat format, size_t size) {
  Import import;
  const ReaderContext context{PartnerNamespace("test", "pl-x")};
  const auto reader = OpenRecordReader(path, format, context);
  import.clean = reader.ok();
  ImportedRecord next;
  for (size_t count = 0; reader.ok(); ++count) {
    FUZZ_CHECK(count <= size, "more elements than bytes");
    const absl::StatusOr<bool> more = (*reader)->Next(&next);
    import.clean &= more.ok() && next.problems.empty() && next.warnings.empty();
    if (!more.ok() || !*more) break;
    if (!next.problems.empty()) continue;
    const auto text = RecordToJsonText(next.record);
    FUZZ_CHECK(text.ok(), text.status());
    v1::Record again;
    const std::vector<Problem> problems = RecordFromJsonText(*text, &again);
    FUZZ_CHECK(problems.empty(), absl::StrCat(ToStatus(problems).message(), "\n", *text));
    FUZZ_CHECK(SerialiseRecord(again) == SerialiseRecord(next.record), *text);
    const std::pair name(KindOf(next.record), next.record.id());
    import.clean &= !name.second.empty() && import.records.emplace(name, std::move(next.record)).second;
  }
  return import;
}

Import ReadText(absl::string_view text, ImportFormat format) {
  const int file = memfd_create("input", 0);
  FUZZ_CHECK(file >= 0 && write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()), "memfd");
  const Import import = ReadFile(absl::StrCat("/proc/self/fd/", file), format, text.size());
  close(file);
  return import;
}

std::string ExportHsds(const Records& records, HsdsExporter::Form form) {
  const RecordLookup lookup = [&](v1::RecordKind kind,
                                  absl::string_view id) -> absl::StatusOr<std::optional<v1::Record>> {
    const auto found = records.find({kind, std::string(id)});
    if (found == records.end()) return std::optional<v1::Record>();
    return std::optional<v1::Record>(found->second);
  };
  std::string text;
  HsdsExporter exporter(form, lookup, [&](absl::string_view piece) {
    text.append(piece.data(), piece.size());
    return absl::OkStatus();
  });
  for (const v1::RecordKind kind : {v1::SERVICE, v1::ORGANIZATION, v1::LOCATION}) {
    for (const auto& [name, record] : records) {
      if (name.first != kind) continue;
      const absl::Status added = exporter.Add(record);
      FUZZ_CHECK(added.ok(), added);
    }
  }
  FUZZ_CHECK(exporter.Finish().ok(), text);
  return text;
}

std::string Bytes(const Records& records) {
  std::string bytes;
  for (const auto& [name, record] : records) absl::StrAppend(&bytes, SerialiseRecord(record), "\n");
  return bytes;
}

std::string Shown(const Records& records) {
  std::string text;
  for (const auto& [name, record] : records) absl::StrAppend(&text, record.ShortDebugString(), "\n");
  return text;
}

void CheckHsdsRoundTrip(const Records& records, HsdsExporter::Form form, ImportFormat format) {
  const std::string text = ExportHsds(records, form);
  const Records again = ReadText(text, format).records;
  FUZZ_CHECK(Bytes(again) == Bytes(records), absl::StrCat(text, "\n", Shown(records), "became\n", Shown(again)));
}

void RunOne(absl::string_view input) {
  for (const ImportFormat format : {ImportFormat::kAuto, ImportFormat::kHsdsJson, ImportFormat::kHsdsNdjson,
                                    ImportFormat::kJsonl, ImportFormat::kCsv, ImportFormat::kHsdsPackage}) {
    const Import import = ReadText(input, format);
    const bool hsds = format == ImportFormat::kHsdsJson || format == ImportFormat::kHsdsNdjson;
    if (!hsds || !import.clean || import.records.empty()) continue;
    CheckHsdsRoundTrip(import.records, HsdsExporter::Form::kNdjson, ImportFormat::kHsdsNdjson);
    CheckHsdsRoundTrip(import.records, HsdsExporter::Form::kJson, ImportFormat::kHsdsJson);
  }
}

}  // namespace
}  // namespace cairn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cairn::RunOne(cairn::InputText(data, size));
  return 0;
}
