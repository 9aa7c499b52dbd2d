#include "common/formats/record_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/formats/csv.h"
#include "common/formats/csv_table.h"
#include "common/formats/element_source.h"
#include "common/formats/hsds_json.h"
#include "common/formats/hsds_package.h"
#include "common/formats/input_file.h"
#include "common/formats/jsonl.h"

namespace cairn {
namespace {

struct FormatName {
  ImportFormat format;
  absl::string_view name;
};
constexpr std::array<FormatName, 6> names = {{{ImportFormat::kAuto, "auto"},
                                              {ImportFormat::kHsdsJson, "hsds-json"},
                                              {ImportFormat::kHsdsNdjson, "hsds-ndjson"},
                                              {ImportFormat::kJsonl, "jsonl"},
                                              {ImportFormat::kCsv, "csv"},
                                              {ImportFormat::kHsdsPackage, "hsds-datapackage"}}};

bool IsBody(absl::string_view name) {
  const auto* field = v1::Record::descriptor()->FindFieldByName(std::string(name));
  return field != nullptr && field->real_containing_oneof() != nullptr;
}

// The name of a body with two letters exchanged, or one that is wrong, missing or too many.
bool IsBodyMisspelt(absl::string_view name) {
  const auto* body = v1::Record::descriptor()->FindOneofByName("body");
  for (int i = 0; i < body->field_count(); ++i) {
    const absl::string_view right = body->field(i)->name();
    size_t front = 0, back = 0;
    const size_t shorter = std::min(name.size(), right.size()), longer = std::max(name.size(), right.size());
    while (front < shorter && name[front] == right[front]) ++front;
    while (back < shorter - front && name[name.size() - 1 - back] == right[right.size() - 1 - back]) ++back;
    if (longer - front - back <= 2 && longer - shorter <= 1 && shorter > 4) return true;
  }
  return false;
}

// An object whose every property is a field of Record and which has a body, or what was meant as one: the reader of
// records says best what is wrong. HSDS entries have a name beside their id, and a service_at_location has a service
// and a location, but nothing else that records have.
bool LooksLikeRecord(const FirstValue& first) {
  const auto* descriptor = v1::Record::descriptor();
  int bodies = 0;
  bool place = true;
  for (const auto& [name, opening] : first.properties) {
    const bool body = opening == '{' && (IsBody(name) || IsBodyMisspelt(name));
    if (!body && descriptor->FindFieldByName(name) == nullptr) return false;
    bodies += body ? 1 : 0;
    place = place && (name == "id" || name == "service" || name == "location");
  }
  return bodies == 1 || (bodies > 1 && !place);
}

bool HasLists(const FirstValue& first) {
  const bool entry = std::any_of(first.properties.begin(), first.properties.end(), [](const auto& property) {
    return property.first == "id" || property.first == "name";
  });
  return !entry && std::any_of(first.properties.begin(), first.properties.end(),
                               [](const auto& property) { return property.second == '['; });
}

ImportFormat Detect(const FirstValue& first) {
  if (first.opening == '[') return ImportFormat::kHsdsJson;
  if (LooksLikeRecord(first)) return ImportFormat::kJsonl;
  return !first.one_line || HasLists(first) ? ImportFormat::kHsdsJson : ImportFormat::kHsdsNdjson;
}

constexpr absl::string_view zip_begins = "PK\x03\x04";

// Refuses what is not worth a look at its elements, in the words of whoever chose the wrong file.
absl::Status CheckBeginning(const InputFile& file, ImportFormat format) {
  char begin[4096] = {};
  ASSIGN_OR_RETURN(const size_t got, file.ReadAt(0, begin, sizeof(begin)));
  if (got == 0 && format != ImportFormat::kJsonl && format != ImportFormat::kHsdsNdjson) {
    return absl::InvalidArgumentError(
        absl::StrCat(file.name(),
                     " is empty; a directory without entries is written [] (hsds-json), or is an empty "
                     "file whose format is said: --format jsonl"));
  }
  const absl::string_view bytes(begin, got);
  if (format == ImportFormat::kHsdsPackage) return absl::OkStatus();
  if (format == ImportFormat::kAuto && absl::StartsWith(bytes, zip_begins)) return absl::OkStatus();
  if (absl::StartsWith(bytes, "\xFF\xFE") || absl::StartsWith(bytes, "\xFE\xFF")) {
    return absl::InvalidArgumentError(absl::StrCat(file.name(), " is in UTF-16; save it as UTF-8"));
  }
  // Programs, pictures, archives and spreadsheets have zero bytes at once; in a later line they are that line's fault.
  if (const size_t zero = bytes.substr(0, bytes.find('\n')).find('\0'); zero != absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat(file.name(), " is not text (byte ", zero + 1,
                                                   " is zero); give JSON in UTF-8, a CSV, or an HSDS data package"));
  }
  return absl::OkStatus();
}

// JSON begins with a bracket; a table has columns.
absl::StatusOr<bool> LooksLikeCsv(const std::shared_ptr<InputFile>& file) {
  ByteCursor cursor(file);
  cursor.SkipSpace();
  const int first = cursor.Peek();
  if (first < 0 || first == '{' || first == '[') return false;
  ASSIGN_OR_RETURN(const CsvTable table, OpenCsvTable(file, "", 0));
  return table.headers.size() > 1;
}

absl::StatusOr<ImportFormat> DetectFormat(const std::shared_ptr<InputFile>& file) {
  char begin[4] = {};
  ASSIGN_OR_RETURN(const size_t got, file->ReadAt(0, begin, sizeof(begin)));
  if (absl::string_view(begin, got) == zip_begins) return ImportFormat::kHsdsPackage;
  ASSIGN_OR_RETURN(const bool csv, LooksLikeCsv(file));
  if (csv) return ImportFormat::kCsv;
  const absl::StatusOr<FirstValue> first = LookAtFirstValue(file);
  if (!first.ok()) {
    return Annotate(first.status(),
                    "telling the format apart (auto reads hsds-json, hsds-ndjson, jsonl, csv and hsds-datapackage)");
  }
  if (first->opening == 0) {
    return absl::InvalidArgumentError(absl::StrCat(file->name(), " has nothing but white space; nothing to import"));
  }
  return Detect(*first);
}

}  // namespace

absl::StatusOr<ImportFormat> ImportFormatFromName(absl::string_view name) {
  for (const FormatName& known : names) {
    if (known.name == name) return known.format;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("import format ", Quoted(name),
                   ": not known; write auto, hsds-json, hsds-ndjson, jsonl, csv or hsds-datapackage"));
}

absl::string_view ImportFormatName(ImportFormat format) { return names[static_cast<size_t>(format)].name; }

absl::StatusOr<std::unique_ptr<RecordReader>> OpenRecordReader(const std::string& path, ImportFormat format,
                                                               const ReaderContext& context) {
  ASSIGN_OR_RETURN(std::shared_ptr<InputFile> file, InputFile::Open(path));
  RETURN_IF_ERROR(CheckBeginning(*file, format));
  if (format == ImportFormat::kAuto) {
    ASSIGN_OR_RETURN(format, DetectFormat(file));
  }
  if (format == ImportFormat::kJsonl) return OpenJsonlReader(std::move(file), context);
  if (format == ImportFormat::kHsdsPackage) return OpenHsdsPackageReader(std::move(file), context);
  if (format == ImportFormat::kCsv) return OpenCsvReader(std::move(file), context);
  return OpenHsdsReader(std::move(file), format == ImportFormat::kHsdsNdjson, context);
}

}  // namespace cairn
