#include "common/formats/ical.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/base/status_macros.h"
#include "common/formats/vtimezone.h"
#include "common/record/calendar.h"
#include "common/record/country.h"
#include "common/record/time_zone.h"
#include "common/text/utf8.h"

namespace cairn {
namespace {

constexpr size_t line_octets_max = 75;  // RFC 5545, 3.1
// SEQUENCE has 31 bits: counted in seconds from here, they last until 2088. It grows with every version of a record and
// never goes back, because the owner's node stamps each version at least a second after the one before (record.proto,
// updated_at); and it is the same at every node, as no number of a feed or of a node would be.
constexpr int64_t sequence_epoch_seconds = 1577836800;  // 2020-01-01

bool IsUtc(const std::string& zone) {
  return zone == "UTC" || zone == "Etc/UTC" || zone == "Etc/UCT" || zone == "Zulu";
}

std::string DateText(absl::CivilDay day) { return absl::StrFormat("%04d%02d%02d", day.year(), day.month(), day.day()); }

std::string TimeText(absl::CivilSecond time) {
  return absl::StrFormat("%sT%02d%02d%02d", DateText(absl::CivilDay(time)), time.hour(), time.minute(), time.second());
}

std::string UtcText(int64_t seconds) {
  return absl::StrCat(TimeText(absl::ToCivilSecond(absl::FromUnixSeconds(seconds), absl::UTCTimeZone())), "Z");
}

// A line of DTSTART or DTEND.
std::string MomentLine(absl::string_view name, const LocalMoment& moment, const std::string& zone) {
  if (moment.date_only) return IcalLine(absl::StrCat(name, ";VALUE=DATE"), DateText(absl::CivilDay(moment.time)));
  if (IsUtc(zone)) return IcalLine(name, absl::StrCat(TimeText(moment.time), "Z"));
  if (zone.empty()) return IcalLine(name, TimeText(moment.time));
  return IcalLine(absl::StrCat(name, ";TZID=", zone), TimeText(moment.time));
}

// A value of type URI, which must not hold what ends a line; empty: it is none of the web.
std::string UriText(const std::string& url) {
  const bool known =
      absl::StartsWith(url, "http://") || absl::StartsWith(url, "https://") || absl::StartsWith(url, "mailto:");
  const bool plain =
      std::none_of(url.begin(), url.end(), [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; });
  return known && plain ? url : "";
}

std::string WithLanguage(absl::string_view name, const std::string& language) {
  const bool tag = !language.empty() && std::all_of(language.begin(), language.end(),
                                                    [](char c) { return absl::ascii_isalnum(c) || c == '-'; });
  return tag ? absl::StrCat(name, ";LANGUAGE=", language) : std::string(name);
}

std::string StatusText(const std::string& status) {
  if (status == "cancelled") return "CANCELLED";
  return status == "postponed" ? "TENTATIVE" : "CONFIRMED";
}

std::string PlaceText(const v1::TrainingSession& session, const std::string& mode) {
  std::vector<std::string> parts;
  if (!session.place().empty()) parts.push_back(session.place());
  if (!session.country().empty()) parts.push_back(CountryName(session.country()));
  const std::string& held = session.mode().empty() ? mode : session.mode();
  if (held == "online") parts.push_back(held);  // "onsite" says nothing of where
  return absl::StrJoin(parts, ", ");
}

std::string Summary(const v1::Training& training, const v1::TrainingSession& session) {
  const bool own = !session.name().empty() && session.name() != training.name();
  return own ? absl::StrCat(training.name(), ": ", session.name()) : training.name();
}

void AppendText(absl::string_view name, const std::string& text, std::string* out) {
  if (!text.empty()) out->append(IcalLine(name, IcalText(text)));
}

// The zone in which the event's times are written: empty when they have none or the system does not know it.
std::string ZoneOf(const v1::TrainingSession& session, const LocalMoment& start) {
  if (start.date_only || session.time_zone().empty() || IsUtc(session.time_zone())) {
    return start.date_only ? "" : session.time_zone();
  }
  const absl::StatusOr<std::string> known = NormaliseTimeZone(session.time_zone());
  absl::TimeZone rules;
  return known.ok() && absl::LoadTimeZone(*known, &rules) ? *known : "";
}

// An end before its start, or of another form, is left out: the event then is where it begins.
std::string EndLine(const v1::TrainingSession& session, const LocalMoment& start, const std::string& zone) {
  LocalMoment end = start;
  if (!session.end().empty()) {
    const absl::StatusOr<LocalMoment> parsed = ParseLocalMoment(session.end());
    if (parsed.ok() && parsed->date_only == start.date_only && parsed->time >= start.time) end = *parsed;
  }
  if (!start.date_only) return end.time == start.time ? "" : MomentLine("DTEND", end, zone);
  end.time = absl::CivilSecond(absl::CivilDay(end.time) + 1);
  return MomentLine("DTEND", end, zone);
}

std::string Event(const v1::Record& record, const v1::TrainingSession& session, const LocalMoment& start,
                  const std::string& zone) {
  const v1::Training& training = record.training();
  const int64_t version = record.updated_at().seconds();
  const int64_t sequence =
      std::clamp<int64_t>(version - sequence_epoch_seconds, 0, std::numeric_limits<int32_t>::max());
  std::string out = IcalLine("BEGIN", "VEVENT");
  out += IcalLine("UID", IcalText(absl::StrCat(session.id(), ".", record.id(), "@cairn")));
  out += IcalLine("DTSTAMP", UtcText(version));
  out += IcalLine("LAST-MODIFIED", UtcText(version));
  out += IcalLine("SEQUENCE", absl::StrCat(sequence));
  out += MomentLine("DTSTART", start, zone);
  out += EndLine(session, start, zone);
  AppendText(WithLanguage("SUMMARY", record.language()), Summary(training, session), &out);
  AppendText(WithLanguage("DESCRIPTION", record.language()), training.description(), &out);
  AppendText("LOCATION", PlaceText(session, training.mode()), &out);
  if (session.status() == "full") AppendText("COMMENT", session.status(), &out);
  std::string url = UriText(session.registration_url());
  if (url.empty()) url = UriText(training.url());
  if (!url.empty()) out += IcalLine("URL", url);
  std::vector<std::string> categories;
  for (const std::string& audience : training.audience()) categories.push_back(IcalText(audience));
  if (!categories.empty()) out += IcalLine("CATEGORIES", absl::StrJoin(categories, ","));
  out += IcalLine("STATUS", StatusText(session.status()));
  return out + IcalLine("END", "VEVENT");
}

}  // namespace

std::string IcalLine(absl::string_view name, absl::string_view value) {
  const std::string line = absl::StrCat(name, ":", value);
  std::string out;
  absl::string_view rest = line;
  size_t room = line_octets_max;
  while (rest.size() > room) {
    // Text that is not UTF-8 could have no boundary within reach.
    const size_t cut = std::max<size_t>(Utf8Prefix(rest, room).size(), 1);
    absl::StrAppend(&out, rest.substr(0, cut), "\r\n ");
    rest.remove_prefix(cut);
    room = line_octets_max - 1;  // the space counts
  }
  absl::StrAppend(&out, rest, "\r\n");
  return out;
}

std::string IcalText(absl::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' || c == ';' || c == ',') {
      out.append({'\\', c});
    } else if (c == '\n' || (c == '\r' && (i + 1 == text.size() || text[i + 1] != '\n'))) {
      out += "\\n";
    } else if ((static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) || c == '\t') {
      out.push_back(c);
    }
  }
  return out;
}

