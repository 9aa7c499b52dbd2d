#include "server/hsds/hsds_lists.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/formats/json_text.h"
#include "server/hsds/hsds_objects.h"
#include "server/hsds/hsds_taxonomies.h"

namespace cairn {
namespace {

constexpr size_t kElementsARead = 500;  // bounds a read over elements that are gone

// The services of an organization: an organization with thousands has a list of them besides.
absl::Status NestServices(const CatalogueReading& reading, const HsdsQuery& query, const std::string& organization_id,
                          Json* organization) {
  CatalogueFilter filter;
  filter.organization_id = organization_id;
  ASSIGN_OR_RETURN(const std::shared_ptr<const EntryList> services, reading.List(filter));
  Json& nested = (*organization)["services"] = Json::array();
  for (size_t i = 0; i < std::min(services->size(), limits::hsds_nested_services_max); ++i) {
    ASSIGN_OR_RETURN(const std::optional<CatalogueRecord> service, reading.Record((*services)[i], v1::SERVICE));
    if (!service.has_value()) continue;
    ASSIGN_OR_RETURN(Json object, query.full_service ? HsdsFullObject(reading, *service) : HsdsPlainObject(*service));
    object.erase("organization");
    nested.push_back(std::move(object));
  }
  return absl::OkStatus();
}

class Records : public HsdsElements {
 public:
  Records(HsdsQuery query, std::shared_ptr<const EntryList> entries)
      : query_(std::move(query)), entries_(std::move(entries)) {}

  size_t size() const override { return entries_->size(); }
  absl::StatusOr<std::optional<std::string>> Text(const CatalogueReading& reading, size_t index) const override {
    ASSIGN_OR_RETURN(const std::optional<CatalogueRecord> record,
                     reading.Record((*entries_)[index], query_.filter.kind));
    if (!record.has_value()) return std::optional<std::string>();
    ASSIGN_OR_RETURN(const Json object, HsdsRecordObject(reading, query_, *record));
    return std::optional<std::string>(DumpJson(object));
  }

 private:
  const HsdsQuery query_;
  const std::shared_ptr<const EntryList> entries_;
};

class Places : public HsdsElements {
 public:
  Places(HsdsQuery query, std::shared_ptr<const std::vector<ServicePlace>> places)
      : query_(std::move(query)), places_(std::move(places)) {}

  size_t size() const override { return places_->size(); }
  absl::StatusOr<std::optional<std::string>> Text(const CatalogueReading& reading, size_t index) const override {
    const ServicePlace& place = (*places_)[index];
    ASSIGN_OR_RETURN(const std::optional<CatalogueRecord> service, reading.Record(place.entry_id, v1::SERVICE));
    if (!service.has_value()) return std::optional<std::string>();
    ASSIGN_OR_RETURN(std::optional<Json> object, HsdsPlaceObject(reading, *service, place.n, query_.full));
    if (!object.has_value()) return std::optional<std::string>();
    if (query_.minimal) object = HsdsMinimalObject((*object)["id"].get<std::string>(), *service);
    return std::optional<std::string>(DumpJson(*object));
  }

 private:
  const HsdsQuery query_;
  const std::shared_ptr<const std::vector<ServicePlace>> places_;
};

}  // namespace

absl::StatusOr<Json> HsdsRecordObject(const CatalogueReading& reading, const HsdsQuery& query,
                                      const CatalogueRecord& record) {
  const std::string& id = record.view.record().id();
  if (query.minimal) return HsdsMinimalObject(id, record);
  if (!query.full && !query.full_service) return HsdsPlainObject(record);
  ASSIGN_OR_RETURN(Json object, HsdsFullObject(reading, record));
  if (record.view.kind() == v1::ORGANIZATION) RETURN_IF_ERROR(NestServices(reading, query, id, &object));
  return object;
}

absl::StatusOr<std::shared_ptr<const HsdsElements>> FindHsdsRecords(const CatalogueReading& reading, HsdsList list,
                                                                    HsdsQuery query) {
  RETURN_IF_ERROR(AddTerms(reading, &query));
  std::shared_ptr<const HsdsElements> elements;
  if (list == HsdsList::kPlaces) {
    ASSIGN_OR_RETURN(auto places, reading.Places(query.filter));
    elements = std::make_shared<Places>(std::move(query), std::move(places));
  } else {
    ASSIGN_OR_RETURN(auto entries, reading.List(query.filter));
    elements = std::make_shared<Records>(std::move(query), std::move(entries));
  }
  return elements;
}

absl::StatusOr<std::string> HsdsPage(const CatalogueReading& reading, const HsdsElements& elements,
                                     const HsdsQuery& query) {
  const uint64_t total = elements.size();
  const uint64_t pages = (total + query.per_page - 1) / query.per_page;
  const bool beyond = query.page > pages;
  const uint64_t begin = beyond ? total : (query.page - 1) * query.per_page;
  const uint64_t end = std::min(total, begin + query.per_page);
  std::vector<std::string> contents;
  for (uint64_t i = begin; i < end; ++i) {
    ASSIGN_OR_RETURN(std::optional<std::string> text, elements.Text(reading, i));
    if (text.has_value()) contents.push_back(*std::move(text));
  }
  const auto flag = [](bool value) { return value ? "true" : "false"; };
  return absl::StrCat(R"({"total_items":)", total, R"(,"total_pages":)", pages, R"(,"page_number":)", query.page,
                      R"(,"size":)", contents.size(), R"(,"first_page":)", flag(query.page == 1), R"(,"last_page":)",
                      flag(query.page >= pages), R"(,"empty":)", flag(contents.empty()), R"(,"contents":[)",
                      contents.empty() ? "" : "\n", absl::StrJoin(contents, ",\n"), "]}\n");
}

std::unique_ptr<HttpStream> HsdsLines(std::shared_ptr<Catalogue> catalogue, const Reader& reader,
                                      std::shared_ptr<const HsdsElements> elements) {
  const auto at = std::make_shared<size_t>(0);
  return StreamOf([catalogue, reader, elements, at]() -> absl::StatusOr<std::string> {
    std::string lines;
    while (lines.empty() && *at < elements->size()) {
      size_t next = *at;
      RETURN_IF_ERROR(catalogue->Read(reader, [&](const CatalogueReading& reading) -> absl::Status {
        const size_t end = std::min(elements->size(), next + kElementsARead);
        for (; next < end && lines.size() < limits::page_bytes_target; ++next) {
          ASSIGN_OR_RETURN(const std::optional<std::string> text, elements->Text(reading, next));
          if (text.has_value()) absl::StrAppend(&lines, *text, "\n");
        }
        return absl::OkStatus();
      }));
      *at = next;
    }
    return lines;
  });
}

}  // namespace cairn
