#include "common/formats/record_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/formats/element_source.h"
#include "common/formats/hsds_json.h"
#include "common/formats/input_file.h"
#include "common/formats/jsonl.h"

namespace cairn {
namespace {

struct FormatName {
  ImportFormat format;
  absl::string_view name;
};
constexpr std::array<FormatName, 4> names = {{{ImportFormat::kAuto, "auto"},
                                              {ImportFormat::kHsdsJson, "hsds-json"},
                                              {ImportFormat::kHsdsNdjson, "hsds-ndjson"},
                                              {ImportFormat::kJsonl, "jsonl"}}};

// An object whose every property is a field of Record and which has exactly one body. HSDS entries have a name beside
// their id, and a service_at_location has two of what would be bodies.
bool LooksLikeRecord(const FirstValue& first) {
  const auto* descriptor = v1::Record::descriptor();
  int bodies = 0;
  for (const auto& [name, opening] : first.properties) {
    const auto* field = descriptor->FindFieldByName(name);
    if (field == nullptr) return false;
    if (field->real_containing_oneof() != nullptr && opening == '{') ++bodies;
  }
  return bodies == 1;
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

// Refuses what is not worth a look at its elements, in the words of whoever chose the wrong file.
absl::Status CheckBeginning(const InputFile& file) {
  char begin[2] = {};
  ASSIGN_OR_RETURN(const size_t got, file.ReadAt(0, begin, sizeof(begin)));
  if (got == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(file.name(), " is empty; a directory without entries is written [] (hsds-json)"));
  }
  const absl::string_view bytes(begin, got);
  if (bytes == "\xFF\xFE" || bytes == "\xFE\xFF") {
    return absl::InvalidArgumentError(absl::StrCat(file.name(), " is in UTF-16; save it as UTF-8"));
  }
  return absl::OkStatus();
}

absl::StatusOr<ImportFormat> DetectFormat(const std::shared_ptr<InputFile>& file) {
  const absl::StatusOr<FirstValue> first = LookAtFirstValue(file);
  if (!first.ok()) {
    return Annotate(first.status(), "telling the format apart (auto reads hsds-json, hsds-ndjson and jsonl)");
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
      absl::StrCat("import format ", Quoted(name), ": not known; write auto, hsds-json, hsds-ndjson or jsonl"));
}

absl::string_view ImportFormatName(ImportFormat format) { return names[static_cast<size_t>(format)].name; }

absl::StatusOr<std::unique_ptr<RecordReader>> OpenRecordReader(const std::string& path, ImportFormat format,
                                                               const ReaderContext& context) {
  ASSIGN_OR_RETURN(std::shared_ptr<InputFile> file, InputFile::Open(path));
  RETURN_IF_ERROR(CheckBeginning(*file));
  if (format == ImportFormat::kAuto) {
    ASSIGN_OR_RETURN(format, DetectFormat(file));
  }
  if (format == ImportFormat::kJsonl) return OpenJsonlReader(std::move(file), context);
  return OpenHsdsReader(std::move(file), format == ImportFormat::kHsdsNdjson, context);
}

}  // namespace cairn
