#include "client/cli/status_view.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/cli/table.h"
#include "client/cli/text_width.h"
#include "client/cli/wording.h"

namespace cairn {
namespace {

constexpr absl::Duration expiry_warning = absl::Hours(24 * 30);  // a meeting of governors takes weeks to arrange
constexpr uint64_t free_bytes_warning = 1'000'000'000;           // a large import may need as much

void PrintHeading(std::ostream& out, const Style& style, absl::string_view text) {
  out << "\n" << style.Strong(text) << "\n";
}

// Text behind a mark, wrapped under itself.
void PrintMarked(std::ostream& out, const Style& style, Tone tone, absl::string_view mark, absl::string_view text,
                 size_t columns) {
  std::string lead = absl::StrCat("  ", style.Paint(tone, mark), " ");
  for (const std::string& line : Wrap(text, columns == 0 ? 1000 : std::max<size_t>(columns, 24) - 4)) {
    out << lead << line << "\n";
    lead = "    ";
  }
}

void PrintAlerts(std::ostream& out, const v1::GetStatusResponse& status, const Style& style, size_t columns) {
  if (status.alerts_size() == 0) {
    out << style.Paint(Tone::kGood, "● All is well.") << "\n";
  } else {
    out << style.Paint(Tone::kBad, absl::StrCat(CountOf(status.alerts_size(), "thing"), " to look at")) << "\n";
    for (const std::string& alert : status.alerts()) PrintMarked(out, style, Tone::kBad, "!", alert, columns);
  }
}

Tone PeerTone(absl::string_view state) {
  if (state == "connected") return Tone::kGood;
  if (state == "faulty") return Tone::kBad;
  return state == "unreachable" ? Tone::kQuiet : Tone::kWarning;
}

// One word on how a peer is; colour repeats what the word says.
std::string SinceText(const v1::PeerStatus& peer, absl::Time now) {
  if (peer.state() == "connected" && peer.has_connected_since()) {
    return absl::StrCat("for ", DurationText(now - FromProto(peer.connected_since())));
  }
  return peer.has_last_heard() ? absl::StrCat("heard ", AgeText(FromProto(peer.last_heard()), now)) : "never heard";
}

void PrintPeers(std::ostream& out, const v1::GetStatusResponse& status, const Style& style, size_t columns,
                absl::Time now) {
  const auto& peers = status.peers();
  const auto connected =
      std::count_if(peers.begin(), peers.end(), [](const v1::PeerStatus& p) { return p.state() == "connected"; });
  PrintHeading(out, style, absl::StrCat("Peers  ", connected, " of ", peers.size(), " connected"));
  if (peers.empty()) {
    out << "  none: the charter names no other node\n";
    return;
  }
  const auto& feeds = status.feeds();
  const bool published =
      std::any_of(feeds.begin(), feeds.end(), [](const v1::FeedStatus& f) { return f.own() && f.seq() > 0; });
  Table table({{"NODE"}, {"PARTNER"}, {"STATE"}, {"SINCE"}, {"ROUND TRIP", true}, {"HAS OUR FEED"}});
  for (const v1::PeerStatus& peer : peers) {
    const std::string behind = !published           ? "nothing to have"
                               : peer.behind() == 0 ? "all of it"
                                                    : absl::StrCat(CountText(peer.behind()), " behind");
    table.AddRow({peer.node(), peer.partner(), Table::Cell(peer.state(), PeerTone(peer.state())), SinceText(peer, now),
                  RoundTripText(peer.round_trip_micros()),
                  Table::Cell(behind, peer.behind() == 0 ? Tone::kPlain : Tone::kWarning)});
  }
  table.Print(out, style, columns, true, 2);
  for (const v1::PeerStatus& peer : peers) {  // too long for a column, and the end matters
    if (peer.last_error().empty()) continue;
    PrintMarked(out, style, Tone::kWarning, "!", absl::StrCat(peer.node(), ": ", peer.last_error()), columns);
  }
}

std::string FeedStateText(const v1::FeedStatus& feed) {
  if (feed.announced_seq() > feed.seq() && (feed.state() == "ok" || feed.state() == "catching up")) {
    const uint64_t staged = feed.staged_entries();
    return absl::StrCat("catching up to ", CountText(feed.announced_seq()),
                        staged == 0 ? "" : absl::StrCat(", ", CountText(staged), " staged"));
  }
  if (feed.state() == "ok" && !feed.partner_status().empty()) {
    return absl::StrCat("kept as it stands: partner ", feed.partner_status());
  }
  if (feed.state() == "frozen") return "frozen: its owner contradicted itself";
  if (feed.state() == "damaged") return "damaged: being fetched anew";
  if (feed.state() == "revoked") return "hidden: signed with a revoked key";
  return feed.state();
}

Tone FeedTone(const v1::FeedStatus& feed) {
  static constexpr absl::string_view bad[] = {"frozen", "damaged", "revoked", "behind its copies"};
  if (std::find(std::begin(bad), std::end(bad), feed.state()) != std::end(bad)) return Tone::kBad;
  if (!feed.partner_status().empty()) return Tone::kWarning;
  return feed.state() == "ok" && feed.announced_seq() <= feed.seq() ? Tone::kGood : Tone::kWarning;
}

void PrintFeeds(std::ostream& out, const v1::GetStatusResponse& status, const Style& style, size_t columns,
                absl::Time now) {
  uint64_t records = 0;
  for (const v1::FeedStatus& feed : status.feeds()) records += feed.live_records();
  PrintHeading(out, style,
               absl::StrCat("Feeds  ", CountOf(records, "record"), " in ", CountOf(status.feeds_size(), "feed")));
  if (status.feeds_size() == 0) {
    out << "  none yet\n";
    return;
  }
  Table table({{"PARTNER"},
               {"AUDIENCE"},
               {"RECORDS", true},
               {"CHANGE", true},
               {"AS OF"},
               {"TO VERIFY", true},
               {"STATE", false, true}});
  for (const v1::FeedStatus& feed : status.feeds()) {
    const Badge as_of = AsOfBadge(feed.has_as_of(), FromProto(feed.as_of()), now);
    table.AddRow({feed.partner() + (feed.own() ? " (own)" : ""), feed.audience(), CountText(feed.live_records()),
                  CountText(feed.seq()), Table::Cell(as_of.text, as_of.tone),
                  feed.stale_records() == 0 ? "" : CountText(feed.stale_records()),
                  Table::Cell(FeedStateText(feed), FeedTone(feed))});
  }
  table.Print(out, style, columns, true, 2);
}

void PrintCharter(std::ostream& out, const v1::GetStatusResponse& status, const Style& style, absl::Time now) {
  const v1::CharterStatus& charter = status.charter();
  PrintHeading(out, style, "Charter");
  if (charter.version() == 0) {
    out << "  none yet: give the node the charter that admits it, with `cairn charter submit FILE`\n";
    return;
  }
  out << "  " << Printable(charter.consortium_name()) << " (" << Printable(charter.consortium()) << "), version "
      << charter.version() << ": " << CountOf(charter.active_partners(), "active partner") << ", "
      << charter.threshold() << " of " << CountOf(charter.governors(), "governor") << " sign";
  if (charter.has_expires_at()) {
    const absl::Time expires = FromProto(charter.expires_at());
    const bool soon = expires < now + expiry_warning;
    out << "\n  "
        << style.Paint(soon ? Tone::kWarning : Tone::kPlain,
                       absl::StrCat(expires < now ? "expired " : "expires ", AgeText(expires, now), " (",
                                    DateText(expires), ")"));
  }
  out << "\n";
}

std::string ErasureText(const v1::DiskStatus& disk, absl::Time now) {
  if (disk.has_erasure_pending_since()) {
    return absl::StrCat("being cleared of what was withdrawn since ",
                        AgeText(FromProto(disk.erasure_pending_since()), now));
  }
  if (!disk.has_erasure_completed_at()) return "nothing withdrawn since this node was made";
  return absl::StrCat("nothing withdrawn is left in its files, cleared ",
                      AgeText(FromProto(disk.erasure_completed_at()), now));
}

void PrintDisk(std::ostream& out, const v1::DiskStatus& disk, const Style& style, absl::Time now) {
  PrintHeading(out, style, "Disk");
  out << "  database " << BytesText(disk.database_bytes()) << ", log " << BytesText(disk.wal_bytes()) << ", "
      << style.Paint(disk.free_bytes() < free_bytes_warning ? Tone::kWarning : Tone::kPlain,
                     BytesText(disk.free_bytes()) + " free")
      << "\n  " << ErasureText(disk, now) << "\n";
  if (!disk.write_error().empty()) {
    out << "  " << style.Paint(Tone::kBad, "! nothing is being written; why is said above") << "\n";
  }
}

void PrintRefusals(std::ostream& out, const v1::GetStatusResponse& status, const Style& style, size_t columns,
                   absl::Time now) {
  if (status.refused_readers().empty()) return;
  PrintHeading(out, style, "Refused  readers that asked for too much, since the start");
  Table table({{"READER"}, {"WHY"}, {"TIMES", true}, {"LAST"}});
  for (const v1::RefusedReader& reader : status.refused_readers()) {
    table.AddRow(
        {reader.reader(), reader.reason(), CountText(reader.times()), AgeText(FromProto(reader.last_at()), now)});
  }
  table.Print(out, style, columns, true, 2);
}

}  // namespace

bool IsHealthy(const v1::GetStatusResponse& status) { return status.alerts_size() == 0; }

void PrintStatus(std::ostream& out, const v1::GetStatusResponse& status, const Style& style, size_t columns) {
  const absl::Time now = FromProto(status.now());
  out << style.Strong(Printable(status.node())) << " of " << Printable(status.partner()) << ", cairnd "
      << Printable(status.version()) << ", running for " << DurationText(now - FromProto(status.started_at())) << "\n";
  PrintAlerts(out, status, style, columns);
  PrintPeers(out, status, style, columns, now);
  PrintFeeds(out, status, style, columns, now);
  PrintCharter(out, status, style, now);
  PrintDisk(out, status.disk(), style, now);
  PrintRefusals(out, status, style, columns, now);
}

}  // namespace cairn
