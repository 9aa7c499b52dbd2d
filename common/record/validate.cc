#include "common/record/validate.h"

#include <algorithm>
#include <cmath>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/limits.h"
#include "common/record/calendar.h"
#include "common/record/country.h"
#include "common/record/ids.h"
#include "common/record/kinds.h"
#include "common/record/texts.h"
#include "common/record/time_zone.h"
#include "common/record/validate_parts.h"
#include "common/text/language.h"
#include "common/text/utf8.h"

namespace cairn {
namespace {

constexpr absl::Duration kClockDifference = absl::Minutes(5);
constexpr uint32_t kVerifyEveryDaysMax = 3'650;
constexpr size_t kVerifiedByCharactersMax = 200;
constexpr int kCountriesMax = 250;
constexpr int kReportsMax = 200;
constexpr double kAgeMax = 150;

constexpr absl::string_view kRoles[] = {"helpline", "university", "clinic",     "police",  "technology",
                                        "ngo",      "legal",      "government", "network", "other"};
constexpr absl::string_view kServiceStatuses[] = {"active", "inactive", "defunct", "temporarily closed"};
constexpr absl::string_view kLocationTypes[] = {"physical", "postal", "virtual"};
constexpr absl::string_view kModes[] = {"onsite", "online", "hybrid"};
constexpr absl::string_view kSessionStatuses[] = {"scheduled", "full", "cancelled", "postponed", "completed"};
constexpr absl::string_view kResourceTypes[] = {"toolkit", "handbook", "report",  "guideline", "audio",
                                                "video",   "course",   "website", "other"};
constexpr absl::string_view kCriteria[] = {"availability", "quality", "effectiveness"};
constexpr absl::string_view kCommitmentStatuses[] = {"planned", "started", "done", "abandoned"};

void CheckTime(absl::string_view field, const google::protobuf::Timestamp& time, absl::Time now, Checker* c) {
  const absl::Time moment = absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
  const std::string text = absl::FormatTime(absl::RFC3339_sec, moment, absl::UTCTimeZone());
  // Years 1 to 9999, as google.protobuf.Timestamp is defined.
  if (time.seconds() < -62135596800 || time.seconds() > 253402300799 || time.nanos() < 0 ||
      time.nanos() > 999'999'999) {
    c->Report(field, absl::StrCat(time.seconds(), " s"), "outside the years 1 to 9999", "write a time in UTC");
  } else if (moment > now + kClockDifference) {
    c->Report(field, text, "lies in the future", "write a time that has passed, or leave it out");
  }
}

void CheckCountries(v1::Record* record, Checker* c) {
  auto* countries = record->mutable_countries();
  c->Count("countries", countries->size(), kCountriesMax);
  for (int i = 0; i < countries->size();) {
    std::string* country = countries->Mutable(i);
    const auto normal = NormaliseCountry(*country);
    if (normal.ok()) {
      *country = *normal;
    } else {
      c->Report(absl::StrCat("countries[", i, "]"), *country, normal.status());
    }
    const auto before = countries->begin() + i;
    const bool repeated = normal.ok() && std::find(countries->begin(), before, *country) != before;
    repeated ? countries->DeleteSubrange(i, 1) : void(++i);
  }
}

void CheckTranslation(const v1::Record& record, v1::Translation* translation, Checker* c) {
  auto& texts = *translation->mutable_texts();
  std::vector<std::string> paths;
  for (const auto& [path, text] : texts) paths.push_back(path);
  // A map has no order of its own; problems do.
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    const std::string field = absl::StrCat("texts[", path, "]");
    // Empty cells of a table are no translations.
    if (texts[path].empty()) {
      texts.erase(path);
    } else if (FindText(record, path) == nullptr) {
      c->Report(field, "", "the record has no such text",
                "write the path of a text such as \"name\" or \"phones[0].description\"");
    } else {
      CheckText(field, &texts[path], c);
    }
  }
}

void CheckTranslations(v1::Record* record, Checker* c) {
  c->Apply("language", record->mutable_language(), NormaliseLanguage);
  absl::flat_hash_set<std::string> seen;
  for (int i = 0; i < record->translations_size(); ++i) {
    Checker::At at(c, "translations", i);
    v1::Translation* translation = record->mutable_translations(i);
    c->Required("language", translation->language());
    c->Apply("language", translation->mutable_language(), NormaliseLanguage);
    const std::string& language = translation->language();
    if (!language.empty() && language == record->language()) {
      c->Report("language", language, "the record itself is in this language",
                "correct the texts of the record instead");
    } else if (!language.empty() && !seen.insert(language).second) {
      c->Report("language", language, "translated twice", "write one translation a language");
    }
    CheckTranslation(*record, translation, c);
  }
}

void CheckVerifiedBy(const std::string& verified_by, Checker* c) {
  if (CodePointCount(verified_by) <= kVerifiedByCharactersMax) return;
  c->Report("verified_by", Utf8Prefix(verified_by, 40), "too long", "write a role in at most 200 characters");
}

void CheckEnvelope(v1::Record* record, const ValidationContext& context, Checker* c) {
  if (record->source_id().size() > limits::source_id_bytes_max) {
    c->Report("source_id", Utf8Prefix(record->source_id(), 40), absl::StrCat(record->source_id().size(), " bytes long"),
              absl::StrCat("write at most ", limits::source_id_bytes_max, " bytes"));
  }
  if (record->has_updated_at()) CheckTime("updated_at", record->updated_at(), context.now, c);
  if (record->has_verified_at()) CheckTime("verified_at", record->verified_at(), context.now, c);
  CheckVerifiedBy(record->verified_by(), c);
  if (record->verify_every_days() > kVerifyEveryDaysMax) {
    c->Report("verify_every_days", absl::StrCat(record->verify_every_days()), "more than ten years",
              "write 1 to 3650, or 0 for the default");
  }
  c->Count("terms", record->terms_size(), limits::terms_max);
  CheckEach(c, "terms", record->mutable_terms(), CheckTerm);
  CheckCountries(record, c);
}

void CheckOrganization(v1::Organization* body, Checker* c) {
  c->Required("name", body->name());
  c->OneOf("role", body->mutable_role(), kRoles);
  c->Apply("email", body->mutable_email(), NormaliseEmail);
  c->Url("website", body->mutable_website());
  CheckEach(c, "additional_websites", body->mutable_additional_websites(), CheckUrl);
  CheckEach(c, "phones", body->mutable_phones(), CheckPhone);
  CheckEach(c, "contacts", body->mutable_contacts(), CheckContact);
  CheckEach(c, "organization_identifiers", body->mutable_organization_identifiers(), CheckIdentifier);
  c->Year("year_incorporated", body->year_incorporated());
  c->Url("logo", body->mutable_logo());
}

void CheckAges(const v1::Service& body, Checker* c) {
  for (const auto& [field, age, set] : {std::tuple("minimum_age", body.minimum_age(), body.has_minimum_age()),
                                        std::tuple("maximum_age", body.maximum_age(), body.has_maximum_age())}) {
    if (set && !(age >= 0 && age <= kAgeMax)) {
      c->Report(field, absl::StrCat(age), "not an age in years", "write 0 to 150, or leave it out");
    }
  }
  if (body.has_minimum_age() && body.has_maximum_age() && body.maximum_age() < body.minimum_age()) {
    c->Report("maximum_age", absl::StrCat(body.maximum_age()),
              absl::StrCat("below minimum_age, which is ", body.minimum_age()), "exchange the two, or correct one");
  }
}

void CheckService(v1::Service* body, Checker* c) {
  c->Required("name", body->name());
  c->Url("url", body->mutable_url());
  CheckEach(c, "additional_urls", body->mutable_additional_urls(), CheckUrl);
  c->Apply("email", body->mutable_email(), NormaliseEmail);
  c->RequiredOneOf("status", body->mutable_status(), kServiceStatuses);
  CheckAges(*body, c);
  CheckEach(c, "cost_options", body->mutable_cost_options(), CheckCost);
  c->Date("assured_date", body->assured_date());
  CheckEach(c, "phones", body->mutable_phones(), CheckPhone);
  CheckEach(c, "schedules", body->mutable_schedules(), CheckSchedule);
  CheckEach(c, "languages", body->mutable_languages(), CheckLanguage);
  CheckEach(c, "service_at_locations", body->mutable_service_at_locations(), CheckServiceAtLocation);
  CheckEach(c, "contacts", body->mutable_contacts(), CheckContact);
}

void CheckCoordinates(const v1::Location& body, Checker* c) {
  if (body.has_latitude() != body.has_longitude()) {
    c->Report(body.has_latitude() ? "longitude" : "latitude", "", "missing beside its pair", "write both or neither");
  }
  // The negated form also refuses NaN.
  if (body.has_latitude() && !(std::abs(body.latitude()) <= 90)) {
    c->Report("latitude", absl::StrCat(body.latitude()), "not a latitude", "write degrees from -90 to 90");
  }
  if (body.has_longitude() && !(std::abs(body.longitude()) <= 180)) {
    c->Report("longitude", absl::StrCat(body.longitude()), "not a longitude", "write degrees from -180 to 180");
  }
}

void CheckLocation(v1::Location* body, Checker* c) {
  c->RequiredOneOf("location_type", body->mutable_location_type(), kLocationTypes);
  CheckCoordinates(*body, c);
  c->Url("url", body->mutable_url(), UrlSchemes::kWebMailOrPhone);
  CheckEach(c, "addresses", body->mutable_addresses(), CheckAddress);
  CheckEach(c, "accessibility", body->mutable_accessibility(), CheckAccessibility);
  CheckEach(c, "phones", body->mutable_phones(), CheckPhone);
  CheckEach(c, "schedules", body->mutable_schedules(), CheckSchedule);
  CheckEach(c, "languages", body->mutable_languages(), CheckLanguage);
  CheckEach(c, "contacts", body->mutable_contacts(), CheckContact);
}

void CheckSessionTimes(v1::TrainingSession* session, Checker* c) {
  c->Required("start", session->start());
  c->Apply("time_zone", session->mutable_time_zone(), NormaliseTimeZone);
  if (session->start().empty()) return;
  const auto start = ParseLocalMoment(session->start());
  if (!start.ok()) c->Report("start", session->start(), start.status());
  if (start.ok() && !start->date_only && session->time_zone().empty()) {
    c->Report("time_zone", "", "missing", "write the zone of the place, such as \"Europe/Warsaw\"");
  }
  if (session->end().empty()) return;
  const auto end = ParseLocalMoment(session->end());
  if (!end.ok()) c->Report("end", session->end(), end.status());
  if (!start.ok() || !end.ok()) return;
  if (start->date_only != end->date_only) {
    c->Report("end", session->end(), "not in the form of start", "write both as dates, or both as date-times");
  } else if (end->time < start->time) {
    c->Report("end", session->end(), absl::StrCat("before start, which is ", session->start()),
              "exchange the two, or correct one");
  }
}

void CheckSession(v1::TrainingSession* session, Checker* c) {
  CheckSessionTimes(session, c);
  c->Apply("country", session->mutable_country(), NormaliseCountry);
  c->OneOf("status", session->mutable_status(), kSessionStatuses);
  c->Url("registration_url", session->mutable_registration_url(), UrlSchemes::kWebOrMail);
  c->OneOf("mode", session->mutable_mode(), kModes);
  c->LanguageTags("languages", session->mutable_languages());
}

void CheckTraining(v1::Training* body, Checker* c) {
  c->Required("name", body->name());
  c->LanguageTags("languages", body->mutable_languages());
  c->RequiredOneOf("mode", body->mutable_mode(), kModes);
  CheckEach(c, "prices", body->mutable_prices(), CheckCost);
  c->Count("sessions", body->sessions_size(), limits::sessions_max);
  CheckEach(c, "sessions", body->mutable_sessions(), CheckSession);
  absl::flat_hash_set<absl::string_view> ids;
  for (int i = 0; i < body->sessions_size(); ++i) {
    const std::string& id = body->sessions(i).id();
    Checker::At at(c, "sessions", i);
    if (!id.empty() && !ids.insert(id).second) c->Report("id", id, "another session has it", "write one id a session");
  }
  c->Url("url", body->mutable_url());
  c->Apply("email", body->mutable_email(), NormaliseEmail);
}

void CheckResource(v1::Resource* body, Checker* c) {
  c->Required("name", body->name());
  c->RequiredOneOf("resource_type", body->mutable_resource_type(), kResourceTypes);
  c->LanguageTags("languages", body->mutable_languages());
  c->Required("url", body->url());
  c->Url("url", body->mutable_url());
  c->Year("year", body->year());
}

void CheckAssessment(v1::Assessment* body, Checker* c) {
  c->Required("name", body->name());
  c->Required("service_id", body->service_id());
  c->RequiredOneOf("criterion", body->mutable_criterion(), kCriteria);
  c->Period("period_start", body->period_start(), "period_end", body->period_end());
  c->Required("result", body->result());
  if (body->has_score() && !(body->score() >= 0 && body->score() <= 100)) {
    c->Report("score", absl::StrCat(body->score()), "not on the scale", "write 0 (worst) to 100 (best)");
  }
  c->Url("url", body->mutable_url());
}

void CheckReport(v1::ProgressReport* report, Checker* c) {
  c->Required("id", report->id());
  c->Required("due", report->due());
  c->Date("due", report->due());
  c->Date("submitted", report->submitted());
  c->Url("url", report->mutable_url());
}

void CheckCommitment(v1::Commitment* body, Checker* c) {
  c->Required("name", body->name());
  c->Required("organization_id", body->organization_id());
  c->Required("target", body->target());
  c->Required("action", body->action());
  c->Period("pledged_on", body->pledged_on(), "due", body->due());
  c->OneOf("status", body->mutable_status(), kCommitmentStatuses);
  c->Count("reports", body->reports_size(), kReportsMax);
  CheckEach(c, "reports", body->mutable_reports(), CheckReport);
  absl::flat_hash_set<absl::string_view> ids;
  for (int i = 0; i < body->reports_size(); ++i) {
    const std::string& id = body->reports(i).id();
    Checker::At at(c, "reports", i);
    if (!id.empty() && !ids.insert(id).second) c->Report("id", id, "another report has it", "write one id a report");
  }
  std::stable_sort(body->mutable_reports()->begin(), body->mutable_reports()->end(),
                   [](const v1::ProgressReport& a, const v1::ProgressReport& b) { return a.due() < b.due(); });
  c->Url("url", body->mutable_url());
}

void CheckBody(v1::Record* record, Checker* c) {
  Checker::At at(c, KindName(KindOf(*record)));
  switch (record->body_case()) {
    case v1::Record::kOrganization:
      return CheckOrganization(record->mutable_organization(), c);
    case v1::Record::kService:
      return CheckService(record->mutable_service(), c);
    case v1::Record::kLocation:
      return CheckLocation(record->mutable_location(), c);
    case v1::Record::kTraining:
      return CheckTraining(record->mutable_training(), c);
    case v1::Record::kResource:
      return CheckResource(record->mutable_resource(), c);
    case v1::Record::kAssessment:
      return CheckAssessment(record->mutable_assessment(), c);
    case v1::Record::kCommitment:
      return CheckCommitment(record->mutable_commitment(), c);
    case v1::Record::BODY_NOT_SET:
      break;
  }
}

std::string PhoneCountry(const v1::Record& record, const ValidationContext& context) {
  for (const std::string& country : record.countries()) {
    if (IsCountry(country)) return country;
  }
  for (const v1::Address& address : record.location().addresses()) {
    const auto country = NormaliseCountry(address.country());
    if (country.ok()) return *country;
  }
  return context.country;
}

}  // namespace

