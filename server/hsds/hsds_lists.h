// The lists of the HSDS interface: by pages, or as one stream of lines.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/formats/json_text.h"
#include "server/directory/catalogue.h"
#include "server/hsds/hsds_query.h"
#include "server/http/http_message.h"

namespace cairn {

// What a list found, in its order. Elements are made when they are shown.
class HsdsElements {
 public:
  virtual ~HsdsElements() = default;
  virtual size_t size() const = 0;
  // JSON text of one; nullopt: the reader sees nothing of it any more.
  virtual absl::StatusOr<std::optional<std::string>> Text(const CatalogueReading& reading, size_t index) const = 0;
};

// Elements that are texts already.
class HsdsTexts : public HsdsElements {
 public:
  explicit HsdsTexts(std::vector<std::string> texts) : texts_(std::move(texts)) {}
  size_t size() const override { return texts_.size(); }
  absl::StatusOr<std::optional<std::string>> Text(const CatalogueReading&, size_t index) const override {
    return std::optional<std::string>(texts_[index]);
  }

 private:
  const std::vector<std::string> texts_;
};

// One service or organization in the form that the query asks for. Full organizations have their `services`.
absl::StatusOr<Json> HsdsRecordObject(const CatalogueReading& reading, const HsdsQuery& query,
                                      const CatalogueRecord& record);

// Services, organizations and places that the query finds.
absl::StatusOr<std::shared_ptr<const HsdsElements>> FindHsdsRecords(const CatalogueReading& reading, HsdsList list,
                                                                    HsdsQuery query);

// The envelope with one page of the elements: total_items, total_pages, page_number, size, first_page, last_page,
// empty, contents. A page beyond the last one is empty.
absl::StatusOr<std::string> HsdsPage(const CatalogueReading& reading, const HsdsElements& elements,
                                     const HsdsQuery& query);

// All elements, a line each. Which they are was decided when they were found, in one read; what each says is read when
// its turn comes, with a read of its own for some 256 KiB, so that a slow client holds none. What the reader may no
// longer see by then is left out; nothing that it may see throughout is.
std::unique_ptr<HttpStream> HsdsLines(std::shared_ptr<Catalogue> catalogue, const Reader& reader,
                                      std::shared_ptr<const HsdsElements> elements);

}  // namespace cairn
