#include "common/formats/hsds_json.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/formats/element_source.h"
#include "common/formats/hsds_split.h"
#include "common/formats/input_file.h"
#include "common/formats/json_text.h"

namespace cairn {
namespace {

// Where a service_at_location stands that is not nested in its service.
struct PlaceElsewhere {
  uint64_t offset;
  uint64_t bytes;
};

std::unique_ptr<ElementSource> MakeSource(const std::shared_ptr<InputFile>& file, bool ndjson) {
  return ndjson ? MakeLineSource(file) : MakeDocumentSource(file);
}

class HsdsReader : public RecordReader {
 public:
  HsdsReader(std::shared_ptr<InputFile> file, bool ndjson, const ReaderContext& context)
      : file_(std::move(file)),
        ndjson_(ndjson),
        source_(MakeSource(file_, ndjson)),
        splitter_(context, [this](uint64_t key) { return PlacesOf(key); }) {}

  // First pass: finds the top-level objects and the places that belong to services elsewhere in the file.
  absl::Status Index();
  absl::StatusOr<bool> Next(ImportedRecord* out) override;

 private:
  void IndexElement(const Element& element);
  void SplitElement(Element element);
  void ReportOrphans();
  std::vector<Json> PlacesOf(uint64_t service_key);
  std::string TextAt(const PlaceElsewhere& place) const;
  void Refuse(std::string origin, std::vector<Problem> problems, std::shared_ptr<const std::string> source);

  const std::shared_ptr<InputFile> file_;
  const bool ndjson_;
  const std::unique_ptr<ElementSource> source_;
  HsdsSplitter splitter_;
  absl::flat_hash_map<uint64_t, std::vector<PlaceElsewhere>> places_;  // by the key of their service
  bool ended_ = false;
  std::vector<ImportedRecord> ready_;  // last first
};

absl::Status HsdsReader::Index() {
  const std::unique_ptr<ElementSource> source = MakeSource(file_, ndjson_);
  for (Element element;;) {
    ASSIGN_OR_RETURN(const bool more, source->Next(&element));
    if (!more) return absl::OkStatus();
    if (element.problems.empty()) IndexElement(element);
  }
}

// What cannot be parsed is passed over here; the second pass reports it.
void HsdsReader::IndexElement(const Element& element) {
  const HsdsShape shape = ShapeOf(element.list, element.text);
  if (shape == HsdsShape::kUnknown) return;
  if (shape == HsdsShape::kService) {
    // Services are the bulk, and none is compared before it is built: the id without parsing the rest will do.
    for (const auto& [name, text] : TopLevelProperties(element.text)) {
      if (name != "id") continue;
      const absl::StatusOr<Json> id = ParseJson(text);
      if (id.ok()) splitter_.Announce(KeyOf(shape, IdTextOf(Json{{"id", *id}})), 0);
    }
    return;
  }
  const absl::StatusOr<Json> object = ParseJson(element.text);
  if (!object.ok() || !object->is_object()) return;
  if (shape != HsdsShape::kServiceAtLocation) {
    splitter_.Announce(KeyOf(shape, IdTextOf(*object)), HsdsSplitter::HashOf(*object));
    return;
  }
  const std::string service = HsdsSplitter::ServiceIdOf(*object);
  if (!service.empty()) {
    places_[KeyOf(HsdsShape::kService, service)].push_back({element.offset, element.bytes});
  }
}

absl::StatusOr<bool> HsdsReader::Next(ImportedRecord* out) {
  while (ready_.empty()) {
    if (ended_) return false;
    Element element;
    ASSIGN_OR_RETURN(const bool more, source_->Next(&element));
    if (more) {
      SplitElement(std::move(element));
    } else {
      ended_ = true;
      ReportOrphans();
    }
  }
  *out = std::move(ready_.back());
  ready_.pop_back();
  return true;
}

void HsdsReader::Refuse(std::string origin, std::vector<Problem> problems, std::shared_ptr<const std::string> source) {
  ImportedRecord refused;
  refused.origin = std::move(origin);
  refused.problems = std::move(problems);
  refused.source = std::move(source);
  ready_.push_back(std::move(refused));
}

void HsdsReader::SplitElement(Element element) {
  if (!element.problems.empty()) return Refuse(std::move(element.origin), std::move(element.problems), nullptr);
  const auto source = std::make_shared<const std::string>(std::move(element.text));
  const absl::StatusOr<Json> object = ParseJson(*source);
  if (!object.ok()) {
    return Refuse(element.origin, {{"", "", std::string(object.status().message()), ""}}, source);
  }
  if (!object->is_object()) {
    return Refuse(element.origin,
                  {{"", source->substr(0, 60), "not a JSON object", "write {\"id\": …, \"name\": …, …}"}}, source);
  }
  const HsdsShape shape = ShapeOf(element.list, *source);
  if (shape == HsdsShape::kUnknown) {
    return Refuse(element.origin,
                  {{"", source->substr(0, 60), "neither a service, an organization nor a location",
                    "give a service its status, a location its location_type, an organization its name"}},
                  source);
  }
  ready_ = splitter_.Split(*object, shape, element.origin);
  std::reverse(ready_.begin(), ready_.end());
  for (ImportedRecord& record : ready_) record.source = source;
}

std::string HsdsReader::TextAt(const PlaceElsewhere& place) const {
  std::string text(place.bytes, '\0');
  const absl::StatusOr<size_t> got = file_->ReadAt(place.offset, text.data(), text.size());
  text.resize(got.ok() ? *got : 0);
  if (text.compare(0, 3, "\xEF\xBB\xBF") == 0) text.erase(0, 3);
  return text;
}

std::vector<Json> HsdsReader::PlacesOf(uint64_t service_key) {
  std::vector<Json> objects;
  const auto at = places_.find(service_key);
  if (at == places_.end()) return objects;
  for (const PlaceElsewhere& place : at->second) {
    absl::StatusOr<Json> object = ParseJson(TextAt(place));
    if (object.ok() && object->is_object()) objects.push_back(*std::move(object));
  }
  places_.erase(at);
  return objects;
}

// Places whose service never came.
void HsdsReader::ReportOrphans() {
  std::vector<PlaceElsewhere> orphans;
  for (const auto& [key, places] : places_) orphans.insert(orphans.end(), places.begin(), places.end());
  std::sort(orphans.begin(), orphans.end(), [](const auto& a, const auto& b) { return a.offset > b.offset; });
  for (const PlaceElsewhere& place : orphans) {
    const auto text = std::make_shared<const std::string>(TextAt(place));
    const absl::StatusOr<Json> object = ParseJson(*text);
    const std::string service = object.ok() ? HsdsSplitter::ServiceIdOf(*object) : "";
    Refuse(absl::StrCat(file_->name(), " byte ", place.offset + 1),
           {{"service_id", service, "refers to a service that this file has not, or that was refused",
             "add the service to the file, or take this service_at_location out"}},
           text);
  }
  places_.clear();
}

}  // namespace

absl::StatusOr<std::unique_ptr<RecordReader>> OpenHsdsReader(std::shared_ptr<InputFile> file, bool ndjson,
                                                             const ReaderContext& context) {
  auto reader = std::make_unique<HsdsReader>(std::move(file), ndjson, context);
  RETURN_IF_ERROR(reader->Index());
  return reader;
}

}  // namespace cairn
