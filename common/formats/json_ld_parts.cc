#include "common/formats/json_ld_parts.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "common/record/calendar.h"

namespace cairn::json_ld {
namespace {

constexpr std::pair<const char*, const char*> days[] = {{"MO", "Monday"},   {"TU", "Tuesday"}, {"WE", "Wednesday"},
                                                        {"TH", "Thursday"}, {"FR", "Friday"},  {"SA", "Saturday"},
                                                        {"SU", "Sunday"}};

std::string Urn(const std::string& id) { return absl::StrCat("urn:uuid:", id); }

// The day's name; empty: "-1FR" and the like, which are no weekly hours.
std::string DayName(absl::string_view byday) {
  for (const auto& [code, name] : days) {
    if (byday == code) return absl::StrCat("https://schema.org/", name);
  }
  return "";
}

// ISO 8601: a date, or a local time with the offset of its zone at that moment.
std::string MomentText(const std::string& local, const std::string& zone) {
  const absl::StatusOr<LocalMoment> moment = ParseLocalMoment(local);
  if (!moment.ok() || moment->date_only) return local;
  absl::TimeZone rules;
  const std::optional<absl::Time> time = ToTime(local, zone);
  if (zone.empty() || !time.has_value() || !absl::LoadTimeZone(zone, &rules)) return local;
  return absl::FormatTime("%Y-%m-%dT%H:%M:%S%Ez", *time, rules);
}

std::string EventStatus(const std::string& status) {
  if (status == "cancelled") return "https://schema.org/EventCancelled";
  return status == "postponed" ? "https://schema.org/EventPostponed" : "https://schema.org/EventScheduled";
}

}  // namespace

Json Node(absl::string_view type, const v1::Record& record) {
  Json node = {{"@type", std::string(type)}, {"@id", Urn(record.id())}};
  if (!record.source_id().empty()) node["identifier"] = Json::array({record.source_id()});
  return node;
}

void Put(const char* property, const std::string& text, Json* node) {
  if (!text.empty()) (*node)[property] = text;
}

bool IsWebAddress(absl::string_view url) {
  const bool web = absl::StartsWith(url, "https://") || absl::StartsWith(url, "http://");
  return web && std::none_of(url.begin(), url.end(), [](char c) {
           return static_cast<unsigned char>(c) <= 0x20 || c == '<' || c == '>' || c == '"' || c == 0x7F;
         });
}

void PutLink(const char* property, const std::string& url, Json* node) {
  if (IsWebAddress(url)) (*node)[property] = {{"@id", url}};
}

void AddLink(const char* property, const std::string& url, Json* node) {
  if (IsWebAddress(url)) (*node)[property].push_back({{"@id", url}});
}

Json Reference(const std::string& id) { return {{"@id", Urn(id)}}; }

void PutReference(const char* property, const std::string& id, Json* node) {
  if (!id.empty()) (*node)[property] = Reference(id);
}

// A short code is dialled inside its country only: the area says so.
Json ContactPoint(const v1::Phone& phone) {
  Json point = {{"@type", "ContactPoint"}, {"telephone", phone.number()}};
  Put("contactType", phone.description(), &point);
  if (phone.short_code()) Put("areaServed", phone.country(), &point);
  for (const v1::Language& language : phone.languages()) {
    if (!language.code().empty()) point["availableLanguage"].push_back(language.code());
  }
  return point;
}

Json PostalAddress(const v1::Address& address) {
  Json node = {{"@type", "PostalAddress"}};
  const bool second = !address.address_2().empty();
  Put("streetAddress", absl::StrCat(address.address_1(), second ? ", " : "", address.address_2()), &node);
  Put("addressLocality", address.city(), &node);
  Put("addressRegion", address.state_province().empty() ? address.region() : address.state_province(), &node);
  Put("postalCode", address.postal_code(), &node);
  Put("addressCountry", address.country(), &node);
  return node;
}

Json Offer(const v1::CostOption& price) {
  Json offer = {{"@type", "Offer"}};
  Put("price", price.amount(), &offer);
  Put("priceCurrency", price.currency(), &offer);
  Put("name", price.option(), &offer);
  Put("description", price.amount_description(), &offer);
  Put("validFrom", price.valid_from(), &offer);
  Put("validThrough", price.valid_to(), &offer);
  return offer;
}

Json CourseInstance(const v1::Training& training, const v1::TrainingSession& session) {
  Json node = {{"@type", "CourseInstance"}, {"@id", Urn(session.id())}};
  Put("name", session.name().empty() ? training.name() : session.name(), &node);
  Put("startDate", MomentText(session.start(), session.time_zone()), &node);
  Put("endDate", MomentText(session.end(), session.time_zone()), &node);
  Put("courseMode", session.mode().empty() ? training.mode() : session.mode(), &node);
  node["eventStatus"] = {{"@id", EventStatus(session.status())}};
  const auto& languages = session.languages().empty() ? training.languages() : session.languages();
  for (const std::string& language : languages) node["inLanguage"].push_back(language);
  if (session.capacity() > 0) node["maximumAttendeeCapacity"] = session.capacity();
  PutLink("url", session.registration_url(), &node);
  if (!session.location_id().empty()) {
    node["location"] = Reference(session.location_id());
  } else if (!session.place().empty() || !session.country().empty()) {
    Json place = {{"@type", "Place"}};
    Put("name", session.place(), &place);
    if (!session.country().empty()) {
      place["address"] = {{"@type", "PostalAddress"}, {"addressCountry", session.country()}};
    }
    node["location"] = std::move(place);
  }
  return node;
}

void AddHours(const char* property, const v1::Schedule& schedule, Json* node) {
  if (schedule.freq() != "WEEKLY" || schedule.interval() > 1 || schedule.opens_at().empty()) return;
  Json hours = {{"@type", "OpeningHoursSpecification"}};
  for (const absl::string_view byday : absl::StrSplit(schedule.byday(), ',', absl::SkipEmpty())) {
    const std::string day = DayName(byday);
    if (day.empty()) return;
    hours["dayOfWeek"].push_back({{"@id", day}});
  }
  Put("opens", schedule.opens_at(), &hours);
  Put("closes", schedule.closes_at(), &hours);
  Put("validFrom", schedule.valid_from(), &hours);
  Put("validThrough", schedule.valid_to(), &hours);
  (*node)[property].push_back(std::move(hours));
}

}  // namespace cairn::json_ld
