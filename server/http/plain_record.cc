// One record as plain HTML. Fields are found by name, since what a reader needs is called the same in most kinds.
#include <google/protobuf/message.h>
#include <google/protobuf/reflection.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "common/record/kinds.h"
#include "common/record/texts.h"
#include "server/http/html_text.h"
#include "server/http/http_target.h"
#include "server/http/plain_pages.h"
#include "server/http/schedule_words.h"

namespace cairn {
namespace {

// Texts of the body with the key of their label, in the order in which they are shown.
constexpr absl::string_view texts_shown[][2] = {{"eligibility_description", "eligibility"},
                                                {"application_process", "application"},
                                                {"fees_description", "cost"},
                                                {"wait_time", "waitTime"},
                                                {"interpretation_services", "interpretation"},
                                                {"transportation", "transportation"},
                                                {"legal_status", "legalStatus"},
                                                {"result", "finding"},
                                                {"method", "method"},
                                                {"target", "target"},
                                                {"action", "action"},
                                                {"accreditations", "accreditations"}};

const google::protobuf::FieldDescriptor* FieldOf(const google::protobuf::Message& body, absl::string_view name) {
  return body.GetDescriptor()->FindFieldByName(std::string(name));
}

// The elements of the list `name`; none when the body has no such list.
template <typename T>
std::vector<T> ItemsOf(const google::protobuf::Message& body, absl::string_view name) {
  const google::protobuf::FieldDescriptor* const field = FieldOf(body, name);
  if (field == nullptr || field->message_type() != T::descriptor()) return {};
  std::vector<T> items;
  for (const T& item : body.GetReflection()->GetRepeatedFieldRef<T>(body, field)) items.push_back(item);
  return items;
}

std::string TextOf(const google::protobuf::Message& body, absl::string_view name) {
  const google::protobuf::FieldDescriptor* const field = FieldOf(body, name);
  if (field == nullptr || field->is_repeated() || field->cpp_type() != field->CPPTYPE_STRING) return "";
  return body.GetReflection()->GetString(body, field);
}

std::string Fact(absl::string_view name, absl::string_view html) {
  if (html.empty()) return "";
  return absl::StrCat("<div class=\"fact\"><dt>", EscapedHtml(name), "</dt><dd>", html, "</dd></div>");
}

std::string Phones(const PlainReader& reader, const std::vector<v1::Phone>& phones) {
  std::string items;
  for (const v1::Phone& phone : phones) {
    std::string link = LinkHtml(absl::StrCat("tel:", phone.number()), phone.number());
    if (phone.short_code()) {
      absl::StrAppend(
          &link, " <span class=\"hint\">",
          EscapedHtml(reader.texts->Fill("shortCode", "country", reader.texts->CountryName(phone.country()))),
          "</span>");
    }
    absl::StrAppend(&items, "<li>", link, " ", plain::Words(phone.description(), "span", "hint"), "</li>");
  }
  return items;
}

// Numbers and addresses by which one gets in touch.
std::string Reach(const PlainReader& reader, const google::protobuf::Message& body) {
  std::string items = Phones(reader, ItemsOf<v1::Phone>(body, "phones"));
  for (const v1::ServiceAtLocation& place : ItemsOf<v1::ServiceAtLocation>(body, "service_at_locations")) {
    absl::StrAppend(&items, Phones(reader, {place.phones().begin(), place.phones().end()}));
  }
  if (const std::string email = TextOf(body, "email"); !email.empty()) {
    absl::StrAppend(&items, "<li>", LinkHtml(absl::StrCat("mailto:", email), email), "</li>");
  }
  for (const char* const name : {"url", "website"}) {
    if (const std::string url = TextOf(body, name); !url.empty())
      absl::StrAppend(&items, "<li>", LinkHtml(url, url), "</li>");
  }
  for (const char* const name : {"additional_urls", "additional_websites"}) {
    for (const v1::Url& url : ItemsOf<v1::Url>(body, name))
      absl::StrAppend(&items, "<li>", LinkHtml(url.url(), url.url()), "</li>");
  }
  if (items.empty()) return "";
  return absl::StrCat("<section class=\"reach-section\"><h2>", EscapedHtml(reader.texts->Get("contact")), "</h2><ul>",
                      items, "</ul></section>");
}

std::string Hours(const PlainReader& reader, const google::protobuf::Message& body) {
  std::string items;
  for (const v1::Schedule& schedule : ItemsOf<v1::Schedule>(body, "schedules")) {
    const std::string days = DaysText(schedule, *reader.texts);
    const std::string hours = HoursText(schedule, !days.empty(), *reader.texts);
    absl::StrAppend(&items, "<li>", EscapedHtml(days), days.empty() || hours.empty() ? "" : ", ", "<bdi>",
                    EscapedHtml(hours), "</bdi> ", plain::Words(schedule.description(), "p", "hint"),
                    plain::Words(schedule.time_zone(), "span", "hint"), "</li>");
  }
  return items.empty() ? "" : absl::StrCat("<ul>", items, "</ul>");
}

std::string Addresses(const PlainReader& reader, const google::protobuf::Message& body) {
  std::string items;
  for (const v1::Address& address : ItemsOf<v1::Address>(body, "addresses")) {
    std::vector<std::string> lines = {address.attention(), address.address_1(), address.address_2(),
                                      absl::StrCat(address.postal_code(), " ", address.city()), address.region()};
    if (!address.country().empty()) lines.push_back(reader.texts->CountryName(address.country()));
    lines.erase(std::remove_if(lines.begin(), lines.end(), [](const std::string& line) { return line.size() < 2; }),
                lines.end());
    absl::StrAppend(&items, plain::Words(absl::StrJoin(lines, ", "), "p"));
  }
  return items;
}

std::string Sessions(const PlainReader& reader, const v1::DirectoryRecord& view) {
  std::string items;
  for (const v1::TrainingSession& session : view.record().training().sessions()) {
    const std::string status = session.status().empty() ? "scheduled" : session.status();
    absl::StrAppend(&items, "<li>", plain::SessionTimes(session), " ", plain::Words(session.place()), " ",
                    EscapedHtml(reader.texts->Get("sessionStatus", status)), "</li>");
  }
  if (items.empty()) return "";
  return absl::StrCat("<ul>", items, "</ul><a class=\"button\" href=\"/trainings/", PercentEncoded(view.record().id()),
                      ".ics\">", EscapedHtml(reader.texts->Get("addToCalendar")), "</a>");
}

std::string Languages(const PlainReader& reader, const google::protobuf::Message& body) {
  std::vector<std::string> names;
  for (const v1::Language& language : ItemsOf<v1::Language>(body, "languages")) {
    names.push_back(language.code().empty() ? language.name() : reader.texts->LanguageNameOf(language.code()));
  }
  const google::protobuf::FieldDescriptor* const field = FieldOf(body, "languages");
  if (field != nullptr && field->cpp_type() == field->CPPTYPE_STRING) {  // of trainings and resources: tags
    for (int i = 0; i < body.GetReflection()->FieldSize(body, field); ++i) {
      names.push_back(reader.texts->LanguageNameOf(body.GetReflection()->GetRepeatedString(body, field, i)));
    }
  }
  return plain::Words(absl::StrJoin(names, ", "));
}

std::string Places(const PlainReader& reader, const std::vector<v1::DirectoryRecord>& places) {
  std::string items;
  for (const v1::DirectoryRecord& place : places) {
    std::string name = PickText(place.record(), "name", reader.languages).value_or("");
    if (name.empty()) name = DisplayName(place.record());
    absl::StrAppend(&items, "<li><a dir=\"auto\" href=\"",
                    plain::Address(reader, absl::StrCat("/records/", PercentEncoded(place.record().id()))), "\">",
                    EscapedHtml(name), "</a>", Addresses(reader, place.record().location()), "</li>");
  }
  if (items.empty()) return "";
  return absl::StrCat("<section><h2>", EscapedHtml(reader.texts->Get("places")), "</h2><ul>", items, "</ul></section>");
}

std::string Provenance(const PlainReader& reader, const v1::DirectoryRecord& view,
                       const v1::ListPartnersResponse& partners) {
  std::string name = view.partner();
  for (const v1::PartnerSummary& partner : partners.partners()) {
    if (partner.id() == view.partner() && !partner.name().empty()) name = partner.name();
  }
  const auto date = [](const google::protobuf::Timestamp& time) {
    return absl::FormatTime("%Y-%m-%d", absl::FromUnixSeconds(time.seconds()), absl::UTCTimeZone());
  };
  std::string lines = plain::Words(reader.texts->Fill("publishedBy", "partner", name), "p");
  if (view.has_seen_at())
    absl::StrAppend(&lines, plain::Words(reader.texts->Fill("seenHere", "ago", date(view.seen_at())), "p"));
  return absl::StrCat("<aside class=\"provenance\"><h2>", EscapedHtml(reader.texts->Get("provenance")), "</h2>", lines,
                      "<p>", plain::Standing(reader, view, partners), "</p><p class=\"hint\">",
                      EscapedHtml(reader.texts->Get("signed")), "</p></aside>");
}

std::string Facts(const PlainReader& reader, const v1::DirectoryRecord& view, const google::protobuf::Message& body) {
  const PageTexts& texts = *reader.texts;
  std::string facts = Fact(texts.Get("openingHours"), Hours(reader, body));
  absl::StrAppend(&facts, Fact(texts.Get("address"), Addresses(reader, body)));
  absl::StrAppend(&facts, Fact(texts.Get("sessions"), Sessions(reader, view)));
  for (const auto& [path, label] : texts_shown) {
    absl::StrAppend(&facts,
                    Fact(texts.Get(label), plain::Words(PickText(view.record(), path, reader.languages).value_or(""))));
  }
  absl::StrAppend(&facts, Fact(texts.Get("languages"), Languages(reader, body)));
  std::vector<std::string> countries;
  for (const std::string& code : view.record().countries()) countries.push_back(texts.CountryName(code));
  absl::StrAppend(&facts, Fact(texts.Get("countries"), plain::Words(absl::StrJoin(countries, ", "))));
  return absl::StrCat("<dl class=\"fact-list\">", facts, "</dl>");
}

}  // namespace

std::string PlainRecordPage(const PlainReader& reader, const v1::DirectoryRecord& view,
                            const std::vector<v1::DirectoryRecord>& places, const v1::ListPartnersResponse& partners) {
  const google::protobuf::Message* const body = BodyOf(view.record());
  if (body == nullptr) return PlainNotice(reader, reader.texts->Get("kindUnknown"), view.record().id());
  const auto text = [&](absl::string_view path) {
    return PickText(view.record(), path, reader.languages).value_or("");
  };
  std::string name = text("name");
  if (name.empty()) name = DisplayName(view.record());
  return plain::Framed(
      reader, "",
      absl::StrCat("<article><p class=\"kind\">", EscapedHtml(plain::KindText(reader, view.kind())), "</p>",
                   plain::Words(name, "h1"), plain::Words(text("alert"), "p", "alert"),
                   plain::Words(text("description"), "p", "description"), Reach(reader, *body), Places(reader, places),
                   Facts(reader, view, *body), "</article>", Provenance(reader, view, partners)));
}

}  // namespace cairn
