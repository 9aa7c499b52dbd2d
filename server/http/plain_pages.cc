#include "server/http/plain_pages.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/record/kinds.h"
#include "common/record/texts.h"
#include "server/http/html_text.h"
#include "server/http/http_target.h"
#include "server/http/query_filter.h"

namespace cairn {
namespace {

constexpr absl::string_view neutral_page = "https://www.wikipedia.org/";
constexpr absl::string_view pages[][2] = {
    {"/", "navSearch"}, {"/calendar", "navCalendar"}, {"/consortium", "navConsortium"}, {"/about", "navAbout"}};

std::string Text(const PlainReader& reader, absl::string_view key) { return EscapedHtml(reader.texts->Get(key)); }

std::string Query(const PlainReader& reader, absl::string_view name) {
  for (const auto& [key, value] : reader.query) {
    if (key == name) return value;
  }
  return "";
}

// What was asked, without what `names` say.
NameValues QueryWithout(const PlainReader& reader, const std::vector<absl::string_view>& names) {
  NameValues query;
  for (const auto& pair : reader.query) {
    if (std::find(names.begin(), names.end(), pair.first) == names.end()) query.push_back(pair);
  }
  return query;
}

// "?name=value&…", not escaped; empty for none.
std::string QueryText(const NameValues& query) {
  std::string text;
  for (const auto& [name, value] : query) {
    absl::StrAppend(&text, text.empty() ? "?" : "&", PercentEncoded(name), "=", PercentEncoded(value));
  }
  return text;
}

const v1::PartnerSummary* PartnerOf(const v1::ListPartnersResponse& partners, absl::string_view id) {
  for (const v1::PartnerSummary& partner : partners.partners()) {
    if (partner.id() == id) return &partner;
  }
  return nullptr;
}

std::string Badge(absl::string_view classes, absl::string_view text) {
  return absl::StrCat("<span class=\"badge ", classes, "\">", EscapedHtml(text), "</span> ");
}

// The search words found stand between U+E000 and U+E001.
std::string Snippet(absl::string_view snippet) {
  return absl::StrReplaceAll(EscapedHtml(snippet), {{"\xEE\x80\x80", "<mark>"}, {"\xEE\x80\x81", "</mark>"}});
}

std::string SearchForm(const PlainReader& reader) {
  std::string kinds = absl::StrCat("<option value=\"\"></option>");
  for (const v1::RecordKind kind : AllKinds()) {
    absl::StrAppend(&kinds, "<option value=\"", KindName(kind), "\"",
                    Query(reader, "kind") == KindName(kind) ? " selected" : "", ">",
                    EscapedHtml(plain::KindText(reader, kind, "kindsPlural")), "</option>");
  }
  // The form asks for words and a kind anew, and keeps the rest.
  std::string kept;
  for (const auto& [name, value] : QueryWithout(reader, {"q", "kind", "page_token"})) {
    absl::StrAppend(&kept, "<input type=\"hidden\" name=\"", EscapedHtml(name), "\" value=\"", EscapedHtml(value),
                    "\">");
  }
  return absl::StrCat("<form class=\"plain-form\" action=\"/\" method=\"get\" role=\"search\"><label>",
                      Text(reader, "searchLabel"), "<input type=\"search\" name=\"q\" maxlength=\"200\" value=\"",
                      EscapedHtml(Query(reader, "q")), "\"></label><label>", Text(reader, "facetKind"),
                      "<select name=\"kind\">", kinds, "</select></label>", kept, "<button class=\"button primary\">",
                      Text(reader, "searchButton"), "</button></form>");
}

std::string RecordAddress(const PlainReader& reader, const v1::DirectoryRecord& record) {
  return plain::Address(reader, absl::StrCat("/records/", PercentEncoded(record.record().id())));
}

std::string Card(const PlainReader& reader, const v1::SearchHit& hit, const v1::ListPartnersResponse& partners) {
  std::string countries;
  for (const std::string& code : hit.record().record().countries()) {
    absl::StrAppend(&countries, countries.empty() ? "" : ", ", reader.texts->CountryName(code));
  }
  return absl::StrCat(
      "<li class=\"card\"><span class=\"kind\">", EscapedHtml(plain::KindText(reader, hit.record().kind())),
      "</span><h3><a dir=\"auto\" href=\"", RecordAddress(reader, hit.record()), "\">",
      EscapedHtml(hit.title().empty() ? hit.record().record().id() : hit.title()), "</a></h3>",
      hit.snippet().empty() ? "" : absl::StrCat("<p class=\"snippet\" dir=\"auto\">", Snippet(hit.snippet()), "</p>"),
      plain::Words(countries, "p"), "<p class=\"card-foot\">", plain::Standing(reader, hit.record(), partners),
      "</p></li>");
}

std::string NextPage(const PlainReader& reader, absl::string_view token) {
  if (token.empty()) return "";
  NameValues query = QueryWithout(reader, {"page_token", "lang"});
  query.emplace_back("page_token", token);
  return absl::StrCat("<p><a class=\"button\" href=\"", plain::Address(reader, "/", query), "\">",
                      Text(reader, "nextPage"), "</a></p>");
}

std::string SessionLine(const PlainReader& reader, const v1::DirectoryRecord& training,
                        const v1::TrainingSession& session) {
  const std::string name = PickText(training.record(), "name", reader.languages).value_or("");
  const std::string status = session.status().empty() ? "scheduled" : session.status();
  return absl::StrCat("<li><strong>", plain::SessionTimes(session), "</strong> <a dir=\"auto\" href=\"",
                      RecordAddress(reader, training), "\">", EscapedHtml(name), "</a> ", plain::Words(session.place()),
                      " ", EscapedHtml(reader.texts->Get("sessionStatus", status)), "</li>");
}

// "2027-03" and so many months later; empty when `month` is none.
std::string MonthAfter(const std::string& month, int by) {
  absl::CivilMonth civil;
  return absl::ParseLenientCivilTime(month, &civil) ? absl::FormatCivilTime(civil + by) : "";
}

std::string MonthLinks(const PlainReader& reader, const PlainCalendar& calendar) {
  const NameValues others = QueryWithout(reader, {"month", "lang", "page_token"});
  const auto link = [&](absl::string_view key, const std::string& month) {
    NameValues query = others;
    query.emplace_back("month", month);
    return absl::StrCat("<a class=\"button\" href=\"", plain::Address(reader, "/calendar", query), "\">",
                        Text(reader, key), "</a> ");
  };
  const bool by_month = !calendar.month.empty();
  const std::string& middle = by_month ? calendar.month : calendar.this_month;
  return absl::StrCat("<p>", link("previousMonth", MonthAfter(middle, -1)), link("thisMonth", calendar.this_month),
                      link("nextMonth", MonthAfter(middle, 1)), "</p>");
}

}  // namespace

namespace plain {

std::string SessionTimes(const v1::TrainingSession& session) {
  const std::string& end = session.end();
  const bool same_day = end.size() > 11 && end.substr(0, 10) == session.start().substr(0, 10);
  const auto shown = [](absl::string_view time) {
    const std::string spaced = absl::StrReplaceAll(time, {{"T", " "}});
    return EscapedHtml(absl::EndsWith(spaced, ":00") && spaced.size() == 19 ? spaced.substr(0, 16) : spaced);
  };
  std::string times = shown(session.start());
  if (!end.empty() && end != session.start())
    absl::StrAppend(&times, "–", same_day ? shown(end).substr(11) : shown(end));
  if (!session.time_zone().empty()) absl::StrAppend(&times, " ", EscapedHtml(session.time_zone()));
  return absl::StrCat("<bdi>", times, "</bdi>");
}

std::string Words(absl::string_view text, absl::string_view element, absl::string_view classes) {
  if (text.empty()) return "";
  return absl::StrCat("<", element, classes.empty() ? "" : absl::StrCat(" class=\"", classes, "\""), " dir=\"auto\">",
                      EscapedHtml(text), "</", element, ">");
}

std::string Address(const PlainReader& reader, absl::string_view path, const NameValues& query) {
  NameValues all = query;
  if (const std::string language = Query(reader, "lang"); !language.empty()) all.emplace_back("lang", language);
  return EscapedHtml(absl::StrCat(path, QueryText(all)));
}

std::string KindText(const PlainReader& reader, v1::RecordKind kind, absl::string_view group) {
  return reader.texts->Get(group, absl::AsciiStrToUpper(KindName(kind)));
}

std::string Standing(const PlainReader& reader, const v1::DirectoryRecord& record,
                     const v1::ListPartnersResponse& partners) {
  std::string badges;
  if (!record.record().has_verified_at()) {
    badges = Badge("warn", reader.texts->Get("neverVerified"));
  } else {
    const std::string date = absl::FormatTime(
        "%Y-%m-%d", absl::FromUnixSeconds(record.record().verified_at().seconds()), absl::UTCTimeZone());
    badges = record.stale() ? Badge("warn", reader.texts->Fill("verifyOverdue", "ago", date))
                            : Badge("good", reader.texts->Fill("verifiedAgo", "ago", date));
  }
  const v1::PartnerSummary* const partner = PartnerOf(partners, record.partner());
  const bool named = partner != nullptr && !partner->name().empty();
  absl::StrAppend(&badges, Words(named ? partner->name() : record.partner(), "span", "vouching"));
  if (partner != nullptr && partner->status() == "suspended") {
    absl::StrAppend(&badges, " ", Badge("bad", reader.texts->Get("suspended")));
  } else if (partner != nullptr && partner->status() == "retired") {
    absl::StrAppend(&badges, " ", Badge("bad", reader.texts->Get("retired")));
  }
  return badges;
}

std::string Framed(const PlainReader& reader, absl::string_view current, absl::string_view content) {
  std::string menu;
  for (const auto& [path, key] : pages) {
    absl::StrAppend(&menu, "<a href=\"", Address(reader, path), "\"", path == current ? " aria-current=\"page\"" : "",
                    ">", Text(reader, key), "</a>");
  }
  std::string languages;
  for (const auto& [tag, name] : PageTexts::Languages()) {
    NameValues query = QueryWithout(reader, {"lang"});
    query.emplace_back("lang", tag);
    absl::StrAppend(&languages, "<a hreflang=\"", tag, "\" lang=\"", tag, "\" href=\"", EscapedHtml(QueryText(query)),
                    "\">", name, "</a> ");
  }
  return absl::StrCat(
      "<div class=\"plain-body\"><header class=\"top\"><div class=\"top-inner\"><a class=\"brand\" href=\"",
      Address(reader, "/"), "\">Cairn</a><nav class=\"menu\" aria-label=\"", Text(reader, "nav"), "\">", menu,
      "</nav><a class=\"leave\" rel=\"noreferrer\" href=\"", neutral_page, "\">", Text(reader, "leave"),
      "</a></div></header><main id=\"content\"><div class=\"plain-page\">", content, "<noscript><p class=\"hint\">",
      Text(reader, "plainNote"), "</p></noscript>", "</div></main><footer class=\"foot\"><div class=\"foot-inner\"><p>",
      languages, "</p></div></footer></div>");
}

}  // namespace plain

std::string PlainSearchPage(const PlainReader& reader, const v1::SearchResponse& found,
                            const v1::ListPartnersResponse& partners) {
  std::string cards;
  for (const v1::SearchHit& hit : found.hits()) absl::StrAppend(&cards, Card(reader, hit, partners));
  const std::string total = found.total_is_lower_bound()
                                ? reader.texts->Fill("resultsAtLeast", "n", absl::StrCat(found.total()))
                                : reader.texts->Count("results", static_cast<int64_t>(found.total()));
  return plain::Framed(reader, "/",
                       absl::StrCat("<h1>", Text(reader, "searchHeading"), "</h1>", SearchForm(reader), "<h2>",
                                    EscapedHtml(total), "</h2>",
                                    cards.empty() ? absl::StrCat("<p>", Text(reader, "nothingFound"), "</p>")
                                                  : absl::StrCat("<ol class=\"cards\">", cards, "</ol>"),
                                    NextPage(reader, found.next_page_token())));
}

std::string PlainCalendarPage(const PlainReader& reader, const PlainCalendar& calendar) {
  std::vector<std::pair<std::string, std::string>> lines;  // start, line
  for (const v1::DirectoryRecord& training : calendar.trainings) {
    for (const v1::TrainingSession& session : training.record().training().sessions()) {
      lines.emplace_back(session.start(), SessionLine(reader, training, session));
    }
  }
  std::sort(lines.begin(), lines.end());
  std::string list;
  for (const auto& [start, line] : lines) list += line;
  const bool by_month = !calendar.month.empty();
  const std::string content =
      !list.empty() ? absl::StrCat("<ul>", list, "</ul>")
                    : absl::StrCat("<p>", Text(reader, by_month ? "nothingThisMonth" : "nothingPlanned"), "</p>");
  const std::string more =
      calendar.is_whole
          ? ""
          : absl::StrCat("<p>", EscapedHtml(reader.texts->Fill("resultsAtLeast", "n", absl::StrCat(lines.size()))),
                         "</p>");
  // What the calendar file can be asked for as well; empty values are what forms send.
  NameValues filters;
  for (const auto& [name, value] : reader.query) {
    const std::vector<std::string>& known = FilterParameters();
    if (!value.empty() && std::find(known.begin(), known.end(), name) != known.end()) filters.emplace_back(name, value);
  }
  return plain::Framed(
      reader, "/calendar",
      absl::StrCat("<h1>", Text(reader, "calendarHeading"), "</h1>",
                   by_month ? absl::StrCat("<h2><bdi>", EscapedHtml(calendar.month), "</bdi></h2>") : "",
                   MonthLinks(reader, calendar), content, more, "<p><a class=\"button\" href=\"/trainings.ics",
                   EscapedHtml(QueryText(filters)), "\">",
                   Text(reader, filters.empty() ? "allTrainings" : "theseTrainings"), "</a></p>"));
}

std::string PlainPartnersPage(const PlainReader& reader, const v1::ListPartnersResponse& partners) {
  std::string rows;
  for (const v1::PartnerSummary& partner : partners.partners()) {
    const std::string heard =
        partner.has_as_of() ? absl::FormatTime("%Y-%m-%d %H:%M UTC", absl::FromUnixSeconds(partner.as_of().seconds()),
                                               absl::UTCTimeZone())
                            : reader.texts->Get("never");
    absl::StrAppend(&rows, "<tr><th scope=\"row\" dir=\"auto\"><a href=\"",
                    plain::Address(reader, "/", {{"partner", partner.id()}}), "\">",
                    EscapedHtml(partner.name().empty() ? partner.id() : partner.name()), "</a></th><td>",
                    EscapedHtml(reader.texts->CountryName(partner.country())), "</td><td>",
                    Text(reader, partner.status()), "</td><td class=\"number\">", partner.live_records(),
                    "</td><td class=\"number\">", EscapedHtml(heard), "</td></tr>");
  }
  std::string heads;
  for (const char* const key : {"partner", "country", "status", "entries", "lastHeard"}) {
    absl::StrAppend(&heads, "<th scope=\"col\">", Text(reader, key), "</th>");
  }
  return plain::Framed(reader, "/consortium",
                       absl::StrCat("<h1>", Text(reader, "consortiumHeading"), "</h1><p>",
                                    Text(reader, "consortiumLead"), "</p><table class=\"partners\"><thead><tr>", heads,
                                    "</tr></thead><tbody>", rows, "</tbody></table>"));
}

std::string PlainAboutPage(const PlainReader& reader) {
  std::string content =
      absl::StrCat("<h1>", Text(reader, "aboutHeading"), "</h1><p>", Text(reader, "aboutWhat"), "</p>");
  for (const auto& [heading, text] :
       {std::pair{"aboutLeave", "aboutLeaveText"}, {"aboutPrivacy", "aboutPrivacyText"}}) {
    absl::StrAppend(&content, "<h2>", Text(reader, heading), "</h2><p>", Text(reader, text), "</p>");
  }
  return plain::Framed(reader, "/about", content);
}

std::string PlainNotice(const PlainReader& reader, absl::string_view heading, absl::string_view sentence) {
  return plain::Framed(reader, "",
                       absl::StrCat("<div class=\"notice\"><h1>", EscapedHtml(heading), "</h1><p>",
                                    EscapedHtml(sentence), "</p><a class=\"button\" href=\"",
                                    plain::Address(reader, "/"), "\">", Text(reader, "backToSearch"), "</a></div>"));
}

}  // namespace cairn
