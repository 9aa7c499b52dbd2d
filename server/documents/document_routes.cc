#include "server/documents/document_routes.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/formats/ical.h"
#include "common/formats/json_ld.h"
#include "server/directory/catalogue.h"
#include "server/directory/directory_reader.h"
#include "server/directory/request_filter.h"
#include "server/directory/session_filter.h"
#include "server/http/query_filter.h"

namespace cairn {
namespace {

constexpr char calendar_type[] = "text/calendar; charset=utf-8";
constexpr char calendar_name[] = "Trainings";
constexpr char linked_data_type[] = "application/ld+json";
constexpr uint32_t trainings_per_read = 200;  // with their sessions some 256 KiB

// A calendar on its way: a page of the list for each piece, so that a slow client costs a cursor.
class CalendarPages {
 public:
  // `filter`: normalised.
  CalendarPages(const DirectoryReader* directory, const Reader& reader, v1::RecordFilter filter)
      : directory_(directory),
        reader_(reader),
        sessions_(SessionFilter::TakeFrom(&filter)),
        writer_(calendar_name, [this](absl::string_view text) {
          absl::StrAppend(&text_, text);
          return absl::OkStatus();
        }) {
    *request_.mutable_filter() = std::move(filter);
    request_.set_page_size(trainings_per_read);
  }

  // The next piece; empty at the end.
  absl::StatusOr<std::string> Next() {
    while (text_.empty() && !ended_) {
      ASSIGN_OR_RETURN(v1::ListRecordsResponse page, directory_->ListRecords(reader_, request_));
      for (v1::DirectoryRecord& record : *page.mutable_records()) {
        sessions_.KeepAskedFor(record.mutable_record()->mutable_training());
        RETURN_IF_ERROR(writer_.Add(record.record()));
      }
      request_.set_page_token(page.next_page_token());
      ended_ = page.next_page_token().empty();
      if (ended_) RETURN_IF_ERROR(writer_.Finish());
    }
    return std::exchange(text_, std::string());
  }