void IcalWriter::Begin(std::string* out) {
  if (std::exchange(begun_, true)) return;
  absl::StrAppend(out, IcalLine("BEGIN", "VCALENDAR"), IcalLine("VERSION", "2.0"),
                  IcalLine("PRODID", "-//Cairn//Cairn//EN"), IcalLine("CALSCALE", "GREGORIAN"),
                  IcalLine("X-WR-CALNAME", IcalText(name_)));
}

void IcalWriter::AddZone(const std::string& zone, std::string* out) {
  if (zone.empty() || IsUtc(zone) || !zones_.insert(zone).second) return;
  absl::TimeZone rules;
  if (absl::LoadTimeZone(zone, &rules)) out->append(VTimeZone(zone, rules));
}

absl::Status IcalWriter::Add(const v1::Record& record) {
  if (!record.has_training()) {
    ++skipped_;
    return absl::OkStatus();
  }
  std::string out;
  Begin(&out);
  for (const v1::TrainingSession& session : record.training().sessions()) {
    const absl::StatusOr<LocalMoment> start = ParseLocalMoment(session.start());
    if (!start.ok()) continue;  // no validated record has such a session
    const std::string zone = ZoneOf(session, *start);
    AddZone(zone, &out);
    out += Event(record, session, *start, zone);
    ++events_;
  }
  return sink_(out);
}

absl::Status IcalWriter::Finish() {
  std::string out;
  Begin(&out);
  return sink_(out + IcalLine("END", "VCALENDAR"));
}

std::string TrainingCalendar(const v1::Record& training) {
  std::string text;
  IcalWriter writer(training.training().name(), [&text](absl::string_view piece) {
    absl::StrAppend(&text, piece);
    return absl::OkStatus();
  });
  writer.Add(training).IgnoreError();  // the sink takes everything
  writer.Finish().IgnoreError();
  return text;
}

}  // namespace cairn
