#include "common/record/searchable.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/record/calendar.h"
#include "common/record/contact_words.h"
#include "common/record/kinds.h"
#include "common/text/fold.h"

namespace cairn {
namespace {

constexpr uint32_t kSecondsADay = 24 * 60 * 60;

void Add(std::string* out, absl::string_view text) {
  if (text.empty()) return;
  if (!out->empty()) out->push_back('\n');
  out->append(text.data(), text.size());
}

template <typename... Texts>
void AddAll(std::string* out, const Texts&... texts) {
  (Add(out, texts), ...);
}

template <typename List>
void AddList(std::string* out, const List& texts) {
  for (const std::string& text : texts) Add(out, text);
}

// Calls visit for every phone, language, schedule and so on of a record, wherever it hangs: one walk for texts,
// languages and countries. `Visitor` has an operator() for v1::Phone, v1::Language, v1::Schedule, v1::Contact,
// v1::CostOption, v1::ServiceArea, v1::Address.
template <typename List, typename Visitor>
void Each(const List& list, Visitor& visit) {
  for (const auto& element : list) visit(element);
}

template <typename Visitor>
void VisitContacts(const google::protobuf::RepeatedPtrField<v1::Contact>& contacts, Visitor& visit) {
  for (const v1::Contact& contact : contacts) {
    visit(contact);
    Each(contact.phones(), visit);
  }
}

template <typename Visitor>
void VisitParts(const v1::Record& record, Visitor& visit) {
  if (record.has_organization()) {
    Each(record.organization().phones(), visit);
    VisitContacts(record.organization().contacts(), visit);
  } else if (record.has_service()) {
    const v1::Service& body = record.service();
    Each(body.phones(), visit);
    Each(body.languages(), visit);
    Each(body.schedules(), visit);
    Each(body.cost_options(), visit);
    Each(body.service_areas(), visit);
    VisitContacts(body.contacts(), visit);
    for (const v1::ServiceAtLocation& place : body.service_at_locations()) {
      Each(place.phones(), visit);
      Each(place.schedules(), visit);
      Each(place.service_areas(), visit);
      VisitContacts(place.contacts(), visit);
    }
  } else if (record.has_location()) {
    const v1::Location& body = record.location();
    Each(body.addresses(), visit);
    Each(body.phones(), visit);
    Each(body.languages(), visit);
    Each(body.schedules(), visit);
    VisitContacts(body.contacts(), visit);
  } else if (record.has_training()) {
    Each(record.training().prices(), visit);
  }
}

struct TextVisitor {
  SearchableText* text;
  void operator()(const v1::Phone& p) const {
    Add(&text->body, p.description());
    if (p.short_code()) Add(&text->keywords, p.number());
    Add(&text->contacts, PhoneWords(p));
  }
  void operator()(const v1::Language& l) const { AddAll(&text->body, l.name(), l.note()); }
  void operator()(const v1::Schedule& s) const { AddAll(&text->body, s.description(), s.attending_type(), s.notes()); }
  void operator()(const v1::Contact& c) const {
    AddAll(&text->body, c.name(), c.title(), c.department());
    Add(&text->contacts, HostOf(c.email()));
  }
  void operator()(const v1::CostOption& o) const { AddAll(&text->body, o.option(), o.amount_description()); }
  void operator()(const v1::ServiceArea& a) const {
    Add(&text->keywords, a.name());
    Add(&text->body, a.description());
  }
  void operator()(const v1::Address& a) const {
    AddAll(&text->keywords, a.city(), a.region(), a.state_province(), a.postal_code());
    AddAll(&text->body, a.attention(), a.address_1(), a.address_2());
  }
};

struct LanguageVisitor {
  std::vector<std::string>* tags;
  void operator()(const v1::Language& l) const {
    if (!l.code().empty()) tags->push_back(l.code());
  }
  void operator()(const v1::Phone& p) const {
    for (const v1::Language& language : p.languages()) (*this)(language);
  }
  template <typename Other>
  void operator()(const Other&) const {}
};

struct CountryVisitor {
  std::vector<std::string>* countries;
  void operator()(const v1::Phone& p) const { Take(p.country()); }
  void operator()(const v1::Address& a) const { Take(a.country()); }
  template <typename Other>
  void operator()(const Other&) const {}
  void Take(const std::string& country) const {
    if (!country.empty()) countries->push_back(country);
  }
};

void AddOwnTexts(const v1::Organization& b, SearchableText* t) {
  Add(&t->title, b.name());
  AddAll(&t->keywords, b.alternate_name(), b.role(), b.legal_status());
  Add(&t->body, b.description());
  for (const auto& identifier : b.organization_identifiers()) Add(&t->keywords, identifier.identifier());
  AddAll(&t->contacts, HostOf(b.email()), HostOf(b.website()));
  for (const v1::Url& url : b.additional_websites()) Add(&t->contacts, HostOf(url.url()));
}

void AddOwnTexts(const v1::Service& b, SearchableText* t) {
  Add(&t->title, b.name());
  Add(&t->keywords, b.alternate_name());
  AddAll(&t->body, b.description(), b.eligibility_description(), b.application_process(), b.fees_description(),
         b.interpretation_services(), b.wait_time(), b.alert(), b.accreditations(), b.licenses());
  for (const auto& place : b.service_at_locations()) Add(&t->body, place.description());
  AddAll(&t->contacts, HostOf(b.email()), HostOf(b.url()));
  for (const v1::Url& url : b.additional_urls()) Add(&t->contacts, HostOf(url.url()));
}

void AddOwnTexts(const v1::Location& b, SearchableText* t) {
  Add(&t->title, b.name());
  AddAll(&t->keywords, b.alternate_name(), b.external_identifier());
  AddAll(&t->body, b.description(), b.transportation());
  for (const auto& feature : b.accessibility()) AddAll(&t->body, feature.description(), feature.details());
  Add(&t->contacts, HostOf(b.url()));
}

void AddOwnTexts(const v1::Training& b, SearchableText* t) {
  Add(&t->title, b.name());
  AddList(&t->keywords, b.audience());
  Add(&t->body, b.description());
  AddList(&t->body, b.outcomes());
  for (const auto& session : b.sessions()) {
    Add(&t->keywords, session.place());
    Add(&t->body, session.name());
    Add(&t->contacts, HostOf(session.registration_url()));
  }
  AddAll(&t->contacts, HostOf(b.email()), HostOf(b.url()));
}

void AddOwnTexts(const v1::Resource& b, SearchableText* t) {
  Add(&t->title, b.name());
  AddAll(&t->keywords, b.resource_type(), b.license());
  AddList(&t->keywords, b.audience());
  Add(&t->body, b.description());
  Add(&t->contacts, HostOf(b.url()));
}

void AddOwnTexts(const v1::Assessment& b, SearchableText* t) {
  Add(&t->title, b.name());
  AddAll(&t->keywords, b.criterion());
  AddAll(&t->body, b.method(), b.result());
}

void AddOwnTexts(const v1::Commitment& b, SearchableText* t) {
  Add(&t->title, b.name());
  Add(&t->keywords, b.target());
  Add(&t->body, b.action());
  for (const auto& report : b.reports()) Add(&t->body, report.text());
}

void AddBody(const v1::Record& record, SearchableText* text) {
  VisitBody(record, [text](const auto& body) { AddOwnTexts(body, text); });
}

void AddTranslations(const v1::Record& record, SearchableText* text) {
  for (const v1::Translation& translation : record.translations()) {
    // In the order of paths, so that the same record always gives the same text.
    std::vector<std::pair<absl::string_view, absl::string_view>> texts(translation.texts().begin(),
                                                                       translation.texts().end());
    std::sort(texts.begin(), texts.end());
    for (const auto& [path, value] : texts) {
      const bool keyword = path == "alternate_name" || absl::StartsWith(path, "audience[");
      Add(path == "name" ? &text->title : keyword ? &text->keywords : &text->body, value);
    }
  }
}

std::vector<std::string> SortedUnique(std::vector<std::string> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

}  // namespace

SearchableText SearchableTextOf(const v1::Record& record) {
  SearchableText text;
  AddBody(record, &text);
  TextVisitor visitor{&text};
  VisitParts(record, visitor);
  for (const v1::TaxonomyTerm& term : record.terms()) AddAll(&text.keywords, term.name(), term.code());
  AddTranslations(record, &text);
  return text;
}

std::vector<std::string> LanguagesOf(const v1::Record& record) {
  std::vector<std::string> tags;
  if (!record.language().empty()) tags.push_back(record.language());
  for (const v1::Translation& translation : record.translations()) tags.push_back(translation.language());
  LanguageVisitor visitor{&tags};
  VisitParts(record, visitor);
  const auto& training = record.training().languages();
  const auto& resource = record.resource().languages();
  tags.insert(tags.end(), training.begin(), training.end());
  tags.insert(tags.end(), resource.begin(), resource.end());
  for (const auto& session : record.training().sessions()) {
    tags.insert(tags.end(), session.languages().begin(), session.languages().end());
  }
  return SortedUnique(std::move(tags));
}

std::vector<std::string> CountriesOf(const v1::Record& record) {
  std::vector<std::string> countries(record.countries().begin(), record.countries().end());
  CountryVisitor visitor{&countries};
  VisitParts(record, visitor);
  for (const auto& session : record.training().sessions()) visitor.Take(session.country());
  return SortedUnique(std::move(countries));
}

std::string TermKey(const v1::TaxonomyTerm& term) {
  return FoldForSearch(absl::StrCat(term.taxonomy(), ":", term.code().empty() ? term.name() : term.code()));
}

std::vector<std::string> TermKeysOf(const v1::Record& record) {
  std::vector<std::string> keys;
  for (const v1::TaxonomyTerm& term : record.terms()) keys.push_back(TermKey(term));
  return SortedUnique(std::move(keys));
}

std::optional<Place> PlaceOf(const v1::Record& record) {
  const v1::Location& location = record.location();
  if (!location.has_latitude() || !location.has_longitude()) return std::nullopt;
  return Place{location.latitude(), location.longitude()};
}

std::vector<SessionTime> SessionTimesOf(const v1::Record& record) {
  std::vector<SessionTime> times;
  for (const v1::TrainingSession& session : record.training().sessions()) {
    if (session.status() == "cancelled") continue;
    const auto start = ToTime(session.start(), session.time_zone());
    if (!start.has_value()) continue;
    const std::string& last = session.end().empty() ? session.start() : session.end();
    const auto end = ToTime(last, session.time_zone(), /*end_of_day=*/true);
    times.push_back({session.id(), *start, std::max(*start, end.value_or(*start))});
  }
  std::stable_sort(times.begin(), times.end(), [](const auto& a, const auto& b) { return a.start < b.start; });
  return times;
}

absl::Time VerifyDueAt(const v1::Record& record, uint32_t default_days) {
  if (!record.has_verified_at()) return absl::UnixEpoch();
  const uint32_t days = record.verify_every_days() > 0 ? record.verify_every_days() : default_days;
  return absl::FromUnixSeconds(record.verified_at().seconds()) + absl::Seconds(kSecondsADay) * days;
}

}  // namespace cairn
