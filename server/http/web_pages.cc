#include "server/http/web_pages.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/status_macros.h"
#include "common/record/kinds.h"
#include "common/record/texts.h"
#include "server/directory/request_filter.h"
#include "server/directory/session_filter.h"
#include "server/http/gzip.h"
#include "server/http/html_text.h"
#include "server/http/places.h"
#include "server/http/plain_pages.h"
#include "server/http/problem_json.h"
#include "server/http/query_filter.h"
#include "server/http/web_assets.h"

namespace cairn {
namespace {

constexpr uint32_t trainings_a_read = 1000;   // one page of the directory
constexpr size_t trainings_read_max = 5'000;  // some 100 ms; the calendar file has all of them
constexpr size_t places_shown_max = 20;       // of one record
constexpr char html[] = "text/html; charset=utf-8";

PlainReader ReaderOf(const HttpRequest& request) {
  PlainReader reader;
  reader.texts = &PageTexts::Choose(request.Query("lang"), request.display_languages);
  reader.languages = {reader.texts->language()};
  reader.languages.insert(reader.languages.end(), request.display_languages.begin(), request.display_languages.end());
  reader.query = request.query;
  return reader;
}

// The page around `plain`, which its script replaces. In one pass, so that nothing in a text is taken for a mark.
HttpResponse Page(const PlainReader& reader, absl::string_view title, absl::string_view plain) {
  static const auto* const frame = [] {
    const WebAsset* const asset = FindWebAsset("index.html");
    return new std::string(asset == nullptr ? "" : UnpackedAsset(*asset));
  }();
  const std::string name = reader.texts->Get("title");
  const std::string whole = title.empty() ? name : absl::StrCat(title, " · ", name);
  return HttpResponse::Of(html,
                          absl::StrReplaceAll(*frame, {{"{{language}}", reader.texts->language()},
                                                       {"{{title}}", EscapedHtml(whole)},
                                                       {"{{description}}", EscapedHtml(reader.texts->Get("tagline"))},
                                                       {"{{plain}}", plain}}));
}

// What went wrong, as a page, with the status that a program would get.
HttpResponse ErrorPage(const PlainReader& reader, const absl::Status& status) {
  const bool gone = absl::IsNotFound(status);
  HttpResponse page = Page(reader, "",
                           PlainNotice(reader, reader.texts->Get(gone ? "notFound" : "failed"),
                                       gone ? reader.texts->Get("notFoundHint") : status.message()));
  page.status = HttpStatusOf(status.code());
  return page;
}

// Only what a hash in the name says to be unchangeable may be kept for long.
bool IsKeptForLong(absl::string_view name) { return name != "licences.txt"; }
bool IsInternal(absl::string_view name) { return name == "index.html" || name == "messages.json"; }

absl::StatusOr<HttpResponse> Asset(const HttpRequest& request) {
  const absl::string_view name = request.PathValue("file");
  const WebAsset* const asset = FindWebAsset(name);
  if (asset == nullptr || IsInternal(name)) {
    return absl::NotFoundError(absl::StrCat("asset \"", name, "\": the page has no such file"));
  }
  const bool packed = IsCompressible(asset->content_type) && AcceptsGzip(request.Header("accept-encoding"));
  HttpResponse response =
      HttpResponse::Of(asset->content_type, packed ? std::string(PackedAsset(*asset)) : UnpackedAsset(*asset));
  if (packed) response.With("Content-Encoding", "gzip");
  response.With("ETag", absl::StrCat("\"", asset->sha256.substr(0, 32), packed ? "-gz\"" : "\""));
  if (IsKeptForLong(name)) response.With("Cache-Control", "public, max-age=31536000, immutable");
  return response;
}

HttpResponse SearchPage(const EdgeParts& parts, const HttpRequest& request) {
  const PlainReader reader = ReaderOf(request);
  absl::StatusOr<v1::SearchRequest> asked = SearchRequestOf(request);
  if (!asked.ok()) return ErrorPage(reader, asked.status());
  asked->mutable_display_languages()->Assign(reader.languages.begin(), reader.languages.end());
  const absl::StatusOr<v1::SearchResponse> found = parts.directory->Search(request.reader, *asked);
  if (!found.ok()) return ErrorPage(reader, found.status());
  const absl::StatusOr<v1::ListPartnersResponse> partners = parts.directory->ListPartners(request.reader);
  if (!partners.ok()) return ErrorPage(reader, partners.status());
  return Page(reader, "", PlainSearchPage(reader, *found, *partners));
}

std::vector<v1::DirectoryRecord> PlacesOf(const EdgeParts& parts, const HttpRequest& request,
                                          const v1::Record& record) {
  std::vector<v1::DirectoryRecord> places;
  for (const std::string& id : PlaceIdsOf(record)) {
    if (places.size() == places_shown_max) break;
    v1::GetRecordRequest asked;
    asked.set_id(id);
    asked.set_kind(v1::LOCATION);
    const auto found = parts.directory->GetRecord(request.reader, asked);
    if (found.ok()) places.push_back(found->record());
  }
  return places;
}

HttpResponse RecordPage(const EdgeParts& parts, const HttpRequest& request) {
  const PlainReader reader = ReaderOf(request);
  v1::GetRecordRequest asked;
  asked.set_id(std::string(request.PathValue("id")));
  asked.set_partner(std::string(request.Query("partner")));
  const absl::StatusOr<v1::GetRecordResponse> found = parts.directory->GetRecord(request.reader, asked);
  if (!found.ok()) return ErrorPage(reader, found.status());
  const absl::StatusOr<v1::ListPartnersResponse> partners = parts.directory->ListPartners(request.reader);
  if (!partners.ok()) return ErrorPage(reader, partners.status());
  const v1::Record& record = found->record().record();
  const std::string name = PickText(record, "name", reader.languages).value_or("");
  return Page(reader, name.empty() ? DisplayName(record) : name,
              PlainRecordPage(reader, found->record(), PlacesOf(parts, request, record), *partners));
}

// Where no time is asked for, what is still to come: from yesterday on, which is today somewhere.
absl::StatusOr<PlainCalendar> ReadCalendar(const EdgeParts& parts, const HttpRequest& request) {
  ASSIGN_OR_RETURN(const v1::RecordFilter asked, FilterOf(request));
  v1::ListRecordsRequest list;
  ASSIGN_OR_RETURN(*list.mutable_filter(), NormaliseFilter(asked));
  v1::RecordFilter& filter = *list.mutable_filter();
  filter.clear_kinds();
  filter.add_kinds(v1::TRAINING);
  PlainCalendar calendar;
  calendar.this_month = absl::FormatTime("%Y-%m", parts.clock->Now(), absl::UTCTimeZone());
  if (filter.months_size() == 1) calendar.month = filter.months(0);
  if (filter.months_size() == 0 && filter.from_date().empty() && filter.to_date().empty() && filter.on_date().empty()) {
    filter.set_from_date(absl::FormatTime("%Y-%m-%d", parts.clock->Now() - absl::Hours(24), absl::UTCTimeZone()));
  }
  const SessionFilter sessions = SessionFilter::TakeFrom(&filter);
  list.set_page_size(trainings_a_read);
  for (size_t read = 0; read < trainings_read_max;) {
    ASSIGN_OR_RETURN(v1::ListRecordsResponse page, parts.directory->ListRecords(request.reader, list));
    read += static_cast<size_t>(page.records_size());
    for (v1::DirectoryRecord& training : *page.mutable_records()) {
      sessions.KeepAskedFor(training.mutable_record()->mutable_training());
      if (training.record().training().sessions_size() > 0) calendar.trainings.push_back(std::move(training));
    }
    calendar.is_whole = page.next_page_token().empty();
    if (calendar.is_whole) break;
    list.set_page_token(page.next_page_token());
  }
  return calendar;
}

HttpResponse CalendarPage(const EdgeParts& parts, const HttpRequest& request) {
  const PlainReader reader = ReaderOf(request);
  const absl::StatusOr<PlainCalendar> calendar = ReadCalendar(parts, request);
  if (!calendar.ok()) return ErrorPage(reader, calendar.status());
  HttpResponse page = Page(reader, reader.texts->Get("calendarHeading"), PlainCalendarPage(reader, *calendar));
  page.depends_on_time = true;
  return page;
}

HttpResponse PartnersPage(const EdgeParts& parts, const HttpRequest& request) {
  const PlainReader reader = ReaderOf(request);
  const absl::StatusOr<v1::ListPartnersResponse> partners = parts.directory->ListPartners(request.reader);
  if (!partners.ok()) return ErrorPage(reader, partners.status());
  return Page(reader, reader.texts->Get("consortiumHeading"), PlainPartnersPage(reader, *partners));
}

absl::StatusOr<HttpResponse> Places(const EdgeParts& parts, const HttpRequest& request) {
  ASSIGN_OR_RETURN(v1::SearchRequest asked, SearchRequestOf(request));
  ASSIGN_OR_RETURN(const FoundPlaces found, FindPlaces(*parts.directory, request.reader, std::move(asked)));
  nlohmann::json points = nlohmann::json::array();
  for (const FoundPlace& place : found.places) {
    points.push_back({{"id", place.id},
                      {"partner", place.partner},
                      {"kind", v1::RecordKind_Name(place.kind)},
                      {"title", place.title},
                      {"place", place.town},
                      {"latitude", place.latitude},
                      {"longitude", place.longitude}});
  }
  const nlohmann::json body = {{"points", points}, {"searched", found.searched}, {"complete", found.complete}};
  return HttpResponse::Of("application/json", body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

// What the page's script keeps in the address, beyond what the node looks at.
std::vector<std::string> PageParameters() {
  return FilterParametersAnd({"q", "prefix", "limit", "page_token", "lang", "view", "show", "at", "place", "text"});
}

}  // namespace

void AddWebRoutes(const EdgeParts& parts, Router* router) {
  const std::vector<std::string> parameters = PageParameters();
  const auto page = [&](const char* pattern, DependsOn depends_on,
                        HttpResponse (*make)(const EdgeParts&, const HttpRequest&)) {
    router->Add(
        {pattern, parameters, depends_on, [parts, make](const HttpRequest& request) { return make(parts, request); }});
  };
  page("/", DependsOn::kFreshness, SearchPage);
  page("/records/{id}", DependsOn::kFreshness, RecordPage);
  page("/calendar", DependsOn::kRecords, CalendarPage);
  page("/consortium", DependsOn::kFreshness, PartnersPage);
  router->Add({"/about", parameters, DependsOn::kProgram, [](const HttpRequest& request) {
                 const PlainReader reader = ReaderOf(request);
                 return Page(reader, reader.texts->Get("aboutHeading"), PlainAboutPage(reader));
               }});
  router->Add({"/assets/{file}", {}, DependsOn::kProgram, Asset});
  router->Add({"/api/places", FilterParametersAnd({"q", "prefix", "display_language"}), DependsOn::kRecords,
               [parts](const HttpRequest& request) { return Places(parts, request); }});
}

}  // namespace cairn