 private:
  const DirectoryReader* const directory_;
  const Reader reader_;
  const SessionFilter sessions_;
  v1::ListRecordsRequest request_;
  std::string text_;
  IcalWriter writer_;
  bool ended_ = false;
};

absl::StatusOr<HttpResponse> AnswerCalendar(const EdgeParts& parts, const HttpRequest& request) {
  ASSIGN_OR_RETURN(const v1::RecordFilter asked, FilterOf(request));
  ASSIGN_OR_RETURN(v1::RecordFilter filter, NormaliseFilter(asked));
  filter.clear_kinds();
  filter.add_kinds(v1::TRAINING);
  const bool depends_on_time = filter.stale_only() || filter.open_now() || filter.freshness_size() > 0;
  const auto pages = std::make_shared<CalendarPages>(parts.directory, request.reader, std::move(filter));
  // What is wrong with a filter shows in the first read, while there is still an answer to be chosen.
  ASSIGN_OR_RETURN(std::string first, pages->Next());
  HttpResponse response = HttpResponse::Streaming(
      calendar_type, StreamOf([pages, first = std::move(first)]() mutable -> absl::StatusOr<std::string> {
        if (!first.empty()) return std::exchange(first, std::string());
        return pages->Next();
      }));
  response.depends_on_time = depends_on_time;
  return response;
}

absl::StatusOr<v1::DirectoryRecord> RecordOfPath(const EdgeParts& parts, const HttpRequest& request,
                                                 v1::RecordKind kind) {
  v1::GetRecordRequest get;
  get.set_kind(kind);
  get.set_id(std::string(request.PathValue("id")));
  get.set_partner(std::string(request.Query("partner")));
  ASSIGN_OR_RETURN(v1::GetRecordResponse found, parts.directory->GetRecord(request.reader, get));
  return std::move(*found.mutable_record());
}

absl::StatusOr<HttpResponse> AnswerTraining(const EdgeParts& parts, const HttpRequest& request) {
  ASSIGN_OR_RETURN(const v1::DirectoryRecord found, RecordOfPath(parts, request, v1::TRAINING));
  HttpResponse response = HttpResponse::Of(calendar_type, TrainingCalendar(found.record()));
  response.With("Content-Disposition", absl::StrCat("attachment; filename=\"", found.record().id(), ".ics\""));
  return response;
}

absl::StatusOr<HttpResponse> AnswerLinkedData(const EdgeParts& parts, const HttpRequest& request, v1::RecordKind kind) {
  ASSIGN_OR_RETURN(const v1::DirectoryRecord found, RecordOfPath(parts, request, kind));
  const auto lookup = [&](v1::RecordKind of_kind, absl::string_view id) -> absl::StatusOr<std::optional<v1::Record>> {
    v1::GetRecordRequest get;
    get.set_kind(of_kind);
    get.set_id(std::string(id));
    get.set_partner(found.partner());
    absl::StatusOr<v1::GetRecordResponse> other = parts.directory->GetRecord(request.reader, get);
    if (absl::IsNotFound(other.status()) || absl::IsInvalidArgument(other.status())) return std::nullopt;
    RETURN_IF_ERROR(other.status());
    return std::move(*other->mutable_record()->mutable_record());
  };
  ASSIGN_OR_RETURN(std::string document, RecordToJsonLd(found.record(), lookup));
  return HttpResponse::Of(linked_data_type, std::move(document));
}

absl::StatusOr<HttpResponse> AnswerCatalog(const EdgeParts& parts, const std::string& license,
                                           const HttpRequest& request) {
  const std::shared_ptr<const CharterView> charter = parts.charter();
  const v1::Partner* const partner = charter->FindPartner(parts.partner);
  const std::string& base = request.base_url;
  DcatCatalog catalog;
  catalog.title = charter->charter().consortium_name();
  catalog.description =
      "Services, trainings and materials of the partners, each signed by the partner that vouches for it";
  catalog.publisher = partner == nullptr ? parts.partner : partner->name();
  catalog.url = absl::StrCat(base, "/");
  catalog.license = license;
  RETURN_IF_ERROR(Catalogue(parts.store, parts.charter, parts.clock)
                      .Read(Reader::Anonymous(), [&](const CatalogueReading& reading) -> absl::Status {
                        ASSIGN_OR_RETURN(const int64_t last, reading.BeginFollowing());
                        catalog.modified = absl::FromUnixMicros(last);
                        return absl::OkStatus();
                      }));
  catalog.distributions = {
      {"HSDS 3.1: services, one a line", absl::StrCat(base, "/hsds/services?format=ndjson"), "application/x-ndjson", true},
      {"HSDS 3.1: the interface", absl::StrCat(base, "/hsds/"), "application/json"},
      {"RPDE: services", absl::StrCat(base, "/rpde/services"), "application/json"},
      {"RPDE: trainings", absl::StrCat(base, "/rpde/trainings"), "application/json"},
      {"Trainings as a calendar", absl::StrCat(base, "/trainings.ics"), "text/calendar", true},
  };
  return HttpResponse::Of(linked_data_type, DcatCatalogText(catalog));
}

}  // namespace

void AddDocumentRoutes(const EdgeParts& parts, const std::string& license, Router* router) {
  router->Add({"/trainings.ics", FilterParametersAnd({}), DependsOn::kRecords,
               [parts](const HttpRequest& request) { return AnswerCalendar(parts, request); }});
  router->Add({"/trainings/{id}.ics", {"partner"}, DependsOn::kRecords, [parts](const HttpRequest& request) {
                 return AnswerTraining(parts, request);
               }});
  const std::pair<const char*, v1::RecordKind> linked[] = {{"/records/{id}.jsonld", v1::RECORD_KIND_UNSPECIFIED},
                                                           {"/services/{id}.jsonld", v1::SERVICE},
                                                           {"/organizations/{id}.jsonld", v1::ORGANIZATION},
                                                           {"/trainings/{id}.jsonld", v1::TRAINING},
                                                           {"/resources/{id}.jsonld", v1::RESOURCE}};
  for (const auto& [pattern, kind] : linked) {
    router->Add({pattern, {"partner"}, DependsOn::kRecords, [parts, kind = kind](const HttpRequest& request) {
                   return AnswerLinkedData(parts, request, kind);
                 }});
  }
  router->Add({"/catalog.jsonld", {}, DependsOn::kFreshness, [parts, license](const HttpRequest& request) {
                 return AnswerCatalog(parts, license, request);
               }});
}

}  // namespace cairn
