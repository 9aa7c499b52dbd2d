// Reads texts and files through the import, and exports what came out of them.
#pragma once

#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/formats/hsds_json.h"
#include "common/formats/record_reader.h"
#include "common/record/kinds.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace cairn::testing_formats {

inline std::string WriteFile(const std::string& name, const std::string& text) {
  const std::string path = absl::StrCat(testing::TempDir(), "/", getpid(), "-", name);
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

// Everything that a reader said.
struct Import {
  absl::Status status;
  std::vector<v1::Record> records;
  std::vector<ImportedRecord> refused;
  std::vector<Problem> warnings;
  std::vector<Problem> notes;
};

inline Import ReadPath(const std::string& path, ImportFormat format = ImportFormat::kAuto,
                       const ReaderContext& context = {}) {
  Import import;
  auto reader = OpenRecordReader(path, format, context);
  import.status = reader.status();
  if (!reader.ok()) return import;
  for (ImportedRecord next;;) {
    const absl::StatusOr<bool> more = (*reader)->Next(&next);
    import.status = more.status();
    import.notes = (*reader)->Notes();
    if (!more.ok() || !*more) return import;
    for (const Problem& warning : next.warnings) import.warnings.push_back(warning);
    if (next.problems.empty()) {
      import.records.push_back(std::move(next.record));
    } else {
      import.refused.push_back(std::move(next));
    }
  }
}

inline Import ReadText(const std::string& text, ImportFormat format = ImportFormat::kAuto,
                       const ReaderContext& context = {}) {
  const std::string path = WriteFile("import", text);
  Import import = ReadPath(path, format, context);
  std::remove(path.c_str());
  return import;
}

// What an exporter's reader may see: all records of an import.
class Directory {
 public:
  explicit Directory(const std::vector<v1::Record>& records) {
    for (const v1::Record& record : records) records_[{KindOf(record), record.id()}] = &record;
  }
  RecordLookup lookup() const {
    return [this](v1::RecordKind kind, absl::string_view id) -> absl::StatusOr<std::optional<v1::Record>> {
      const auto at = records_.find({kind, std::string(id)});
      if (at == records_.end()) return std::optional<v1::Record>();
      return std::optional<v1::Record>(*at->second);
    };
  }

 private:
  std::map<std::pair<v1::RecordKind, std::string>, const v1::Record*> records_;
};

// The whole export of `records`.
inline std::string ExportText(const std::vector<v1::Record>& records, HsdsExporter::Form form) {
  const Directory directory(records);
  std::string text;
  HsdsExporter exporter(form, directory.lookup(), [&](absl::string_view piece) {
    text.append(piece.data(), piece.size());
    return absl::OkStatus();
  });
  for (const v1::RecordKind kind : {v1::SERVICE, v1::ORGANIZATION, v1::LOCATION}) {
    for (const v1::Record& record : records) {
      if (KindOf(record) != kind) continue;
      EXPECT_TRUE(exporter.Add(record).ok());
    }
  }
  EXPECT_TRUE(exporter.Finish().ok());
  return text;
}

// The export of every service, in the order of the import.
inline std::vector<nlohmann::json> ExportServices(const std::vector<v1::Record>& records) {
  const Directory directory(records);
  std::vector<nlohmann::json> services;
  for (const v1::Record& record : records) {
    if (!record.has_service()) continue;
    const auto text = RecordToHsdsJson(record, directory.lookup());
    EXPECT_TRUE(text.ok()) << text.status();
    if (text.ok()) services.push_back(nlohmann::json::parse(*text));
  }
  return services;
}

}  // namespace cairn::testing_formats