std::vector<Problem> NormaliseAndValidate(v1::Record* record, const ValidationContext& context) {
  std::vector<Problem> problems;
  Checker checker(&problems);
  CheckTexts(record, &checker);
  if (record->body_case() == v1::Record::BODY_NOT_SET) {
    checker.Report("", "", "the record has no content",
                   "write one of organization, service, location, training, resource, "
                   "assessment, commitment");
    return problems;
  }
  EnsureIds(record, context.id_namespace, &problems);
  CheckEnvelope(record, context, &checker);
  checker.set_phone_country(PhoneCountry(*record, context));
  checker.set_partial(context.partial);
  CheckBody(record, &checker);
  // Last, since the paths of translations lead into the body.
  CheckTranslations(record, &checker);
  const size_t bytes = record->ByteSizeLong();
  if (bytes > limits::record_bytes_max) {
    checker.Report("", "", absl::StrCat("the record has ", bytes, " bytes"),
                   absl::StrCat("shorten it to ", limits::record_bytes_max, " bytes, or split it"));
  }
  return problems;
}

absl::Status NormaliseVerifiedBy(std::string* verified_by) {
  std::vector<Problem> problems;
  Checker checker(&problems);
  CheckText("verified_by", verified_by, &checker);
  CheckVerifiedBy(*verified_by, &checker);
  return ToStatus(problems);
}

}  // namespace cairn
