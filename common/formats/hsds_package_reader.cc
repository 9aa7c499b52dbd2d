#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/formats/hsds_mapper.h"
#include "common/formats/hsds_own.h"
#include "common/formats/hsds_package.h"
#include "common/formats/hsds_package_tables.h"
#include "common/formats/hsds_split.h"
#include "common/formats/hsds_terms.h"
#include "common/formats/input_file.h"
#include "common/formats/zip_package.h"
#include "common/record/ids.h"

namespace cairn {
namespace {

using google::protobuf::Message;

bool AllTexts(const Json& list) {
  return list.is_array() && !list.empty() &&
         std::all_of(list.begin(), list.end(), [](const Json& element) { return element.is_string(); });
}

// One object of a package as the record that it is; hsds_split.h has the same rules for objects that nest others.
class Converter {
 public:
  explicit Converter(v1::Record* record) : record_(record) {}

  void Convert(const std::string& table, const Json& object) {
    Message* body = table == "service"        ? static_cast<Message*>(record_->mutable_service())
                    : table == "organization" ? static_cast<Message*>(record_->mutable_organization())
                                              : static_cast<Message*>(record_->mutable_location());
    const auto take = [&](const std::string& name, const Json& value, Message* message) {
      if (message->GetDescriptor() == v1::ServiceAtLocation::descriptor()) {
        auto* place = static_cast<v1::ServiceAtLocation*>(message);
        return TakeReference("location", name, value, place->mutable_location_id(), message);
      }
      return message == body && Take(name, value, object, message);
    };
    JsonToMessage(object, take, body);
  }

 private:
  bool Take(const std::string& name, const Json& value, const Json& object, Message* body) {
    if (name == "id") {
      record_->set_id(IdTextOf(object));
      return true;
    }
    if (name == "source_id" && value.is_string() && IsUuid(IdTextOf(object))) {
      record_->set_source_id(value.get<std::string>());
      return true;
    }
    if (name == "attributes") return TermsFromAttributes(value, record_);
    if (name == package_locations_property && record_->has_organization() && AllTexts(value)) {
      for (const Json& id : value) record_->mutable_organization()->add_location_ids(id.get<std::string>());
      return true;
    }
    if (record_->has_service() &&
        TakeReference("organization", name, value, record_->mutable_service()->mutable_organization_id(), body)) {
      return true;
    }
    return TakeOwnProperty(name, value, record_);
  }

  // A copy that differs from the record of its id stands whole in the object; it says which one it is a copy of.
  static bool TakeReference(const std::string& word, const std::string& name, const Json& value, std::string* id,
                            Message* message) {
    if (name == absl::StrCat(package_given_prefix, word, "_id")) {
      SetExtra(absl::StrCat(word, "_id"), value, message);
      return true;
    }
    if (name == word && !IdTextOf(value).empty()) {
      *id = IdTextOf(value);
    } else if (name != absl::StrCat(word, "_id") || id->empty()) {
      return false;
    }
    SetExtra(name, value, message);
    return true;
  }

  v1::Record* const record_;
};

class PackageReader : public RecordReader {
 public:
  PackageReader(std::unique_ptr<PackageTables> tables, const ReaderContext& context)
      : context_(context), tables_(std::move(tables)) {}

  absl::StatusOr<bool> Next(ImportedRecord* out) override {
    *out = ImportedRecord();
    for (; kind_ < std::size(kinds); ++kind_, row_ = 0) {
      const int table = HsdsTableAt(kinds[kind_]);
      if (row_ >= tables_->RowsOf(table).size()) continue;
      Read(table, tables_->RowsOf(table)[row_++], out);
      return true;
    }
    if (bad_ >= tables_->bad_rows().size()) return false;
    const PackageTables::BadRow& bad = tables_->bad_rows()[bad_++];
    out->origin = bad.origin;
    out->problems.push_back(bad.problem);
    return true;
  }

  std::vector<Problem> Notes() const override { return tables_->notes(); }

 private:
  static constexpr const char* kinds[] = {"organization", "location", "service"};

  void Read(int table, const PackageTables::RowPlace& row, ImportedRecord* out) const {
    out->origin = tables_->Origin(table, row);
    absl::StatusOr<Json> object = tables_->ObjectOf(table, row);
    if (!object.ok()) {
      out->problems.push_back({"", "", std::string(object.status().message()), ""});
      return;
    }
    Converter(&out->record).Convert(HsdsTables()[static_cast<size_t>(table)].name, *object);
    if (!context_.id_namespace.empty()) EnsureIds(&out->record, context_.id_namespace, &out->problems);
    out->source = std::make_shared<const std::string>(SourceOf(*std::move(object)));
  }

  // What is refused can be corrected and read again as HSDS in JSON lines.
  static std::string SourceOf(Json object) {
    object.erase(absl::StrCat(package_given_prefix, "organization_id"));
    const std::string property(package_locations_property);
    if (object.contains(property) && AllTexts(object[property]) && !object.contains("locations")) {
      for (const Json& id : object[property]) object["locations"].push_back({{"id", id}});
      object.erase(property);
    }
    return DumpJson(object);
  }

  const ReaderContext context_;
  const std::unique_ptr<PackageTables> tables_;
  size_t kind_ = 0;
  size_t row_ = 0;
  size_t bad_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RecordReader>> OpenHsdsPackageReader(std::shared_ptr<InputFile> file,
                                                                    const ReaderContext& context) {
  ASSIGN_OR_RETURN(const std::unique_ptr<ZipReader> zip, ZipReader::Open(*file));
  ASSIGN_OR_RETURN(std::unique_ptr<PackageTables> tables, PackageTables::Open(zip.get(), file->name()));
  return std::make_unique<PackageReader>(std::move(tables), context);
}

}  // namespace cairn
