#include "server/rpde/rpde_feed.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/formats/hsds_json.h"
#include "common/formats/json_ld.h"
#include "common/formats/json_text.h"
#include "common/record/kinds.h"
#include "server/directory/catalogue.h"
#include "server/hsds/hsds_objects.h"
#include "server/http/parameters.h"

namespace cairn {
namespace {

constexpr char content_type[] = "application/vnd.openactive.rpde+json; version=1";
constexpr int64_t change_number_max = int64_t{1} << 53;  // what JSON's readers hold exactly

struct PageRequest {
  v1::RecordKind kind = v1::SERVICE;
  std::string url;  // without parameters
  std::optional<int64_t> after;
  int64_t begun = 0;  // see CatalogueReading::PublicChanges; 0: not known
  std::optional<int64_t> limit;
};

absl::StatusOr<PageRequest> ParseRequest(const HttpRequest& request, v1::RecordKind kind) {
  PageRequest page;
  page.kind = kind;
  page.url = absl::StrCat(request.base_url, request.path);
  ASSIGN_OR_RETURN(page.after, NumberParameter(request, "afterChangeNumber", 0, change_number_max));
  ASSIGN_OR_RETURN(const std::optional<int64_t> begun, NumberParameter(request, "begun", 0, change_number_max));
  page.begun = begun.value_or(0);
  ASSIGN_OR_RETURN(page.limit, NumberParameter(request, "limit", 1, limits::rpde_page_items_max));
  return page;
}

std::string NextUrl(const PageRequest& page, std::optional<int64_t> after) {
  std::string url = page.url;
  const char* separator = "?";
  if (after.has_value()) {
    absl::StrAppend(&url, separator, "afterChangeNumber=", *after);
    separator = "&";
    // Whoever has come past where it began needs no excuse for low numbers.
    if (page.begun > *after) absl::StrAppend(&url, "&begun=", page.begun);
  }
  if (page.limit.has_value()) absl::StrAppend(&url, separator, "limit=", *page.limit);
  return url;
}

// A service as HSDS has it, and a training as schema.org does: HSDS has no word for one.
absl::StatusOr<std::string> DataOf(const CatalogueReading& reading, const CatalogueRecord& record) {
  if (record.view.kind() == v1::SERVICE) {
    ASSIGN_OR_RETURN(const Json service, HsdsFullObject(reading, record));
    return DumpJson(service);
  }
  return RecordToJsonLd(record.view.record(), [&](v1::RecordKind kind, absl::string_view id) {
    return reading.Nested(kind, id, record.view.partner());
  });
}

// `data` is JSON text; empty: the record is gone.
std::string ItemText(const RecordChange& change, const std::string& data) {
  const std::string kind(KindName(static_cast<v1::RecordKind>(change.kind)));
  return absl::StrCat(R"({"state":")", data.empty() ? "deleted" : "updated", R"(","kind":")", kind, R"(","id":")",
                      UuidToText(change.id16), R"(","modified":)", change.change_no, data.empty() ? "" : R"(,"data":)",
                      data, "}");
}

absl::StatusOr<std::string> PageText(const CatalogueReading& reading, PageRequest page, const std::string& license) {
  if (!page.after.has_value()) {
    ASSIGN_OR_RETURN(page.begun, reading.BeginFollowing());
  }
  const auto items_max = static_cast<size_t>(page.limit.value_or(limits::rpde_page_items_default));
  ASSIGN_OR_RETURN(const std::vector<RecordChange> changes,
                   reading.PublicChanges(page.kind, page.after.value_or(0), page.begun, items_max));
  std::string items;
  std::optional<int64_t> last = page.after;
  for (const RecordChange& change : changes) {
    if (items.size() >= limits::page_bytes_max) break;
    ASSIGN_OR_RETURN(const std::optional<CatalogueRecord> record, reading.Find(page.kind, UuidToText(change.id16)));
    std::string data;
    if (record.has_value()) {
      ASSIGN_OR_RETURN(data, DataOf(reading, *record));
    }
    absl::StrAppend(&items, items.empty() ? "\n" : ",\n", ItemText(change, data));
    last = change.change_no;
  }
  return absl::StrCat(R"({"next":)", DumpJson(NextUrl(page, last)), R"(,"items":[)", items, R"(],"license":)",
                      DumpJson(license), "}\n");
}

}  // namespace

void AddRpdeRoutes(const EdgeParts& parts, const std::string& license, Router* router) {
  const auto catalogue = std::make_shared<Catalogue>(parts.store, parts.charter, parts.clock);
  for (const auto& [path, kind] :
       {std::pair("/rpde/services", v1::SERVICE), std::pair("/rpde/trainings", v1::TRAINING)}) {
    const auto handle = [catalogue, license, kind = kind](const HttpRequest& request) -> absl::StatusOr<HttpResponse> {
      ASSIGN_OR_RETURN(const PageRequest page, ParseRequest(request, kind));
      std::string body;
      RETURN_IF_ERROR(catalogue->Read(Reader::Anonymous(), [&](const CatalogueReading& reading) -> absl::Status {
        ASSIGN_OR_RETURN(body, PageText(reading, page, license));
        return absl::OkStatus();
      }));
      return HttpResponse::Of(content_type, std::move(body));
    };
    // Numbers move without any feed moving: what depends on them has no time of its own.
    router->Add({path, {"afterChangeNumber", "begun", "limit"}, DependsOn::kFreshness, handle});
  }
}

}  // namespace cairn
