#include "common/record/validate_parts.h"

#include <unicode/ucurr.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/limits.h"
#include "common/record/calendar.h"
#include "common/record/country.h"
#include "common/record/phone.h"
#include "common/record/time_zone.h"
#include "common/text/language.h"

namespace cairn {
namespace {

constexpr absl::string_view kPhoneTypes[] = {"text", "voice", "fax", "cell", "video", "pager", "textphone"};
constexpr absl::string_view kAddressTypes[] = {"physical", "postal", "virtual"};
constexpr absl::string_view kFrequencies[] = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"};
constexpr absl::string_view kWeekdays[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};

constexpr uint32_t kIntervalMax = 1'000;       // years apart at most; libical keeps 16 bits
constexpr uint32_t kOccurrencesMax = 100'000;  // daily for 270 years

bool IsDigits(absl::string_view text) { return std::all_of(text.begin(), text.end(), absl::ascii_isdigit); }

bool IsCurrency(const std::string& code) {
  if (code.size() != 3 || !std::all_of(code.begin(), code.end(), absl::ascii_isupper)) return false;
  const UChar wide[] = {static_cast<UChar>(code[0]), static_cast<UChar>(code[1]), static_cast<UChar>(code[2]), 0};
  return ucurr_getNumericCode(wide) != 0;
}

// "12.50": digits, at most one point with digits on both sides.
bool IsAmount(absl::string_view text) {
  const size_t point = text.find('.');
  const absl::string_view whole = text.substr(0, point);
  const absl::string_view part = point == absl::string_view::npos ? "0" : text.substr(point + 1);
  return !whole.empty() && !part.empty() && text.size() <= 30 && IsDigits(whole) && IsDigits(part);
}

bool IsZero(absl::string_view amount) { return amount.find_first_not_of("0.") == absl::string_view::npos; }

// A list of the rule, in upper case: days, or numbers with signs. Anything else could smuggle in further parts of a
// rule.
void CheckRulePart(absl::string_view field, std::string* value, absl::string_view example, Checker* c) {
  if (value->empty()) return;
  std::string normal;
  for (const char ch : *value) {
    if (ch != ' ') normal += absl::ascii_toupper(ch);
  }
  if (normal.find_first_not_of("0123456789+-,MOTUWEHFRSA") != std::string::npos) {
    c->Report(field, *value, "not a list of RFC 5545", absl::StrCat("write one such as \"", example, "\""));
  } else {
    *value = normal;
  }
}

void UpperOneOf(absl::string_view field, std::string* value, absl::Span<const absl::string_view> options, Checker* c) {
  if (value->empty()) return;
  const std::string upper = absl::AsciiStrToUpper(absl::StripAsciiWhitespace(*value));
  if (std::find(options.begin(), options.end(), upper) != options.end()) {
    *value = upper;
  } else {
    c->Report(field, *value, "not known", absl::StrCat("write one of ", absl::StrJoin(options, ", ")));
  }
}

// Puts the rule to libical; when it is refused, each part alone, so that the part that is wrong is named.
void CheckRule(const v1::Schedule& s, Checker* c) {
  const std::string freq = s.freq().empty() ? "YEARLY" : s.freq();
  const bool plain_days = freq == "WEEKLY" || freq == "DAILY";
  if (plain_days && s.byday().find_first_of("0123456789") != std::string::npos) {
    c->Report("byday", s.byday(), absl::StrCat("has numbered days in a rule with FREQ=", freq),
              "write days alone, or freq MONTHLY");
    return;
  }
  const std::string rule = RecurrenceRule(s);
  const absl::Status whole = rule.empty() ? absl::OkStatus() : CheckRecurrenceRule(rule);
  if (!rule.empty() && whole.ok()) return;
  bool good = true;
  const auto part = [&](absl::string_view field, absl::string_view name, const std::string& value) {
    if (value.empty()) return;
    const absl::Status status = CheckRecurrenceRule(absl::StrCat("FREQ=", freq, ";", name, "=", value));
    if (status.ok()) return;
    good = false;
    const Problem problem = ToProblem(field, value, status);
    const bool combination = problem.remedy.find("leave out") == 0;
    c->Report(field, value, absl::StrCat(combination ? "not allowed" : "not valid", " in a rule with FREQ=", freq),
              combination ? "leave it out, or change freq" : "see RFC 5545, section 3.3.10");
  };
  part("byday", "BYDAY", s.byday());
  part("byweekno", "BYWEEKNO", s.byweekno());
  part("bymonthday", "BYMONTHDAY", s.bymonthday());
  part("byyearday", "BYYEARDAY", s.byyearday());
  if (good && !whole.ok()) c->Report("freq", rule, whole);
}

}  // namespace

std::string Checker::PathOf(absl::string_view field) const {
  std::string path;
  for (const Step& step : path_) {
    absl::StrAppend(&path, path.empty() ? "" : ".", step.name);
    if (step.index >= 0) absl::StrAppend(&path, "[", step.index, "]");
  }
  absl::StrAppend(&path, path.empty() || field.empty() ? "" : ".", field);
  return path;
}

void Checker::Report(absl::string_view field, absl::string_view value, absl::string_view problem,
                     absl::string_view remedy) {
  problems_->push_back({PathOf(field), std::string(value), std::string(problem), std::string(remedy)});
}

void Checker::Report(absl::string_view field, absl::string_view value, const absl::Status& refused) {
  problems_->push_back(ToProblem(PathOf(field), value, refused));
}

void Checker::Required(absl::string_view field, absl::string_view value) {
  if (partial_ && path_.size() == 1) return;
  if (absl::StripAsciiWhitespace(value).empty()) Report(field, value, "missing", "it is required");
}

void Checker::Apply(absl::string_view field, std::string* value,
                    absl::StatusOr<std::string> (*normalise)(absl::string_view)) {
  if (value->empty()) return;
  auto normal = normalise(*value);
  if (!normal.ok()) {
    Report(field, *value, normal.status());
  } else if (*normal != *value) {
    *value = *std::move(normal);
  }
}

void Checker::Url(absl::string_view field, std::string* value, UrlSchemes schemes) {
  if (value->empty()) return;
  auto normal = NormaliseUrl(*value, schemes);
  if (!normal.ok()) {
    Report(field, *value, normal.status());
  } else {
    *value = *std::move(normal);
  }
}

void Checker::OneOf(absl::string_view field, std::string* value, absl::Span<const absl::string_view> options) {
  if (value->empty()) return;
  if (std::find(options.begin(), options.end(), *value) != options.end()) return;
  const std::string lower = absl::AsciiStrToLower(absl::StripAsciiWhitespace(*value));
  if (std::find(options.begin(), options.end(), lower) != options.end()) {
    *value = lower;
  } else {
    Report(field, *value, "not known", absl::StrCat("write one of ", absl::StrJoin(options, ", ")));
  }
}

void Checker::RequiredOneOf(absl::string_view field, std::string* value, absl::Span<const absl::string_view> options) {
  if (!absl::StripAsciiWhitespace(*value).empty()) return OneOf(field, value, options);
  if (partial_ && path_.size() == 1) return;
  Report(field, *value, "missing", absl::StrCat("it is required; write one of ", absl::StrJoin(options, ", ")));
}

void Checker::Date(absl::string_view field, absl::string_view value) {
  if (value.empty()) return;
  if (const auto day = ParseDate(value); !day.ok()) Report(field, value, day.status());
}

void Checker::Period(absl::string_view first_field, absl::string_view first, absl::string_view last_field,
                     absl::string_view last) {
  Date(first_field, first);
  Date(last_field, last);
  if (first.empty() || last.empty() || !ParseDate(first).ok() || !ParseDate(last).ok()) return;
  // Dates of this form order as text.
  if (last < first) {
    Report(last_field, last, absl::StrCat("before ", first_field, ", which is ", first),
           "exchange the two, or correct one");
  }
}

void Checker::Count(absl::string_view field, int size, int max) {
  if (size > max) Report(field, "", absl::StrCat(size, " elements"), absl::StrCat("write at most ", max));
}

void Checker::LanguageTags(absl::string_view field, google::protobuf::RepeatedPtrField<std::string>* tags) {
  for (int i = 0; i < tags->size();) {
    std::string* tag = tags->Mutable(i);
    const auto normal = NormaliseLanguage(*tag);
    if (normal.ok()) {
      *tag = *normal;
    } else {
      Report(absl::StrCat(field, "[", i, "]"), *tag, normal.status());
    }
    const bool repeated = normal.ok() && std::find(tags->begin(), tags->begin() + i, *tag) != tags->begin() + i;
    repeated ? tags->DeleteSubrange(i, 1) : void(++i);
  }
}

void Checker::Year(absl::string_view field, uint32_t year) {
  if (year == 0 || (year >= 1000 && year <= 9999)) return;
  Report(field, absl::StrCat(year), "not a year of four digits", "write one such as 2026");
}

void CheckTerm(v1::TaxonomyTerm* term, Checker* c) {
  if (term->code().empty() && absl::StripAsciiWhitespace(term->name()).empty()) {
    c->Report("code", "", "missing", "write the term's code, or its name");
  }
  c->Url("term_uri", term->mutable_term_uri());
}

void CheckPhone(v1::Phone* phone, Checker* c) {
  c->Apply("country", phone->mutable_country(), NormaliseCountry);
  const std::string entered = phone->number();
  if (const absl::Status status = NormalisePhoneField(phone, c->phone_country()); !status.ok()) {
    c->Report("number", entered, status);
  }
  // Says nothing more; an import that keeps what was typed would else change the record.
  if (phone->as_entered() == phone->number()) phone->clear_as_entered();
  if (phone->extension().size() > 20 || !IsDigits(phone->extension())) {
    c->Report("extension", phone->extension(), "not an extension", "write its digits, at most 20");
  }
  c->OneOf("type", phone->mutable_type(), kPhoneTypes);
  CheckEach(c, "languages", phone->mutable_languages(), CheckLanguage);
}

void CheckLanguage(v1::Language* language, Checker* c) {
  if (language->code().empty() && language->name().empty()) {
    c->Report("code", "", "missing", "write the language's tag such as \"pl\", or its name");
    return;
  }
  c->Apply("code", language->mutable_code(), NormaliseLanguage);
  if (!language->code().empty()) return;
  if (auto code = LanguageFromName(language->name()); code.has_value()) language->set_code(*std::move(code));
}

void CheckUrl(v1::Url* url, Checker* c) { c->Url("url", url->mutable_url(), UrlSchemes::kWebMailOrPhone); }

void CheckSchedule(v1::Schedule* schedule, Checker* c) {
  c->Period("valid_from", schedule->valid_from(), "valid_to", schedule->valid_to());
  c->Period("dtstart", schedule->dtstart(), "until", schedule->until());
  c->Apply("time_zone", schedule->mutable_time_zone(), NormaliseTimeZone);
  UpperOneOf("freq", schedule->mutable_freq(), kFrequencies, c);
  UpperOneOf("wkst", schedule->mutable_wkst(), kWeekdays, c);
  if (schedule->interval() > kIntervalMax) {
    c->Report("interval", absl::StrCat(schedule->interval()), "too large",
              absl::StrCat("write at most ", kIntervalMax));
  }
  if (schedule->count() > kOccurrencesMax) {
    c->Report("count", absl::StrCat(schedule->count()), "too large", absl::StrCat("write at most ", kOccurrencesMax));
  }
  if (schedule->count() > 0 && !schedule->until().empty()) {
    c->Report("count", absl::StrCat(schedule->count()), "stands beside until", "write one of the two");
  }
  const std::string before =
      absl::StrCat(schedule->byday(), schedule->byweekno(), schedule->bymonthday(), schedule->byyearday());
  CheckRulePart("byday", schedule->mutable_byday(), "MO,TU", c);
  CheckRulePart("byweekno", schedule->mutable_byweekno(), "1,-1", c);
  CheckRulePart("bymonthday", schedule->mutable_bymonthday(), "1,15", c);
  CheckRulePart("byyearday", schedule->mutable_byyearday(), "1,-1", c);
  const bool freq_known = schedule->freq().empty() || std::find(std::begin(kFrequencies), std::end(kFrequencies),
                                                                schedule->freq()) != std::end(kFrequencies);
  const bool sound = before.find(';') == std::string::npos && schedule->interval() <= kIntervalMax &&
                     !(schedule->count() > 0 && !schedule->until().empty());
  if (freq_known && sound && (!before.empty() || !schedule->freq().empty())) CheckRule(*schedule, c);
  for (const auto& [field, value] :
       {std::pair("opens_at", &schedule->opens_at()), std::pair("closes_at", &schedule->closes_at())}) {
    if (value->empty()) continue;
    if (const auto time = ParseTimeOfDay(*value); !time.ok()) c->Report(field, *value, time.status());
  }
  c->Url("schedule_link", schedule->mutable_schedule_link());
}

void CheckContact(v1::Contact* contact, Checker* c) {
  c->Apply("email", contact->mutable_email(), NormaliseEmail);
  CheckEach(c, "phones", contact->mutable_phones(), CheckPhone);
}

void CheckCost(v1::CostOption* cost, Checker* c) {
  c->Period("valid_from", cost->valid_from(), "valid_to", cost->valid_to());
  if (!cost->currency().empty()) {
    const std::string upper = absl::AsciiStrToUpper(absl::StripAsciiWhitespace(cost->currency()));
    if (IsCurrency(upper)) {
      cost->set_currency(upper);
    } else {
      c->Report("currency", cost->currency(), "no currency has this ISO 4217 code", "write one such as \"EUR\"");
    }
  }
  if (cost->amount().empty()) return;
  if (!IsAmount(cost->amount())) {
    c->Report("amount", cost->amount(), "not a decimal number in plain notation", "write one such as \"12.50\"");
  } else if (cost->currency().empty() && !IsZero(cost->amount())) {
    c->Report("currency", "", "missing beside an amount", "write one such as \"EUR\"");
  }
}

void CheckIdentifier(v1::OrganizationIdentifier* identifier, Checker* c) {
  c->Required("identifier", identifier->identifier());
}

void CheckServiceAtLocation(v1::ServiceAtLocation* place, Checker* c) {
  c->Required("location_id", place->location_id());
  CheckEach(c, "phones", place->mutable_phones(), CheckPhone);
  CheckEach(c, "schedules", place->mutable_schedules(), CheckSchedule);
  CheckEach(c, "contacts", place->mutable_contacts(), CheckContact);
}

void CheckAddress(v1::Address* address, Checker* c) {
  c->Apply("country", address->mutable_country(), NormaliseCountry);
  c->OneOf("address_type", address->mutable_address_type(), kAddressTypes);
}

void CheckAccessibility(v1::Accessibility* accessibility, Checker* c) { c->Url("url", accessibility->mutable_url()); }

}  // namespace cairn
