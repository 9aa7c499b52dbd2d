// cairn search.
#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/cli/commands.h"
#include "client/cli/filter_options.h"
#include "client/cli/option_checks.h"
#include "client/cli/record_view.h"
#include "client/cli/text_width.h"
#include "client/cli/wording.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/record/kinds.h"
#include "common/text/language.h"

namespace cairn {
namespace {

constexpr absl::string_view mark_open = "\xee\x80\x80";   // U+E000, before a word that was found
constexpr absl::string_view mark_close = "\xee\x80\x81";  // U+E001, after it
constexpr int facet_values_shown = 8;                     // a line of a terminal

struct SearchOptions {
  std::vector<std::string> words;
  FilterOptions filter;
  uint32_t limit = 20;
  std::string display;
  bool prefix = false;
  std::string sort = "best";
  bool facets = false;
};

// The snippet with the words found in bold; without colours they stand as they are.
std::string Highlight(absl::string_view line, const Style& style) {
  return absl::StrReplaceAll(
      line, {{mark_open, style.colour() ? "\x1b[1m" : ""}, {mark_close, style.colour() ? "\x1b[0m" : ""}});
}

// A mark that was opened on one line and closed on another would colour the indentation between.
std::vector<std::string> SnippetLines(const std::string& snippet, size_t columns, const Style& style) {
  std::vector<std::string> lines;
  bool open = false;
  for (std::string line : Wrap(snippet, columns)) {
    if (open) line = absl::StrCat(mark_open, line);
    const size_t last_open = line.rfind(std::string(mark_open));
    const size_t last_close = line.rfind(std::string(mark_close));
    open = last_open != std::string::npos && (last_close == std::string::npos || last_close < last_open);
    if (open) absl::StrAppend(&line, mark_close);
    lines.push_back(Highlight(line, style));
  }
  return lines;
}

// How to reach what was found: the first numbers, e-mail and page.
std::string ContactLine(const v1::Record& record) {
  std::vector<std::string> ways;
  const auto add_phones = [&](const auto& phones) {
    for (int i = 0; i < std::min(phones.size(), 2); ++i) ways.push_back(PhoneText(phones.Get(i)));
  };
  const auto add = [&](const std::string& way) {
    if (!way.empty()) ways.push_back(way);
  };
  if (record.has_service()) {
    add_phones(record.service().phones());
    add(record.service().email());
    add(record.service().url());
  } else if (record.has_organization()) {
    add_phones(record.organization().phones());
    add(record.organization().email());
    add(record.organization().website());
  } else if (record.has_location()) {
    add_phones(record.location().phones());
    add(record.location().url());
  } else if (record.has_training()) {
    add(record.training().url());
    add(record.training().email());
  } else if (record.has_resource()) {
    add(record.resource().url());
  }
  return Printable(absl::StrJoin(ways, " · "));
}

std::string DistanceText(double km) {
  if (km < 1) return absl::StrCat(std::lround(km * 1000), " m away");
  return absl::StrCat(std::lround(km), " km away");
}

void PrintHit(const v1::SearchHit& hit, Context* context) {
  const Style style = context->style();
  const size_t columns = context->text_columns();
  const std::string title = hit.title().empty() ? DisplayName(hit.record().record()) : hit.title();
  context->out() << style.Strong(CutTo(Printable(title), columns)) << "\n";
  const Badge badge = FreshnessOf(hit.record(), context->now());
  context->out() << "  " << Printable(Provenance(hit.record())) << " · " << style.Paint(badge.tone, badge.text);
  if (hit.has_distance_km()) context->out() << " · " << DistanceText(hit.distance_km());
  context->out() << "\n";
  if (!hit.snippet().empty()) {
    for (const std::string& line : SnippetLines(hit.snippet(), columns - 2, style)) {
      context->out() << "  " << line << "\n";
    }
  }
  const std::string contact = ContactLine(hit.record().record());
  if (!contact.empty()) context->out() << "  " << CutTo(contact, columns - 2) << "\n";
  context->out() << "  " << style.Quiet(hit.record().record().id()) << "\n\n";
}

// "by country  PL 12 · LV 3", a line a facet; "--country PL" then gives the 12.
void PrintFacets(const v1::SearchResponse& first, Context* context) {
  for (const v1::Facet& facet : first.facets()) {
    if (facet.values().empty()) continue;
    std::vector<std::string> values;
    for (int i = 0; i < std::min(facet.values_size(), facet_values_shown); ++i) {
      values.push_back(absl::StrCat(Printable(facet.values(i).value()), " ", CountText(facet.values(i).count())));
    }
    if (facet.values_size() > facet_values_shown) values.push_back("…");
    context->out() << CutTo(absl::StrCat("by ", Printable(facet.name()), "  ", absl::StrJoin(values, " · ")),
                            context->text_columns())
                   << "\n";
  }
  if (!first.facets().empty()) context->out() << "\n";
}

void PrintCorrection(const v1::SearchResponse& first, Context* context) {
  if (first.corrected_query().empty()) return;
  context->out() << "Nothing found as typed; shown instead: " << Printable(first.corrected_query()) << "\n\n";
}

// What to change, for whoever expected to find something.
std::string NothingFoundText(const SearchOptions& options) {
  const bool filtered = !FilterArguments(options.filter).empty();
  if (options.words.empty()) {
    return filtered ? "Nothing found: no record has all that the filters ask for.\n"
                    : "Nothing found: there are no records here that you may read.\n";
  }
  return absl::StrCat("Nothing found", filtered ? " in what the filters leave" : "",
                      ". All words must occur; accents and capitals do not matter.\n");
}

// A partner's id is easily mistyped, and the filter takes any.
void PrintNothingFound(const SearchOptions& options, Client* client, Context* context) {
  context->out() << NothingFoundText(options);
  if (options.filter.partners.empty()) return;
  const absl::StatusOr<v1::ListPartnersResponse> listed = client->ListPartners();
  if (!listed.ok()) return;  // it was only a hint
  std::set<std::string> known;
  for (const v1::PartnerSummary& partner : listed->partners()) known.insert(partner.id());
  for (const std::string& id : options.filter.partners) {
    if (known.count(id) > 0) continue;
    context->out() << "There is no partner " << Quoted(id) << "; the partners are "
                   << Printable(absl::StrJoin(known, ", ")) << ".\n";
  }
}

void PrintTotal(const v1::SearchResponse& last, uint64_t shown, Context* context) {
  context->out() << CountText(shown) << " of " << (last.total_is_lower_bound() ? "more than " : "")
                 << CountOf(last.total(), "record");
  if (!last.next_page_token().empty()) context->out() << "; --limit N shows more";
  context->out() << "\n";
}

absl::StatusOr<v1::SearchRequest> MakeRequest(const SearchOptions& options) {
  v1::SearchRequest request;
  request.set_query(absl::StrJoin(options.words, " "));
  if (request.query().size() > limits::query_bytes_max) {
    return UsageError(absl::StrCat("WORDS: ", request.query().size(), " bytes; at most ", limits::query_bytes_max));
  }
  ASSIGN_OR_RETURN(*request.mutable_filter(), MakeFilter(options.filter));
  if (!options.display.empty()) {
    const absl::StatusOr<std::string> tag = NormaliseLanguage(options.display);
    if (!tag.ok()) return UsageError(absl::StrCat("--show-in: ", tag.status().message()));
    request.add_display_languages(*tag);
  }
  request.set_prefix(options.prefix);
  request.set_with_facets(options.facets);
  if (options.sort == "distance") {
    if (options.filter.near.empty()) {
      return UsageError("--sort distance needs --near LAT,LON, the place to measure from");
    }
    request.set_order(v1::SEARCH_ORDER_NEAREST);
  }
  return request;
}

absl::StatusOr<ExitCode> Search(const SearchOptions& options, Context* context) {
  ASSIGN_OR_RETURN(v1::SearchRequest request, MakeRequest(options));
  ASSIGN_OR_RETURN(Client* const client, context->client());
  uint64_t shown = 0;
  Json hits = Json::array();
  v1::SearchResponse page;
  std::string corrected;
  Json facets = Json::array();
  do {
    request.set_page_size(std::min<uint32_t>(options.limit - shown, limits::search_page_size_max));
    ASSIGN_OR_RETURN(page, client->Search(request));
    if (request.page_token().empty()) {
      corrected = page.corrected_query();
      for (const v1::Facet& facet : page.facets()) facets.push_back(ToJson(facet));
      if (!context->json) PrintCorrection(page, context);
      if (!context->json) PrintFacets(page, context);
    }
    for (const v1::SearchHit& hit : page.hits()) {
      if (context->json) {
        hits.push_back(ToJson(hit));
      } else {
        PrintHit(hit, context);
      }
    }
    shown += page.hits_size();
    request.set_page_token(page.next_page_token());
  } while (shown < options.limit && !page.next_page_token().empty());
  if (context->json) {
    Json found = {
        {"total", page.total()}, {"total_is_lower_bound", page.total_is_lower_bound()}, {"hits", std::move(hits)}};
    if (!corrected.empty()) found["corrected_query"] = corrected;
    if (options.facets) found["facets"] = std::move(facets);
    context->PrintJson(found);
  } else if (shown == 0) {
    PrintNothingFound(options, client, context);
  } else {
    PrintTotal(page, shown, context);
  }
  return kDone;
}

}  // namespace

void AddSearchCommand(CLI::App* app, Context* context) {
  auto options = std::make_shared<SearchOptions>();
  CLI::App* search = app->add_subcommand("search", "Find records by words, best first; lodz finds Łódź");
  search->add_option("WORDS", options->words,
                     "All must occur; '\"in quotes\"': next to each other; a star at the end: words that begin so; "
                     "none: what the filters leave, newest first");
  AddFilterOptions(search, &options->filter);
  search->add_option("--limit", options->limit, "At most this many")
      ->capture_default_str()
      ->check(WholeNumber(1, 10'000));
  search->add_option("--show-in", options->display, "Show names and passages in this language where translated")
      ->type_name("TAG");
  search->add_flag("--prefix", options->prefix, "The last word may be the beginning of one");
  search->add_option("--sort", options->sort, "best, or distance (the nearest to --near first)")
      ->capture_default_str()
      ->check(CLI::IsMember({"best", "distance"}));
  search->add_flag("--facets", options->facets, "Show as well how many there are by kind, country, language and more");
  search->callback([options, context] { context->action = [options, context] { return Search(*options, context); }; });
}

}  // namespace cairn
